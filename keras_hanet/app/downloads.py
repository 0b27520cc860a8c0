"""The files of a result whose writers want a path: written to a folder in memory, read and removed."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from keras_hanet.analysis.case_report import write_case_pdf, write_case_report
from keras_hanet.dicom.segmentation import write_segmentation

MEMORY = Path("/dev/shm")  # Linux keeps it in memory


def report_html(found, metadata, reliability=None):
    """The one-page report of a `Found` as HTML: bytes. The model's `Metadata` names it; `Reliability` or None."""
    return _report(write_case_report, found, metadata, reliability)


def report_pdf(found, metadata, reliability=None):
    """The same as PDF."""
    return _report(write_case_pdf, found, metadata, reliability)


def segmentation(found, metadata):
    """The mask of a `Found` as DICOM Segmentation of the still that it was uploaded as: bytes.

    Raises:
        InputError: as `write_segmentation`.
    """
    if found.threshold is not None:
        metadata = replace(metadata, threshold=found.threshold)
    with _file() as path:
        write_segmentation(path, found.result.dataset, [found.analysis.prediction.mask], metadata)
        return path.read_bytes()


def _report(write, found, metadata, reliability):
    name = metadata.name
    if found.threshold is not None:
        name = f"{name}, at a threshold of {found.threshold:g} instead of its own {metadata.threshold:g}"
    with _file() as path:
        write(path, found.analysis, name, reliability)
        return path.read_bytes()


@contextmanager
def _file():
    with TemporaryDirectory(prefix="hanet-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder) / "file"
