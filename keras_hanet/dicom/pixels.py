"""From stored values to what a person sees: 8-bit RGB, as the header says, never by the data.

A frame that is stretched to its own darkest and brightest value would look different from its neighbour in the film,
and a black one would be noise; so the range comes from the header alone (PS3.3 C.7.6.3.1, C.11.1, C.11.2).
"""

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, apply_modality_lut, apply_voi_lut, convert_color_space

_PALETTE = [
    f"{kind}{colour}PaletteColorLookupTableData" for kind in ("", "Segmented") for colour in ("Red", "Green", "Blue")
]
_STRIP_ROWS = 256
_DESCRIPTOR = "RedPaletteColorLookupTableDescriptor"


class ToRgb:
    """Turns decoded frames of one file into RGB.

    Args:
        dataset: pydicom Dataset of the file.

    Raises:
        ValueError, KeyError, AttributeError, TypeError: if its palette, its look-up table or its photometric
            interpretation cannot be used.
    """

    def __init__(self, dataset):
        self._dataset = dataset
        self._kind = dataset.PhotometricInterpretation
        if self._kind == "PALETTE COLOR":
            self._first, self._colours = _read_palette(dataset)
        elif self._kind not in ("MONOCHROME1", "MONOCHROME2") and dataset.SamplesPerPixel != 3:
            raise ValueError(f"`PhotometricInterpretation` and `SamplesPerPixel` do not fit. Received: {self._kind}")

    def __call__(self, values, kind):
        """Turn one frame into RGB.

        Args:
            values: (H, W) as stored, or (H, W, 3) unsigned; overwritten if they are YBR.
            kind: photometric interpretation of `values`, which decoding may have changed to "RGB".

        Returns:
            (H, W, 3) uint8 RGB; of a grey frame a read-only view whose channels are the same bytes.
        """
        if values.ndim == 3:
            if kind != "RGB":
                # In strips: pydicom computes in floating point, which takes ten times the memory.
                for strip in _strips(values):
                    strip[:] = convert_color_space(strip, kind, "RGB")
            highest = 2**self._dataset.BitsStored - 1
            return _in_strips(lambda strip: _scale(strip, 0, highest), values)
        if self._kind == "PALETTE COLOR":
            return _in_strips(self._to_colours, values)
        grey = _in_strips(lambda strip: _to_grey(strip, self._dataset), values)
        if self._kind == "MONOCHROME1":
            grey = 255 - grey
        return np.broadcast_to(grey[..., None], (*grey.shape, 3))

    def _to_colours(self, values):
        return self._colours[np.clip(values.astype(np.int32) - self._first, 0, len(self._colours) - 1)]


def _strips(values):
    """Views of a frame's rows, which together are the frame: what is computed of each needs little memory."""
    return np.array_split(values, 1 + len(values) // _STRIP_ROWS)


def _in_strips(convert, values):
    """A function of single pixels, applied to a frame; the frame itself where nothing had to change."""
    strips = _strips(values)
    converted = [convert(strip) for strip in strips]
    is_same = all(new is old for new, old in zip(converted, strips, strict=True))
    return values if is_same else np.concatenate(converted)


def _scale(values, lowest, highest):
    """Map lowest..highest to 0..255."""
    if values.dtype == np.uint8 and (lowest, highest) == (0, 255):
        return values
    scaled = (values.astype(np.float32) - lowest) * (255 / (highest - lowest))
    return np.clip(np.rint(scaled), 0, 255).astype(np.uint8)


def _to_grey(values, dataset):
    """(H, W) uint8: modality LUT, then the first window or VOI LUT if there is one, then the range to 0..255."""
    low, high = _stored_range(dataset)
    values = apply_modality_lut(values, dataset)
    if "ModalityLUTSequence" in dataset:
        low, high = 0, 2 ** int(dataset.ModalityLUTSequence[0].LUTDescriptor[2]) - 1
    elif "RescaleSlope" in dataset and "RescaleIntercept" in dataset:
        low, high = sorted(edge * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept) for edge in (low, high))
    if dataset.get("VOILUTSequence"):
        values = apply_voi_lut(values, dataset)
        low, high = 0, 2 ** int(dataset.VOILUTSequence[0].LUTDescriptor[2]) - 1
    elif _has_window(dataset):
        values = apply_voi_lut(values, dataset)
    return _scale(values, low, high)


def _stored_range(dataset):
    bits = dataset.BitsStored
    return (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if dataset.PixelRepresentation else (0, 2**bits - 1)


def _has_window(dataset):
    """Whether there is a window; one without a width, as some writers leave it, is none."""
    centre, width = dataset.get("WindowCenter"), dataset.get("WindowWidth")
    if centre is None or width is None:
        return False
    widths = np.atleast_1d(np.asarray(width, dtype=float))
    return widths.size > 0 and widths[0] >= 1


def _read_palette(dataset):
    """The first value that the palette maps, and its colours, (N, 3) uint8."""
    palette = Dataset()
    palette.set_original_encoding(False, True)
    palette[_DESCRIPTOR] = dataset[_DESCRIPTOR]
    num_colours, first, bits = dataset[_DESCRIPTOR].value
    for keyword in _PALETTE:
        if keyword in dataset:
            words = np.frombuffer(dataset[keyword].value, np.uint16)
            if not dataset.file_meta.TransferSyntaxUID.is_little_endian:
                words = words.byteswap()  # pydicom reads them as they lie
            palette.add_new(keyword, "OW", words.tobytes())
    colours = apply_color_lut(np.arange(first, first + (num_colours or 2**16), dtype=np.int32), palette)
    if colours.dtype == np.uint8:
        return first, colours
    # Entries of 16 bits hold 8 in the upper byte or in both, so the upper byte is right; those of 8 may lie in words.
    return first, (colours >> (bits - 8)).astype(np.uint8)
