"""The three DICOM objects that belong to an image: its segmentation, its measures and the picture with the outline."""

from keras_hanet.dicom.secondary_capture import write_overlay
from keras_hanet.dicom.segmentation import write_segmentation
from keras_hanet.dicom.structured_report import write_structured_report
from keras_hanet.drawing import draw_overlay

SEGMENTATION = "segmentation.dcm"
REPORT = "report.dcm"
OVERLAY = "overlay.dcm"


def write_dicom_objects(folder, source, masks, reported, metadata):
    """Write `segmentation.dcm`, `report.dcm` and `overlay.dcm` of a still or a film.

    Args:
        folder: path.
        source: `DicomSource`.
        masks: iterable of their masks, (H, W) uint8 in {0, 1}, that can be gone through more than once.
        reported: dict of frame number, from 0, -> `Analysis`: what the report is on.
        metadata: `Metadata` of the model.

    Raises:
        InputError: as the writers of the three.
    """
    segmentation = write_segmentation(folder / SEGMENTATION, source.dataset, masks, metadata)
    write_structured_report(folder / REPORT, source.dataset, reported, metadata, segmentation)
    pictures = (draw_overlay(frame.image, mask) for frame, mask in zip(source.frames(), masks, strict=True))
    write_overlay(folder / OVERLAY, source.dataset, pictures)
