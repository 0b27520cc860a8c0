"""What the report says: numbers with their units, by hand; what is not known is said, not guessed."""

import re
from dataclasses import replace

import numpy as np
from drawn_analyses import AREA, draw_analysis, fullest_analysis, with_interval

from keras_hanet.analysis.case_content import describe_case
from keras_hanet.analysis.flags import FLAGS
from keras_hanet.drawing import PREDICTED_COLOUR
from keras_hanet.frame import ScanArea
from keras_hanet.version import __version__


def rows_of(content):
    return {name: cells for name, *cells in content.table.rows}


def test_measures_in_millimetres_by_hand():
    rows = rows_of(describe_case(with_interval(draw_analysis()), "busi"))  # a row of 100 pixels of 0.1 x 0.2 mm
    assert rows["Long axis"] == ["20.0 mm"]
    assert rows["90 % interval of the long axis"] == ["10.0 to 40.0 mm"]
    assert rows["Short axis, at a right angle"] == ["0.1 mm"]
    assert rows["Depth, anteroposterior"] == ["0.1 mm"]
    assert rows["Width, along the skin"] == ["20.0 mm"]
    assert rows["Distance to the border"] == ["4.0 mm"]  # 40 rows above it
    assert rows["Area"] == ["2.0 mm²"]
    assert rows["Orientation"] == ["parallel"]
    assert rows["Long axis to the skin"] == ["0°"]
    assert rows["Depth to width"][0] in ("0.00", "0.01")  # 0.005
    assert rows["Solidity, 1 without a dent"] == ["1.00"]


def test_without_a_spacing_there_are_pixels_and_a_sentence():
    content = describe_case(with_interval(draw_analysis(area=None)), "busi")
    rows = rows_of(content)
    assert (rows["Long axis"], rows["90 % interval of the long axis"]) == (["100 px"], ["50 to 200 px"])
    assert rows["Area"] == ["100 px²"]
    assert "The file gives no pixel spacing: lengths are in pixels." in content.sentences
    assert not any(" mm" in cell for cells in rows.values() for cell in cells)
    assert describe_case(draw_analysis(area=replace(AREA, spacing=None)), "busi").sentences == content.sentences[:-1]


def test_what_the_border_cuts_is_in_pixels_beside_what_is_not():
    content = describe_case(draw_analysis(((60, 10, 1, 120), (90, 50, 1, 100))), "busi")
    assert rows_of(content)["Long axis"] == ["120 px", "20.0 mm"]
    assert "Of a lesion that the border cuts, lengths are in pixels of the part that is seen." in content.sentences
    assert not any("pixels" in sentence for sentence in describe_case(draw_analysis(), "busi").sentences)


def test_key_figures_by_hand():
    analysis = draw_analysis(lesion_probability=0.936, expected_dice=0.871, doubtful=False)
    content = describe_case(with_interval(analysis), "busi")
    assert content.figures == (
        ("Long axis, largest lesion", "20.0 mm", "90 % interval 10.0 to 40.0 mm"),
        ("Lesion probability", "94 %", "that the image shows a lesion"),
        ("Expected Dice", "0.87", "0 is no overlap, 1 the same outline"),
    )
    assert content.warning == ""
    assert content.sentences == (
        "Not doubtful by the model's own rule; check the outline all the same.",
        "The interval holds the true long axis of 90 % of outlined lesions, by cross-validation.",
    )


def test_without_a_reliability_record_nothing_is_said_of_belief_but_that():
    content = describe_case(draw_analysis(), "busi")
    assert content.figures == (("Long axis, largest lesion", "20.0 mm", ""),)
    assert content.warning == ""
    assert content.sentences == (
        "This model has no reliability record: how far to believe its outline is not known.",
    )
    assert not any("interval" in name for name in rows_of(content))


def test_doubt_is_a_warning():
    poor, empty, other = (
        describe_case(analysis, "busi")
        for analysis in (
            draw_analysis(doubtful=True, expected_dice=0.3),
            draw_analysis((), doubtful=True, expected_dice=0.3),
            draw_analysis(doubtful=True),
        )
    )
    assert poor.warning == "Doubtful: the outline is expected to be poor. Do not rely on this result."
    assert "a lesion may have been missed" in empty.warning
    assert empty.figures == (("Expected Dice", "0.30", "probability that there is none"),)
    assert "errors are not known on such an image" in other.warning


def test_no_lesion():
    content = describe_case(with_interval(draw_analysis((), lesion_probability=0.04, doubtful=False)), "busi")
    assert content.table is None
    assert content.figures == (("Lesion probability", "4 %", "that the image shows a lesion"),)
    assert content.sentences[0] == "The model outlines no lesion. This does not mean that there is none."
    assert content.pictures[1][1] == "No lesion outlined"
    np.testing.assert_array_equal(content.pictures[0][0], content.pictures[1][0])


def test_flags_are_sentences():
    content = describe_case(draw_analysis(flags=("calipers", "too dark")), "busi")
    assert content.sentences[:2] == (FLAGS["calipers"], FLAGS["too dark"])


def test_the_five_largest_are_listed():
    content = describe_case(with_interval(fullest_analysis()), "busi")
    assert content.table.header == ("", "Lesion 1", "Lesion 2", "Lesion 3", "Lesion 4", "Lesion 5")
    assert rows_of(content)["Area"] == ["1830 px²", "24.0 mm²", "22.3 mm²", "20.6 mm²", "19.0 mm²"]
    assert "The 5 largest of 7 outlined regions are listed." in content.sentences


def test_title_and_lead():
    content = describe_case(draw_analysis(name="a\n b.png"), "busi")
    assert content.title == "a b.png"
    assert re.fullmatch(rf"Model busi, keras-hanet {re.escape(__version__)}, \d{{4}}-\d\d-\d\d \d\d:\d\d", content.lead)
    long = describe_case(fullest_analysis(), "busi").title
    assert (len(long), long[:2], long[-5:]) == (65, "WW", "W.png")


def test_pictures_show_the_scan_area_alone():
    """What a device writes beside the scan may be a patient's name."""
    analysis = draw_analysis()
    analysis.frame.image[:20] = 255
    for picture, _ in describe_case(analysis, "busi").pictures:
        assert picture.shape == (200, 280, 3)
        assert picture.max(initial=0, where=picture != PREDICTED_COLOUR) == 90
    outlined = (describe_case(analysis, "busi").pictures[1][0] == PREDICTED_COLOUR).all(axis=-1)
    rows, columns = np.nonzero(outlined)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (40, 40, 40, 139)  # of the area, not the image


def numbers_of(boxes, area):
    """Pixels of the outlined picture that have the outline's colour."""
    picture = describe_case(draw_analysis(boxes, area=area), "busi").pictures[1][0]
    return (picture == PREDICTED_COLOUR).all(axis=-1)


def test_several_lesions_are_numbered():
    one, two = ((60, 100, 20, 100),), ((60, 100, 20, 100), (150, 110, 20, 90))
    area = ScanArea(20, 80, 200, 220)  # in it the first lesion begins in row 40 and column 20
    assert not numbers_of(one, area)[:40].any()
    rows, columns = np.nonzero(numbers_of(two, area)[:39])
    assert 20 < rows.min() < rows.max() < 38
    assert 20 <= columns.min() < columns.max() < 36
    rows, columns = np.nonzero(numbers_of(two, ScanArea(0, 0, 240, 300))[:59])
    assert 40 < rows.min() < rows.max() < 58
    assert 100 <= columns.min() < columns.max() < 116
