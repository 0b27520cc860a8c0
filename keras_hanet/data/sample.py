"""One image of a data set, as every reader gives it."""

from dataclasses import dataclass
from pathlib import Path

DIAGNOSES = ("normal", "benign", "malignant")


@dataclass(frozen=True)
class Finding:
    """Something about one file of a data set that a person should know.

    Attributes:
        file: path of the file.
        finding: which kind, a key of `findings.KINDS`.
        detail: what exactly, for a person.
    """

    file: Path
    finding: str
    detail: str


@dataclass(frozen=True)
class Sample:
    """An image, its lesion masks and what is known of it. Nothing is decoded yet.

    Attributes:
        id: name of the image, unique within its data set ("benign (1)", "bus_0001-l").
        image: path of the image file.
        masks: paths of the lesion masks; their union is the reference. Empty for a normal image
            that comes without a mask file.
        diagnosis: "normal", "benign" or "malignant"; None where the data set does not say.
        patient: the patient's name within the data set; None where it was not published.
        group: images of one group (same frame, related frames, same patient) stay on one side of
            every split.
        source: the reader's name ("busi", "busbra", ...).
        official_fold: the fold the data set's authors gave the image; None where they gave none.
        device: the scanner; None where it is not known.
        annotated: whether colour, calipers or text lie on the image; None where the data set does not say.
    """

    id: str
    image: Path
    masks: tuple[Path, ...]
    diagnosis: str | None
    patient: str | None
    group: str
    source: str
    official_fold: int | None = None
    device: str | None = None
    annotated: bool | None = None
