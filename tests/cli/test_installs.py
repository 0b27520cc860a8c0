import pytest

from keras_hanet.cli.installs import describe_missing


@pytest.mark.parametrize(
    ("missing", "sentence"),
    [
        ("pydicom.uid", "this needs pydicom: pip install 'keras-hanet[dicom]'"),
        ("keras", "this needs keras: pip install 'keras-hanet[train]'"),
        ("av", "this needs av: pip install 'keras-hanet[video]'"),
        ("keras_hanet.nowhere", None),
        (None, None),
    ],
)
def test_what_brings_a_library(missing, sentence):
    assert describe_missing(ModuleNotFoundError("no module", name=missing)) == sentence
