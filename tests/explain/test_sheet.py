"""Which panels a sheet has, and what is on them."""

from dataclasses import replace

import numpy as np
import pytest
from helpers import randomise, tiny_config

from keras_hanet.drawing import REFERENCE_COLOUR
from keras_hanet.explain import sheet
from keras_hanet.explain.maps import Attention, Inspector
from keras_hanet.explain.sheet import draw_explanation
from keras_hanet.explain.summary import summarise_explanation
from keras_hanet.metadata import Metadata
from keras_hanet.models.ha_net import build_ha_net

METADATA = Metadata(64, 0.5, 0.0, "tiny")
IMAGE = np.random.default_rng(0).integers(0, 200, (60, 90, 3), dtype=np.uint8)
TRUE = np.zeros((60, 90), np.uint8)
TRUE[20:40, 30:60] = 1
OFF = {"self_attention": "none", "position_encoding": "none", "spatial_attention": False}


@pytest.fixture
def draw(tiny_network, monkeypatch):
    """Draws the sheet of a network with those switches: its title, lines, panels and picture."""

    def draw(mask_true=TRUE, **switches):
        model = build_ha_net(replace(tiny_config().model, **{"feature_enhancement": "space", **switches}))
        randomise(model)
        explanation = Inspector(model, METADATA).explain(IMAGE)
        summary = summarise_explanation(explanation, IMAGE, mask_true, METADATA)
        seen, original = [], sheet.draw_sheet
        monkeypatch.setattr(sheet, "draw_sheet", lambda *given: seen.extend(given) or original(*given))
        picture = draw_explanation("frame", explanation, IMAGE, mask_true, summary)
        monkeypatch.undo()
        title, lines, rows = seen
        return title, lines, {panel.title: panel for row in rows for panel in row}, picture

    return draw


def test_every_part_has_its_panels(draw):
    title, lines, panels, picture = draw()
    assert title.startswith("frame: Dice 0.")
    assert lines[-1] == "Research use only, not a medical device."
    assert list(panels) == [
        "Image",
        "Found green, missed magenta, false orange",
        "Probability",
        "TSA: attention of channels, x uniform",
        "TSA: what it adds, share of the features",
        "GSA: attention received, x uniform",
        "GSA: attention of the cross, x uniform",
        "GSA: what it adds, share of the features",
        *(f"SFEB decoder {level}: |Y| / |X|" for level in (4, 3, 2, 1)),
        *(f"SFEB decoder {level}: {num} channel gates, 0..2" for level, num in ((4, 16), (3, 8), (2, 8), (1, 4))),
    ]
    assert picture.dtype == np.uint8
    assert picture.ndim == 3


def test_panels_of_what_is_switched_off_are_left_out_and_that_is_said(draw):
    _, lines, panels, _ = draw(**OFF)
    assert not [title for title in panels if title.startswith(("TSA", "GSA"))]
    assert lines[-3:-1] == [f"The network has no {name}: its panels are left out." for name in ("TSA", "GSA")]
    _, lines, panels, _ = draw(feature_enhancement="none")
    assert not [title for title in panels if title.startswith("SFEB")]
    assert "The network has no SFEB: its panels are left out." in lines


def test_maps_take_the_place_of_gates_and_matrix_in_the_other_readings(draw):
    _, _, panels, _ = draw(feature_enhancement="channels", self_attention="position")
    assert "TSA: attention of the cross, x uniform" in panels
    assert "TSA: attention of channels, x uniform" not in panels
    assert [title for title in panels if title.endswith("maximum map")] == [
        f"SFEB decoder {level}: maximum map" for level in (4, 3, 2, 1)
    ]
    assert panels["SFEB decoder 1: average map"].scale == (0, 1)


def test_without_reference_nothing_is_said_of_errors(draw):
    title, _, panels, _ = draw(mask_true=None)
    assert title == "frame: no reference"
    assert "Found green, missed magenta, false orange" not in panels
    assert not (panels["Image"].picture == REFERENCE_COLOUR).all(axis=2).any()


def test_reference_is_outlined_on_image_and_maps_and_errors_are_coloured(draw):
    _, _, panels, _ = draw()
    assert (panels["GSA: what it adds, share of the features"].picture[20, 30:60] == 255).all()
    assert (panels["Probability"].picture[20:40, 30] == 255).all()
    errors = panels["Found green, missed magenta, false orange"].picture.astype(int)
    changed = (abs(errors - IMAGE) > 2).any(axis=2)
    assert changed[TRUE == 1].mean() > 0.95, "found or missed, the lesion has a colour"


def test_attention_of_channels_shows_those_that_receive_most():
    weights = np.full((100, 100), 0.001, np.float32)
    weights[:60, 70], weights[60:, 20] = 0.901, 0.901
    attention = Attention(weights, "channels", 1.0, np.ones((2, 2)))
    panel = sheet._channel_panel(attention, "TSA", "")
    assert panel.scale == (0, pytest.approx(90.1))
    # 70 receives 0.901 * 60 + 0.04, 20 the rest, 28 others 0.1 each: of 100 in all.
    assert panel.caption.startswith("100 channels to 30, 93.0 % of all attention")
    bright = (panel.picture == (253, 231, 37)).all(axis=2)
    height, width = bright.shape
    assert bright[: height // 2, : width // 30 - 1].all()
    assert bright[-height // 3 :, width // 30 + 1 : 2 * width // 30 - 1].all()
    assert bright.mean() == pytest.approx(1 / 30, abs=0.003)


def test_a_map_is_never_stretched_until_noise_looks_like_a_pattern(draw):
    _, _, panels, _ = draw()
    assert panels["GSA: attention received, x uniform"].scale[1] >= 2
    assert panels["TSA: what it adds, share of the features"].scale[1] >= 0.5
    assert {panel.scale for title, panel in panels.items() if title.endswith("|X|")} == {(0.5, 1.5)}
