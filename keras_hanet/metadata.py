"""What a model file cannot say of itself: its operating point, its limits and its card."""

from dataclasses import dataclass, field

from keras_hanet.errors import InputError
from keras_hanet.files import read_json
from keras_hanet.version import INTENDED_USE

METADATA_FORMAT = 1
METADATA_NAME = "metadata.json"
MAX_SIZE = 4096  # a batch of one takes 200 MB


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
        values = read_json(path, "copy it again from its source")
    except FileNotFoundError:
        raise InputError(f"{path}: the model's metadata is missing; keep {METADATA_NAME} beside the model") from None
    return to_metadata(values, path)


def to_metadata(values, where):
    """Make `Metadata` of what was read.

    Args:
        values: what JSON gave, `vars(metadata)` if it is sound.
        where: what error messages call its place.

    Raises:
        InputError: if the values are those of another version, or out of their range.
    """
    if not isinstance(values, dict) or values.get("format") != METADATA_FORMAT:
        found = values.get("format") if isinstance(values, dict) else None
        raise InputError(
            f"{where}: expected a model of format {METADATA_FORMAT}, got {found}; "
            "use the version of keras-hanet that made it"
        )
    try:
        metadata = Metadata(**values)
    except TypeError as error:
        raise InputError(f"{where}: the metadata does not fit this version ({error})") from None
    for name, (fits, wanted) in _WANTED.items():
        if not fits(getattr(metadata, name)):
            raise InputError(f"{where}: {name} must be {wanted}, the file is damaged; export the model again")
    return metadata


def _is_share(value):
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 1


_WANTED = {
    "size": (lambda value: type(value) is int and 1 <= value <= MAX_SIZE, f"a whole number from 1 to {MAX_SIZE}"),
    "threshold": (_is_share, "a number from 0 to 1"),
    "min_lesion_share": (_is_share, "a number from 0 to 1"),
    "name": (lambda value: isinstance(value, str), "a text"),
    "intended_use": (lambda value: isinstance(value, str), "a text"),
    "card": (lambda value: isinstance(value, dict), "a JSON object"),
}
