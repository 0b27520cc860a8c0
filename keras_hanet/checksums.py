"""`SHA256SUMS` beside an exported model: a file whose bytes changed on its way is refused, not run.

The format is that of `sha256sum`, which checks it without this package: `sha256sum --check SHA256SUMS`.
"""

import hashlib
from pathlib import Path

from keras_hanet.errors import InputError
from keras_hanet.files import read_text, replacing

CHECKSUMS = "SHA256SUMS"


def hash_file(path):
    """SHA-256 in hexadecimal of a file's bytes."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def hash_digests(digests):
    """SHA-256 in hexadecimal of the lines "name digest" of {name: digest}, in its order."""
    return hashlib.sha256("".join(f"{name} {digest}\n" for name, digest in digests.items()).encode()).hexdigest()


def write_checksums(folder):
    """Write the SHA-256 of every file of a folder, and of those in its folders, to its `SHA256SUMS`."""
    folder = Path(folder)
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path.name != CHECKSUMS)
    lines = [f"{hash_file(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    with replacing(folder / CHECKSUMS) as temporary:
        temporary.write_text("".join(lines))


def check_checksums(folder):
    """Hold a folder's files against its `SHA256SUMS`; a folder without one has nothing to be held against.

    Raises:
        InputError: if a file is missing or has other bytes, or the list cannot be read.
    """
    folder = Path(folder)
    if not (folder / CHECKSUMS).is_file():
        return
    for line in read_text(folder / CHECKSUMS, "copy the folder again or export it again").splitlines():
        digest, _, name = line.partition("  ")
        path = folder / name
        is_inside = name and not Path(name).is_absolute() and ".." not in Path(name).parts
        if not is_inside or not path.is_file() or hash_file(path) != digest:
            raise InputError(
                f"{path}: expected the bytes that were exported ({CHECKSUMS}), the file is damaged, changed or "
                "missing; copy the folder again or export it again"
            )
