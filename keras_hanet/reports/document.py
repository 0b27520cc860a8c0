"""A report of a few kinds of blocks, rendered to Markdown and to one self-contained HTML page.

A report is a list of `Section`s; a section holds blocks: `Text`, `Facts`, `KeyFigures`, `Table`, `Charts`,
`Pictures`, `Command`. Every string in them is plain text and is escaped here, so an image may be called `<b>|`.
The page loads nothing: style, charts and pictures are inside it.
"""

import base64
import re
from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote

import cv2
import numpy as np

from keras_hanet.files import replacing
from keras_hanet.reports.svg import CHART_STYLE, standalone
from keras_hanet.version import INTENDED_USE, __version__

MAX_PICTURE_SIDE = 640  # of a picture inside the page; the files beside it stay as they are
_PAGE_STYLE = (files("keras_hanet") / "assets" / "report.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Text:
    """A paragraph."""

    words: str

    def html(self, folder):
        return f"<p>{escape(self.words)}</p>"

    def markdown(self):
        return _plain(self.words)


@dataclass(frozen=True)
class Facts:
    """What was measured and how: ((name, value), ...)."""

    facts: tuple[tuple[str, str], ...]

    def html(self, folder):
        pairs = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in self.facts)
        return f'<dl class="facts">{pairs}</dl>'

    def markdown(self):
        return "\n".join(f"- {_plain(name)}: {_plain(value)}" for name, value in self.facts)


@dataclass(frozen=True)
class KeyFigures:
    """The few numbers to see first: ((name, number, what it rests on), ...)."""

    figures: tuple[tuple[str, str, str], ...]

    def html(self, folder):
        return '<dl class="key">' + "".join(map(_key_figure, self.figures)) + "</dl>"

    def markdown(self):
        return "\n".join(f"- {_plain(name)}: **{_plain(value)}** {_plain(rest)}" for name, value, rest in self.figures)


@dataclass(frozen=True)
class Table:
    """A table whose first column names its rows.

    Attributes:
        header: names of the columns.
        rows: tuples of strings as long as the header.
        caption: a sentence above it, "" for none.
        numeric: whether the other columns are numbers, set to the right.
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    caption: str = ""
    numeric: bool = True

    @classmethod
    def from_markdown(cls, table, caption=""):
        """A table of numbers from Markdown whose cells hold no "|", such as `format_comparison` writes."""
        header, _, *rows = (tuple(cell.strip() for cell in line.split("|")[1:-1]) for line in table.splitlines())
        return cls(header, tuple(rows), caption)

    def html(self, folder):
        head = "".join(f'<th scope="col">{escape(cell)}</th>' if cell else "<td></td>" for cell in self.header)
        body = "".join(f'<tr><th scope="row">{escape(first)}</th>{_cells(rest)}</tr>' for first, *rest in self.rows)
        caption = f'<p class="caption">{escape(self.caption)}</p>' if self.caption else ""
        kind = ' class="numbers"' if self.numeric else ""
        name = escape(self.caption or f"Table of {self.header[0]}")
        return (
            f'{caption}<div class="scroll" role="region" tabindex="0" aria-label="{name}"><table{kind}>'
            f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )

    def markdown(self):
        rule = ("---", *["---:" if self.numeric else "---"] * (len(self.header) - 1))
        lines = [self.header, rule, *self.rows]
        table = "\n".join("| " + " | ".join(map(_plain, line)) + " |" for line in lines)
        return (f"{_plain(self.caption)}\n\n" if self.caption else "") + table


@dataclass(frozen=True)
class Charts:
    """Charts side by side: ((name, svg, caption), ...); in Markdown a chart is the file `charts/NAME.svg`."""

    charts: tuple[tuple[str, str, str], ...]

    def html(self, folder):
        charts = (f"<figure>{svg}<figcaption>{escape(words)}</figcaption></figure>" for _, svg, words in self.charts)
        return f'<div class="charts">{"".join(charts)}</div>'

    def markdown(self):
        charts = (f"![{_plain(words)}](charts/{name}.svg)\n\n{_plain(words)}" for name, _, words in self.charts)
        return "\n\n".join(charts)


@dataclass(frozen=True)
class Pictures:
    """Pictures side by side under a heading: ((path relative to the report's folder, caption), ...)."""

    heading: str
    pictures: tuple[tuple[Path, str], ...]

    def html(self, folder):
        pictures = "".join(_embed(folder / path, words, self.heading) for path, words in self.pictures)
        return f'<h3>{escape(self.heading)}</h3><div class="pictures">{pictures}</div>'

    def markdown(self):
        pictures = (
            f"![{_plain(f'{self.heading}: {words}')}]({quote(path.as_posix())})\n\n{_plain(words)}"
            for path, words in self.pictures
        )
        return f"### {_plain(self.heading)}\n\n" + "\n\n".join(pictures)


@dataclass(frozen=True)
class Command:
    """The command that makes what stands above it."""

    words: str

    def html(self, folder):
        return f'<p class="command">Made by <code>{escape(self.words)}</code></p>'

    def markdown(self):
        longest = max(map(len, re.findall("`+", self.words)), default=0)
        fence, pad = "`" * (longest + 1), " " if longest else ""
        return f"Made by {fence}{pad}{self.words}{pad}{fence}"


@dataclass(frozen=True)
class Section:
    """A heading and the blocks under it."""

    heading: str
    blocks: tuple = ()


def write_report(folder, title, sections, lead=""):
    """Write `report.md`, `report.html` and, for the former, `charts/NAME.svg`.

    Args:
        folder: of the report; pictures are given relative to it.
        title: plain text.
        sections: list of `Section`. The first one's heading may be "", for what stands under the title.
        lead: a sentence under the title, "" for none.

    Returns:
        path of `report.html`.
    """
    folder = Path(folder)
    for section in sections:
        for block in section.blocks:
            for name, svg, _ in block.charts if isinstance(block, Charts) else ():
                _write(folder / "charts" / f"{name}.svg", standalone(svg))
    _write(folder / "report.md", to_markdown(title, sections, lead))
    _write(folder / "report.html", to_html(title, sections, folder, lead))
    return folder / "report.html"


def to_markdown(title, sections, lead=""):
    """The report as Markdown; arguments as of `write_report`."""
    parts = [f"# {_plain(title)}", f"**{INTENDED_USE}**", _plain(lead)]
    for section in sections:
        parts.append(f"## {_plain(section.heading)}" if section.heading else "")
        parts += [block.markdown() for block in section.blocks]
    return "\n\n".join(part for part in parts if part) + f"\n\n---\n\nkeras-hanet {__version__}. {INTENDED_USE}\n"


def to_html(title, sections, folder, lead="", style=""):
    """The report as a page that loads nothing; arguments as of `write_report`.

    `style` is CSS of the package itself, for a page that needs more than every report has.
    """
    named = [section.heading for section in sections if section.heading]
    links = "".join(f'<li><a href="#{_anchor(heading)}">{escape(heading)}</a></li>' for heading in named)
    parts = []
    for section in sections:
        heading = section.heading
        opening = f'<section id="{_anchor(heading)}"><h2>{escape(heading)}</h2>' if heading else "<section>"
        parts.append(opening + "\n".join(block.html(Path(folder)) for block in section.blocks) + "</section>")
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{escape(title)}</title>
<style>
{CHART_STYLE}{_PAGE_STYLE}{style}</style>
</head>
<body>
<header>
<p class="notice">{INTENDED_USE}</p>
<h1>{escape(title)}</h1>
{f'<p class="lead">{escape(lead)}</p>' if lead else ""}
</header>
{f'<nav aria-label="Sections"><ul>{links}</ul></nav>' if len(named) > 2 else ""}
<main>
{chr(10).join(parts)}
</main>
<footer><p>keras-hanet {__version__}. {INTENDED_USE}</p></footer>
</body>
</html>
"""


def embed_picture(picture, caption, description):
    """A figure with the picture inside the page, at most MAX_PICTURE_SIDE wide and high.

    Args:
        picture: (H, W, 3) uint8 RGB.
        caption: plain text under it.
        description: plain text for who cannot see it.
    """
    content, (height, width) = to_jpeg(picture)
    return (
        f'<figure><img src="data:image/jpeg;base64,{base64.b64encode(content).decode()}" width="{width}" '
        f'height="{height}" alt="{escape(description)}"><figcaption>{escape(caption)}</figcaption></figure>'
    )


def to_jpeg(picture):
    """Encode (H, W, 3) uint8 RGB, made no larger than MAX_PICTURE_SIDE, without colour subsampling: bytes, (h, w)."""
    scale = min(1, MAX_PICTURE_SIDE / max(picture.shape[:2]))
    if scale < 1:
        picture = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    settings = [cv2.IMWRITE_JPEG_QUALITY, 90, cv2.IMWRITE_JPEG_SAMPLING_FACTOR, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444]
    encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), settings)[1]
    return encoded.tobytes(), picture.shape[:2]


def _write(path, content):
    with replacing(path) as temporary:
        temporary.write_text(content, encoding="utf-8")


def _key_figure(figure):
    name, value, rest = figure
    return f"<div><dt>{escape(name)}</dt><dd><strong>{escape(value)}</strong> <span>{escape(rest)}</span></dd></div>"


def _cells(cells):
    return "".join(f"<td>{_mark_interval(escape(cell))}</td>" for cell in cells)


def _mark_interval(cell):
    """Set the [low, high] at the end of a cell apart, for the style sheet to make it quiet."""
    return re.sub(r"(\[[^\]]*\])$", r"<span>\1</span>", cell)


def _embed(path, words, heading):
    pixels = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), cv2.IMREAD_COLOR_RGB)
    return embed_picture(pixels, words, f"{heading}: {words}")


def _anchor(heading):
    return re.sub(r"[^a-z0-9]+", "-", heading.lower()).strip("-")


def _plain(words):
    """Text that Markdown takes for nothing but text, on one line."""
    one_line = " ".join(words.split())
    marked = re.sub(r"([\\`*|<>&~])", r"\\\1", one_line).replace("](", r"]\(")
    return re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", marked)
