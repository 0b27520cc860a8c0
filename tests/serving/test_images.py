import io
import struct

import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from keras_hanet.data import preprocessing
from keras_hanet.errors import InputError
from keras_hanet.evaluation.threshold import apply_threshold
from keras_hanet.serving import images

SIZE = 64
decode_in_graph = tf.function(images.decode_image, input_signature=[tf.TensorSpec((), tf.string)])
read_in_graph = tf.function(
    lambda encoded: images.read_images(encoded, SIZE), input_signature=[tf.TensorSpec((None,), tf.string)]
)
write_in_graph = tf.function(images.write_mask)


def read(files):
    return {name: value.numpy() for name, value in read_in_graph(tf.constant(list(files), tf.string)).items()}


def write(at_s, shape, threshold, min_lesion_share):
    written = write_in_graph(tf.constant(at_s), *map(tf.constant, shape), threshold, min_lesion_share)
    return {name: value.numpy() for name, value in written.items()}


def encode(image, kind="PNG", **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def noise(*shape):
    return np.random.default_rng(sum(shape)).integers(0, 256, shape, dtype=np.uint8)


GREY, COLOUR = Image.fromarray(noise(37, 50)), Image.fromarray(noise(37, 50, 3))
SMOOTH = Image.fromarray(cv2.GaussianBlur(noise(64, 80, 3), (0, 0), 3))
BMP, DEEP_BMP = encode(COLOUR, "BMP"), encode(Image.fromarray(noise(37, 50, 4)), "BMP")


def change(content, offset, kind, value):
    """A file with one number of its header replaced."""
    packed = struct.pack(kind, value)
    return content[:offset] + packed + content[offset + len(packed) :]


def turned_bmp():
    """Rows from the top: the height is negative."""
    return change(BMP, 22, "<i", -37)


READABLE = {
    "grey": encode(GREY),
    "colour": encode(COLOUR),
    "one bit": encode(GREY.convert("1")),
    "palette": encode(COLOUR.quantize(200)),
    "palette of 4 bits": encode(COLOUR.quantize(13), bits=4),
    "palette of 1 bit": encode(COLOUR.quantize(2), bits=1),
    "palette with a transparent colour": encode(COLOUR.quantize(9), transparency=3),
    "palette with transparencies": encode(COLOUR.quantize(9), transparency=bytes(range(0, 252, 28))),
    "grey with a transparent value": encode(GREY, transparency=int(noise(37, 50)[3, 3])),
    "colour with a transparent value": encode(COLOUR, transparency=tuple(map(int, noise(37, 50, 3)[3, 3]))),
    "grey with alpha": encode(Image.merge("LA", COLOUR.split()[:2])),
    "colour with alpha": encode(Image.fromarray(noise(37, 50, 4))),
    "grey JPEG": encode(SMOOTH.convert("L"), "JPEG"),
    "colour JPEG": encode(SMOOTH, "JPEG", quality=85),
    "JPEG with coarse colours": encode(SMOOTH, "JPEG", subsampling=2),
    "JPEG with fine colours": encode(SMOOTH, "JPEG", subsampling=0),
    "progressive JPEG": encode(SMOOTH, "JPEG", progressive=True),
    "BMP": BMP,
    "BMP from the top": turned_bmp(),
    "grey BMP": encode(GREY, "BMP"),
    "BMP with a palette": encode(COLOUR.quantize(200), "BMP"),
    "BMP of 32 bits": DEEP_BMP,
    "BMP with bytes behind its pixels": BMP + b"\0\0",
    "one pixel": encode(Image.fromarray(noise(1, 1, 3))),
    "one row": encode(Image.fromarray(noise(1, 90, 3))),
}
UNREADABLE = {
    "nothing": b"",
    "one byte": b"B",
    "text": b"no image at all, only text that is long enough to hold a header of fifty-four bytes",
    "half a PNG": READABLE["colour"][:2000],
    "head of a PNG": READABLE["colour"][:20],
    "PNG with a hole": READABLE["colour"][:1500] + bytes(300) + READABLE["colour"][1800:],
    "half a JPEG": READABLE["colour JPEG"][:700],
    "half a BMP": BMP[:2000],
    "head of a BMP": BMP[:40],
    "16 bits, grey": cv2.imencode(".png", noise(20, 30).astype(np.uint16) * 257)[1].tobytes(),
    "16 bits, colour": cv2.imencode(".png", noise(20, 30, 3).astype(np.uint16) * 257)[1].tobytes(),
    "CMYK": encode(Image.fromarray(noise(20, 30, 4), "RGBA").convert("RGB").convert("CMYK"), "JPEG"),
    "GIF": encode(GREY, "GIF"),
    "WebP": encode(COLOUR, "WEBP"),
    "more than 50 megapixels": encode(Image.new("1", (10000, 5001))),
    "a BMP that claims a million rows": change(BMP, 22, "<i", 10**6),
    "a BMP with channels in an order of its own": change(DEEP_BMP, 30, "<I", 3),
    "a BMP without columns": change(BMP, 18, "<i", 0),
}
# What Pillow reads and TensorFlow cannot.
ONLY_PILLOW = {
    "TIFF": encode(GREY, "TIFF"),
    "BMP of 1 bit": encode(GREY.convert("1"), "BMP"),
    "BMP with a short header": b"BM" + struct.pack("<IHHIIHHHH", 38, 0, 0, 26, 12, 2, 2, 1, 24) + bytes(range(16)),
}


# === Decoding ===


@pytest.mark.parametrize("name", READABLE)
def test_decoding_is_that_of_training(name):
    expected = preprocessing.decode_image(READABLE[name])
    np.testing.assert_array_equal(decode_in_graph(READABLE[name]), expected)


@pytest.mark.parametrize("name", UNREADABLE)
def test_what_training_refuses_is_not_valid(name):
    with pytest.raises(InputError):
        preprocessing.decode_image(UNREADABLE[name])
    assert not read([UNREADABLE[name]])["valid"]


@pytest.mark.parametrize("name", ONLY_PILLOW)
def test_what_only_training_reads_is_not_valid(name):
    assert preprocessing.decode_image(ONLY_PILLOW[name]).ndim == 3
    assert not read([ONLY_PILLOW[name]])["valid"]


def test_fifty_megapixels_are_valid():
    assert decode_in_graph(encode(Image.new("1", (10000, 5000)))).shape == (5000, 10000, 3)


def test_transparency_is_laid_on_black_for_every_colour_and_alpha():
    grid = np.stack([*np.meshgrid(np.arange(256), np.arange(256))] * 2, axis=-1).astype(np.uint8)
    content = encode(Image.fromarray(grid))
    np.testing.assert_array_equal(decode_in_graph(content), preprocessing.decode_image(content))


# === Reading ===


def test_every_readable_file_becomes_the_input_of_training():
    batch = read(READABLE.values())
    assert batch["valid"].all()
    for row, content in enumerate(READABLE.values()):
        image = preprocessing.decode_image(content)
        assert (batch["height"][row], batch["width"][row]) == image.shape[:2]
        difference = np.abs(batch["image"][row] - preprocessing.resize_image(image, SIZE).astype(np.float32))
        # Measured: at most one grey level, at no more than 0.6 % of the values of one image.
        assert difference.max() <= 1
        assert (difference > 0).mean() < 0.02
    assert batch["image"].dtype == np.float32
    np.testing.assert_array_equal(batch["image"], np.round(batch["image"]))


def test_phantoms_of_many_sizes_become_the_input_of_training(files):
    batch = read(files.values())
    shares = []
    for row, content in enumerate(files.values()):
        expected = preprocessing.resize_image(preprocessing.decode_image(content), SIZE).astype(np.float32)
        difference = np.abs(batch["image"][row] - expected)
        assert difference.max() <= 1
        shares.append((difference > 0).mean())
    # Measured: 0.04 %, and 16 % of a tall image, whose rows Pillow shrinks first. In one pass it is above 10 % of most.
    assert np.median(shares) < 0.002


def test_unreadable_files_leave_their_neighbours_alone():
    bad = [*UNREADABLE.values(), *ONLY_PILLOW.values()]
    good = [READABLE["colour"], READABLE["colour JPEG"], READABLE["BMP"]]
    mixed = [good[0], *bad[:7], good[1], *bad[7:], good[2]]
    batch, alone = read(mixed), read(good)
    assert np.flatnonzero(batch["valid"]).tolist() == [0, 8, len(mixed) - 1]
    for name, values in batch.items():
        np.testing.assert_array_equal(values[batch["valid"]], alone[name])
        assert not values[~batch["valid"]].any()


def test_damaged_at_random_a_file_hurts_nobody_else():
    rng = np.random.default_rng(0)
    good = READABLE["colour"]
    for content in (good, READABLE["colour JPEG"], BMP, READABLE["BMP with a palette"]):
        damaged = []
        for _ in range(40):
            values = np.frombuffer(content, np.uint8).copy()
            places = rng.integers(0, [60, len(values)][rng.integers(2)], 4)
            values[places] = rng.integers(0, 256, 4)
            damaged.append(values.tobytes())
        batch = read([*damaged, good])
        assert batch["valid"][-1]
        np.testing.assert_array_equal(batch["image"][-1], read([good])["image"][0])


def test_a_batch_of_unreadable_files_and_an_empty_batch():
    batch = read([b"", b"text"])
    assert (batch["image"].shape, batch["valid"].tolist()) == ((2, SIZE, SIZE, 3), [False, False])
    assert read([])["image"].shape == (0, SIZE, SIZE, 3)


# === Writing ===


def smooth_probability(seed):
    values = cv2.GaussianBlur(np.random.default_rng(seed).random((SIZE, SIZE)).astype(np.float32), (0, 0), 2)
    return np.clip((values - 0.5) * 6 + 0.4, 0, 1)


@pytest.mark.parametrize("shape", [(64, 64), (480, 560), (40, 200), (200, 40), (20, 30), (1, 1), (1, 100), (65, 63)])
def test_probability_at_an_images_size_is_that_of_training(shape):
    probability = smooth_probability(0)
    found = images.resize_probability(tf.constant(probability), *shape).numpy()
    assert found.shape == shape
    # Measured: 1.4e-6.
    np.testing.assert_allclose(found, preprocessing.resize_probability(probability, *shape), atol=2e-5)


@pytest.mark.parametrize("shape", [(64, 64), (480, 560), (40, 200), (200, 40), (20, 30)])
def test_masks_and_summary_are_those_of_training(shape):
    for seed in range(5):
        at_s = smooth_probability(seed)
        written = write(at_s, shape, 0.55, 0.004)
        probability = preprocessing.resize_probability(at_s, *shape)
        expected = apply_threshold(probability, 0.55, 0.004)
        mask = Image.open(io.BytesIO(written["mask_png_bytes"]))
        assert (mask.mode, set(np.unique(mask))) == ("L", {0, 255})
        # Measured: none. A pixel whose probability is the threshold to the last bit might flip.
        assert np.mean(np.asarray(mask) // 255 != expected) < 1e-3
        assert written["lesion_area_px"] == np.count_nonzero(mask)
        assert written["lesion_share"] == pytest.approx(np.count_nonzero(mask) / probability.size)
        assert written["largest_probability"] == pytest.approx(probability.max(), abs=1e-5)
        assert written["mean_probability"] == pytest.approx(probability.mean(), abs=1e-5)


def test_a_mask_by_hand():
    at_s = np.zeros((4, 4), np.float32)
    at_s[0, 0] = at_s[2, 2] = at_s[2, 3] = at_s[3, 2] = 0.5
    written = write(at_s, (4, 4), 0.5, 2 / 16)
    mask = np.asarray(Image.open(io.BytesIO(written["mask_png_bytes"])))
    assert np.argwhere(mask == 255).tolist() == [[2, 2], [2, 3], [3, 2]]
    assert {name: value for name, value in written.items() if name != "mask_png_bytes"} == {
        "largest_probability": 0.5, "mean_probability": 0.125, "lesion_area_px": 3, "lesion_share": 0.1875,
    }
