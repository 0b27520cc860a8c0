import asyncio
import tempfile

import pytest
from starlette.requests import Request

from keras_hanet.app import uploads
from keras_hanet.app.uploads import TooLargeError, Upload, read_upload
from keras_hanet.errors import InputError

END = b"\r\n--x--\r\n"


def part(content, name="file", filename="scan.png"):
    file = "" if filename is None else f'; filename="{filename}"'
    return f'--x\r\nContent-Disposition: form-data; name="{name}"{file}\r\n\r\n'.encode() + content


def read(body, content_type="multipart/form-data; boundary=x", chunk=1000, **options):
    """What becomes of a request whose body comes in chunks; how many of them were taken is `read.taken`."""
    pieces = [body[start : start + chunk] for start in range(0, len(body), chunk)] or [b""]
    read.taken = 0

    async def receive():
        read.taken += 1
        return {"type": "http.request", "body": pieces[read.taken - 1], "more_body": read.taken < len(pieces)}

    scope = {"type": "http", "headers": [(b"content-type", content_type.encode())], "method": "POST"}
    return asyncio.run(read_upload(Request(scope, receive), **options))


def test_a_file_comes_with_its_name_and_its_frame():
    assert read(part(b"abc") + b"\r\n" + part(b"12", "frame", None) + END) == Upload(b"abc", "scan.png", 12)


def test_without_a_frame_it_is_the_first():
    assert read(part(b"abc") + END).index == 0


def test_the_bytes_arrive_as_they_were():
    content = bytes(range(256)) * 20 + b"\r\n--y"
    assert read(part(content) + END, chunk=7).content == content


def test_a_large_file_never_touches_the_disk(monkeypatch):
    def refuse(*arguments, **options):
        raise AssertionError("a temporary file was made")

    monkeypatch.setattr(tempfile, "TemporaryFile", refuse)
    assert len(read(part(bytes(3 * 2**20)) + END, chunk=2**16).content) == 3 * 2**20


@pytest.mark.parametrize("size", [2**20, 2**20 - 1])
def test_a_file_of_the_largest_size_is_taken(size):
    assert len(read(part(bytes(size)) + END, max_bytes=2**20).content) == size


def test_a_larger_file_is_refused_while_it_comes_in():
    with pytest.raises(TooLargeError, match="expected a file of at most 1 MiB, got more; crop or shorten it"):
        read(part(bytes(10 * 2**20)) + END, chunk=2**16, max_bytes=2**20)
    assert read.taken == 18  # 17 chunks are a mebibyte and what the form may say around it


@pytest.mark.parametrize(
    ("sent", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\\\scans\\\\Doe.png", "Doe.png"),
        ("<img src=x onerror=alert(1)>.png", "<img src=x onerror=alert(1)>.png"),  # the page shows it as text
        ("a\u202egnp.exe", "agnp.exe"),
        ("a" * 500, "a" * 100),
        ("..", ".."),
        ("", "image"),
        ("/", "image"),
    ],
)
def test_a_name_is_one_short_printable_line_and_no_path(sent, name):
    assert read(part(b"abc", filename=sent) + END).name == name


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (part(b"abc", "picture") + END, "found no file there"),
        (part(b"abc", filename=None) + END, "found no file there"),
        (b"--x--\r\n", "found no file there"),
        (part(b"a") + b"\r\n" + part(b"b") + END, "one file and at most one more field"),
        (part(b"1", "frame", None) + b"\r\n" + part(b"1", "frame", None) + END, "one file and at most one more field"),
        (b"no form", "one file and at most one more field"),
        (part(b"a") + b"\r\n" + part(b"-1", "frame", None) + END, "frame: expected the number of a frame"),
        (part(b"a") + b"\r\n" + part("٣".encode(), "frame", None) + END, "frame: expected the number of a frame"),
        (part(b"a") + b"\r\n" + part(b"9" * 5000, "frame", None) + END, "frame: expected the number of a frame"),
        (part(b"a") + b"\r\n" + part(b"0", "frame", "frame") + END, "one file and at most one more field"),
    ],
)
def test_another_form_is_refused_in_a_sentence(body, reason):
    with pytest.raises(InputError, match=reason):
        read(body)


@pytest.mark.parametrize("kind", ["image/png", "", "application/x-www-form-urlencoded", "multipart/form-data"])
def test_what_is_no_form_is_refused_in_a_sentence(kind):
    with pytest.raises(InputError, match="expected a form"):
        read(b"abc", content_type=kind)


def test_the_limit_leaves_room_for_what_the_form_says():
    assert uploads._InMemoryParser.spool_max_size > uploads.MAX_UPLOAD_BYTES
