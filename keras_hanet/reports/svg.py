"""The frame of a chart as SVG text: axes with ticks, a grid, titles for readers of the screen.

Charts are SVG of our own and not matplotlib's: `hanet evaluate` works in the bare install, which has
none, and colours given as CSS variables and `currentColor` are right on a light and on a dark page.
The style sheet is `assets/chart.css`.
"""

import math
import re
from dataclasses import dataclass
from html import escape
from importlib.resources import files

WIDTH, HEIGHT = 420, 286
LEFT, RIGHT, TOP, BOTTOM = 48, 408, 30, 240  # of the area of the data, in units of the view box
CHART_STYLE = (files("keras_hanet") / "assets" / "chart.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Axis:
    """A range of values and where its ticks are.

    Attributes:
        label: what is shown, with its unit.
        low, high: the values at the two ends.
        ticks: ((value, text), ...), within the range.
        logarithmic: whether equal ratios are equally far apart; `low` is then positive.
    """

    label: str
    low: float
    high: float
    ticks: tuple[tuple[float, str], ...]
    logarithmic: bool = False

    def place(self, value, start, end):
        """Where between `start` (low) and `end` (high) a value lies."""
        low, high, value = (math.log(x) if self.logarithmic else x for x in (self.low, self.high, value))
        return start + (value - low) / (high - low) * (end - start)


def linear_axis(label, low, high):
    """An axis from a tick at or below `low` to one at or above `high`, ticks at 1, 2 or 5 times a power of ten."""
    if high <= low:
        low, high = low - 1, low + 1
    rough = (high - low) / 5
    power = 10 ** math.floor(math.log10(rough))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    values = [round(i * step, 12) for i in range(first, last + 1)]
    return Axis(label, values[0], values[-1], tuple((value, tick_text(value)) for value in values))


def log_axis(label, low, high):
    """A logarithmic axis around positive values, ticks at 1, 2 and 5 times each power of ten, thinned to eight."""
    powers = range(math.floor(math.log10(low)) - 1, math.ceil(math.log10(high)) + 1)
    values = [round(factor * 10.0**power, 12) for power in powers for factor in (1, 2, 5)]
    first = max(i for i, value in enumerate(values) if value <= low * (1 + 1e-9))
    last = min(i for i, value in enumerate(values) if value >= high * (1 - 1e-9) and i > first)
    shown = values[first : last + 1]
    ticks = [value for value in shown if len(shown) <= 8 or round(math.log10(value), 9).is_integer()]
    return Axis(label, shown[0], shown[-1], tuple((value, tick_text(value)) for value in ticks), logarithmic=True)


def tick_text(value):
    """1500 as "1500", 20000 as "20k", with a true minus sign."""
    text = f"{value / 1000:g}k" if abs(value) >= 10_000 else f"{value:g}"
    return text.replace("-", "\N{MINUS SIGN}")


FIFTHS = tuple((i / 5, tick_text(i / 5)) for i in range(6))  # the ticks of an axis from 0 to 1


def element(tag, content=None, **attributes):
    """An SVG element; `_` in a name stands for `-`, a trailing one is dropped; numbers get one decimal at most.

    Args:
        content: SVG inside the element; None for none.
    """
    words = "".join(f' {name.rstrip("_").replace("_", "-")}="{_value(v)}"' for name, v in attributes.items())
    return f"<{tag}{words}/>" if content is None else f"<{tag}{words}>{content}</{tag}>"


def text(x, y, words, anchor="start", class_="tick"):
    return element("text", escape(words), x=x, y=y, text_anchor=anchor, class_=class_)


def picture(name, title, description, content, height=HEIGHT):
    """A whole SVG with its title and description, for `assets/chart.css` to style.

    Args:
        name: of letters, digits and hyphens; makes the ids of title and description unique in a page.
        content: SVG of what is shown.
        height: of the view box; its width is WIDTH.
    """
    words = f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-desc">{escape(description)}</desc>'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="chart" role="img" viewBox="0 0 {WIDTH} {height}" '
        f'aria-labelledby="{name}-title {name}-desc">{words}{content}</svg>'
    )


def frame(x_axis, y_axis):
    """Ticks, grid and labels of two axes; what is shown is drawn after them."""
    parts = [text(LEFT, 14, y_axis.label, class_="label"), text(RIGHT, BOTTOM + 40, x_axis.label, "end", "label")]
    for value, words in y_axis.ticks:
        y = y_axis.place(value, BOTTOM, TOP)
        parts.append(element("line", x1=LEFT, x2=RIGHT, y1=y, y2=y, class_="grid"))
        parts.append(text(LEFT - 7, y + 4, words, "end"))
    for value, words in x_axis.ticks:
        x = x_axis.place(value, LEFT, RIGHT)
        parts.append(element("line", x1=x, x2=x, y1=BOTTOM, y2=BOTTOM + 4, class_="axis"))
        parts.append(text(x, BOTTOM + 18, words, "middle"))
    parts.append(element("line", x1=LEFT, x2=RIGHT, y1=BOTTOM, y2=BOTTOM, class_="axis"))
    return "".join(parts)


def standalone(svg):
    """The SVG as a file of its own, with its style and a background, light or dark as the reader's screen."""
    style = element("style", CHART_STYLE) + element("rect", width="100%", height="100%", class_="background")
    return re.sub(r"(<svg[^>]*>)", lambda match: match.group(1) + style, svg, count=1)


def _value(value):
    if isinstance(value, str):
        return escape(value)
    return f"{value:.1f}".removesuffix(".0")
