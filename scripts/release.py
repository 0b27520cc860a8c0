"""What a release consists of, from the last commit: wheel, source archive, bill of materials, checksums.

python scripts/release.py --output dist    `make release`

The same commit gives the same bytes of wheel and source archive in any folder: times are that of the commit, rights
0644 or 0755, owners none. The bill of materials (CycloneDX) lists what the bare install brings at the tested versions,
and of the wheel every file.
"""

import argparse
import base64
import csv
import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path

from keras_hanet.checksums import write_checksums
from keras_hanet.files import replacing, write_json

ROOT = Path(__file__).resolve().parents[1]
PARTS = ("*.whl", "*.tar.gz", "*.cdx.json")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder (default: dist)")
    arguments = parser.parse_args()
    output = arguments.output.resolve()
    for old in (path for pattern in PARTS for path in output.glob(pattern)):
        old.unlink()
    with tempfile.TemporaryDirectory() as folder:
        epoch = copy_commit(Path(folder) / "source")
        wheel, archive = build(Path(folder) / "source", output, epoch)
        subprocess.run([sys.executable, "-m", "twine", "check", "--strict", wheel, archive], check=True)
        write_bill(wheel, Path(folder) / "bare", epoch)
    write_checksums(output)
    print("".join(f"{path.stat().st_size:>12,} {path.name}\n" for path in sorted(output.iterdir())), end="")


def copy_commit(folder):
    """Copy the files of the last commit into a new folder; returns its time, in seconds since 1970."""
    commit = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout
    with tarfile.open(fileobj=io.BytesIO(commit)) as files:
        files.extractall(folder, filter="data")
    line = ["git", "log", "-1", "--format=%ct"]
    return int(subprocess.run(line, cwd=ROOT, stdout=subprocess.PIPE, check=True).stdout)


def build(source, output, epoch):
    """Build wheel and source archive with the setuptools of this environment.

    Args:
        source: folder of the files; the build leaves others in it.
        output: folder of the two, made if it is missing.
        epoch: the time that every file in them gets, in seconds since 1970.

    Returns:
        the paths of both.
    """
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--sdist", "--outdir", folder, source]
        environment = {**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}
        subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, umask=0o022, check=True)
        (wheel,), (archive,) = Path(folder).glob("*.whl"), Path(folder).glob("*.tar.gz")
        with replacing(output / wheel.name) as temporary:
            temporary.write_bytes(wheel.read_bytes())
        with replacing(output / archive.name) as temporary:
            _write_evenly(archive, temporary, epoch)
    return output / wheel.name, output / archive.name


def _write_evenly(archive, path, epoch):
    """Setuptools writes the times and the owner of this machine into a source archive; here they are all the same."""

    def even(member):
        member.mtime, member.uid, member.gid, member.uname, member.gname = epoch, 0, 0, "", ""
        member.mode = 0o755 if member.isdir() or member.mode & 0o100 else 0o644
        member.pax_headers = {}
        return member

    with (
        tarfile.open(archive) as old,
        open(path, "wb") as raw,
        gzip.GzipFile("", "wb", mtime=epoch, fileobj=raw) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as new,
    ):
        for member in sorted(old.getmembers(), key=lambda member: member.name):
            new.addfile(even(member), old.extractfile(member) if member.isfile() else None)


def write_bill(wheel, environment, epoch):
    """Write NAME.cdx.json beside a wheel: what its bare install brings, and the wheel's files with their SHA-256.

    Args:
        wheel: path.
        environment: folder for an environment, which is made and holds the bare install afterwards.
        epoch: the time of the bill.
    """
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True)
    python = environment / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "-c", ROOT / "constraints.txt"]
    subprocess.run([*install, wheel], check=True)
    for note in environment.glob("lib/*/site-packages/*/direct_url.json"):
        note.unlink()  # where the wheel lay on this machine
    command = [Path(sys.executable).with_name("cyclonedx-py"), "environment", "--output-reproducible", python]
    listed = subprocess.run(
        command, env={**os.environ, "SOURCE_DATE_EPOCH": str(epoch)}, stdout=subprocess.PIPE, check=True
    )
    bill = json.loads(listed.stdout)
    (own,) = (part for part in bill["components"] if part["name"] == "keras-hanet")
    own["components"] = list_files(wheel)
    write_json(wheel.with_name(f"{wheel.name.partition('-py3')[0]}.cdx.json"), bill)


def list_files(wheel):
    """The files of a wheel as components of CycloneDX, with the SHA-256 that its RECORD gives them."""
    with zipfile.ZipFile(wheel) as files:
        (record,) = (name for name in files.namelist() if name.endswith(".dist-info/RECORD"))
        rows = list(csv.reader(files.read(record).decode().splitlines()))
    return [
        {"type": "file", "name": name, "hashes": [{"alg": "SHA-256", "content": _hexadecimal(digest)}]}
        for name, digest, _ in rows
        if digest
    ]


def _hexadecimal(digest):
    """Of "sha256=..." in base64 without its padding, as a RECORD has it."""
    return base64.urlsafe_b64decode(digest.removeprefix("sha256=") + "=").hex()


if __name__ == "__main__":
    sys.exit(main())
