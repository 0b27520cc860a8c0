"""An upload -> its bytes, its name and the frame that is asked for; all of it in memory, none of it trusted."""

import re
from dataclasses import dataclass

from starlette.formparsers import MultiPartException, MultiPartParser

from keras_hanet.errors import InputError

MAX_UPLOAD_BYTES = 64 * 2**20
_MAX_FORM_BYTES = 2**16  # what the form says around the file
_MAX_NAME = 100


class TooLargeError(InputError):
    """An upload is larger than the server takes."""


@dataclass(frozen=True)
class Upload:
    """A file as it came.

    Attributes:
        content: its bytes.
        name: what the sender calls it, for people to read: never a path, and nothing is concluded from its suffix.
        index: number of the frame that is asked for, from 0.
    """

    content: bytes
    name: str
    index: int = 0


class _InMemoryParser(MultiPartParser):
    """Starlette's parser would put a file of more than 1 MB on the disk."""

    spool_max_size = MAX_UPLOAD_BYTES + _MAX_FORM_BYTES


async def read_upload(request, max_bytes=MAX_UPLOAD_BYTES):
    """Read a form with a `file` and, if it likes, the number of a `frame`.

    Args:
        request: Starlette's `Request`.
        max_bytes: the largest upload taken, at most `MAX_UPLOAD_BYTES`; counted while it comes in, whatever the
            request says of its length.

    Returns:
        `Upload`.

    Raises:
        TooLargeError: if it is larger.
        InputError: if it is no such form.
    """
    if not request.headers.get("content-type", "").startswith("multipart/form-data"):
        raise InputError("expected a form (multipart/form-data) with the field file; send the image as that")
    try:
        parser = _InMemoryParser(request.headers, _limited(request.stream(), max_bytes), max_files=1, max_fields=1)
        form = await parser.parse()
    except MultiPartException:
        raise InputError("expected a form with one file and at most one more field, frame; send it again") from None
    try:
        file, frame = form.get("file"), form.get("frame", "0")
        if file is None or isinstance(file, str):
            raise InputError("expected the image in the field file of the form, found no file there; choose one")
        if not isinstance(frame, str) or not re.fullmatch(r"[0-9]{1,6}", frame):
            raise InputError("frame: expected the number of a frame, 0 for the first; give such a number")
        return Upload(await file.read(), _readable(file.filename), int(frame))
    finally:
        await form.close()


async def _limited(stream, max_bytes):
    taken = 0
    async for chunk in stream:
        taken += len(chunk)
        if taken > max_bytes + _MAX_FORM_BYTES:
            raise TooLargeError(f"expected a file of at most {max_bytes / 2**20:g} MiB, got more; crop or shorten it")
        yield chunk


def _readable(name):
    """The last part of a file name, without what cannot be printed: a hint for people, not a path."""
    last = re.split(r"[/\\]", name or "")[-1]
    return "".join(letter for letter in last if letter.isprintable())[:_MAX_NAME].strip() or "image"
