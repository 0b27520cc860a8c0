"""Measures -> DICOM Comprehensive SR after template TID 1500, Measurement Report (PS3.16).

Each lesion is a group of TID 1410 with a tracking UID. It refers to the segment if the frame has one lesion; several
share that one segment, and only their outlines tell them apart.
"""

from highdicom import sr
from pydicom import Dataset
from pydicom.sr.codedict import codes
from pydicom.sr.coding import Code
from pydicom.uid import ComprehensiveSRStorage, generate_uid

from keras_hanet.analysis.flags import FLAGS
from keras_hanet.dicom.derived import (
    MANUFACTURER,
    laterality_of,
    new_object,
    num_frames_of,
    referenced_series,
    save,
)
from keras_hanet.dicom.outline import outline_of
from keras_hanet.dicom.segmentation import SEGMENT_NUMBER, algorithm_name
from keras_hanet.dicom.unchecked import unchecked
from keras_hanet.version import INTENDED_USE, __version__

SERIES_NUMBER = 9002
DOUBTFUL = "The model doubts this outline: do not rely on it."
PIXELS = Code("{pixels}", "UCUM", "pixels")
# Measure -> its name in CID 6165, Breast Linear Measurement, and CID 7471.
LENGTHS = {
    "long_axis": codes.SCT.LongAxis,
    "short_axis": codes.SCT.ShortAxis,
    "depth": codes.SCT.Depth,  # anteroposterior
    "transverse": codes.SCT.Width,
    "perimeter": codes.SCT.Perimeter,
}
AREA = codes.SCT.Area
# CID 6152, in the words of BI-RADS.
ORIENTATIONS = {"parallel": codes.DCM.Parallel, "not parallel": codes.DCM.NotParallel}
SIDES = {"L": codes.SCT.Left, "R": codes.SCT.Right}


@unchecked()
def write_structured_report(path, dataset, reported, metadata, segmentation=None):
    """Write the measures of an image's lesions as a structured report.

    A frame without a lesion is reported as an outlined area of 0 pixels.

    Args:
        path: file to be written.
        dataset: pydicom Dataset of the source image; its pixels are not looked at.
        reported: dict of frame number, from 0, -> `Analysis`: the frames of the source that the report is on.
        metadata: `Metadata` of the model.
        segmentation: what `write_segmentation` returned for the same image, None if there is none.

    Returns:
        pydicom Dataset of what was written.

    Raises:
        InputError: if the source lacks a UID.
        ValueError: if there is no frame to report, or the source does not have it.
    """
    num_frames = num_frames_of(dataset)
    if not reported or not 0 <= min(reported) <= max(reported) < num_frames:
        raise ValueError(f"A report is on frames of the source, 0 to {num_frames - 1}. Received: {list(reported)}")
    made = new_object(dataset, ComprehensiveSRStorage, "SR", SERIES_NUMBER, "Measurements")
    groups, comments, uses_segment = [], [INTENDED_USE], False
    for number, analysis in sorted(reported.items()):
        found = _lesion_groups(dataset, number + 1, analysis, metadata, segmentation)
        groups += found or [_empty_group(dataset, number + 1, metadata)]
        comments += [f"Frame {number + 1}: {sentence}" for sentence in _remarks(analysis)]
        uses_segment |= segmentation is not None and len(analysis.lesions) == 1
    made.update(_content(groups, comments, metadata))
    _set_document(made, dataset, [segmentation] if uses_segment else [])
    save(path, made)
    return made


def _remarks(analysis):
    sentences = [] if analysis.lesions else ["Nothing was outlined."]
    sentences += [FLAGS[name] for name in analysis.flags]
    return [*sentences, DOUBTFUL] if analysis.doubtful else sentences


def _content(groups, comments, metadata):
    """The content tree: its root as a Dataset."""
    device = sr.DeviceObserverIdentifyingAttributes(
        uid=generate_uid(entropy_srcs=[MANUFACTURER, __version__, metadata.name]),
        name=algorithm_name(metadata),
        manufacturer_name=MANUFACTURER,
        model_name=MANUFACTURER,
        serial_number=__version__,
    )
    report = sr.MeasurementReport(
        observation_context=sr.ObservationContext(
            observer_device_context=sr.ObserverContext(codes.DCM.Device, device),
        ),
        procedure_reported=codes.SCT.UltrasonographyOfBreast,
        imaging_measurements=groups,
    )
    # TID 1500 is extensible: further content may follow what it lists.
    report[0].ContentSequence.extend(
        sr.TextContentItem(codes.DCM.Comment, comment, sr.RelationshipTypeValues.CONTAINS) for comment in comments
    )
    return report[0]


def _lesion_groups(dataset, number, analysis, metadata, segmentation):
    """The group of each lesion of a frame, number counted from 1."""
    groups = []
    for rank, lesion in enumerate(analysis.lesions, start=1):
        if segmentation is not None and len(analysis.lesions) == 1:
            region = {"referenced_segment": _segment(dataset, number, segmentation)}
        else:
            region = {"referenced_region": _region(dataset, number, outline_of(analysis.prediction.mask, lesion))}
        groups.append(
            sr.PlanarROIMeasurementsAndQualitativeEvaluations(
                tracking_identifier=sr.TrackingIdentifier(generate_uid(), f"Frame {number}, lesion {rank}"),
                finding_category=codes.SCT.MorphologicallyAbnormalStructure,
                finding_type=codes.SCT.Mass,
                finding_sites=[sr.FindingSite(codes.SCT.Breast, laterality=SIDES.get(laterality_of(dataset)))],
                algorithm_id=_algorithm(metadata),
                measurements=[sr.Measurement(*measurement) for measurement in _measurements(lesion)],
                qualitative_evaluations=[
                    sr.QualitativeEvaluation(codes.DCM.Orientation, ORIENTATIONS[lesion.orientation])
                ],
                **region,
            )
        )
    return groups


def _empty_group(dataset, number, metadata):
    """What is said of a frame in which nothing was outlined: TID 1501 with an area of 0."""
    return sr.MeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(generate_uid(), f"Frame {number}, nothing outlined"),
        algorithm_id=_algorithm(metadata),
        source_images=[sr.SourceImageForMeasurementGroup(*_source(dataset, number))],
        measurements=[sr.Measurement(AREA, 0.0, PIXELS)],
    )


def _measurements(lesion):
    """(name, value, unit) of each measure: mm where known, else pixels of the image."""
    lengths = [(name, getattr(lesion, f"{key}_mm"), codes.UCUM.Millimeter) for key, name in LENGTHS.items()]
    if lesion.area_mm2 is None:
        lengths = [(name, getattr(lesion, f"{key}_px"), PIXELS) for key, name in LENGTHS.items()]
        area = (AREA, lesion.area_px, PIXELS)
    else:
        area = (AREA, lesion.area_mm2, codes.UCUM.SquareMillimeter)
    # A thousandth is finer than any of them is known.
    return [(name, round(float(value), 3), unit) for name, value, unit in (*lengths, area)]


def _algorithm(metadata):
    return sr.AlgorithmIdentification(
        name=algorithm_name(metadata),
        version=__version__,
        parameters=[f"threshold {metadata.threshold:g}", f"min_lesion_share {metadata.min_lesion_share:g}"],
    )


def _segment(dataset, number, segmentation):
    items = sr.ReferencedSegmentationFrame(
        segmentation.SOPClassUID,
        segmentation.SOPInstanceUID,
        number,
        SEGMENT_NUMBER,
        sr.SourceImageForSegmentation(*_source(dataset, number)),
    )
    # A frame has one segment, and where it is named the segment must not be (PS3.3 C.18.4); highdicom 0.28 names both.
    del items[0].ReferencedSOPSequence[0].ReferencedSegmentNumber
    return items


def _region(dataset, number, outline):
    polyline, contains = sr.GraphicTypeValues.POLYLINE, sr.RelationshipTypeValues.CONTAINS
    item = sr.ScoordContentItem(codes.DCM.ImageRegion, polyline, outline, relationship_type=contains)
    item.ContentSequence = [sr.SourceImageForRegion(*_source(dataset, number))]
    # Not by its constructor, which does not know the retired classes of old archives.
    return sr.ImageRegion.from_dataset(item)


def _source(dataset, number):
    """SOP Class UID, SOP Instance UID and, of a film, the frame's number."""
    return dataset.SOPClassUID, dataset.SOPInstanceUID, [number] if num_frames_of(dataset) > 1 else None


def _set_document(made, dataset, segmentations):
    """SR Document Series and SR Document General modules, PS3.3 C.17.1 and C.17.2."""
    made.CompletionFlag, made.VerificationFlag, made.PreliminaryFlag = "COMPLETE", "UNVERIFIED", "PRELIMINARY"
    made.PerformedProcedureCodeSequence = made.ReferencedPerformedProcedureStepSequence = []
    evidence = Dataset()
    evidence.StudyInstanceUID = made.StudyInstanceUID
    evidence.ReferencedSeriesSequence = []
    for item in referenced_series([dataset, *segmentations]):
        item.ReferencedSOPSequence = item.ReferencedInstanceSequence
        del item.ReferencedInstanceSequence
        evidence.ReferencedSeriesSequence.append(item)
    made.CurrentRequestedProcedureEvidenceSequence = [evidence]
