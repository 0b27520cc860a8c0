"""`hanet predict`: image files and folders -> masks at the original size, overlays, one table."""

import re
from pathlib import Path

import cv2

from keras_hanet.cli.console import bar, keras_loading, say
from keras_hanet.data.preprocessing import decode_image
from keras_hanet.drawing import draw_overlay, write_picture
from keras_hanet.errors import InputError
from keras_hanet.files import write_table
from keras_hanet.inference import Predictor
from keras_hanet.models.weights import CARD, DEFAULT, shipped_folder

HELP = "Outline the lesions of image files and folders."
EXAMPLE = "hanet predict IMAGES --output predictions"
SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
COLUMNS = ("image", "height_px", "width_px", "num_lesions", "lesion_area_px", "lesion_share", "largest_probability")
TABLE = "measures.csv"
BATCH_SIZE = 8
_MASK_NAME = re.compile(r"_mask(_\d+)?$")


def add_arguments(parser):
    parser.add_argument(
        "inputs", nargs="+", type=Path, metavar="INPUT",
        help="image file, or folder with images; NAME_mask.png in it is left out",
    )
    parser.add_argument(
        "--model", default=DEFAULT, metavar="MODEL",
        help="name of a shipped model (hanet models lists them), or a run folder, the folder of an exported format, or "
        "the model file in it (default: %(default)s)",
    )
    parser.add_argument(
        "--output", type=Path, default=Path("predictions"), metavar="DIR",
        help="folder of the results (default: %(default)s)",
    )


def run(arguments):
    _check_output(arguments.output)
    outputs = find_images(arguments.inputs, arguments.output)
    num_masks = sum(_is_mask(path) for source in arguments.inputs if source.is_dir() for path in source.rglob("*"))
    if num_masks:
        say(f"{num_masks} files are named like masks (NAME_mask.png) and left out; give one by itself to predict it")
    with keras_loading():
        predictor = Predictor(arguments.model)
    say(_describe(arguments.model, predictor.metadata))
    paths, rows, refused = list(outputs), [], []
    for start in bar("images", unit="batch")(range(0, len(paths), BATCH_SIZE)):
        images = {}
        for path in paths[start : start + BATCH_SIZE]:
            try:
                images[path] = decode_image(path)
            except InputError as error:
                refused.append(error)
        if not images:
            continue
        for (path, image), prediction in zip(images.items(), predictor.predict(list(images.values())), strict=True):
            write_picture(arguments.output / "overlays" / outputs[path], draw_overlay(image, prediction.mask))
            write_picture(arguments.output / "masks" / outputs[path], prediction.mask * 255)
            rows.append(_measure(path, prediction))
    write_table(arguments.output / TABLE, COLUMNS, rows)
    say(f"{len(rows)} images: masks, overlays and {TABLE} are in {arguments.output}")
    say(predictor.metadata.intended_use)
    if refused:
        for error in refused:
            say(f"left out: {error}")
        raise InputError(f"{len(refused)} of {len(paths)} images could not be read; what is left out stands above")


def _describe(model, metadata):
    """Which model predicts, and where its card lies, if it has one."""
    path = shipped_folder(model) or Path(model)
    card = (path if path.is_dir() else path.parent) / CARD
    point = f"threshold {metadata.threshold:g}, smallest lesion {100 * metadata.min_lesion_share:g} % of the image"
    where = f"; scores, limits and data: {card}" if card.is_file() else ""
    return f"Model {model}: {metadata.name}, {metadata.size} x {metadata.size}, {point}{where}"


def _check_output(folder):
    """Refuse a folder whose masks are somebody else's: they would be overwritten."""
    if (folder / "masks").exists() and not (folder / "overlays").exists():
        raise InputError(f"{folder} holds masks that no earlier prediction wrote; give another --output")


def find_images(inputs, results):
    """The images of files and folders, with the place each takes below the output folder.

    In a folder, hidden files, mask files (`NAME_mask.png`, `NAME_mask_1.png`) and what an earlier
    run wrote to `results` are left out.

    Args:
        inputs: sequence of paths.
        results: path of the output folder.

    Returns:
        dict of image path -> relative path ending in .png.

    Raises:
        InputError: if an input is not there, a folder holds no image, or two images would be
            written to one file.
    """
    outputs = {}
    for source in inputs:
        if source.is_dir():
            found = sorted(path for path in source.rglob("*") if _is_image(path) and not _is_result(path, results))
            if not found:
                raise InputError(f"{source}: expected a folder with images ({', '.join(SUFFIXES)}), found none")
            outputs.update({path: path.relative_to(source).with_suffix(".png") for path in found})
        elif source.is_file():
            outputs[source] = Path(source.name).with_suffix(".png")
        else:
            raise InputError(f"{source}: no such file or folder; check the path")
    owners = {}
    for path, output in outputs.items():
        if output in owners:
            raise InputError(
                f"{path} and {owners[output]} would both be written to {output}; rename one or predict them apart"
            )
        owners[output] = path
    return outputs


def _is_image(path):
    hidden = path.name.startswith(".")
    return path.suffix.lower() in SUFFIXES and not hidden and not _is_mask(path) and path.is_file()


def _is_mask(path):
    return path.suffix.lower() in SUFFIXES and _MASK_NAME.search(path.stem) is not None


def _is_result(path, results):
    folders = path.resolve().parents
    return any((results / name).resolve() in folders for name in ("masks", "overlays", "sheets"))


def _measure(path, prediction):
    height, width = prediction.mask.shape
    area = int(prediction.mask.sum())
    return {
        "image": path,
        "height_px": height,
        "width_px": width,
        "num_lesions": cv2.connectedComponents(prediction.mask)[0] - 1,
        "lesion_area_px": area,
        "lesion_share": round(area / (height * width), 6),
        "largest_probability": round(float(prediction.probability.max()), 4),
    }
