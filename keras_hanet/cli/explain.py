"""`hanet explain`: images -> what TSA, GSA and SFEB do with them, as contact sheets and numbers."""

import re
from pathlib import Path

from keras_hanet.cli.console import bar, keras_loading, say
from keras_hanet.cli.inputs import find_inputs
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.sample import Sample
from keras_hanet.drawing import write_picture
from keras_hanet.files import write_json
from keras_hanet.sources import is_image
from keras_hanet.version import INTENDED_USE

HELP = "Show what attention and skip gates do with images: missed lesions, shadows taken for lesions."
EXAMPLE = 'hanet explain "BUSI/benign/benign (1).png" --model runs/cart --output explanations'


def add_arguments(parser):
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="IMAGE",
        help="image file, or folder with images; NAME_mask.png beside NAME.png is taken for its reference",
    )
    parser.add_argument("--model", type=Path, required=True, metavar="DIR", help="run folder, its model.keras, or cart")
    parser.add_argument(
        "--output", type=Path, default=Path("explanations"), metavar="DIR",
        help="folder of the results (default: %(default)s)",
    )


def run(arguments):
    places = find_inputs(arguments.inputs, arguments.output, is_image)
    with keras_loading():
        from keras_hanet.explain.maps import Inspector
        from keras_hanet.explain.sheet import draw_explanation
        from keras_hanet.explain.summary import describe, summarise_explanation
        from keras_hanet.inference import load_keras_model

        model, metadata = load_keras_model(arguments.model)
        inspector = Inspector(model, metadata)
    results = {}
    for path in bar("images")(list(places)):
        image, mask_true = load_pair(path)
        explanation = inspector.explain(image)
        summary = summarise_explanation(explanation, image, mask_true, metadata)
        name = places[path].as_posix()
        sheet = draw_explanation(name, explanation, image, mask_true, summary)
        write_picture(arguments.output / "sheets" / f"{name}.png", sheet)
        results[name] = {**summary, "text": describe(summary)}
    content = {"command": arguments.command_line, "model": metadata.name, "images": results}
    write_json(arguments.output / "explain.json", {**content, "intended_use": INTENDED_USE})
    for name, result in results.items():
        print("\n  ".join([name, *result["text"]]))
    say(f"{len(results)} sheets in {arguments.output / 'sheets'}, their numbers in {arguments.output / 'explain.json'}")
    say(INTENDED_USE)


def load_pair(path):
    """Decode an image and, if `NAME_mask.png`, `NAME_mask_1.png`, ... lie beside it, their union.

    Args:
        path: of the image.

    Returns:
        (H, W, 3) uint8 RGB and (H, W) uint8 {0, 1}, or None for the mask if there is no mask file.

    Raises:
        InputError: as `load_sample`, or if there is no such image.
    """
    name = re.compile(re.escape(path.stem) + r"_mask(_\d+)?")
    masks = sorted(other for other in path.parent.iterdir() if is_image(other) and name.fullmatch(other.stem))
    sample = Sample(path.stem, path, tuple(masks), None, None, path.stem, "file")
    image, mask = load_sample(sample)
    return image, mask if masks else None
