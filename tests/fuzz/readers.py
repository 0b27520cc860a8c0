"""The readers that are fuzzed, each a function from the bytes of a file to what the package makes of them."""

import itertools
import tempfile
from pathlib import Path

from keras_hanet.analysis.reliability import read_reliability
from keras_hanet.checksums import CHECKSUMS, check_checksums
from keras_hanet.data.preprocessing import decode_image, decode_mask
from keras_hanet.data.split_files import keep_unseen, read_folds, read_split
from keras_hanet.data.tables import read_table
from keras_hanet.dicom.read import read_dicom
from keras_hanet.errors import MAX_CHARACTERS, InputError
from keras_hanet.evaluation.cases import read_cases
from keras_hanet.metadata import read_metadata
from keras_hanet.models.keras_file import check_keras_file
from keras_hanet.models.weights import read_facts
from keras_hanet.training.config import read_config, to_dict
from keras_hanet.training.run_folder import read_run_config
from keras_hanet.video.read import read_video

# What no message may repeat: the patient of `dicom_variants`.
PATIENT = "lovelace"


def read_file_with(read, name):
    """A reader of paths as a reader of bytes; the file has this name."""

    def read_content(content):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / name
            path.write_bytes(content)
            return read(path)

    return read_content


def _read_dicom(content):
    """The first frames of a file; a film of a thousand frames takes its time rightly."""
    return [frame.image.shape for frame in itertools.islice(read_dicom(content, "image.dcm").frames(), 3)]


def _read_film(content):
    return [frame.image.shape for frame in itertools.islice(read_video(content, "film.mp4").frames(), 3)]


def _read_reliability(path):
    path.with_name("model.tflite").touch()
    return read_reliability(path.parent)


def _read_config(path):
    return to_dict(read_config(path))


READERS = {
    "decode_image": decode_image,
    "decode_mask": decode_mask,
    "dicom": _read_dicom,
    "film": _read_film,
    "metadata.json": read_file_with(read_metadata, "metadata.json"),
    "config.json": read_file_with(_read_config, "config.json"),
    "config.json of a run": read_file_with(lambda path: read_run_config(path.parent), "config.json"),
    "facts.json": read_file_with(lambda path: read_facts(path.parent), "facts.json"),
    "reliability.json": read_file_with(_read_reliability, "reliability.json"),
    "split.json": read_file_with(lambda path: read_split(path, []), "split.json"),
    "split.json of a model": read_file_with(lambda path: keep_unseen(path, []), "split.json"),
    "folds.json": read_file_with(lambda path: read_folds(path, []), "folds.json"),
    "cases.csv": read_file_with(read_cases, "cases.csv"),
    "table.csv": read_file_with(lambda path: read_table(path, ("name",)), "table.csv"),
    "SHA256SUMS": read_file_with(lambda path: check_checksums(path.parent), CHECKSUMS),
    "model.keras": read_file_with(check_keras_file, "model.keras"),
}


def try_reader(read, content):
    """Read bytes; the rule for every file: a result, or one sentence that says nothing of a patient.

    Returns:
        the result, or None where the reader refused.

    Raises:
        AssertionError: if the refusal is no such sentence. Whatever else the reader raises, it raises.
    """
    try:
        return read(content)
    except InputError as error:
        message = str(error)
    assert 20 < len(message) <= MAX_CHARACTERS, message
    assert message.isprintable(), ascii(message)
    assert PATIENT not in message.lower(), message
    return None
