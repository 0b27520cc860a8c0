"""THE definition of decoding, resizing and value range; every runtime reproduces it.

An image is (H, W, 3) uint8, RGB, grey replicated, transparency laid on black. A mask is (H, W)
uint8 in {0, 1}. Images are stretched to S x S as in the paper: bilinear with antialiasing
(Pillow's BILINEAR, the same filter as `tf.image.resize(antialias=True)`). Masks only ever by
nearest. The network takes float32 in 0..255; nothing is ever guessed from the data.
"""

import hashlib
import io
import struct
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from keras_hanet.data.image_limits import MAX_BYTES, MAX_PIXELS, find_excess
from keras_hanet.errors import InputError
from keras_hanet.files import read_bytes

_FORMATS = ("PNG", "JPEG", "BMP", "TIFF")
# What a damaged file raises in Pillow, besides its own errors, which are kinds of OSError.
_PILLOW_ERRORS = (OSError, SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, struct.error)
_EIGHT_BIT_MODES = ("1", "L", "LA", "P", "PA", "RGB", "RGBA")


def decode_image(source, name=None):
    """Decode an encoded image.

    Args:
        source: path of a PNG, JPEG, BMP or TIFF file, or its bytes.
        name: what error messages call the image; the path if None.

    Returns:
        (H, W, 3) uint8, RGB, 0..255, read-only; of a grey file a view whose channels are the same bytes.

    Raises:
        InputError: if it is no image, truncated, larger than 50 megapixels, of several pictures, beyond
            the limits of `keras_hanet.data.image_limits`, or not 8-bit grey, palette, RGB or RGBA (16-bit and CMYK
            files are refused rather than guessed at).
    """
    image = _open(source, name)
    if image.mode in ("LA", "PA", "RGBA") or "transparency" in image.info:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, (0, 0, 0, 255)), image)
    if image.mode == "L":
        return np.broadcast_to(np.asarray(image)[..., None], (image.height, image.width, 3))
    return np.asarray(image.convert("RGB"))


def decode_mask(source, name=None):
    """Decode a lesion mask; any colour that is not black is lesion.

    Args:
        source: path or bytes of an 8-bit or 1-bit file, coded {0, 1} or {0, 255} (a JPEG's values
            near those count); RGB and RGBA are read by their brightest channel, alpha is ignored.
        name: what error messages call the mask; the path if None.

    Returns:
        (H, W) uint8 in {0, 1}.

    Raises:
        InputError: as `decode_image`, or if the brightest value lies between 2 and 127, so that
            neither coding fits.
    """
    image = _open(source, name)
    if image.mode in ("1", "LA"):
        image = image.convert("L")
    elif image.mode != "L":
        image = image.convert("RGBA").convert("RGB")
    values = np.asarray(image)
    values = values.max(axis=2) if values.ndim == 3 else values
    brightest = int(values.max())
    if brightest <= 1:
        return values.astype(np.uint8)
    if brightest < 128:
        raise InputError(
            f"{_called(source, name)}: a mask is coded {{0, 1}} or {{0, 255}}, this one's largest value is "
            f"{brightest}; recode it so that lesion pixels are 255"
        )
    return (values >= 128).astype(np.uint8)


def hash_pixels(image):
    """Hash what is seen of an image, not how its file is packed.

    Args:
        image: (H, W, 3) uint8 RGB.

    Returns:
        SHA-256 in hexadecimal of the text "height width 3 " followed by the pixels, row by row.
    """
    height, width, channels = image.shape
    return hashlib.sha256(f"{height} {width} {channels} ".encode() + image.tobytes()).hexdigest()


def load_sample(sample):
    """Decode an image and the union of its masks at their own size.

    Args:
        sample: a `Sample`.

    Returns:
        The image, (H, W, 3) uint8 RGB, and the mask, (H, W) uint8 in {0, 1}: all zero without a mask file.

    Raises:
        InputError: as `decode_image` and `decode_mask`, or if a mask has another size than the image.
    """
    image = decode_image(sample.image)
    mask = np.zeros(image.shape[:2], np.uint8)
    for path in sample.masks:
        lesion = decode_mask(path)
        if lesion.shape != mask.shape:
            raise InputError(
                f"{path}: expected a mask of its image's size, {mask.shape[1]} x {mask.shape[0]} pixels, got "
                f"{lesion.shape[1]} x {lesion.shape[0]}; export both at one size"
            )
        mask |= lesion
    return image, mask


def resize_image(image, size):
    """Stretch an image to the network's input.

    Args:
        image: (H, W, 3) uint8.
        size: S, in pixels.

    Returns:
        (S, S, 3) uint8.
    """
    is_grey = image.strides[2] == 0  # as `decode_image` makes it: one channel says it all
    picture = Image.fromarray(image[..., 0] if is_grey else image)
    return np.asarray(picture.resize((size, size), Image.Resampling.BILINEAR).convert("RGB"))


def resize_mask(mask, size):
    """Stretch a mask to S x S by nearest neighbour.

    Args:
        mask: (H, W) uint8 in {0, 1}.
        size: S, in pixels.

    Returns:
        (S, S) uint8 in {0, 1}.
    """
    return np.asarray(Image.fromarray(mask).resize((size, size), Image.Resampling.NEAREST))


def resize_probability(probability, height, width):
    """Bring a probability map to the image's own size, before any threshold.

    Args:
        probability: (S, S) float32 in 0..1.
        height: H of the image, in pixels.
        width: W of the image, in pixels.

    Returns:
        (H, W) float32 in 0..1.
    """
    image = Image.fromarray(probability.astype(np.float32))
    return np.asarray(image.resize((width, height), Image.Resampling.BILINEAR))


def _open(source, name):
    called = _called(source, name)
    try:
        content = source if isinstance(source, bytes) else read_bytes(source, "give an image", MAX_BYTES)
    except FileNotFoundError:
        raise InputError(f"{called}: no such file; check the path") from None
    excess = find_excess(content)
    if excess:
        raise InputError(f"{called}: expected {excess}")
    with warnings.catch_warnings():
        # What Pillow warns of is either refused here with a sentence, or does not touch the pixels.
        warnings.simplefilter("ignore")
        return _decode(content, called)


def _decode(content, called):
    try:
        image = Image.open(io.BytesIO(content), formats=_FORMATS)
    except Image.DecompressionBombError:
        raise InputError(f"{called}: more than {MAX_PIXELS:,} pixels; crop it to the scan") from None
    except _PILLOW_ERRORS:
        raise InputError(
            f"{called}: expected a PNG, JPEG, BMP or TIFF image, got something else, or an empty or damaged file"
        ) from None
    if image.width * image.height > MAX_PIXELS:
        raise InputError(
            f"{called}: expected at most {MAX_PIXELS:,} pixels, got {image.width} x {image.height}; "
            "crop it to the scan or make it smaller"
        )
    if getattr(image, "is_animated", False):
        raise InputError(f"{called}: expected one picture, the file holds several; save each as a file of its own")
    # Pillow calls a 16-bit RGB file "RGB" and cuts its values off; how it is stored tells.
    stored = image.tile[0][3] if image.tile else ""
    if image.mode not in _EIGHT_BIT_MODES or ";16" in str(stored):
        raise InputError(
            f"{called}: expected an 8-bit grey or RGB image, got {_coding(image, stored)}; "
            "convert it to 8-bit RGB"
        )
    try:
        image.load()
    except _PILLOW_ERRORS:
        raise InputError(f"{called}: the file is cut off or damaged; copy it again from its source") from None
    return image


def _coding(image, stored):
    return "16 bits a channel" if "16" in f"{image.mode} {stored}" else f"mode {image.mode!r}"


def _called(source, name):
    if name is not None:
        return str(name)
    return "the image" if isinstance(source, bytes) else str(Path(source))
