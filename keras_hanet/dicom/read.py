"""Ultrasound DICOM files -> frames, one by one, each with the area that shows tissue and the size of its pixels."""

import itertools
import logging
import warnings
from contextlib import contextmanager
from pathlib import Path

from pydicom.encaps import generate_frames
from pydicom.pixels import get_decoder
from pydicom.pixels.utils import as_pixel_options
from pydicom.uid import (
    JPEG2000,
    JPEG2000Lossless,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    MPEGTransferSyntaxes,
    RLELossless,
)

from keras_hanet.data.image_limits import find_excess
from keras_hanet.dicom import lossless
from keras_hanet.dicom.codestreams import CodedSize, read_coded_size
from keras_hanet.dicom.header import open_content, read_header
from keras_hanet.dicom.mpeg import read_mpeg
from keras_hanet.dicom.pixels import ToRgb
from keras_hanet.dicom.regions import read_regions
from keras_hanet.errors import InputError
from keras_hanet.frame import Frame

# Decoders that a damaged frame does not take down with the whole process, see lossless.py.
_PLUGINS = {
    **dict.fromkeys((JPEGBaseline8Bit, JPEGExtended12Bit, JPEG2000, JPEG2000Lossless), "pillow"),
    **dict.fromkeys(lossless.DECODER_DEPENDENCIES, lossless.PLUGIN),
    RLELossless: "pydicom",
}
# What pydicom finds odd in a header it writes down with the value, and that may be a patient's.
logging.getLogger("pydicom").setLevel(logging.CRITICAL)


class DicomSource:
    """An ultrasound image or film.

    Attributes:
        name: what a person calls it.
        kind: "dicom".
        num_frames: 1 or more.
        dataset: pydicom Dataset of the header, without the pixels.
        regions: `Regions`, where the tissue is.
    """

    kind = "dicom"

    def __init__(self, content, name):
        self.name = name
        with _refusing_damage(name):
            self._header = read_header(content, name)
            self.dataset, self.num_frames = self._header.dataset, self._header.num_frames
            self.regions = read_regions(self.dataset)
            self._times_s = _read_times(self.dataset, self.num_frames)
            _check_decodable(self._header.syntax, name)

    @property
    def area(self):
        """The `ScanArea` that is looked at; None for the whole image, without a spacing."""
        return self.regions.area

    def frames(self):
        """Decode the file from its start; one frame is held at a time.

        Yields:
            `Frame`: 8-bit RGB; "cine.dcm#12" where there are several, with the time from the first in seconds where
            the file says it.

        Raises:
            InputError: if a frame is damaged or cut off, or coded in a way that is not read here.
        """
        images = self._images()
        for number in range(self.num_frames):
            # Around each frame alone: the caller's own errors and warnings are not ours.
            with _refusing_damage(self.name):
                image = next(images, None)
            if image is None:
                raise InputError(
                    f"{self.name}: expected {self.num_frames} frames, found {number}; the file is cut off or damaged; "
                    "copy or export it again"
                )
            name = self.name if self.num_frames == 1 else f"{self.name}#{number}"
            yield Frame(image, name, self.area, self._times_s(number), self.regions.flags)

    def _images(self):
        with open_content(self._header.content) as file, open_content(self._header.content) as coded:
            file.seek(self._header.position)
            coded.seek(self._header.position)
            if self._header.syntax in MPEGTransferSyntaxes:
                yield from read_mpeg(file, self.dataset.Rows, self.dataset.Columns)
                return
            to_rgb = ToRgb(self.dataset)
            # The next frame's own size is looked at before it is decoded.
            for _, (values, properties) in zip(self._checked(coded), self._decoded(file), strict=False):
                yield to_rgb(values, properties["photometric_interpretation"])

    def _decoded(self, file):
        """The frames as stored, each with pydicom's account of what it is now."""
        options = as_pixel_options(self.dataset, number_of_frames=self.num_frames)
        # A second table of offsets, which adds nothing to what the fragments themselves say.
        options.pop("extended_offsets", None)
        if self._header.syntax.is_encapsulated:
            options["decoding_plugin"] = _PLUGINS[self._header.syntax]
        else:
            options["pixel_vr"] = self._header.representation
        decoder = get_decoder(self._header.syntax)
        return decoder.iter_array(file, raw=True, pixel_keyword="PixelData", **options)

    def _checked(self, file):
        """Something for each frame whose codestream has the size that the header says."""
        if self._header.syntax not in _PLUGINS or self._header.syntax == RLELossless:
            yield from itertools.repeat(None)
        expected = CodedSize(self.dataset.Rows, self.dataset.Columns, self.dataset.SamplesPerPixel)
        for codestream in generate_frames(file, number_of_frames=self.num_frames):
            if read_coded_size(codestream) != expected:
                raise ValueError("A codestream must have the size that the header says")
            if find_excess(codestream):
                raise ValueError("A codestream must keep to the limits of an image file")
            yield codestream


def read_dicom(content, name=None):
    """Open an ultrasound DICOM file: its header is read and checked, its frames when they are asked for.

    Read are Ultrasound Image and Ultrasound Multi-frame Image Storage and the retired ones of both; grey of 8 and 16
    bits, palettes, RGB and YBR; uncompressed (deflated and big-endian, too), RLE, JPEG, JPEG 2000, JPEG Lossless of 8
    bits, JPEG-LS (but for colours interleaved by sample), MPEG-2, H.264 and HEVC.

    Args:
        content: path or bytes.
        name: what a person calls it; the path if None.

    Returns:
        `DicomSource`.

    Raises:
        InputError: if it is no such file, damaged, cut off, or more than 50 megapixels a frame.
    """
    if name is None:
        name = "the image" if isinstance(content, bytes) else str(content)
    if not isinstance(content, bytes) and not Path(content).is_file():  # a pipe or a device would wait for ever
        raise InputError(f"{name}: no such file; check the path")
    return DicomSource(content, name)


@contextmanager
def _refusing_damage(name):
    """Make a sentence of whatever pydicom, NumPy, Pillow or FFmpeg raise over a damaged file.

    They raise what the damage happens to lead to (struct.error, KeyError, RecursionError, MemoryError and more), so
    nothing narrower than Exception catches it all. Its text may hold a value of the header, a patient's name among
    them, and is left out; what they warn of likewise.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except InputError:
        raise
    except PermissionError:
        raise InputError(f"{name}: no permission to read it; change its rights or copy it") from None
    except Exception:
        raise InputError(
            f"{name}: expected a whole ultrasound DICOM file, and it cannot be read: it is cut off, damaged or coded "
            "in a way that is not read here; export it again, uncompressed"
        ) from None


def _check_decodable(syntax, name):
    if syntax.is_encapsulated and syntax not in MPEGTransferSyntaxes and syntax not in _PLUGINS:
        raise InputError(
            f"{name}: expected a file that is not compressed, or by RLE, JPEG, JPEG-LS, JPEG 2000 or MPEG, got "
            f"{syntax.name}; export it again, uncompressed"
        )


def _read_times(dataset, num_frames):
    """A function from the number of a frame to its time in seconds, None where the file does not say it.

    PS3.3 C.7.6.5: Frame Time Vector holds the milliseconds since the frame before, Frame Time those between any two,
    Cine Rate the frames a second.
    """
    if num_frames == 1:
        return lambda number: None
    steps_ms = dataset.get("FrameTimeVector")
    if steps_ms is not None and not isinstance(steps_ms, str) and len(steps_ms) == num_frames:
        times_s = [ms / 1000 for ms in itertools.accumulate(map(float, steps_ms))]
        return lambda number: times_s[number] - times_s[0]
    step_ms, rate = float(dataset.get("FrameTime") or 0), float(dataset.get("CineRate") or 0)
    step_s = step_ms / 1000 if step_ms > 0 else 1 / rate if rate > 0 else None
    return lambda number: None if step_s is None else number * step_s
