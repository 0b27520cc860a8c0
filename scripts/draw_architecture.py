"""Draw HA-Net from the built Keras model: names, shapes and the number of weights are the model's own.

python scripts/draw_architecture.py            writes docs/pictures/architecture.svg
python scripts/draw_architecture.py --check    exit code 1 if that file is out of date
"""

import argparse
import sys
from pathlib import Path

from keras_hanet.files import replacing
from keras_hanet.models.config import HANetConfig
from keras_hanet.models.encoders import DENSENET121_TAPS
from keras_hanet.models.ha_net import build_ha_net
from keras_hanet.reports.svg import element, text

PICTURE = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "architecture.svg"
WIDTH, HEIGHT = 904, 700
BOX_WIDTH, BOX_HEIGHT = 216, 46
COLUMNS = (24, 344, 664)  # left edges of encoder, skips and decoder
TOP, ROW = 56, 80  # of the first row, and from row to row
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #182026; stroke: none } .small { font-size: 11.5px; fill: #414c56 }
rect { stroke: #55606b } .page { fill: #fff; stroke: none } .encoder { fill: #dfeaf5 } .gate { fill: #fdeecd }
.decoder { fill: #dff2e3 } .bottleneck { fill: #f4dfec } .panel { fill: #faf3f8; stroke-dasharray: 4 3 }
path { stroke: #55606b; stroke-width: 1.4; fill: none; marker-end: url(#tip) } #tip path { fill: #55606b; stroke: none }
"""
TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0L8 4L0 8z" style="marker-end: none"/></marker>'
)


def draw(model):
    """The figure of a network that `build_ha_net` made of the default `HANetConfig`.

    Returns:
        an SVG file as text.
    """
    taps = list(DENSENET121_TAPS.values())
    boxes = [_box(model, 0, 0, "image", "image", "encoder")]
    boxes += [_box(model, 0, row, tap, f"encoder: {tap}", "encoder") for row, tap in enumerate(taps, start=1)]
    gates = [f"decoder_{row}_enhancement" for row in range(1, len(taps))]
    boxes += [_box(model, 1, row, gate, f"SFEB: {gate}", "gate") for row, gate in enumerate(gates, start=1)]
    boxes += [_box(model, 2, row, f"decoder_{row}_relu", f"decoder_{row}", "decoder") for row in range(len(taps))]
    boxes += [_box(model, 1, 0, "segmentation", "1x1 convolution: logits", "decoder")]
    arrows = [_arrow((0, row), (0, row + 1)) for row in range(len(taps) + 1)]
    arrows += [_arrow((2, row + 1), (2, row)) for row in range(len(taps) + 1)]
    for row in range(1, len(taps)):
        arrows += [_arrow((0, row), (1, row)), _arrow((1, row), (2, row))]
    arrows.append(_arrow((2, 0), (1, 0)))
    title = f"HA-Net on DenseNet121: {model.count_params():,} parameters; shapes are H x W x C"
    heading = text(COLUMNS[0], 32, title)
    return _page("".join([_panel(model, len(taps)), *arrows, *boxes, heading]))


def _panel(model, row):
    """TAM: the bottleneck itself, and the two branches that are added to it."""
    left, top = COLUMNS[0] - 12, _top(row) + BOX_HEIGHT + 14
    panel = element("rect", x=left, y=top, width=WIDTH - 2 * left, height=2 * ROW - 2, rx=8, class_="panel")
    words = ("TAM, added to what goes through:", "Y = X + lambda_1 TSA(X + P) + lambda_2 GSA(X)")
    lines = [text(COLUMNS[0], _top(row + 2) + y, line, class_="small") for line, y in zip(words, (18, 38), strict=True)]
    boxes = [
        _box(model, 0, row + 1, "position_encoding", "PE: position_encoding", "bottleneck"),
        _box(model, 1, row + 1, "transformer_self_attention", "TSA: transformer_self_attention", "bottleneck"),
        _box(model, 2, row + 1, "lambda_1", "lambda_1", "bottleneck"),
        _box(model, 1, row + 2, "global_spatial_attention", "GSA: global_spatial_attention", "bottleneck"),
        _box(model, 2, row + 2, "lambda_2", "lambda_2", "bottleneck"),
        _box(model, 2, row, "attention_sum", "attention_sum", "bottleneck"),
    ]
    x, side = COLUMNS[1] - 20, COLUMNS[2] + BOX_WIDTH
    arrows = [
        *(_arrow((0, row), (2, row)), _arrow((0, row + 1), (1, row + 1)), _arrow((1, row + 1), (2, row + 1))),
        _arrow((1, row + 2), (2, row + 2)),
        _path(f"M{x} {_middle(row)}V{_middle(row + 2)}H{COLUMNS[1]}"),
        _path(f"M{side} {_middle(row + 2)}h6V{_middle(row)}h-6"),
    ]
    return "".join([panel, *lines, *arrows, *boxes])


def _box(model, column, row, layer, title, kind):
    """A box of a layer with its shape; a layer that the model has not is an error."""
    x, y = COLUMNS[column], _top(row)
    shape = " x ".join(map(str, model.get_layer(layer).output.shape[1:]))
    rectangle = element("rect", x=x, y=y, width=BOX_WIDTH, height=BOX_HEIGHT, rx=5, class_=kind)
    centre = x + BOX_WIDTH / 2
    return rectangle + text(centre, y + 19, title, "middle", "name") + text(centre, y + 37, shape, "middle", "small")


def _arrow(start, end):
    """A straight arrow from a box to another of the same column or the same row, each (column, row)."""
    (column, row), (to_column, to_row) = start, end
    if column == to_column:
        x = COLUMNS[column] + BOX_WIDTH / 2
        down = to_row > row
        return _path(f"M{x:g} {_top(row) + BOX_HEIGHT * down}V{_top(to_row) + BOX_HEIGHT * (not down)}")
    right = to_column > column
    x, to_x = COLUMNS[column] + BOX_WIDTH * right, COLUMNS[to_column] + BOX_WIDTH * (not right)
    return _path(f"M{x} {_middle(row)}H{to_x}")


def _path(course):
    return element("path", d=course)


def _top(row):
    return TOP + ROW * row


def _middle(row):
    return _top(row) + BOX_HEIGHT // 2


def _page(content):
    description = "Encoder on the left, gated skips in the middle, decoder on the right, attention at the bottom."
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">'
        f"<title>HA-Net, layer by layer</title><desc>{description} Research use only, not a medical device.</desc>"
        f"<style>{STYLE}</style><defs>{TIP}</defs>"
        + element("rect", width="100%", height="100%", class_="page")
        + f"{content}</svg>\n".replace("><", ">\n<")
    )


def main():
    parser = argparse.ArgumentParser(description="Draw HA-Net from the built Keras model.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if the file is out of date")
    check = parser.parse_args().check
    drawn = draw(build_ha_net(HANetConfig()))
    if check:
        return int(not PICTURE.is_file() or PICTURE.read_text() != drawn)
    with replacing(PICTURE) as temporary:
        temporary.write_text(drawn)
    return 0


if __name__ == "__main__":
    sys.exit(main())
