"""A Keras model as the graph that TensorFlow Serving runs: images or files in, probabilities or masks out."""

import tensorflow as tf

from keras_hanet.serving.client import SERVE_BYTES
from keras_hanet.serving.images import NUM_PARALLEL, read_images, write_mask
from keras_hanet.training.fused_batch_norm import fuse_batch_norm


class ServedModel(tf.Module):
    """A network, its sigmoid and its operating point.

    The module holds the network's values and not the network, so that a SavedModel stores them once.

    Args:
        keras_model: network made by `build_ha_net`, that gives logits; with a classification head a dict of
            "segmentation" and "diagnosis".
        metadata: its `Metadata`.
        batch_size: N of the signatures; None for any from 1 on.

    Attributes:
        probability: tf.function from `image`, (N, S, S, 3) float32, 0..255, to "probability", (N, S, S, 1) float32,
            0..1; of a model with a classification head also "diagnosis", (N, 3) float32, 0..1.
        serve_bytes: tf.function from `image_bytes`, (N,) string, to what `read_images` says of each file ("valid",
            "height", "width") and `write_mask` of its mask; an invalid file has an empty mask file and zeros.
    """

    def __init__(self, keras_model, metadata, batch_size=None):
        super().__init__(name="hanet")
        keras_model = fuse_batch_norm(keras_model)
        self._values = [variable.value for variable in keras_model.variables]
        size, threshold, min_lesion_share = metadata.size, metadata.threshold, metadata.min_lesion_share

        @tf.function(input_signature=[tf.TensorSpec((batch_size, size, size, 3), tf.float32, "image")])
        def probability(image):
            return _to_probabilities(keras_model(image, training=False))

        @tf.function(input_signature=[tf.TensorSpec((batch_size,), tf.string, "image_bytes")])
        def serve_bytes(image_bytes):
            read = read_images(image_bytes, size)
            at_s = _to_probabilities(keras_model(read.pop("image"), training=False))["probability"][..., 0]
            return {**read, **_write_masks(at_s, read, threshold, min_lesion_share)}

        self.probability = probability
        self.serve_bytes = serve_bytes


def save(keras_model, metadata, folder):
    """Write a SavedModel with the signatures `serving_default` and `serve_bytes`, for batches of any size.

    Args:
        keras_model: as `ServedModel`.
        metadata: its `Metadata`.
        folder: path; it gets `saved_model.pb`, `fingerprint.pb` and `variables/`.
    """
    served = ServedModel(keras_model, metadata)
    tf.saved_model.save(
        served, str(folder), signatures={"serving_default": served.probability, SERVE_BYTES: served.serve_bytes}
    )


def save_fixed_batch(keras_model, metadata, folder, batch_size=1):
    """Write a SavedModel with `serving_default` only, for batches of one size: what converters take.

    Args:
        keras_model: as `ServedModel`.
        metadata: its `Metadata`.
        folder: path.
        batch_size: N.
    """
    served = ServedModel(keras_model, metadata, batch_size)
    tf.saved_model.save(served, str(folder), signatures={"serving_default": served.probability})


def _to_probabilities(logits):
    if not isinstance(logits, dict):
        return {"probability": tf.sigmoid(tf.cast(logits, tf.float32))}
    return {
        "probability": tf.sigmoid(tf.cast(logits["segmentation"], tf.float32)),
        "diagnosis": tf.nn.softmax(tf.cast(logits["diagnosis"], tf.float32)),
    }


def _write_masks(probabilities, read, threshold, min_lesion_share):
    """`write_mask` for each image of a batch, several at a time; nothing for those that are not valid."""

    def write(row):
        probability, height, width = row
        return tf.cond(
            height > 0,
            lambda: write_mask(probability, height, width, threshold, min_lesion_share),
            lambda: {name: tf.zeros((), kind) for name, kind in _WRITTEN.items()},
        )

    kinds = {name: tf.TensorSpec((), kind) for name, kind in _WRITTEN.items()}
    rows = (probabilities, read["height"], read["width"])
    return tf.map_fn(write, rows, parallel_iterations=NUM_PARALLEL, fn_output_signature=kinds)


_WRITTEN = {
    "mask_png_bytes": tf.string,
    "largest_probability": tf.float32,
    "mean_probability": tf.float32,
    "lesion_area_px": tf.int32,
    "lesion_share": tf.float32,
}
