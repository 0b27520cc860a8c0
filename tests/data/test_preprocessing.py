import io
import struct
import zlib

import numpy as np
import pytest
from fuzz.hostile_images import tiff
from layouts import draw_image, draw_mask, save
from PIL import Image

from keras_hanet.data.preprocessing import (
    MAX_PIXELS,
    decode_image,
    decode_mask,
    hash_pixels,
    load_sample,
    resize_image,
    resize_mask,
    resize_probability,
)
from keras_hanet.data.sample import Sample
from keras_hanet.errors import InputError


def encode(pixels, mode=None, **options):
    """PNG bytes of an array."""
    image = Image.fromarray(np.asarray(pixels))
    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, **{"format": "PNG", **options})
    return file.getvalue()


def png_header(width, height, bits=8, colour=0, data=b""):
    """A PNG file that only claims its size."""

    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", width, height, bits, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


GREY = np.array([[0, 128, 255], [1, 2, 3]], np.uint8)


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "P"])
def test_grey_is_replicated_from_every_coding(mode):
    image = decode_image(encode(GREY, mode))
    assert image.shape == (2, 3, 3)
    assert image.dtype == np.uint8
    assert all((image[..., channel] == GREY).all() for channel in range(3))


def test_black_and_white_are_0_and_255():
    assert decode_image(encode(np.array([[False, True]]))).tolist() == [[[0] * 3, [255] * 3]]


def test_colours_keep_their_order(tmp_path):
    save(tmp_path / "a.bmp", [[[10, 20, 30]]])
    assert decode_image(tmp_path / "a.bmp").tolist() == [[[10, 20, 30]]]


def test_transparency_is_laid_on_black():
    pixels = np.array([[[200, 100, 50, 0], [200, 100, 50, 255], [200, 100, 50, 51]]], np.uint8)
    # An opacity of 51 / 255 is a fifth.
    assert decode_image(encode(pixels)).tolist() == [[[0, 0, 0], [200, 100, 50], [40, 20, 10]]]


def test_a_transparent_palette_entry_is_black_and_warns_of_nothing():
    image = Image.new("P", (2, 1))
    image.putpalette([9, 9, 9, 90, 91, 92])
    image.putdata([0, 1])
    file = io.BytesIO()
    image.save(file, "PNG", transparency=bytes([0, 255]))
    assert decode_image(file.getvalue()).tolist() == [[[0, 0, 0], [90, 91, 92]]]


@pytest.mark.parametrize(
    ("encoded", "got"),
    [
        (encode(np.array([[0, 60000]], np.uint16)), "16 bits a channel"),
        (png_header(1, 1, bits=16, colour=2, data=zlib.compress(bytes(7))), "16 bits a channel"),
        (encode(np.zeros((2, 2, 3), np.uint8), "CMYK", format="JPEG"), "mode 'CMYK'"),
        (encode(np.zeros((2, 2), np.float32), format="TIFF"), "mode 'F'"),
    ],
)
@pytest.mark.parametrize("decode", [decode_image, decode_mask])
def test_what_is_not_8_bit_grey_or_rgb_is_refused(decode, encoded, got):
    with pytest.raises(InputError, match=f"frame 7: expected an 8-bit grey or RGB image, got {got}"):
        decode(encoded, name="frame 7")


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95])
@pytest.mark.parametrize("suffix", ["PNG", "JPEG", "BMP"])
def test_a_cut_off_file_is_refused(suffix, share):
    noise = np.random.default_rng(0).integers(0, 256, (64, 64), dtype=np.uint8)
    encoded = encode(noise, format=suffix)
    with pytest.raises(InputError, match=r"cut off or damaged|expected a PNG"):
        decode_image(encoded[: int(share * len(encoded))])


@pytest.mark.parametrize("encoded", [b"", b"no image", encode(GREY, format="GIF")])
def test_what_is_no_image_of_ours_is_refused(encoded):
    with pytest.raises(InputError, match="the image: expected a PNG, JPEG, BMP or TIFF image"):
        decode_image(encoded)


def animated(kind):
    pictures = [Image.new("L", (4, 4), grey) for grey in (0, 200)]
    file = io.BytesIO()
    pictures[0].save(file, kind, save_all=True, append_images=pictures[1:])
    return file.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_file_of_several_pictures_is_refused_rather_than_read_in_part(kind):
    with pytest.raises(InputError, match="expected one picture, the file holds several"):
        decode_image(animated(kind))


def test_what_pillow_warns_of_is_no_warning_to_the_user():
    """A TIFF whose resolution is there three times."""
    tags = [(282, 5, 3, struct.pack("<6I", *(72, 1) * 3))]
    assert decode_image(tiff(tags)).shape == (4, 4, 3)


def test_paths_that_are_not_there_or_a_folder(tmp_path):
    with pytest.raises(InputError, match=r"a\.png: no such file"):
        decode_image(tmp_path / "a.png")
    with pytest.raises(InputError, match=r"expected a file that can be read .*; give an image"):
        decode_image(tmp_path)


@pytest.mark.parametrize("side", [7_100, 10_000, 20_000])
def test_huge_images_are_refused_before_they_are_decoded(side):
    """Just over our limit, over Pillow's warning and over Pillow's error."""
    assert side * side > MAX_PIXELS
    with pytest.raises(InputError, match="50,000,000 pixels"):
        decode_image(png_header(side, side))


@pytest.mark.parametrize(
    "encoded",
    [
        encode(np.array([[0, 255]], np.uint8)),
        encode(np.array([[0, 1]], np.uint8)),
        encode(np.array([[3, 252]], np.uint8)),
        encode(np.array([[False, True]])),
        encode(np.array([[[0, 0, 0], [0, 255, 0]]], np.uint8)),
        encode(np.array([[[0, 0, 0, 255], [255, 255, 255, 0]]], np.uint8)),
        encode(np.array([[0, 255]], np.uint8), "LA"),
        encode(np.array([[0, 255]], np.uint8), "P"),
    ],
)
def test_every_coding_of_a_mask(encoded):
    mask = decode_mask(encoded)
    assert mask.dtype == np.uint8
    assert mask.tolist() == [[0, 1]]


def test_black_and_white_masks_are_not_stretched():
    assert decode_mask(encode(np.zeros((2, 2), np.uint8))).sum() == 0
    assert decode_mask(encode(np.full((2, 2), 255, np.uint8))).sum() == 4
    assert decode_mask(encode(np.ones((2, 2), np.uint8))).sum() == 4


@pytest.mark.parametrize("value", [2, 127])
def test_a_mask_of_neither_coding_is_refused(value):
    with pytest.raises(InputError, match=f"this one's largest value is {value}"):
        decode_mask(encode(np.array([[0, value]], np.uint8)))


def test_masks_are_united_and_a_sample_without_any_has_none(tmp_path):
    draw_image(tmp_path / "a.png", 70)
    draw_mask(tmp_path / "1.png", slice(2, 6))
    draw_mask(tmp_path / "2.png", slice(4, 9), "RGBA")
    sample = Sample("a", tmp_path / "a.png", (), None, None, "a", "drawn")
    image, mask = load_sample(sample)
    assert (image == 70).all()
    assert mask.shape == (12, 16)
    assert mask.sum() == 0
    both = Sample("a", tmp_path / "a.png", (tmp_path / "1.png", tmp_path / "2.png"), None, None, "a", "drawn")
    assert load_sample(both)[1].sum() == 7 * 4


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path):
    draw_image(tmp_path / "a.png", 70)
    save(tmp_path / "m.png", np.zeros((16, 12)))
    sample = Sample("a", tmp_path / "a.png", (tmp_path / "m.png",), None, None, "a", "drawn")
    with pytest.raises(InputError, match=r"m\.png: .* 16 x 12 pixels, got 12 x 16"):
        load_sample(sample)


def test_images_shrink_with_antialiasing():
    """Halving by the triangle filter: weights 1/8, 3/8, 3/8, 1/8."""
    row = np.array([0, 0, 0, 240, 0, 0, 0, 0], np.uint8)
    image = np.repeat(np.tile(row, (8, 1))[..., None], 3, axis=2)
    assert resize_image(image, 4)[0, :, 0].tolist() == [0, 90, 30, 0]


def test_grey_shrinks_as_the_same_image_in_colour_does():
    grey = np.random.default_rng(0).integers(0, 256, (50, 70)).astype(np.uint8)
    image = decode_image(encode(grey))
    colour = np.stack([grey, grey, grey], axis=-1)
    assert (image.strides[2], colour.strides[2]) == (0, 1)
    np.testing.assert_array_equal(image, colour)
    assert hash_pixels(image) == hash_pixels(colour)
    np.testing.assert_array_equal(resize_image(image, 32), resize_image(colour, 32))


def test_masks_are_resized_by_nearest():
    mask = np.zeros((10, 10), np.uint8)
    mask[3:7, 2:9] = 1
    assert (resize_mask(mask, 10) == mask).all()
    assert set(np.unique(resize_mask(mask, 23))) == {0, 1}
    # A line one pixel wide at an odd column lies under the centres of the half-size grid: it stays.
    line = np.zeros((10, 10), np.uint8)
    line[:, 3] = 1
    assert resize_mask(line, 5).tolist() == [[0, 1, 0, 0, 0]] * 5
    assert (resize_mask(mask, 20) == mask.repeat(2, axis=0).repeat(2, axis=1)).all()


def test_probabilities_grow_bilinearly():
    grown = resize_probability(np.array([[0.0, 1.0]], np.float32), height=3, width=4)
    assert grown.dtype == np.float32
    np.testing.assert_allclose(grown, [[0.0, 0.25, 0.75, 1.0]] * 3, atol=1e-6)


@pytest.mark.parametrize(("height", "width"), [(300, 400), (719, 1048), (120, 90), (33, 257), (256, 256)])
def test_tensorflow_resizes_within_one_grey_level(height, width):
    """The served graph resizes by `tf.image.resize(antialias=True)`: at most 1 apart, here up to 0.995 by rounding."""
    import tensorflow as tf

    image = np.random.default_rng(0).integers(0, 256, (height, width, 3), dtype=np.uint8)
    inside_graph = tf.image.resize(image, (256, 256), antialias=True).numpy()
    assert np.abs(resize_image(image, 256) - inside_graph).max() < 1.0
    if height > 256:
        plain = tf.image.resize(image, (256, 256)).numpy()
        assert np.abs(resize_image(image, 256) - plain).max() > 10
