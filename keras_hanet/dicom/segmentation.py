"""Masks -> DICOM Segmentation (PS3.3 A.51), of a still and of a film.

highdicom 0.28 refuses an ultrasound film: without a Frame of Reference its frames have no place in space to be
ordered by (ImagingDataCommons/highdicom#284). Here they are ordered by time: the dimensions are the segment and the
Temporal Position Index, and each frame names the frame of the source that it lies over.
"""

import numpy as np
from highdicom import AlgorithmIdentificationSequence
from highdicom.color import CIELabColor
from highdicom.seg import SegmentDescription
from pydicom import Dataset
from pydicom.datadict import tag_for_keyword
from pydicom.sr.codedict import codes
from pydicom.uid import SegmentationStorage, generate_uid

from keras_hanet.dicom.derived import (
    MANUFACTURER,
    checked_frames,
    code_item,
    describe_pixels,
    new_object,
    num_frames_of,
    referenced_series,
    save,
    source_reference,
)
from keras_hanet.dicom.unchecked import unchecked
from keras_hanet.drawing import PREDICTED_COLOUR
from keras_hanet.version import INTENDED_USE, __version__

SERIES_NUMBER = 9001
SEGMENT_NUMBER = 1
LABEL = "Breast lesion"
_DIMENSIONS = (
    ("ReferencedSegmentNumber", "SegmentIdentificationSequence", "Segment"),
    ("TemporalPositionIndex", "FrameContentSequence", "Time"),
)


@unchecked()
def write_segmentation(path, dataset, masks, metadata):
    """Write the masks of an image as a DICOM Segmentation with one segment, one bit a pixel.

    Every frame of the source has its frame, in the same order, also where it shows no lesion: an empty frame says
    that it was looked at. The size of a pixel is not in it, it is the source's: there it holds for a region of the
    image, here it would be said of all of it.

    Args:
        path: file to be written.
        dataset: pydicom Dataset of the source image; its pixels are not looked at.
        masks: iterable of (H, W) uint8 in {0, 1} at the size of the source, one for each of its frames; taken one by
            one.
        metadata: `Metadata` of the model.

    Returns:
        pydicom Dataset of what was written, without its pixels, for `write_structured_report` to refer to.

    Raises:
        InputError: if the source lacks a UID.
        ValueError: if a mask is of another shape or holds another value, or there is not one for each frame.
    """
    made = new_object(dataset, SegmentationStorage, "SEG", SERIES_NUMBER, "Outlines")
    num_frames = num_frames_of(dataset)
    describe_pixels(made, dataset, (dataset.Rows, dataset.Columns, 1), 1, "MONOCHROME2")
    _describe_content(made, metadata)
    made.ReferencedSeriesSequence = referenced_series([dataset])
    _set_dimensions(made, num_frames)
    made.NumberOfFrames = num_frames
    made.SharedFunctionalGroupsSequence = [Dataset()]
    made.PerFrameFunctionalGroupsSequence = [_frame_groups(dataset, n) for n in range(1, num_frames + 1)]
    frames = checked_frames(masks, (dataset.Rows, dataset.Columns), num_frames)
    save(path, made, _pack(frames))
    return made


def _describe_content(made, metadata):
    """Segmentation Image module, PS3.3 C.8.20.2."""
    made.ImageType = ["DERIVED", "PRIMARY"]
    made.ContentLabel, made.ContentDescription = "LESIONS", f"{LABEL}s. {INTENDED_USE}"
    made.ContentCreatorName = made.PatientOrientation = None
    made.SegmentationType, made.SegmentsOverlap = "BINARY", "NO"
    algorithm = AlgorithmIdentificationSequence(
        name=algorithm_name(metadata),
        family=codes.DCM.ArtificialIntelligence,
        version=__version__,
        source=MANUFACTURER,
        parameters={"threshold": f"{metadata.threshold:g}", "min_lesion_share": f"{metadata.min_lesion_share:g}"},
    )
    segment = SegmentDescription(
        segment_number=SEGMENT_NUMBER,
        segment_label=LABEL,
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Mass,
        algorithm_type="AUTOMATIC",
        algorithm_identification=algorithm,
        anatomic_regions=[codes.SCT.Breast],
        display_color=CIELabColor.from_rgb(*PREDICTED_COLOUR),
    )
    made.SegmentSequence = [segment]


def algorithm_name(metadata):
    """What an object calls the model, 64 characters at most (PS3.5, LO)."""
    return f"{MANUFACTURER} {metadata.name}"[:64].replace("\\", "/")


def _set_dimensions(made, num_frames):
    """Multi-frame Dimension module, PS3.3 C.7.6.17; a still has no time."""
    organization = Dataset()
    organization.DimensionOrganizationUID = generate_uid()
    made.DimensionOrganizationSequence = [organization]
    made.DimensionIndexSequence = []
    for pointer, group, label in _DIMENSIONS[: 2 if num_frames > 1 else 1]:
        item = Dataset()
        item.DimensionOrganizationUID = organization.DimensionOrganizationUID
        item.DimensionIndexPointer, item.FunctionalGroupPointer = tag_for_keyword(pointer), tag_for_keyword(group)
        item.DimensionDescriptionLabel = label
        made.DimensionIndexSequence.append(item)


def _frame_groups(dataset, number):
    """The functional groups of a frame, number counted from 1."""
    content, segment, derivation, groups = Dataset(), Dataset(), Dataset(), Dataset()
    content.DimensionIndexValues = [SEGMENT_NUMBER]
    if num_frames_of(dataset) > 1:
        content.DimensionIndexValues = [SEGMENT_NUMBER, number]
        content.TemporalPositionIndex = number
    segment.ReferencedSegmentNumber = SEGMENT_NUMBER
    derivation.SourceImageSequence = [
        source_reference(dataset, codes.DCM.SourceImageForImageProcessingOperation, number)
    ]
    derivation.DerivationCodeSequence = [code_item(codes.DCM.SegmentationImageDerivation)]
    groups.FrameContentSequence, groups.SegmentIdentificationSequence = [content], [segment]
    groups.DerivationImageSequence = [derivation]
    return groups


def _pack(masks):
    """Give the masks as bits, the first pixel in the lowest, frames without a gap between them (PS3.5 8.1.1)."""
    rest = np.zeros(0, np.uint8)
    for mask in masks:
        if mask.max(initial=0) > 1:
            raise ValueError(f"A mask holds 0 and 1. Received: {mask.max()}")
        bits = np.concatenate([rest, mask.ravel()])
        whole = len(bits) // 8 * 8
        yield np.packbits(bits[:whole], bitorder="little").tobytes()
        rest = bits[whole:]
    yield np.packbits(rest, bitorder="little").tobytes()
