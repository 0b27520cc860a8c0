"""Pictures with the outline drawn in -> DICOM Secondary Capture, for archives that show no segmentations."""

from pydicom.datadict import tag_for_keyword
from pydicom.sr.codedict import codes
from pydicom.uid import MultiFrameTrueColorSecondaryCaptureImageStorage, SecondaryCaptureImageStorage

from keras_hanet.dicom.derived import (
    checked_frames,
    describe_pixels,
    laterality_of,
    new_object,
    num_frames_of,
    save,
    source_reference,
)
from keras_hanet.dicom.unchecked import unchecked
from keras_hanet.errors import InputError
from keras_hanet.version import INTENDED_USE

SERIES_NUMBER = 9003
MAX_BYTES = 2**32 - 2  # what the length of an element can say, PS3.5 7.1


@unchecked()
def write_overlay(path, dataset, pictures):
    """Write pictures of an image as a Secondary Capture, of a film as a Multi-frame True Color one, uncompressed.

    It is said to hold burned-in writing unless the source says that it does not: nobody has looked.

    Args:
        path: file to be written.
        dataset: pydicom Dataset of the source image; its pixels are not looked at.
        pictures: iterable of (H, W, 3) uint8 RGB at the size of the source, one for each of its frames; taken one by
            one.

    Returns:
        pydicom Dataset of what was written, without its pixels.

    Raises:
        InputError: if the source lacks a UID, or the film is too long for one file.
        ValueError: if a picture is of another shape or dtype, or there is not one for each frame.
    """
    num_frames = num_frames_of(dataset)
    shape = (dataset.Rows, dataset.Columns, 3)
    if num_frames * shape[0] * shape[1] * shape[2] > MAX_BYTES:
        raise InputError(
            f"A film of {num_frames} frames of {shape[1]} x {shape[0]} is longer than a DICOM file can be in colour, "
            "4 GiB; write a part of it, or the segmentation"
        )
    made = new_object(
        dataset,
        SecondaryCaptureImageStorage if num_frames == 1 else MultiFrameTrueColorSecondaryCaptureImageStorage,
        "OT",
        SERIES_NUMBER,
        "Overlay",
    )
    describe_pixels(made, dataset, shape, 8, "RGB")
    made.PlanarConfiguration = 0
    made.ImageType, made.ConversionType = ["DERIVED", "SECONDARY"], "WSD"
    made.ImageComments = made.DerivationDescription = f"Outlined by a model. {INTENDED_USE}"
    made.PatientOrientation, made.Laterality = None, laterality_of(dataset)
    made.BurnedInAnnotation = "NO" if dataset.get("BurnedInAnnotation") == "NO" else "YES"
    made.SourceImageSequence = [source_reference(dataset, codes.DCM.SourceImageForImageProcessingOperation)]
    if num_frames > 1:
        made.NumberOfFrames = num_frames
        _set_timing(made, dataset, num_frames)
    save(path, made, (picture.tobytes() for picture in checked_frames(pictures, shape, num_frames)))
    return made


def _set_timing(made, dataset, num_frames):
    """The film's own timing, PS3.3 C.7.6.5 and C.8.6.4; pages where it has none."""
    for name in ("FrameTime", "FrameTimeVector"):
        if dataset.get(name):
            made[name] = dataset[name]
            made.FrameIncrementPointer = tag_for_keyword(name)
            return
    made.PageNumberVector = list(range(1, num_frames + 1))
    made.FrameIncrementPointer = tag_for_keyword("PageNumberVector")
