"""A real archive for tests: Orthanc on this machine, on free ports, with a folder of its own."""

import json
import shutil
import socket
import subprocess
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

STARTED_WITHIN_S = 60


class Orthanc:
    """A running archive.

    Attributes:
        url: of its REST interface.
        dicom_port: where it takes C-STORE.
        title: its application entity title.
    """

    title = "ORTHANC"

    def __init__(self, http_port, dicom_port):
        self.url = f"http://127.0.0.1:{http_port}"
        self.dicom_port = dicom_port

    def get(self, path):
        """What the archive answers, bytes."""
        with urlopen(f"{self.url}{path}", timeout=30) as answer:
            return answer.read()

    def get_json(self, path):
        """What the archive answers, from JSON."""
        return json.loads(self.get(path))

    def store(self, content):
        """Store a DICOM file, bytes; its number in the archive."""
        with urlopen(Request(f"{self.url}/instances", content, method="POST"), timeout=60) as answer:
            return json.loads(answer.read())["ID"]

    def find_instances(self, uid):
        """The numbers of the instances with a SOP Instance UID."""
        query = {"Level": "Instance", "Query": {"SOPInstanceUID": uid}}
        with urlopen(Request(f"{self.url}/tools/find", json.dumps(query).encode()), timeout=30) as answer:
            return json.loads(answer.read())

    def fetch(self, number):
        """The DICOM file of a number, bytes."""
        return self.get(f"/instances/{number}/file")


@contextmanager
def running_orthanc(folder):
    """Start Orthanc, give it when it answers, end it.

    Args:
        folder: path of an empty folder for its configuration, its files and its log.
    """
    program = shutil.which("Orthanc") or shutil.which("Orthanc", path="/usr/sbin")
    if program is None:
        pytest.skip("Orthanc is not installed (Debian package orthanc)")
    http_port, dicom_port = _free_ports(2)
    configuration = {
        "Name": "tests",
        "StorageDirectory": str(folder / "files"),
        "IndexDirectory": str(folder / "files"),
        "HttpPort": http_port,
        "DicomPort": dicom_port,
        "DicomAet": Orthanc.title,
        "RemoteAccessAllowed": False,
        "AuthenticationEnabled": False,
        "Plugins": [],
    }
    (folder / "orthanc.json").write_text(json.dumps(configuration))
    with open(folder / "log.txt", "wb") as log:
        process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log, cwd=folder)
        try:
            yield _wait_for(Orthanc(http_port, dicom_port), process, folder / "log.txt")
        finally:
            process.terminate()
            process.wait(timeout=30)


def _wait_for(orthanc, process, log):
    end = time.monotonic() + STARTED_WITHIN_S
    while time.monotonic() < end and process.poll() is None:
        try:
            orthanc.get("/system")
        except (URLError, ConnectionError):
            time.sleep(0.1)
        else:
            return orthanc
    raise RuntimeError(f"Orthanc did not start:\n{Path(log).read_text(errors='replace')}")


def _free_ports(number):
    sockets = [socket.socket() for _ in range(number)]
    try:
        for opened in sockets:
            opened.bind(("127.0.0.1", 0))
        return [opened.getsockname()[1] for opened in sockets]
    finally:
        for opened in sockets:
            opened.close()
