"""The header of an ultrasound DICOM file, held against the bytes that are there before any pixel is read.

What a header claims costs nothing to write: a size, a number of frames or a length that the file cannot hold is
refused here, so that nothing later takes memory for it.
"""

import io
import struct
import zlib
from dataclasses import dataclass
from pathlib import Path

from pydicom import dcmread
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import parse_basic_offsets, parse_fragments
from pydicom.filereader import read_dataset, read_preamble
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    MPEGTransferSyntaxes,
    UID_dictionary,
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
)

from keras_hanet.data.preprocessing import MAX_PIXELS
from keras_hanet.dicom.mpeg import MAX_STREAM_BYTES
from keras_hanet.errors import InputError

# With the retired ones of before 1994.
CLASSES = (
    UltrasoundImageStorage,
    UltrasoundMultiFrameImageStorage,
    "1.2.840.10008.5.1.4.1.1.6",
    "1.2.840.10008.5.1.4.1.1.3",
)
MAX_INFLATED_BYTES = 256 * 2**20
_PIXEL_DATA = (0x7FE0, 0x0010)
_UNDEFINED = 0xFFFFFFFF
_DAMAGED = "the file is cut off or damaged; copy or export it again"


@dataclass(frozen=True)
class Header:
    """A header that was checked.

    Attributes:
        content: path or bytes of the file, inflated if it was deflated.
        dataset: pydicom Dataset of all that stands before the pixels.
        num_frames: 1 or more.
        position: where in the content the value of Pixel Data starts, in bytes.
        representation: how it is written down there, "OB" or "OW": in a big-endian file "OW" swaps bytes in pairs.
    """

    content: Path | bytes
    dataset: Dataset
    num_frames: int
    position: int
    representation: str

    @property
    def syntax(self):
        """The transfer syntax, a UID."""
        return self.dataset.file_meta.TransferSyntaxUID


def open_content(content):
    """The content as a binary file."""
    return io.BytesIO(content) if isinstance(content, bytes) else open(content, "rb")


def read_header(content, name):
    """Read and check a header.

    Args:
        content: path or bytes.
        name: what error messages call it.

    Returns:
        `Header`.

    Raises:
        InputError: if it is not an ultrasound image with pixels that fit what it says.
        Exception: of many kinds, from pydicom, for what is damaged: the caller makes a sentence of it.
    """
    content = _inflate(content, name)
    with open_content(content) as file:
        dataset = dcmread(file, stop_before_pixels=True, force=True)
        _check_class(dataset, name)
        representation, num_bytes = _find_pixels(file, dataset, name)
        position = file.tell()
        num_frames = int(dataset.get("NumberOfFrames") or 1)
        _check_size(dataset, num_frames, name)
        header = Header(content, dataset, num_frames, position, representation)
        if not header.syntax.is_encapsulated:
            _check_stored(dataset, num_frames, num_bytes, name)
        elif header.syntax in MPEGTransferSyntaxes:
            _check_stream(num_bytes, name)
        else:
            _check_fragments(file, num_frames, num_bytes, name)
    return header


def _inflate(content, name):
    """The content; unpacked, if its dataset is deflated: pydicom would unpack it without a limit."""
    with open_content(content) as file:
        read_preamble(file, force=True)
        meta = read_dataset(file, False, True, stop_when=lambda tag, vr, length: tag.group != 2)
        if meta.get("TransferSyntaxUID") is None:
            raise InputError(
                f"{name}: expected a DICOM file that says how it is stored (PS3.10, Transfer Syntax UID), got "
                "something else; export it again as a DICOM file"
            )
        if meta.TransferSyntaxUID != DeflatedExplicitVRLittleEndian:
            return content
        unpacker = zlib.decompressobj(-zlib.MAX_WBITS)
        inflated = unpacker.decompress(file.read(), MAX_INFLATED_BYTES)
    if not unpacker.eof:
        raise InputError(
            f"{name}: expected a deflated file that unpacks to at most {MAX_INFLATED_BYTES // 2**20} MiB and is whole, "
            "got a larger or a cut-off one; store it uncompressed"
        )
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    start = io.BytesIO()
    start.write(bytes(128) + b"DICM")
    write_file_meta_info(start, FileMetaDataset(meta), enforce_standard=False)
    return start.getvalue() + inflated


def _check_class(dataset, name):
    found = dataset.get("SOPClassUID") or dataset.file_meta.get("MediaStorageSOPClassUID")
    if found not in CLASSES:
        # Only what the standard lists is named: anything may stand there.
        called = UID_dictionary[found][0] if found in UID_dictionary else "something else"
        raise InputError(
            f"{name}: expected an ultrasound image (Ultrasound Image or Ultrasound Multi-frame Image Storage), got "
            f"{called}; give the image itself"
        )


def _find_pixels(file, dataset, name):
    """The representation of Pixel Data and the number of its bytes that are there; the file stands at the first."""
    syntax = dataset.file_meta.TransferSyntaxUID
    order = "<" if syntax.is_little_endian else ">"
    start = file.read(8 if syntax.is_implicit_VR else 12)
    if len(start) < 8 or struct.unpack(f"{order}HH", start[:4]) != _PIXEL_DATA:
        raise InputError(f"{name}: expected a DICOM file with an image in it, found no Pixel Data; export it again")
    length = struct.unpack(f"{order}I", start[-4:])[0]
    position = file.tell()
    there = file.seek(0, io.SEEK_END) - position
    file.seek(position)
    if syntax.is_encapsulated != (length == _UNDEFINED) or (length != _UNDEFINED and length > there):
        raise InputError(f"{name}: {_DAMAGED}")
    return "OW" if syntax.is_implicit_VR else start[4:6].decode(), min(length, there)


def _check_size(dataset, num_frames, name):
    rows, columns = dataset.Rows, dataset.Columns
    if not 0 < rows * columns <= MAX_PIXELS or num_frames < 1:
        raise InputError(
            f"{name}: expected 1 to {MAX_PIXELS:,} pixels a frame and 1 frame or more, got {columns} x {rows} and "
            f"{num_frames}; export it again, smaller"
        )
    if dataset.SamplesPerPixel not in (1, 3) or dataset.BitsAllocated not in (8, 16):
        raise InputError(
            f"{name}: expected 1 or 3 samples of 8 or 16 bits a pixel, got {dataset.SamplesPerPixel} of "
            f"{dataset.BitsAllocated}; export it again as 8-bit grey or RGB"
        )
    if not 1 <= dataset.BitsStored <= dataset.BitsAllocated:
        raise InputError(f"{name}: {_DAMAGED}")


def _check_stored(dataset, num_frames, num_bytes, name):
    samples = 2 if dataset.PhotometricInterpretation == "YBR_FULL_422" else dataset.SamplesPerPixel
    expected = num_frames * dataset.Rows * dataset.Columns * samples * dataset.BitsAllocated // 8
    if num_bytes < expected:
        raise InputError(
            f"{name}: expected {expected:,} bytes for {num_frames} frames of {dataset.Columns} x {dataset.Rows} "
            f"pixels, found {num_bytes:,}; {_DAMAGED}"
        )


def _check_stream(num_bytes, name):
    if num_bytes > MAX_STREAM_BYTES:
        raise InputError(
            f"{name}: expected an MPEG film of at most {MAX_STREAM_BYTES // 2**20} MiB, got {num_bytes // 2**20}; "
            "cut it"
        )


def _check_fragments(file, num_frames, num_bytes, name):
    """Each frame has at least one fragment, none reaches beyond the file, and offsets point to their starts."""
    if 8 * num_frames > num_bytes:
        raise InputError(f"{name}: expected {num_frames} compressed frames, found {num_bytes} bytes; {_DAMAGED}")
    start = file.tell()
    table_bytes = struct.unpack("<4xI", file.read(8))[0]
    file.seek(start)
    if table_bytes > 4 * num_frames:
        raise InputError(f"{name}: expected at most one offset a frame, found more; {_DAMAGED}")
    offsets = parse_basic_offsets(file)
    first = file.tell()
    num_fragments, starts = parse_fragments(file)
    if num_fragments < num_frames or not {first + offset for offset in offsets} <= set(starts):
        raise InputError(f"{name}: its frames are not where its table of offsets says, or not all there; {_DAMAGED}")
    file.seek(starts[-1] + 4)
    if starts[-1] + 8 + struct.unpack("<I", file.read(4))[0] > start + num_bytes:
        raise InputError(f"{name}: {_DAMAGED}")
