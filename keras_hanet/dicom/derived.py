"""What every DICOM object made here has in common: whose it is, what made it, when, and which image it comes from.

Values go from the source to the object as they are: the writers that call these functions are `unchecked`.
"""

from datetime import datetime
from tempfile import TemporaryFile

import numpy as np
from pydicom import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from keras_hanet.errors import InputError
from keras_hanet.files import replacing
from keras_hanet.version import INTENDED_USE, __version__

MANUFACTURER = "keras-hanet"
# Of type 2, PS3.3 C.7.1.1 and C.7.2.1: an object has them, empty where the source says nothing.
_PATIENT_AND_STUDY = (
    *("PatientName", "PatientID", "PatientBirthDate", "PatientSex"),
    *("StudyDate", "StudyTime", "ReferringPhysicianName", "StudyID", "AccessionNumber"),
)
# Of type 3: an object has them where the source does.
_WHERE_STATED = (
    *("SpecificCharacterSet", "StudyInstanceUID", "StudyDescription", "IssuerOfPatientID", "PatientAge"),
    *("PatientIdentityRemoved", "DeidentificationMethod", "DeidentificationMethodCodeSequence"),
    "LongitudinalTemporalInformationModified",
)
_COMPRESSION = ("LossyImageCompression", "LossyImageCompressionRatio", "LossyImageCompressionMethod")
_UIDS = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID")
_NO_DATE, _NO_TIME = "19000101", "000000"  # where dates were removed and the standard asks for one


def new_object(dataset, sop_class, modality, series_number, description):
    """A DICOM object of the source's patient and study, in a series of its own.

    Args:
        dataset: pydicom Dataset of the source image; its pixels are not looked at.
        sop_class: UID of the object's class.
        modality: "SEG", "SR", "OT".
        series_number: of the new series.
        description: a word or two; the intended use is added.

    Returns:
        pydicom Dataset with file meta information and the modules Patient, General Study, General Series, Enhanced
        General Equipment and SOP Common (PS3.3 C.7 and C.12).

    Raises:
        InputError: if the source lacks a UID, without which nothing can refer to it.
    """
    missing = [name for name in _UIDS if not dataset.get(name)]
    if missing:
        raise InputError(
            f"Expected a DICOM image with {', '.join(_UIDS)}, and it has no {missing[0]}; export it again from the "
            "scanner or the archive"
        )
    made = Dataset()
    for name in _PATIENT_AND_STUDY:
        setattr(made, name, dataset.get(name))
    for name in _WHERE_STATED:
        if name in dataset:
            made[name] = dataset[name]
    made.SOPClassUID, made.SOPInstanceUID, made.SeriesInstanceUID = sop_class, generate_uid(), generate_uid()
    made.Modality, made.SeriesNumber, made.InstanceNumber = modality, series_number, 1
    made.SeriesDescription = f"{description}. {INTENDED_USE}"
    made.Manufacturer = made.ManufacturerModelName = MANUFACTURER
    made.DeviceSerialNumber = made.SoftwareVersions = __version__
    made.ContentQualification = "RESEARCH"
    _set_dates(made)
    made.file_meta = FileMetaDataset()
    made.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    return made


def _set_dates(made):
    if made.get("LongitudinalTemporalInformationModified") == "REMOVED":
        made.ContentDate, made.ContentTime = _NO_DATE, _NO_TIME
        return
    now = datetime.now()
    made.ContentDate = made.SeriesDate = made.InstanceCreationDate = f"{now:%Y%m%d}"
    made.ContentTime = made.SeriesTime = made.InstanceCreationTime = f"{now:%H%M%S}"


def describe_pixels(made, dataset, shape, bits, photometric):
    """Set the attributes of the Image Pixel module, and whether the source was compressed with loss.

    Args:
        made: Dataset to be changed.
        dataset: of the source image.
        shape: (rows, columns, samples).
        bits: 1 or 8.
        photometric: photometric interpretation, "MONOCHROME2" or "RGB".
    """
    made.Rows, made.Columns, made.SamplesPerPixel = shape
    made.PhotometricInterpretation, made.PixelRepresentation = photometric, 0
    made.BitsAllocated = made.BitsStored = bits
    made.HighBit = bits - 1
    made.LossyImageCompression = "00"
    if dataset.get("LossyImageCompression") == "01":
        for name in _COMPRESSION:
            if name in dataset:
                made[name] = dataset[name]


def num_frames_of(dataset):
    """Number of frames of an image; 1 where it does not say."""
    return int(dataset.get("NumberOfFrames") or 1)


def laterality_of(dataset):
    """The side of the body, "L" or "R"; None where the image does not say."""
    side = dataset.get("ImageLaterality") or dataset.get("Laterality")
    return side if side in ("L", "R") else None


def reference(dataset, frame_number=None):
    """An item that refers to an instance.

    Args:
        dataset: of the instance.
        frame_number: counted from 1; left out for an instance with one frame.
    """
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = dataset.SOPClassUID, dataset.SOPInstanceUID
    if frame_number is not None and num_frames_of(dataset) > 1:
        item.ReferencedFrameNumber = frame_number
    return item


def source_reference(dataset, purpose, frame_number=None):
    """An item of the Source Image Sequence: the object's pixels lie exactly over the source's.

    Args:
        dataset: of the source.
        purpose: `Code` of CID 7202.
        frame_number: counted from 1; None for all.
    """
    item = reference(dataset, frame_number)
    item.SpatialLocationsPreserved = "YES"
    item.PurposeOfReferenceCodeSequence = [code_item(purpose)]
    return item


def referenced_series(datasets):
    """Items of a sequence that lists, series by series, the instances an object refers to; each a series of its own."""
    items = []
    for dataset in datasets:
        item = Dataset()
        item.SeriesInstanceUID = dataset.SeriesInstanceUID
        item.ReferencedInstanceSequence = [reference(dataset)]
        items.append(item)
    return items


def code_item(code):
    """The item of a code sequence for a `pydicom.sr.coding.Code`."""
    item = Dataset()
    item.CodeValue, item.CodingSchemeDesignator, item.CodeMeaning = code.value, code.scheme_designator, code.meaning
    return item


def checked_frames(frames, shape, num_frames):
    """Give the frames one by one as they are, each of the same shape, one for each frame of the source.

    Raises:
        ValueError: if a frame is of another shape or dtype than uint8, or there are more or fewer.
    """
    count = 0
    for frame in frames:
        if np.shape(frame) != shape or frame.dtype != np.uint8:
            raise ValueError(f"A frame is {shape} uint8. Received: {np.shape(frame)} {frame.dtype}")
        count += 1
        yield frame
    if count != num_frames:
        raise ValueError(f"The source has {num_frames} frames. Received: {count}")


def save(path, made, chunks=None):
    """Write an object, whole or not at all.

    Args:
        path: file to be written.
        made: Dataset; it never holds the pixels.
        chunks: iterable of bytes, the pixels; a film need not be in memory at once. None for an object without.
    """
    with replacing(path) as temporary:
        if chunks is None:
            made.save_as(temporary, enforce_file_format=True)
            return
        with TemporaryFile(dir=temporary.parent) as pixels:
            for chunk in chunks:
                pixels.write(chunk)
            pixels.write(b"\0" * (pixels.tell() % 2))
            pixels.seek(0)
            made.add_new("PixelData", "OB", pixels)
            made.save_as(temporary, enforce_file_format=True)
        del made.PixelData
