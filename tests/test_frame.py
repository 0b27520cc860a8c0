import numpy as np

from keras_hanet.frame import Frame, ScanArea, Spacing


def test_the_scan_is_what_lies_inside_the_area():
    image = np.arange(5 * 7 * 3, dtype=np.uint8).reshape(5, 7, 3)
    frame = Frame(image, "scan.png", ScanArea(top=1, left=2, height=3, width=4, spacing=Spacing(0.1, 0.2)))
    np.testing.assert_array_equal(frame.scan, image[1:4, 2:6])
    assert np.shares_memory(frame.scan, image)


def test_without_an_area_the_scan_is_the_image():
    image = np.zeros((2, 3, 3), np.uint8)
    assert Frame(image, "scan.png").scan is image
