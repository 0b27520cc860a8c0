"""Fixtures for DICOM objects: sources with a known lesion, an archive, a validator."""

import shutil
import subprocess

import pytest
from dicom_phantoms import BANNER, MARGIN, write_phantom_dicom
from orthanc_server import running_orthanc
from pydicom import dcmread

from keras_hanet.frame import ScanArea, Spacing

HEIGHT, WIDTH = 61, 83  # odd, so that a frame of a mask ends within a byte


@pytest.fixture(scope="session")
def orthanc(tmp_path_factory):
    """A running archive, empty at the start of the session."""
    with running_orthanc(tmp_path_factory.mktemp("orthanc")) as archive:
        yield archive


@pytest.fixture(scope="session")
def find_errors():
    """Function from the path of a DICOM file to the errors that dciodvfy finds in it, a list of lines."""
    program = shutil.which("dciodvfy")
    if program is None:
        pytest.skip("dciodvfy is not installed (Debian package dicom3tools)")

    def find(path):
        result = subprocess.run([program, str(path)], capture_output=True, text=True, check=False)
        lines = (result.stdout + result.stderr).splitlines()
        assert lines, "dciodvfy said nothing at all"
        return [line for line in lines if line.startswith("Error")]

    return find


@pytest.fixture(scope="session")
def still(tmp_path_factory):
    """Header, masks and area of an ultrasound image with the size of its pixels."""
    return _make(tmp_path_factory, 1, True)


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """Header, masks and area of an ultrasound film of 5 frames with the size of its pixels."""
    return _make(tmp_path_factory, 5, True)


@pytest.fixture(scope="session")
def uncalibrated(tmp_path_factory):
    """Header, masks and no area of an ultrasound film of 3 frames without the size of its pixels."""
    return _make(tmp_path_factory, 3, False)


def _make(tmp_path_factory, num_frames, calibrated):
    path = tmp_path_factory.mktemp("source") / "source.dcm"
    masks = write_phantom_dicom(path, num_frames, calibrated, HEIGHT, WIDTH, spacing_mm=(0.25, 0.2), seed=num_frames)
    area = ScanArea(BANNER, MARGIN, HEIGHT, WIDTH, Spacing(0.25, 0.2)) if calibrated else None
    return dcmread(path, stop_before_pixels=True), masks, area
