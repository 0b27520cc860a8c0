"""Ultrasound DICOM files in memory, whatever the tests need of them; and those that come with pydicom."""

import io
from fractions import Fraction

import av
import numpy as np
from PIL import Image
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    MPEG4HP41,
    ExplicitVRLittleEndian,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    generate_uid,
)

NAME = "Lovelace^Ada"


def real_file(name):
    """The path of a file of pydicom or pydicom-data."""
    path = get_testdata_file(name, download=False)
    assert path is not None, f"{name} does not come with pydicom or pydicom-data"
    return path


def make_dataset(pixels, photometric="MONOCHROME2", **values):
    """A `Dataset` with pixels: uint8 or uint16 (H, W) or (N, H, W), or with 3 colours behind.

    `values` are attributes by keyword, which come last and may contradict the pixels.
    """
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    is_film = "NumberOfFrames" in values
    dataset.SOPClassUID = UltrasoundMultiFrameImageStorage if is_film else UltrasoundImageStorage
    dataset.SOPInstanceUID = generate_uid(entropy_srcs=["variant"])
    dataset.PatientName, dataset.PatientID, dataset.Modality = NAME, "1815-12-10", "US"
    is_colour = photometric.startswith(("RGB", "YBR"))
    dataset.SamplesPerPixel = 3 if is_colour else 1
    dataset.PhotometricInterpretation = photometric
    if is_colour:
        dataset.PlanarConfiguration = 0
    first = pixels.ndim - 2 - is_colour
    dataset.Rows, dataset.Columns = pixels.shape[first : first + 2]
    dataset.BitsAllocated = dataset.BitsStored = 8 * pixels.itemsize
    dataset.HighBit, dataset.PixelRepresentation = dataset.BitsStored - 1, 0
    content = pixels.tobytes()
    dataset.add_new("PixelData", "OB" if pixels.itemsize == 1 else "OW", content + bytes(len(content) % 2))
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def to_bytes(dataset, **options):
    """The file of a dataset."""
    dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    file = io.BytesIO()
    dataset.save_as(file, enforce_file_format=True, **options)
    return file.getvalue()


def make_file(pixels, photometric="MONOCHROME2", **values):
    """`make_dataset` as a file."""
    return to_bytes(make_dataset(pixels, photometric, **values))


def make_region(corners, delta_cm=(0.02, 0.03), data_type=1, spatial_format=1, units=(3, 3)):
    """One item of the Sequence of Ultrasound Regions: corners x0, y0, x1, y1; delta_cm along x and y."""
    item = Dataset()
    item.RegionSpatialFormat, item.RegionDataType, item.RegionFlags = spatial_format, data_type, 2
    item.RegionLocationMinX0, item.RegionLocationMinY0, item.RegionLocationMaxX1, item.RegionLocationMaxY1 = corners
    item.PhysicalUnitsXDirection, item.PhysicalUnitsYDirection = units
    item.PhysicalDeltaX, item.PhysicalDeltaY = delta_cm
    return item


def noise(*shape, seed=0):
    """uint8 that no two pixels share by design."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def compressed(codestreams, syntax, photometric, shape, **values):
    """A file with these frames, or this one stream, of a picture of `shape` (H, W) or (H, W, 3)."""
    dataset = make_dataset(np.zeros((len(codestreams), *shape), np.uint8), photometric, **values)
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.PixelData = encapsulate(codestreams)
    dataset["PixelData"].VR, dataset["PixelData"].is_undefined_length = "OB", True
    return to_bytes(dataset)


def coded(pixels, form, **options):
    """Pixels in one of Pillow's formats."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, form, **options)
    return file.getvalue()


def draw_moving_square(num_frames=6, height=48, width=64):
    """A film, (N, height, width, 3) uint8, in which a bright square moves by 6 columns a frame."""
    frames = np.full((num_frames, height, width, 3), 40, np.uint8)
    for number, frame in enumerate(frames):
        frame[8:24, 4 + 6 * number : 20 + 6 * number] = 200
    return frames


def encode_film(frames, codec, form):
    """A stream of the frames in a container."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        stream = container.add_stream(codec, rate=Fraction(25))
        stream.height, stream.width, stream.pix_fmt, stream.bit_rate = *frames.shape[1:3], "yuv420p", 2_000_000
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode(None))
    return file.getvalue()


def mpeg_file(num_frames=6, **values):
    """An H.264 film of six pictures that says it has `num_frames`."""
    values = {"NumberOfFrames": num_frames, "CineRate": 25, **values}
    stream = encode_film(draw_moving_square(6), "libx264", "mp4")
    return compressed([stream], MPEG4HP41, "YBR_FULL", (48, 64, 3), **{**values, "Rows": 48, "Columns": 64})
