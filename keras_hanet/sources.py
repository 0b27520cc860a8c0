"""The one door for pictures: an image file, a DICOM file or a film -> frames, whatever the file is.

A source has a `name`, a `kind` ("image", "dicom" or "video"), `num_frames` (None where the file does not say) and
`frames()`, which reads them one after the other. DICOM needs the extra `[dicom]`, a film `[video]`.
"""

from dataclasses import dataclass
from pathlib import Path

from keras_hanet.data.preprocessing import decode_image
from keras_hanet.frame import Frame

IMAGE_SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff")
DICOM_SUFFIXES = (".dcm", ".dicom", ".ima")
VIDEO_SUFFIXES = (".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm")
SUFFIXES = (*IMAGE_SUFFIXES, *DICOM_SUFFIXES, *VIDEO_SUFFIXES)
_MAGIC_OFFSET, _MAGIC = 128, b"DICM"  # DICOM PS3.10, 7.1


@dataclass(frozen=True)
class ImageSource:
    """A PNG, JPEG, BMP or TIFF image as a source of one frame.

    Attributes:
        content: its path, or its bytes.
        name: what a person calls it.
    """

    content: Path | bytes
    name: str
    kind: str = "image"
    num_frames: int = 1

    def frames(self):
        """Yield its one `Frame`.

        Raises:
            InputError: as `decode_image`.
        """
        yield Frame(decode_image(self.content, self.name), self.name)


def open_source(content, name=None):
    """Open a file.

    Args:
        content: path of an image, DICOM or video file; or the bytes of an image or a DICOM file.
        name: what a person calls it; the path, as given, if None.

    Returns:
        a source, see above.

    Raises:
        InputError: if it cannot be read. Of an image that shows when its frame is asked for.
        ModuleNotFoundError: if the extra that reads it is not installed.
    """
    name = str(content) if name is None else name
    if is_dicom(content):
        from keras_hanet.dicom.read import read_dicom

        return read_dicom(content, name)
    if not isinstance(content, bytes) and Path(content).suffix.lower() in VIDEO_SUFFIXES:
        from keras_hanet.video.read import read_video

        return read_video(content, name)
    return ImageSource(content, name)


def is_dicom(content):
    """Whether a file says that it is DICOM: "DICM" after 128 bytes, or by its suffix.

    Args:
        content: path or bytes.

    Returns:
        bool; False for a path that cannot be read.
    """
    if isinstance(content, bytes):
        return content[_MAGIC_OFFSET:][:4] == _MAGIC
    if Path(content).suffix.lower() in DICOM_SUFFIXES:
        return True
    try:
        with open(content, "rb") as file:
            return file.read(_MAGIC_OFFSET + 4)[_MAGIC_OFFSET:] == _MAGIC
    except OSError:
        return False


def is_source(path):
    """Whether a file of a folder is taken: by its suffix, or by what it says of itself if it has none.

    Scanners and archives often write DICOM files without a suffix.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    known = suffix in SUFFIXES or ((not suffix or suffix[1:].isdigit()) and is_dicom(path))
    return known and not path.name.startswith(".") and path.is_file()


def is_image(path):
    """Whether a file of a folder is a PNG, JPEG, BMP or TIFF image, by its suffix."""
    path = Path(path)
    return path.suffix.lower() in IMAGE_SUFFIXES and not path.name.startswith(".") and path.is_file()
