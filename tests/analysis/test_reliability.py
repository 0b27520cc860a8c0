import json
from dataclasses import replace

import numpy as np
import pytest

from keras_hanet.analysis.image_statistics import Distribution
from keras_hanet.analysis.reliability import (
    RELIABILITY,
    Reliability,
    assess,
    believe,
    expected_dice,
    lesion_probability,
    log_odds,
    read_reliability,
    to_json,
)
from keras_hanet.analysis.variants import Stability
from keras_hanet.errors import InputError
from keras_hanet.files import write_json
from keras_hanet.frame import Frame, ScanArea
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata

# The log-odds of the largest probability are taken as they are; those of the Dice are agreement + confidence - 1.
RECORD = Reliability(
    lesion_weights=(0.0, 1.0, 0.0),
    dice_weights=(-1.0, 1.0, 1.0),
    doubtful_below=0.6,
    distributions={"drawn": Distribution(np.arange(13.0), np.eye(13))},
    distance_limit=7.5,
    long_axis_quantiles=(-0.2, 0.0, 0.3),
    fitted={"on": "two images"},
)


class Counting(Predictor):
    """What is white is lesion; keeps how many images each call asked about."""

    def __init__(self, size=64):
        self._set(lambda images: images[..., 0] / 255, None, Metadata(size, 0.5, 0.0, "white is lesion"))
        self.calls = []

    def probabilities_at_s(self, images):
        self.calls.append(len(images))
        return super().probabilities_at_s(images)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "model.tflite").write_bytes(b"")
    write_json(tmp_path / RELIABILITY, to_json(RECORD))
    return tmp_path


def test_a_record_is_read_as_it_was_written(folder):
    for model in (folder, folder / "model.tflite"):
        assert to_json(read_reliability(model)) == to_json(RECORD)
    found = read_reliability(folder)
    np.testing.assert_array_equal(found.distributions["drawn"].precision, np.eye(13))
    assert found.lesion_weights == RECORD.lesion_weights


def test_a_model_without_a_record_has_none(folder):
    (folder / RELIABILITY).unlink()
    assert read_reliability(folder) is None


def test_the_shipped_model_has_one():
    found = read_reliability("cart")
    assert 0 < found.doubtful_below < 1
    assert list(found.distributions) == ["busi", "busbra"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (lambda values: values.update(format=0), "expected a record of format 1, got 0; make it again"),
        (lambda values: values.pop("dice_weights"), "it does not fit .*dice_weights.* copy the file again"),
        (lambda values: values.update(lesion_weights=[1, 2]), "expected finite numbers of shape"),
        (lambda values: values.update(lesion_weights=[1, 2, "a"]), "it does not fit"),
        (lambda values: values.update(doubtful_below=None), "it does not fit"),
        (lambda values: values.update(distributions=[]), "it does not fit"),
        (lambda values: values["distributions"]["drawn"].update(precision=[[1]]), "expected finite numbers of shape"),
    ],
)
def test_a_damaged_or_old_record_is_refused_in_a_sentence(change, expected, folder):
    values = json.loads((folder / RELIABILITY).read_text())
    change(values)
    (folder / RELIABILITY).write_text(json.dumps(values))
    with pytest.raises(InputError, match=expected) as caught:
        read_reliability(folder)
    assert str(caught.value).startswith(str(folder / RELIABILITY))


@pytest.mark.parametrize("text", ["", "{", "[]", "null", "3"])
def test_what_is_no_record_is_refused_in_a_sentence(text, folder):
    (folder / RELIABILITY).write_text(text)
    with pytest.raises(InputError, match=r"reliability\.json: expected"):
        read_reliability(folder)


def test_lesion_probability_by_hand():
    assert lesion_probability(0.75, 0.5, RECORD) == pytest.approx(0.75)
    assert log_odds(0.75) == pytest.approx(np.log(3))
    assert lesion_probability(1.0, 0.0, RECORD) == pytest.approx(255 / 256)  # as sure as it gets
    assert lesion_probability(0.0, 0.0, RECORD) == pytest.approx(1 / 256)


def test_expected_dice_by_hand():
    assert expected_dice(Stability(0.5, 0.5), RECORD) == 0.5
    assert expected_dice(Stability(1.0, 1.0), RECORD) == pytest.approx(1 / (1 + np.exp(-1)))


def test_of_an_empty_mask_the_probability_of_no_lesion_is_expected():
    sure = believe(0.25, 0.0, Stability(1.0, 0.75), RECORD)
    assert (sure.lesion_probability, sure.expected_dice) == pytest.approx((0.25, 0.75))
    assert not sure.doubtful
    assert believe(0.5, 0.0, Stability(1.0, 0.5), RECORD).doubtful  # 0.5 is below 0.6


def test_a_result_at_the_limit_is_not_doubtful():
    half = Stability(0.5, 0.5)
    assert not believe(0.9, 0.1, half, replace(RECORD, doubtful_below=0.5)).doubtful
    assert believe(0.9, 0.1, half, replace(RECORD, doubtful_below=0.5001)).doubtful


def white_block():
    image = np.zeros((128, 128, 3), np.uint8)
    image[48:80, 32:72] = 255
    return image


def test_three_variants_go_through_the_network_in_one_call():
    predictor = Counting()
    frame = Frame(white_block(), "drawn")
    [prediction] = predictor.predict([frame.image])
    predictor.calls.clear()
    belief = assess(predictor, frame, prediction, RECORD)
    assert predictor.calls == [3]
    assert belief.lesion_probability == pytest.approx(255 / 256)
    assert belief.expected_dice == pytest.approx(1 / (1 + np.exp(-1)), abs=0.02)  # it agrees with itself, and is sure


def test_what_lies_around_the_scan_area_changes_nothing():
    predictor, image = Counting(), white_block()
    [prediction] = predictor.predict([image])
    alone = assess(predictor, Frame(image, "drawn"), prediction, RECORD)
    screen = np.full((200, 220, 3), 255, np.uint8)
    screen[20:148, 30:158] = image
    area = ScanArea(20, 30, 128, 128)
    mask, probability = np.zeros((200, 220), np.uint8), np.zeros((200, 220), np.float32)
    mask[area.slices], probability[area.slices] = prediction.mask, prediction.probability
    whole = assess(predictor, Frame(screen, "screen", area), type(prediction)(probability, mask), RECORD)
    assert whole == alone
