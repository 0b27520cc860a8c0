"""Requests that TensorFlow Serving answers when it loads a model, so that the first user does not wait."""

import io

import numpy as np
import tensorflow as tf
from PIL import Image

from keras_hanet.data.phantom_drawing import draw_phantom
from keras_hanet.data.preprocessing import decode_image, resize_image
from keras_hanet.data.sample import DIAGNOSES
from keras_hanet.files import replacing
from keras_hanet.serving.client import SERVE_BYTES, make_request

WARM_UP_FILE = "assets.extra/tf_serving_warmup_requests"
BATCH_SIZES = (1, 8)
_HEIGHT, _WIDTH = 480, 560


def write_warm_up(folder, size, model="hanet"):
    """Write the warm-up file of a SavedModel: both signatures, batches of 1 and 8, images of phantoms.

    A request that fails keeps the server from loading the model, so these are a last check too.

    Args:
        folder: path of the SavedModel.
        size: S, the model's own input side in pixels.
        model: name in the requests; the server only labels its latency records with it.

    Returns:
        path of the file.
    """
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog, PredictLog

    path = folder / WARM_UP_FILE
    files = [_draw_file(number) for number in range(max(BATCH_SIZES))]
    images = np.stack([resize_image(decode_image(file), size) for file in files]).astype(np.float32)
    inputs = {"serving_default": ("image", images), SERVE_BYTES: ("image_bytes", np.array(files, object))}
    with replacing(path) as temporary, tf.io.TFRecordWriter(str(temporary)) as writer:
        for signature, (name, values) in inputs.items():
            for batch_size in BATCH_SIZES:
                request = make_request(model, signature, {name: values[:batch_size]})
                writer.write(PredictionLog(predict_log=PredictLog(request=request)).SerializeToString())
    return path


def read_warm_up(folder):
    """The requests of a SavedModel's warm-up file.

    Args:
        folder: path of the SavedModel.

    Returns:
        list of PredictRequest, in the file's order.
    """
    from tensorflow_serving.apis.prediction_log_pb2 import PredictionLog

    records = tf.data.TFRecordDataset(str(folder / WARM_UP_FILE)).as_numpy_iterator()
    return [PredictionLog.FromString(record).predict_log.request for record in records]


def _draw_file(number):
    image, _ = draw_phantom(DIAGNOSES[number % len(DIAGNOSES)], np.random.default_rng(number), _HEIGHT, _WIDTH)
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "PNG")
    return buffer.getvalue()
