"""JSON files and tables of a stranger: what they say, or one sentence, whatever they hold."""

import json
import math
import tempfile
from pathlib import Path

import pytest
from fuzz.bounded import MAX_BYTES, read_bounded
from fuzz.hostile_values import (
    CONFIG,
    FOLDS,
    METADATA,
    ODD_TEXTS,
    ODD_VALUES,
    RELIABILITY,
    SPLIT,
    damaged,
    flipped,
    values,
)
from fuzz.profile import examples
from fuzz.readers import READERS, try_reader
from fuzz.seeds import CASES, keras_archive, seeds_of
from hypothesis import given
from hypothesis import strategies as st

from keras_hanet.checksums import check_checksums
from keras_hanet.evaluation.cases import COLUMNS, COUNTED_AS
from keras_hanet.files import MAX_TEXT_BYTES
from keras_hanet.metadata import Metadata
from keras_hanet.models.config import HANetConfig
from keras_hanet.training.config import TrainConfig, from_dict

SOUND = {
    "metadata.json": METADATA,
    "config.json": CONFIG,
    "config.json of a run": CONFIG,
    "facts.json": {"network": CONFIG["model"]},
    "reliability.json": RELIABILITY,
    "split.json": SPLIT,
    "split.json of a model": SPLIT,
    "folds.json": FOLDS,
}


@pytest.mark.parametrize("reader", SOUND)
def test_odd_texts_and_odd_values_are_read_or_refused(reader):
    texts = [json.dumps(value).encode() for value in ODD_VALUES if value != 10**4000]
    for content in (*ODD_TEXTS, *texts):
        try_reader(READERS[reader], content)


@pytest.mark.parametrize("reader", SOUND)
@examples(60)
@given(data=st.data())
def test_any_json_is_read_or_refused(reader, data):
    content = data.draw(damaged(SOUND[reader]) | values.map(lambda value: json.dumps(value).encode()) | st.binary())
    try_reader(READERS[reader], content)


@examples(150)
@given(content=damaged(METADATA))
def test_metadata_that_are_read_can_be_used(content):
    found = try_reader(READERS["metadata.json"], content)
    if found is not None:
        assert isinstance(found, Metadata)
        assert 1 <= found.size <= 4096
        assert 0 <= found.threshold <= 1
        assert 0 <= found.min_lesion_share <= 1
        json.dumps(vars(found), allow_nan=False).encode()
        assert hash((found.name, found.intended_use))


@examples(150)
@given(content=damaged(CONFIG))
def test_configuration_that_is_read_is_one(content):
    found = try_reader(READERS["config.json"], content)
    if found is not None:
        config = from_dict(found)
        assert isinstance(config, TrainConfig)
        assert isinstance(config.model, HANetConfig)
        assert math.isfinite(config.learning_rate)
        json.dumps(found, allow_nan=False).encode()


@st.composite
def tables(draw):
    """A table of cases of which cells, headings, delimiters or bytes are other than they should be."""
    lines = [line.split(",") for line in CASES.decode().splitlines()]
    odd = st.sampled_from(("", "nan", "inf", "1e999", "-1", "9" * 5000, "0x1", "True", *COUNTED_AS)) | st.text()
    for _ in range(draw(st.integers(1, 3))):
        line = draw(st.sampled_from(lines))
        line[draw(st.integers(0, len(line) - 1))] = draw(odd)
    content = "\n".join(",".join(line) for line in lines).encode("utf-8", "surrogatepass")
    return draw(flipped(content)) if draw(st.booleans()) else content


@examples(200)
@given(content=tables() | st.binary())
def test_any_table_of_cases_is_read_or_refused(content):
    for row in try_reader(READERS["cases.csv"], content) or ():
        assert list(row) == list(COLUMNS)
        assert row["counted_as"] in COUNTED_AS
        assert not any(isinstance(value, float) and math.isinf(value) for value in row.values())


@pytest.mark.parametrize("reader", ["table.csv", "SHA256SUMS", "model.keras"])
@examples(100)
@given(data=st.data())
def test_any_other_file_beside_a_model_is_read_or_refused(reader, data):
    sound = st.sampled_from(seeds_of(reader)).flatmap(flipped)
    packed = values.map(lambda value: keras_archive(value) if reader == "model.keras" else json.dumps(value).encode())
    try_reader(READERS[reader], data.draw(sound | packed | st.binary()))


@examples(60)
@given(name=st.text(st.characters(exclude_categories=("Cs", "Cc"))) | st.sampled_from(("..", "/etc/passwd")))
def test_list_of_checksums_reads_no_file_outside_its_folder(name):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "SHA256SUMS").write_text(f"{'0' * 64}  {name}\n", encoding="utf-8")
        assert try_reader(lambda content: check_checksums(Path(folder)) or "passed", b"") is None


BOMBS = {
    "longer than may be": ("metadata.json", lambda: b" " * (MAX_TEXT_BYTES + 1)),
    "depth": ("facts.json", lambda: b"[" * 10**7),
    "digits": ("metadata.json", lambda: b"9" * 10**7),
    "headings": ("table.csv", lambda: b"name" + b"," * 10**6),
    "lines": ("table.csv", lambda: b"name\n" + b";\n" * 5_000_000),
}
# As long as is let through.
LONGEST = {
    "lists": ("metadata.json", lambda: b"[" + b"[]," * ((MAX_TEXT_BYTES - 4) // 3) + b"0]"),
    "objects": ("config.json", lambda: b"[" + b"{}," * ((MAX_TEXT_BYTES - 4) // 3) + b"0]"),
    "keys": ("split.json", lambda: b"{" + b",".join(b'"%d":0' % number for number in range(1_200_000)) + b"}"),
    "rows": ("cases.csv", lambda: CASES + (CASES.splitlines()[1] + b"\n") * 80_000),
}


@pytest.mark.parametrize("bombs", [BOMBS, pytest.param(LONGEST, marks=pytest.mark.slow)], ids=["bombs", "longest"])
def test_files_that_ask_for_much_take_seconds_and_less_than_a_gigabyte(bombs):
    outcomes = read_bounded({name: (reader, make()) for name, (reader, make) in bombs.items()})
    for name in bombs:
        assert outcomes[name].what in ("result", "refused"), (name, outcomes[name])
        assert outcomes[name].num_bytes < MAX_BYTES, (name, outcomes[name])
