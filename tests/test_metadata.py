"""Metadata: written as JSON and read again; what does not fit is refused with a sentence."""

import json

import pytest

from keras_hanet.errors import InputError
from keras_hanet.files import write_json
from keras_hanet.metadata import Metadata, read_metadata


def sound(**values):
    return json.dumps({**vars(Metadata(64, 0.4, 0.001, "a model")), **values})


def test_what_is_written_is_read(tmp_path):
    metadata = Metadata(64, 0.4, 0.001, "a model", card={"run": {"sha256": "0" * 64}})
    write_json(tmp_path / "metadata.json", vars(metadata))
    assert read_metadata(tmp_path / "metadata.json") == metadata
    assert metadata.intended_use == "Research use only, not a medical device."


def test_metadata_that_is_not_there_raises(tmp_path):
    with pytest.raises(InputError, match=r"metadata\.json: the model's metadata is missing; keep metadata"):
        read_metadata(tmp_path / "metadata.json")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "expected JSON, the file is damaged"),
        ("[]", "expected a model of format 1, got None"),
        ("{}", "expected a model of format 1, got None"),
        ('{"format": 2}', "expected a model of format 1, got 2"),
        ('{"format": 1}', "the metadata does not fit this version"),
        ('{"format": 1, "colour": 3}', "the metadata does not fit this version"),
        (sound(size=0), "size must be a whole number from 1 to 4096"),
        (sound(size=4097), "size must be a whole number from 1 to 4096"),
        (sound(size=64.0), "size must be a whole number from 1 to 4096"),
        (sound(size=True), "size must be a whole number from 1 to 4096"),
        (sound(threshold=1.01), "threshold must be a number from 0 to 1"),
        (sound(threshold=None), "threshold must be a number from 0 to 1"),
        (sound(min_lesion_share=-0.1), "min_lesion_share must be a number from 0 to 1"),
        (sound(name=["cart"]), "name must be a text"),
        (sound(card=[]), "card must be a JSON object"),
    ],
)
def test_metadata_that_does_not_fit_raises(text, message, tmp_path):
    (tmp_path / "metadata.json").write_text(text)
    with pytest.raises(InputError, match=message):
        read_metadata(tmp_path / "metadata.json")
