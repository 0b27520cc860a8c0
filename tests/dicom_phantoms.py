"""Ultrasound DICOM files whose lesion is known: a real scanner's header with a phantom's pixels in it."""

import numpy as np
from pydicom import dcmread
from pydicom.data import get_testdata_file
from pydicom.uid import (
    ExplicitVRLittleEndian,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

from keras_hanet.data.phantom_drawing import draw_phantom

# The header of a Philips EPIQ 7C, anonymised by its owner, with a calibrated region.
_HEADER = "JPGLosslessP14SV1_1s_1f_8b.dcm"
# Rows and columns around the scan: a banner with burned-in writing above, a grey scale on the left.
BANNER, MARGIN = 24, 16


def write_phantom_dicom(
    path,
    num_frames=1,
    calibrated=True,
    height=200,
    width=240,
    spacing_mm=(0.25, 0.2),
    diagnosis="benign",
    seed=0,
    frame_time_ms=40.0,
    colour=False,
):
    """Write an uncompressed ultrasound image, or a film in which the probe moves by one pixel from frame to frame.

    Args:
        path: file to be written.
        num_frames: 1 writes an Ultrasound Image, more an Ultrasound Multi-frame Image.
        calibrated: whether the header has the region of the scan and the size of its pixels.
        height, width: of the scan, in pixels; the image is larger by `BANNER` rows and `MARGIN` columns.
        spacing_mm: height and width of a pixel.
        diagnosis: "normal", "benign" or "malignant".
        seed: another one is another phantom, patient, study and file.
        frame_time_ms: time from frame to frame.
        colour: RGB instead of grey.

    Returns:
        (num_frames, BANNER + height, MARGIN + width) uint8 in {0, 1}, the masks of the lesion at the frames' size.
    """
    frames, masks = draw_film(num_frames, height, width, diagnosis, seed)
    dataset = dcmread(get_testdata_file(_HEADER, download=False), stop_before_pixels=True)
    # The window was for the pixels that are not here any more.
    del dataset.WindowCenter, dataset.WindowWidth
    dataset.PatientName, dataset.PatientID = f"Phantom^Paula {seed}", f"PHANTOM-{seed}"
    dataset.PatientBirthDate, dataset.PatientSex = "19700102", "F"
    dataset.StudyInstanceUID = generate_uid(entropy_srcs=[f"study {seed}"])
    dataset.SeriesInstanceUID = generate_uid(entropy_srcs=[f"series {seed}"])
    _set_class(dataset, num_frames, seed, frame_time_ms)
    _set_region(dataset, calibrated, height, width, spacing_mm)
    _set_pixels(dataset, frames, colour)
    dataset.save_as(path, enforce_file_format=True)
    return masks


def draw_film(num_frames, height, width, diagnosis="benign", seed=0):
    """The frames (num_frames, BANNER + height, MARGIN + width) uint8 and their masks, uint8 in {0, 1}."""
    rng = np.random.default_rng(seed)
    phantom, lesion = draw_phantom(diagnosis, rng, height, width + num_frames - 1)
    frames = np.zeros((num_frames, BANNER + height, MARGIN + width), np.uint8)
    masks = np.zeros_like(frames)
    # The writing, as coarse as letters, and the grey scale: bright things that are no tissue.
    frames[:, 6:18, 8:120:4] = 255
    frames[:, BANNER:, 4:12] = np.linspace(255, 0, height, dtype=np.uint8)[:, None]
    for number in range(num_frames):
        frames[number, BANNER:, MARGIN:] = phantom[:, number : number + width]
        masks[number, BANNER:, MARGIN:] = lesion[:, number : number + width]
    return frames, masks


def _set_class(dataset, num_frames, seed, frame_time_ms):
    dataset.SOPClassUID = UltrasoundImageStorage if num_frames == 1 else UltrasoundMultiFrameImageStorage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=[f"instance {seed} {num_frames}"])
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    if num_frames > 1:
        dataset.FrameTime = frame_time_ms
        dataset.FrameIncrementPointer = 0x00181063


def _set_region(dataset, calibrated, height, width, spacing_mm):
    if not calibrated:
        del dataset.SequenceOfUltrasoundRegions
        return
    region = dataset.SequenceOfUltrasoundRegions[0]
    region.RegionLocationMinX0, region.RegionLocationMinY0 = MARGIN, BANNER
    region.RegionLocationMaxX1, region.RegionLocationMaxY1 = MARGIN + width - 1, BANNER + height - 1
    region.PhysicalDeltaY, region.PhysicalDeltaX = (side / 10 for side in spacing_mm)


def _set_pixels(dataset, frames, colour):
    if colour:
        frames = np.repeat(frames[..., None], 3, axis=-1)
    pixels = frames if len(frames) > 1 else frames[0]
    dataset.set_pixel_data(pixels, "RGB" if colour else "MONOCHROME2", bits_stored=8, generate_instance_uid=False)
    dataset.BurnedInAnnotation = "YES"
