"""What stands in for TensorFlow Serving in tests: its two protocols over a SavedModel in a TensorFlow session.

The session is the C++ one, inputs and outputs go by tensor name, as in the server; the protocols' replies and errors
are those that the server's pages and sources describe.
"""

import base64
import contextlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import numpy as np
import tensorflow as tf
from tensorflow_serving.apis.predict_pb2 import PredictResponse
from tensorflow_serving.apis.prediction_service_pb2_grpc import (
    PredictionServiceServicer,
    add_PredictionServiceServicer_to_server,
)

MODEL, VERSION = "hanet", 3
SLOW_S = 1.5


class Refusal(Exception):
    """A gRPC status and its HTTP number."""

    def __init__(self, status, number, message):
        super().__init__(message)
        self.status, self.number = status, number


class ServedSession:
    """A SavedModel in a session, with a plan of failures.

    Args:
        folder: path of the SavedModel.

    Attributes:
        failures: what happens to the next requests, first in the list first: "unavailable", "slow", "refused" or None.
        num_requests: how many came.
    """

    def __init__(self, folder):
        self.failures, self.num_requests = [], 0
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            meta_graph = tf.compat.v1.saved_model.load(self._session, ["serve"], str(folder))
        self.signatures = dict(meta_graph.signature_def)

    def run(self, signature, inputs):
        """Outputs by name of inputs by name."""
        signature = self.signatures[signature]
        outputs = {name: tensor.name for name, tensor in signature.outputs.items()}
        return self._session.run(outputs, {signature.inputs[name].name: value for name, value in inputs.items()})

    def replay(self, request):
        """Outputs by name of a PredictRequest."""
        return self.run(
            request.model_spec.signature_name, {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
        )

    def answer(self, model, version, signature, inputs):
        self.num_requests += 1
        failure = self.failures.pop(0) if self.failures else None
        if failure == "unavailable":
            raise Refusal(grpc.StatusCode.UNAVAILABLE, 503, "the model is loading")
        if failure == "refused":
            raise Refusal(grpc.StatusCode.INVALID_ARGUMENT, 400, "input size does not match signature")
        if failure == "slow":
            threading.Event().wait(SLOW_S)
        if model != MODEL or version not in (None, VERSION):
            raise Refusal(grpc.StatusCode.NOT_FOUND, 404, f"Servable not found for request: Latest({model})")
        return self.run(signature, inputs)


@contextlib.contextmanager
def grpc_server(session):
    """Address of a server that speaks gRPC."""

    class Service(PredictionServiceServicer):
        def Predict(self, request, context):
            spec = request.model_spec
            version = spec.version.value if spec.HasField("version") else None
            inputs = {name: tf.make_ndarray(value) for name, value in request.inputs.items()}
            response = PredictResponse()
            try:
                outputs = session.answer(spec.name, version, spec.signature_name, inputs)
            except Refusal as error:
                context.abort(error.status, str(error))
            for name, value in outputs.items():
                response.outputs[name].CopyFrom(tf.make_tensor_proto(value))
            return response

    server = grpc.server(ThreadPoolExecutor(4), options=[("grpc.max_receive_message_length", -1)])
    add_PredictionServiceServicer_to_server(Service(), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.stop(None).wait()


@contextlib.contextmanager
def rest_server(session):
    """Address of a server that speaks REST, row format."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            path, _, verb = self.path.rpartition(":")
            words = path.split("/")
            assert (words[1:3], verb) == (["v1", "models"], "predict")
            version = int(words[5]) if words[4:5] == ["versions"] else None
            files = [base64.b64decode(row["image_bytes"]["b64"]) for row in body["instances"]]
            try:
                inputs = {"image_bytes": np.array(files, object)}
                number, reply = 200, to_rows(session.answer(words[3], version, body["signature_name"], inputs))
            except Refusal as error:
                number, reply = error.number, {"error": str(error)}
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(number)
                self.send_header("Content-Type", "application/json")
                self.end_headers()
                self.wfile.write(json.dumps(reply).encode())

        def log_message(self, *words):
            pass

    with http_server(Handler) as address:
        yield address


@contextlib.contextmanager
def http_server(handler):
    """Address of a server whose requests a handler answers."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def to_rows(outputs):
    """{"predictions": [...]}: one object an image; strings whose name ends in _bytes in base64."""

    def to_json(name, value):
        if isinstance(value, bytes):
            return {"b64": base64.b64encode(value).decode()} if name.endswith("_bytes") else value.decode()
        return value.item()

    columns = outputs.items()
    return {
        "predictions": [
            {name: to_json(name, values[row]) for name, values in columns} for row in range(len(outputs["valid"]))
        ]
    }
