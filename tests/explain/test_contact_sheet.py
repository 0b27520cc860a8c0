"""Colours, bars and the layout of a sheet."""

import cv2
import numpy as np

from keras_hanet.explain.contact_sheet import PANEL_WIDTH, Panel, colour, draw_gates, draw_sheet, heat_over

VIRIDIS_ENDS = ((68, 1, 84), (253, 231, 37))


def test_colours_go_from_dark_to_bright_and_are_cut_at_the_ends():
    colours = colour(np.array([[-1.0, 2.0, 3.0, 4.0, 9.0]]), 2, 4)
    np.testing.assert_array_equal(colours[0, [0, 1]], [VIRIDIS_ENDS[0]] * 2)
    np.testing.assert_array_equal(colours[0, [3, 4]], [VIRIDIS_ENDS[1]] * 2)
    lightness = cv2.cvtColor(colour(np.linspace(0, 1, 9)[None], 0, 1), cv2.COLOR_RGB2LAB)[0, :, 0].astype(int)
    assert (np.diff(lightness) > 10).all()


def test_heat_map_lies_over_the_image_in_whole_cells():
    image = np.full((40, 60, 3), 100, np.uint8)
    picture = heat_over(image, np.array([[0.0, 1.0]]), 0, 1, opacity=0.5)
    np.testing.assert_array_equal(picture[:, :30], np.tile(np.uint8([84, 50, 92]), (40, 30, 1)))
    np.testing.assert_allclose(picture[0, 30], (np.array(VIRIDIS_ENDS[1]) + 100) / 2, atol=1)
    np.testing.assert_array_equal(heat_over(image, np.zeros((1, 1)), 0, 1, opacity=0.0), image)


def test_gates_are_stacked_and_sorted():
    average, maximum = np.array([0.25, 1.0, 0.5]), np.array([0.25, 0.5, 0.5])  # sums 0.5, 1.5, 1.0
    picture = draw_gates(average, maximum, height=200)
    assert picture.shape == (200, PANEL_WIDTH, 3)
    for column, lower, both in ((50, 100, 150), (150, 50, 100), (250, 25, 50)):
        line = picture[:, column]
        blue, yellow = (line == (42, 120, 142)).all(axis=1), (line == (253, 231, 37)).all(axis=1)
        assert abs(blue.sum() - lower) <= 1, "the line at 1 may cover one"
        assert abs(yellow.sum() - (both - lower)) <= 1
        assert blue[-1]


def test_sheet_has_its_panels_where_they_belong():
    red, blue = (np.full((50, 100, 3), colour, np.uint8) for colour in ((255, 0, 0), (0, 0, 255)))
    sheet = draw_sheet("name", ["a line"], [[Panel("left", red), Panel("right", blue)], [Panel("below", blue)]])
    assert sheet.dtype == np.uint8
    assert sheet.shape[1] == 3 * (PANEL_WIDTH + 14) + 14
    rows, columns = np.nonzero((sheet == (255, 0, 0)).all(axis=2))
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (PANEL_WIDTH // 2, PANEL_WIDTH)
    assert columns.min() == 14
    below = (sheet[rows.max() + 50 :] == (0, 0, 255)).all(axis=2)
    assert below.sum() == PANEL_WIDTH * PANEL_WIDTH // 2


def test_a_scale_is_drawn_only_for_a_heat_map_and_long_lines_are_broken():
    picture = np.zeros((50, 100, 3), np.uint8)
    plain, scaled = (draw_sheet("name", [], [[Panel("title", picture, scale=scale)]]) for scale in (None, (0, 2)))
    assert plain.shape == scaled.shape
    assert not (plain == VIRIDIS_ENDS[1]).all(axis=2).any()
    assert (scaled == VIRIDIS_ENDS[1]).all(axis=2).any()
    long = draw_sheet("name", ["word " * 100], [[Panel("title", picture)]])
    assert long.shape[0] > plain.shape[0] + 2 * 22
    assert long.shape[1] == plain.shape[1]
