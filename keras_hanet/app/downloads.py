"""The files of a result whose writers want a path: written to a folder in memory, read and removed."""

from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

from keras_hanet.analysis.case_report import write_case_pdf, write_case_report
from keras_hanet.dicom.segmentation import write_segmentation

MEMORY = Path("/dev/shm")  # Linux keeps it in memory


def report_html(found, service):
    """The one-page report of a `Found` of a `Service` as HTML: bytes."""
    return _report(write_case_report, found, service)


def report_pdf(found, service):
    """The same as PDF."""
    return _report(write_case_pdf, found, service)


def segmentation(found, service):
    """The mask of a `Found` of a `Service` as DICOM Segmentation of the still that it was uploaded as: bytes.

    Raises:
        InputError: as `write_segmentation`.
    """
    metadata = service.metadata
    if found.threshold is not None:
        metadata = replace(metadata, threshold=found.threshold)
    with _file() as path:
        write_segmentation(path, found.result.dataset, [found.analysis.prediction.mask], metadata)
        return path.read_bytes()


def _report(write, found, service):
    name = service.model_name
    if found.threshold is not None:  # last, and short: of a long name a report keeps the end
        name = f"{name} (threshold {found.threshold:g}, own is {service.metadata.threshold:g})"
    with _file() as path:
        write(path, found.analysis, name)
        return path.read_bytes()


@contextmanager
def _file():
    with TemporaryDirectory(prefix="hanet-", dir=MEMORY if MEMORY.is_dir() else None) as folder:
        yield Path(folder) / "file"
