"""Encoded images -> the network's input, and its probabilities -> encoded masks, in TensorFlow operations.

Reading reproduces `data.preprocessing`, writing `inference.Predictor` and `evaluation.threshold`. A TIFF file, a BMP
file of 1, 4 or 16 bits or with compression, and a GIF file cannot be read here and are invalid.
"""

import tensorflow as tf

from keras_hanet.data.preprocessing import MAX_PIXELS
from keras_hanet.serving.regions import remove_small_regions

NUM_PARALLEL = 8
_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8\xff"
_BMP = b"BM"
_PNG_WITH_ALPHA = (4, 6)
_BMP_BITS = (8, 24, 32)


def read_images(encoded, size):
    """Decode and stretch a batch of images; one that cannot be read leaves the others alone.

    Args:
        encoded: (N,) string, PNG, JPEG or BMP files of any size up to 50 megapixels, 8 bits a channel.
        size: S, in pixels.

    Returns:
        dict of "image", (N, S, S, 3) float32, whole grey levels in 0..255; "height" and "width", (N,) int32; "valid",
        (N,) bool. All zero and False where an image cannot be read.
    """
    num = tf.size(encoded, tf.int64)

    def read(index, content):
        image = decode_image(content)
        return index, tf.shape(image)[:2], resize_image(image, size)

    options = tf.data.Options()
    options.autotune.enabled = False
    images = tf.data.Dataset.from_tensor_slices(encoded).enumerate()
    images = images.map(read, num_parallel_calls=NUM_PARALLEL, deterministic=False).ignore_errors()
    # One row more, so that there is a batch even when no image can be read.
    spare = (num, tf.zeros(2, tf.int32), tf.zeros((size, size, 3), tf.uint8))
    images = images.concatenate(tf.data.Dataset.from_tensors(spare)).batch(num + 1).with_options(options)
    indices, shapes, pixels = images.get_single_element()
    indices = indices[:, None]
    shapes = tf.scatter_nd(indices, shapes, tf.stack([num + 1, 2]))[:-1]
    pixels = tf.scatter_nd(indices, pixels, tf.stack([num + 1, size, size, 3]))[:-1]
    return {
        "image": tf.ensure_shape(tf.cast(pixels, tf.float32), (None, size, size, 3)),
        "height": shapes[:, 0],
        "width": shapes[:, 1],
        "valid": shapes[:, 0] > 0,
    }


def decode_image(content):
    """Decode one image.

    Args:
        content: string scalar, a PNG, JPEG or BMP file.

    Returns:
        (H, W, 3) uint8 RGB, grey replicated, transparency laid on black.

    Raises:
        tf.errors.InvalidArgumentError: when run, if it is none of these, damaged, larger than 50 megapixels or not
            8-bit grey, palette, RGB or RGBA.
    """

    def starts_with(magic):
        return tf.strings.substr(content, 0, len(magic)) == magic

    return tf.cond(
        starts_with(_PNG),
        lambda: _decode_png(content),
        lambda: tf.cond(starts_with(_JPEG), lambda: _decode_jpeg(content), lambda: _decode_bmp(content)),
    )


def resize_image(image, size):
    """Stretch an image to the network's input: bilinear with antialiasing, rounded as Pillow does.

    Args:
        image: (H, W, 3) uint8.
        size: S, in pixels.

    Returns:
        (S, S, 3) uint8, within one grey level of `data.preprocessing.resize_image`.
    """
    # As Pillow with all but tall images: columns first, whole grey levels in between. One value in a thousand differs;
    # in one pass, one in seven.
    for shape in ((tf.shape(image)[0], size), (size, size)):
        image = tf.cast(tf.floor(tf.image.resize(image, shape, antialias=True) + 0.5), tf.uint8)
    return image


def resize_probability(probability, height, width):
    """Bring a probability map to an image's own size.

    Args:
        probability: (S, S) float32 in 0..1.
        height: int32 scalar, H of the image in pixels.
        width: int32 scalar, W of the image in pixels.

    Returns:
        (H, W) float32 in 0..1.
    """
    shape = tf.stack([height, width])
    # Antialiasing changes nothing where nothing shrinks, and takes eight times as long.
    return tf.cond(
        tf.reduce_all(shape >= tf.shape(probability)),
        lambda: tf.image.resize(probability[..., None], shape),
        lambda: tf.image.resize(probability[..., None], shape, antialias=True),
    )[..., 0]


def write_mask(probability, height, width, threshold, min_lesion_share):
    """Turn the network's probabilities into the mask of an image and its summary.

    Args:
        probability: (S, S) float32 in 0..1.
        height: int32 scalar, H of the image in pixels.
        width: int32 scalar, W of the image in pixels.
        threshold: float, a pixel is lesion where its probability is at least this.
        min_lesion_share: float, smaller regions are removed; a share of H * W.

    Returns:
        dict of scalars: "mask_png_bytes", a grey PNG file of H x W pixels, 0 or 255; "largest_probability",
        "mean_probability" and "lesion_share", float32 in 0..1; "lesion_area_px", int32.
    """
    probability = resize_probability(probability, height, width)
    num_pixels = tf.size(probability)
    mask = remove_small_regions(probability >= threshold, min_lesion_share * tf.cast(num_pixels, tf.float64))
    area = tf.math.count_nonzero(mask, dtype=tf.int32)
    return {
        "mask_png_bytes": tf.io.encode_png(255 * tf.cast(mask, tf.uint8)[..., None]),
        "largest_probability": tf.reduce_max(probability),
        "mean_probability": tf.reduce_mean(probability),
        "lesion_area_px": area,
        "lesion_share": tf.cast(area / num_pixels, tf.float32),
    }


def _decode_png(content):
    width_height = tf.io.decode_raw(tf.strings.substr(content, 16, 8), tf.int32, little_endian=False)
    depth_colour = tf.io.decode_raw(tf.strings.substr(content, 24, 2), tf.uint8)
    content = _require(_is_small(width_height) & (depth_colour[0] <= 8), content)
    before_pixels = tf.strings.split(content, "IDAT", maxsplit=1)[0]
    transparent = tf.strings.regex_full_match(before_pixels, r"\C*tRNS\C*")
    transparent |= tf.reduce_any(depth_colour[1] == _PNG_WITH_ALPHA)
    # Asked for an alpha channel that the file has not, TensorFlow adds 15 of 255 to an image of 4 bits.
    return tf.cond(
        transparent,
        lambda: _lay_on_black(tf.io.decode_png(content, channels=4)),
        lambda: tf.io.decode_png(content, channels=3),
    )


def _decode_jpeg(content):
    shape = tf.image.extract_jpeg_shape(content)
    grey_or_colour = (shape[2] == 1) | (shape[2] == 3)
    content = _require(_is_small(shape[:2]) & grey_or_colour, content)
    return tf.io.decode_jpeg(content, channels=3, dct_method="INTEGER_ACCURATE")


def _decode_bmp(content):
    content = _require(tf.strings.substr(content, 0, 2) == _BMP, content)
    header = tf.io.decode_raw(tf.strings.substr(content, 2, 52), tf.int32)
    offset, header_size, width_height = header[2], header[3], header[4:6]
    bits, compression, num_colours = header[6] // 2**16, header[7], header[11]
    is_plain = (header_size >= 40) & (compression == 0) & tf.reduce_any(bits == _BMP_BITS)
    content = _require(_is_small(width_height) & is_plain, content)
    # TensorFlow refuses what some programs leave behind the pixels.
    row_size = (width_height[0] * bits + 31) // 32 * 4
    content = tf.strings.substr(content, 0, offset + row_size * tf.abs(width_height[1]))

    def decode_palette():
        colours = tf.strings.substr(content, 14 + header_size, 4 * tf.where(num_colours > 0, num_colours, 256))
        palette = tf.reshape(tf.io.decode_raw(colours, tf.uint8), (-1, 4))[:, 2::-1]
        return tf.gather(palette, tf.cast(tf.io.decode_bmp(content)[..., 0], tf.int32))

    # The fourth byte of 32 bits is filling, not transparency.
    return tf.cond(bits == 8, decode_palette, lambda: tf.io.decode_bmp(content)[..., :3])


def _lay_on_black(image):
    colours, alpha = tf.cast(image[..., :3], tf.int32), tf.cast(image[..., 3:], tf.int32)
    return tf.cast((colours * alpha + 127) // 255, tf.uint8)


def _is_small(sides):
    """Whether an image has pixels, and no more than `MAX_PIXELS`; a BMP's height may be negative."""
    num_pixels = tf.reduce_prod(tf.abs(tf.cast(sides, tf.int64)))
    return (num_pixels > 0) & (num_pixels <= MAX_PIXELS)


def _require(condition, content):
    """The content, after the condition is found true: before what may cost memory."""
    with tf.control_dependencies([tf.debugging.Assert(condition, ["not an image that can be read"])]):
        return tf.identity(content)
