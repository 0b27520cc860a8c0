"""JSON and tables of every shape, and sound ones that are damaged in one place."""

import copy
import json

from hypothesis import strategies as st

from keras_hanet.metadata import Metadata
from keras_hanet.models.weights import FOLDERS
from keras_hanet.training.config import TrainConfig, to_dict

METADATA = vars(Metadata(64, 0.4, 0.002, "a model", card={"scores": {"lesion": {"num": 4}}}))
CONFIG = {"format": 1, "command": "hanet train", **to_dict(TrainConfig(data="data"))}
SPLIT = {
    "name": "grouped",
    "leaks": False,
    "parts": {"train": {"a": "0" * 64}, "validation": {"b": "1" * 64}, "test": {"c": "2" * 64}},
    "extra": {},
}
RELIABILITY = json.loads((FOLDERS["cart"] / "reliability.json").read_text())
FOLDS = {"folds": [{"a": "0" * 64}, {"b": "1" * 64}]}

# Texts that Python's JSON reader takes, or stumbles over, in its own way.
ODD_TEXTS = (
    *(b"", b"\0", b"\xff\xfe{\0}\0", b"\xef\xbb\xbf{}", b"\xff", b"[", b'{"a": 1, "a": 2}', b"NaN", b"[Infinity]"),
    *(b"1e999", b"[-1e999]", b'"\\ud800"', b'{"\\udfff": 1}', b'"\\u0000"', b"9" * 5000, b"1" + b"0" * 400),
    *(b"[" * 100_000, b"[" * 60 + b"]" * 60, b'{"a":' * 100_000, b"[" * 900 + b"]" * 900, b"null", b"true", b"0"),
)
ODD_VALUES = (
    *(None, True, False, 0, -1, 1, 10**30, -(10**30), 10**4000, 0.5, -0.0, 1e308, 5e-324, "", "\0", "a\nb", "x" * 5000),
    *([], {}, [[]], [None], {"": {}}, {"class_name": "Lambda"}, ["x"] * 50, "../../etc/passwd", "\u202e", "<script>"),
)

_leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(_leaves, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=20)


@st.composite
def damaged(draw, sound):
    """Bytes of a sound JSON value with one place changed: a value replaced, a key dropped or added, bytes flipped."""
    value = copy.deepcopy(sound)
    place = draw(st.sampled_from(list(_places(value))))
    odd = draw(st.sampled_from(ODD_VALUES) | values)
    what = draw(st.sampled_from(("replace", "drop", "add")))
    if what == "replace" or not isinstance(place[0], dict):
        place[0][place[1]] = odd
    elif what == "drop":
        del place[0][place[1]]
    else:
        place[0][draw(st.text())] = odd
    return _flip(draw, json.dumps(value).encode()) if draw(st.integers(0, 4)) == 0 else json.dumps(value).encode()


@st.composite
def flipped(draw, content):
    """A few bytes of a file changed, cut out, put in twice or cut off at the end."""
    return _flip(draw, content)


def _flip(draw, content):
    content = bytearray(content)
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, max(len(content) - 1, 0)))
        length = draw(st.integers(0, 16))
        what = draw(st.sampled_from(("change", "cut", "twice", "end")))
        if what == "change":
            content[start : start + length] = draw(st.binary(min_size=length, max_size=length))
        elif what == "cut":
            del content[start : start + length]
        elif what == "twice":
            content[start:start] = content[start : start + length]
        else:
            del content[start:]
    return bytes(content)


def _places(value):
    """Every (dict or list, key or index) inside a value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], dict | list):
            yield from _places(value[key])
