"""What a model file cannot say of itself: its operating point, its limits and its card."""

import json
from dataclasses import dataclass, field
from pathlib import Path

from keras_hanet.errors import InputError
from keras_hanet.version import INTENDED_USE

METADATA_FORMAT = 1
METADATA_NAME = "metadata.json"


@dataclass(frozen=True)
class Metadata:
    """The record that lies beside a model, and in an exported file.

    Attributes:
        size: S, the model's own input side in pixels.
        threshold: probability from which on a pixel is lesion, chosen on validation images.
        min_lesion_share: regions smaller than this share of the image's pixels are removed.
        name: what the model is.
        intended_use: the limits of its use.
        card: what an exported file says besides, JSON-ready; see `keras_hanet.export.card`.
        format: version of this record.
    """

    size: int
    threshold: float
    min_lesion_share: float
    name: str
    intended_use: str = INTENDED_USE
    card: dict = field(default_factory=dict)
    format: int = METADATA_FORMAT


def read_metadata(path):
    """Read the `metadata.json` of a model.

    Raises:
        InputError: if it is missing, damaged or of another version.
    """
    try:
        values = json.loads(Path(path).read_text())
    except FileNotFoundError:
        raise InputError(f"{path}: the model's metadata is missing; keep {METADATA_NAME} beside the model") from None
    except ValueError:
        raise InputError(f"{path}: expected JSON, the file is damaged; copy it again from its source") from None
    return to_metadata(values, path)


def to_metadata(values, where):
    """Make `Metadata` of what was read.

    Args:
        values: what JSON gave, `vars(metadata)` if it is sound.
        where: what error messages call its place.

    Raises:
        InputError: if the values are those of another version.
    """
    if not isinstance(values, dict) or values.get("format") != METADATA_FORMAT:
        found = values.get("format") if isinstance(values, dict) else None
        raise InputError(
            f"{where}: expected a model of format {METADATA_FORMAT}, got {found}; "
            "use the version of keras-hanet that made it"
        )
    try:
        return Metadata(**values)
    except TypeError as error:
        raise InputError(f"{where}: the metadata does not fit this version ({error})") from None
