"""The one-page report of a case, for a screen, a printer or a file: HTML that loads nothing, and PDF."""

from dataclasses import dataclass
from html import escape
from importlib.resources import files
from pathlib import Path

import numpy as np

from keras_hanet.analysis.case_content import MEASURES, RELY, describe_case
from keras_hanet.files import replacing
from keras_hanet.reports.document import KeyFigures, Section, embed_picture, to_html

_STYLE = (files("keras_hanet") / "assets" / "case.css").read_text(encoding="utf-8")


def write_case_report(path, analysis, model_name):
    """Write the report as one self-contained HTML page that prints on one sheet of A4.

    It holds what the analysis holds and nothing else of the patient; of the image only the scan area is shown.

    Args:
        path: of the file.
        analysis: `Analysis`.
        model_name: what the model is called, as a person asked for it.
    """
    content = describe_case(analysis, model_name)
    first = [_Pair(content.pictures)]
    first += [_Warning(content.warning)] if content.warning else []
    first += [KeyFigures(content.figures)] if content.figures else []
    sections = [Section("", tuple(first))]
    if content.sentences:
        sections.append(Section(RELY, (_Sentences(content.sentences),)))
    if content.table:
        sections.append(Section(MEASURES, (content.table,)))
    page = to_html(content.title, sections, Path(path).parent, content.lead, _STYLE)
    with replacing(path) as temporary:
        temporary.write_text(page, encoding="utf-8")


def write_case_pdf(path, analysis, model_name):
    """Write the same as a PDF of one A4 page; arguments as of `write_case_report`.

    Raises:
        ModuleNotFoundError: if fpdf2 is not installed.
    """
    from keras_hanet.analysis.case_pdf import to_pdf

    page = to_pdf(describe_case(analysis, model_name))
    with replacing(path) as temporary:
        temporary.write_bytes(page)


@dataclass(frozen=True)
class _Pair:
    pictures: tuple[tuple[np.ndarray, str], ...]

    def html(self, folder):
        figures = "".join(embed_picture(picture, caption, caption) for picture, caption in self.pictures)
        return f'<div class="pictures pair">{figures}</div>'


@dataclass(frozen=True)
class _Warning:
    words: str

    def html(self, folder):
        return f'<p class="warning">{escape(self.words)}</p>'


@dataclass(frozen=True)
class _Sentences:
    sentences: tuple[str, ...]

    def html(self, folder):
        return '<ul class="sentences">' + "".join(f"<li>{escape(words)}</li>" for words in self.sentences) + "</ul>"
