import csv
import io
import json

import numpy as np
import pytest
from PIL import Image
from served_app import draw_scan, make_predictor

from keras_hanet.analysis.analysis import analyse
from keras_hanet.app import answers
from keras_hanet.app.results import Result
from keras_hanet.drawing import encode_png
from keras_hanet.frame import Frame, ScanArea, Spacing
from keras_hanet.outputs.tables import LESION_ROW_COLUMNS


def analysed(predictor, area=None):
    image = np.repeat(draw_scan()[..., None], 3, axis=2)
    [analysis] = analyse(predictor, [Frame(image, "scan.png", area)])
    return analysis


def pixels(content):
    return np.asarray(Image.open(io.BytesIO(content)))


def describe(analysis, predictor, threshold=None, **kept):
    return answers.describe("NAME", Result(analysis, **kept), analysis, threshold, predictor.metadata)


# The scan is 0, 200 in 10 x 20 pixels, and 250 in 4 x 8 of these; probability is grey over 255.
AREAS_PX = [(None, 200), (0.5, 200), (0.78, 200), (0.79, 32), (0.98, 32), (0.99, 0)]


@pytest.mark.parametrize(("threshold", "area_px"), AREAS_PX)
def test_another_threshold_makes_another_mask_and_its_measures(threshold, area_px):
    predictor = make_predictor()
    analysis = answers.at_threshold(analysed(predictor), threshold, predictor.metadata)
    assert analysis.prediction.mask.sum() == area_px
    assert [lesion.area_px for lesion in analysis.lesions] == ([area_px] if area_px else [])


def test_the_models_own_threshold_gives_the_analysis_itself():
    predictor = make_predictor(threshold=0.5)
    analysis = analysed(predictor)
    assert answers.at_threshold(analysis, None, predictor.metadata) is analysis
    assert answers.at_threshold(analysis, 0.5, predictor.metadata) is analysis


def test_specks_are_removed_at_any_threshold():
    predictor = make_predictor(min_lesion_share=0.01)  # 41 pixels of 64 x 64
    assert answers.at_threshold(analysed(predictor), 0.9, predictor.metadata).lesions == ()


def test_nothing_outside_the_scan_area_is_outlined_at_any_threshold():
    area = ScanArea(0, 0, 64, 40)
    predictor = make_predictor()
    analysis = answers.at_threshold(analysed(predictor, area), 0.01, predictor.metadata)
    assert analysis.prediction.mask[:, :40].any()
    assert not analysis.prediction.mask[:, 40:].any()


def test_the_smallest_lesion_is_a_share_of_the_scan_area():
    area = ScanArea(0, 0, 64, 40)  # 3 % of it are 77 pixels, of the image 123; the lesion's part in it has 100
    predictor = make_predictor(min_lesion_share=0.03)
    analysis = answers.at_threshold(analysed(predictor, area), 0.6, predictor.metadata)
    assert analysis.prediction.mask.sum() == 100


def test_a_description_is_json_and_says_what_can_be_counted():
    predictor = make_predictor()
    answer = describe(analysed(predictor), predictor)
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer
    assert (answer["id"], answer["name"], answer["width"], answer["height"]) == ("NAME", "scan.png", 64, 64)
    assert answer["spacing"] is answer["area"] is None
    assert answer["frames"] == {"num": 1, "index": 0, "time_s": None}
    assert answer["threshold"] == 0.5
    assert answer["model"] == {
        "name": "grey is probability", "size": 64, "threshold": 0.5, "min_lesion_share": 0.0,
    }
    assert answer["intended_use"] == "Research use only, not a medical device."
    [lesion] = answer["lesions"]
    assert tuple(lesion) == LESION_ROW_COLUMNS
    assert (lesion["top_px"], lesion["left_px"], lesion["area_px"], lesion["depth_to_width"]) == (10, 30, 200, 0.5)
    assert lesion["area_mm2"] is lesion["long_axis_mm"] is None
    assert lesion["orientation"] == "parallel"


def test_millimetres_come_with_a_spacing():
    predictor = make_predictor()
    area = ScanArea(0, 0, 64, 64, Spacing(0.1, 0.2))
    answer = describe(analysed(predictor, area), predictor)
    assert answer["spacing"] == {"row_mm": 0.1, "column_mm": 0.2}
    assert answer["area"] == {"top": 0, "left": 0, "height": 64, "width": 64}
    [lesion] = answer["lesions"]
    assert (lesion["depth_mm"], lesion["transverse_mm"], lesion["area_mm2"]) == (1.0, 4.0, 4.0)


def test_files_follow_the_threshold_and_pictures_do_not():
    predictor = make_predictor()
    links = describe(analysed(predictor), predictor, threshold=0.9)["links"]
    assert links == {
        "self": "/api/results/NAME?threshold=0.9",
        "image.png": "/api/results/NAME/image.png",
        "probability.png": "/api/results/NAME/probability.png",
        "mask.png": "/api/results/NAME/mask.png?threshold=0.9",
        "measures.csv": "/api/results/NAME/measures.csv?threshold=0.9",
        "report.html": "/api/results/NAME/report.html?threshold=0.9",
        "report.pdf": "/api/results/NAME/report.pdf?threshold=0.9",
    }


def test_a_probability_is_rounded_down_so_that_thresholds_agree_with_the_mask():
    levels = np.arange(256) / 255
    probability = np.concatenate([levels, levels - 1e-4, levels + 1e-4])[None].clip(0, 1).astype(np.float32)
    grey = pixels(answers.probability_png(probability))
    for step in range(1, 255):
        # A value that float32 cannot tell from the threshold may fall to either side.
        clear = np.abs(probability - step / 255) > 1e-6
        np.testing.assert_array_equal((grey >= step)[clear], (probability >= step / 255)[clear])


def test_colours_keep_their_order():
    image = np.zeros((2, 2, 3), np.uint8)
    image[0, 0] = (255, 150, 0)
    np.testing.assert_array_equal(pixels(encode_png(image)), image)


def test_the_table_has_one_row_a_lesion_and_empty_cells_for_what_is_not_known():
    [row] = csv.DictReader(io.StringIO(answers.measures_csv(analysed(make_predictor())).decode()))
    assert tuple(row) == LESION_ROW_COLUMNS
    assert (row["area_px"], row["area_mm2"], row["is_cut"]) == ("200", "", "0")


def test_the_table_of_no_lesion_has_its_header():
    analysis = answers.at_threshold(analysed(make_predictor()), 0.99, make_predictor().metadata)
    assert answers.measures_csv(analysis).decode() == ",".join(LESION_ROW_COLUMNS) + "\n"
