import numpy as np
import pytest

from keras_hanet.outputs.masks import MaskSpool


@pytest.mark.parametrize("shape", [(3, 5), (8, 8), (1, 1), (480, 641)])
def test_masks_come_back_as_they_were_and_as_often_as_asked(shape):
    masks = [np.random.default_rng(seed).integers(0, 2, shape).astype(np.uint8) for seed in range(3)]
    with MaskSpool() as spool:
        for mask in masks:
            spool.append(mask)
        for _ in range(2):
            again = list(spool)
            assert len(again) == spool.num == 3
            np.testing.assert_array_equal(again, masks)


def test_no_mask():
    with MaskSpool() as spool:
        assert list(spool) == []


def test_a_mask_takes_a_bit_a_pixel():
    with MaskSpool() as spool:
        spool.append(np.ones((100, 80), np.uint8))
        assert spool._file.tell() == 1000
