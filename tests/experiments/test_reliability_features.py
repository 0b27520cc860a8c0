import math

import numpy as np
import pytest
from layouts import save

from keras_hanet.data.sample import Sample
from keras_hanet.experiments.reliability_features import COLUMNS, measure_features, read_features, write_features
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata

PREDICTOR = Predictor.from_function(lambda images: 1 - images[..., 0] / 255, Metadata(64, 0.7, 0.0, "dark is lesion"))


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """A dark lesion on 100 x 120 pixels, and an image of one grey without one."""
    folder = tmp_path_factory.mktemp("images")
    samples = []
    for name in ("a", "b"):
        mask = np.zeros((100, 120), np.uint8)
        mask[30:60, 40:80] = name == "a"
        save(folder / f"{name}.png", np.where(mask, 0, 127))
        save(folder / f"{name}_mask.png", 255 * mask)
        samples.append(Sample(name, folder / f"{name}.png", (folder / f"{name}_mask.png",), None, None, name, "drawn"))
    return samples


def test_rows_say_what_was_seen_and_how_right_it_was(few, tmp_path):
    first, second = measure_features(tmp_path / "rows.csv", PREDICTOR, few, "test", lambda sample: 3)
    assert list(first) == list(COLUMNS)
    assert (first["id"], first["part"], first["fold"], first["counted_as"]) == ("a", "test", 3, "lesion case")
    assert first["dice"] > 0.95
    assert first["lesion_share"] == pytest.approx(30 * 40 / (100 * 120), rel=0.1)
    assert first["largest_probability"] == 1
    assert 0.85 < first["confidence"] <= 1
    # The black margin of the smaller variant is dark, too, but none of it comes back.
    assert first["agreement"] > 0.9
    assert (second["counted_as"], second["lesion_share"], second["agreement"]) == ("true negative", 0, 1)
    assert math.isnan(second["dice"])
    assert second["largest_probability"] == pytest.approx(128 / 255, abs=1e-5)
    assert second["confidence"] == pytest.approx(127 / 255, abs=1e-5)


def test_a_table_that_is_there_is_read_and_not_made_again(few, tmp_path):
    rows = measure_features(tmp_path / "rows.csv", PREDICTOR, few, "test", lambda sample: 3)
    assert repr(measure_features(tmp_path / "rows.csv", None, few, "test", None)) == repr(rows)


def test_numbers_keep_six_digits(few, tmp_path):
    rows = measure_features(tmp_path / "rows.csv", PREDICTOR, few, "test", lambda sample: 3)
    write_features(tmp_path / "again.csv", [{**rows[0], "dice": 0.123456789}])
    assert read_features(tmp_path / "again.csv")[0]["dice"] == 0.123457
