"""`hanet serve-client`: image files and folders -> a server -> masks at the original size and one table."""

from pathlib import Path

import cv2

from keras_hanet.cli.console import bar, keras_loading, say
from keras_hanet.cli.inputs import find_inputs
from keras_hanet.drawing import write_picture
from keras_hanet.errors import InputError
from keras_hanet.files import write_table
from keras_hanet.serving.client import BATCH_SIZE, Client
from keras_hanet.sources import is_image
from keras_hanet.version import INTENDED_USE

HELP = "Outline the lesions of image files and folders by a model on a server."
EXAMPLE = "hanet serve-client IMAGES --server localhost:8500 --output predictions"
COLUMNS = (
    *("image", "height_px", "width_px", "num_lesions", "lesion_area_px", "lesion_share", "largest_probability"),
    "mean_probability",
)
TABLE = "served.csv"
_PORTS = {"grpc": 8500, "rest": 8501}


def add_arguments(parser):
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="IMAGES",
        help="image file, or folder with images; NAME_mask.png in it is left out",
    )
    parser.add_argument(
        "--server", metavar="HOST:PORT", help="TensorFlow Serving (default: localhost:8500, with --rest localhost:8501)"
    )
    parser.add_argument("--rest", action="store_true", help="ask by REST, which needs no TensorFlow here; else gRPC")
    parser.add_argument(
        "--output", type=Path, default=Path("predictions"), metavar="DIR",
        help="folder of the results (default: %(default)s)",
    )
    parser.add_argument("--model", default="hanet", help="the model's name on the server (default: %(default)s)")
    parser.add_argument("--model-version", type=int, metavar="N", help="its version (default: the newest)")
    parser.add_argument(
        "--timeout-s", type=float, default=30.0, metavar="S", help="seconds for a request (default: %(default)s)"
    )
    parser.add_argument(
        "--retries", type=int, default=3, metavar="N",
        help="how often a server that is not available or too slow is asked again (default: %(default)s)",
    )


def run(arguments):
    output = arguments.output
    if (output / "masks").exists() and not (output / TABLE).exists():
        raise InputError(f"{output} holds masks that no earlier serve-client wrote; give another --output")
    places = find_inputs(arguments.inputs, output, is_image)
    transport = "rest" if arguments.rest else "grpc"
    if transport == "grpc" and "://" in (arguments.server or ""):
        raise InputError(f"--server: expected HOST:PORT for gRPC, got {arguments.server}; for http give --rest as well")
    with keras_loading():  # gRPC's messages import TensorFlow
        client = Client(
            arguments.server or f"localhost:{_PORTS[transport]}", arguments.model, arguments.model_version,
            arguments.timeout_s, arguments.retries, transport,
        )
    paths, rows, refused = list(places), [], []
    for start in bar("images", unit="batch")(range(0, len(paths), BATCH_SIZE)):
        batch = paths[start : start + BATCH_SIZE]
        for path, prediction in zip(batch, client.predict_files(batch), strict=True):
            if prediction.valid:
                write_picture(output / "masks" / f"{places[path]}.png", prediction.mask * 255)
                rows.append(_measure(path, prediction))
            else:
                refused.append(path)
    write_table(output / TABLE, COLUMNS, rows)
    say(f"{len(rows)} images: masks and {TABLE} are in {output}")
    say(INTENDED_USE)
    if refused:
        for path in refused:
            say(f"left out: {path}: the server reads 8-bit PNG, JPEG and BMP files of at most 50 megapixels, not this")
        raise InputError(f"{len(refused)} of {len(paths)} images could not be read; what is left out stands above")


def _measure(path, prediction):
    return {
        "image": path,
        "height_px": prediction.height,
        "width_px": prediction.width,
        "num_lesions": cv2.connectedComponents(prediction.mask)[0] - 1,
        "lesion_area_px": prediction.lesion_area_px,
        "lesion_share": round(prediction.lesion_share, 6),
        "largest_probability": round(prediction.largest_probability, 4),
        "mean_probability": round(prediction.mean_probability, 4),
    }
