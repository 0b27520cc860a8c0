"""A client of TensorFlow Serving: image files to masks, by gRPC or REST.

REST needs the standard library only. gRPC takes the public stubs of tensorflow-serving-api, whose messages hold
TensorFlow's own: importing them imports all of TensorFlow, five seconds and more.
"""

import base64
import http.client
import io
import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from keras_hanet.errors import FailedError, InputError

BATCH_SIZE = 8
TRANSPORTS = ("grpc", "rest")
SERVE_BYTES = "serve_bytes"
_INPUT = "image_bytes"
_MASK = "mask_png_bytes"
_FIRST_WAIT_S = 0.2
_UNAVAILABLE = (503, 504)


@dataclass(frozen=True)
class ServedPrediction:
    """What the server says of one image.

    Attributes:
        mask: (H, W) uint8 {0, 1}, at the image's own size; None if the image is not valid.
        valid: whether the server could read the image.
        height: H in pixels; this and what follows is 0 if the image is not valid.
        width: W in pixels.
        largest_probability: 0..1, at the image's own size.
        mean_probability: 0..1.
        lesion_area_px: pixels of the mask.
        lesion_share: the same as a share of H * W.
    """

    mask: np.ndarray | None
    valid: bool
    height: int
    width: int
    largest_probability: float
    mean_probability: float
    lesion_area_px: int
    lesion_share: float


class Client:
    """A connection to a model on a server.

    Args:
        address: "host:port", by default 8500 for gRPC and 8501 for REST; with REST also a URL, "https://host".
        model: name of the model on the server.
        version: its version, 1 or larger; None for the newest.
        timeout_s: seconds that one request may take.
        retries: how often a request is sent again when the server is not available or too slow, after 0.2 s, 0.4 s
            and so on; other errors are final.
        transport: "grpc" or "rest".

    Raises:
        InputError: if an argument is none of these.
        ModuleNotFoundError: if gRPC is asked for and not installed.
    """

    def __init__(self, address, model="hanet", version=None, timeout_s=30.0, retries=3, transport="grpc"):
        if transport not in TRANSPORTS:
            raise InputError(f"transport must be one of {', '.join(TRANSPORTS)}, got {transport!r}")
        if timeout_s <= 0 or retries < 0 or (version is not None and version < 1):
            raise InputError(
                "expected timeout_s above 0, retries of 0 or more and a version of 1 or more, got "
                f"timeout_s={timeout_s}, retries={retries}, version={version}"
            )
        if not address.rpartition(":")[2].isdecimal() and "://" not in address:
            raise InputError(f"expected a server as host:port, for example localhost:8500, got {address!r}")
        self.address = address
        self.retries = retries
        self._call = {"grpc": _grpc_call, "rest": _rest_call}[transport](address, model, version, timeout_s)

    def predict_files(self, paths):
        """Segment image files.

        Args:
            paths: sequence of paths of PNG, JPEG or BMP files.

        Returns:
            list of `ServedPrediction`, one a file.

        Raises:
            InputError: if a file is not there or the server has no such model.
            FailedError: if the server does not answer, or not as a model of this package.
        """
        missing = [path for path in map(Path, paths) if not path.is_file()]
        if missing:
            raise InputError(f"{missing[0]}: no such file; check the path")
        return self.predict_bytes([Path(path).read_bytes() for path in paths])

    def predict_bytes(self, contents):
        """Segment images that are in memory; 8 go in one request.

        Args:
            contents: sequence of bytes, each a PNG, JPEG or BMP file.

        Returns:
            list of `ServedPrediction`, one an image; one that the server cannot read is not `valid`.

        Raises:
            InputError: if the server has no such model.
            FailedError: if the server does not answer, or not as a model of this package.
        """
        contents = list(contents)
        predictions = []
        for start in range(0, len(contents), BATCH_SIZE):
            batch = contents[start : start + BATCH_SIZE]
            rows = self._send(batch)
            if len(rows) != len(batch):
                raise FailedError(f"{self.address}: {len(batch)} images were sent and {len(rows)} answers came back")
            predictions.extend(self._to_prediction(row) for row in rows)
        return predictions

    def _send(self, contents):
        for attempt in range(self.retries + 1):
            if attempt:
                time.sleep(_FIRST_WAIT_S * 2 ** (attempt - 1))
            try:
                return self._call(contents)
            except _Unavailable as error:
                reason = error
        raise FailedError(
            f"{self.address}: no answer after {self.retries + 1} attempts ({reason}); is the server running there?"
        )

    def _to_prediction(self, row):
        try:
            summary = {name: kind(row[name]) for name, kind in _SUMMARY.items()}
            mask = np.asarray(Image.open(io.BytesIO(row[_MASK]), formats=["PNG"])) if summary["valid"] else None
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise FailedError(
                f"{self.address}: the answer is not that of a model of this package ({type(error).__name__}: {error}); "
                "serve a SavedModel that hanet export wrote"
            ) from None
        return ServedPrediction(None if mask is None else (mask > 127).astype(np.uint8), **summary)


def make_request(model, signature, inputs, version=None):
    """A gRPC request.

    Args:
        model: name of the model on the server.
        signature: name of the signature.
        inputs: dict of name -> array.
        version: None for the newest.

    Returns:
        PredictRequest.
    """
    from tensorflow import make_tensor_proto
    from tensorflow_serving.apis.predict_pb2 import PredictRequest

    request = PredictRequest()
    request.model_spec.name = model
    request.model_spec.signature_name = signature
    if version is not None:
        request.model_spec.version.value = version
    for name, values in inputs.items():
        request.inputs[name].CopyFrom(make_tensor_proto(values))
    return request


class _Unavailable(Exception):
    """The server may answer if it is asked again."""


_SUMMARY = {
    "valid": bool,
    "height": int,
    "width": int,
    "largest_probability": float,
    "mean_probability": float,
    "lesion_area_px": int,
    "lesion_share": float,
}


def _grpc_call(address, model, version, timeout_s):
    """Function from a list of bytes to a list of dicts, one an image."""
    import grpc
    from tensorflow import make_ndarray
    from tensorflow_serving.apis.prediction_service_pb2_grpc import PredictionServiceStub

    stub = PredictionServiceStub(grpc.insecure_channel(address, [("grpc.max_receive_message_length", -1)]))

    def call(contents):
        request = make_request(model, SERVE_BYTES, {_INPUT: np.array(contents, object)}, version)
        try:
            outputs = stub.Predict(request, timeout=timeout_s).outputs
        except grpc.RpcError as error:
            reason = f"{error.code().name}: {_first_line(error.details())}"
            if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
                raise _Unavailable(reason) from None
            raise _refusal(address, model, reason, error.code() == grpc.StatusCode.NOT_FOUND) from None
        columns = {name: make_ndarray(value) for name, value in outputs.items()}
        return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]

    return call


def _rest_call(address, model, version, timeout_s):
    """Function from a list of bytes to a list of dicts, one an image."""
    server = address if "://" in address else f"http://{address}"
    url = f"{server}/v1/models/{model}{f'/versions/{version}' if version is not None else ''}:predict"

    def call(contents):
        instances = [{_INPUT: {"b64": base64.b64encode(content).decode()}} for content in contents]
        body = json.dumps({"signature_name": SERVE_BYTES, "instances": instances}).encode()
        request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as response:
                rows = json.load(response)["predictions"]
            return [{**row, _MASK: base64.b64decode(row[_MASK]["b64"])} for row in rows]
        except urllib.error.HTTPError as error:
            reason = f"HTTP {error.code}: {_first_line(error.read().decode(errors='replace'))}"
            error.close()
            if error.code in _UNAVAILABLE:
                raise _Unavailable(reason) from None
            raise _refusal(address, model, reason, error.code == 404) from None
        except (OSError, http.client.HTTPException) as error:
            raise _Unavailable(getattr(error, "reason", None) or error) from None
        except (ValueError, KeyError, TypeError) as error:
            reason = f"the answer is not TensorFlow Serving's ({error!r})"
            raise FailedError(f"{address}: {reason}; check the port") from None

    return call


def _refusal(address, model, reason, not_found):
    if not_found:
        return InputError(f"{address}: the server has no model {model!r} of that version ({reason}); check its name")
    return FailedError(f"{address}: the server refused the request ({reason})")


def _first_line(text):
    return " ".join((text or "").split())[:200]
