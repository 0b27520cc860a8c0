import json
import os

import numpy as np
import pytest

from keras_hanet.cli.console import bar, keras_loading, print_result, print_summary, say
from keras_hanet.evaluation.cases import score_case
from keras_hanet.evaluation.summary import summarise


@pytest.fixture
def summary():
    """One lesion of 10 x 10 pixels of which the left half was found: Dice 2 * 50 / (100 + 50)."""
    mask = np.zeros((20, 20), np.uint8)
    mask[5:15, 5:15] = 1
    half = mask.copy()
    half[:, 10:] = 0
    described = {"id": "a", "source": "drawn", "diagnosis": "benign", "group": "a", "height": 20, "width": 20}
    row = {**described, **score_case(mask, half, half.astype(np.float32))}
    return {**summarise([row]), "split": "all of it", "threshold": 0.35, "intended_use": "Research use only."}


def test_say_leaves_standard_output_alone(capsys):
    say("a line")
    assert capsys.readouterr() == ("", "a line\n")


def test_bar_gives_every_item_and_shows_on_standard_error(capsys):
    assert list(bar("scans")(range(3))) == [0, 1, 2]
    out, err = capsys.readouterr()
    assert out == ""
    assert "scans" in err
    assert "3/3" in err


def test_keras_loading_hides_native_lines_and_nothing_after(capfd):
    with keras_loading():
        os.write(2, b"could not find cuda drivers\n")
    os.write(2, b"after\n")
    assert capfd.readouterr() == ("", "after\n")


def test_keras_loading_lets_an_error_through_and_gives_the_stream_back(capfd):
    with pytest.raises(ModuleNotFoundError, match="keras"), keras_loading():
        raise ModuleNotFoundError("keras")
    os.write(2, b"after\n")
    assert capfd.readouterr().err == "after\n"


def test_summary_for_a_person_is_a_table_on_standard_output(capsys, summary):
    print_summary(summary, as_json=False)
    out, err = capsys.readouterr()
    assert err == ""
    assert "66.7" in out
    assert out.endswith("all of it; threshold 0.35. Research use only.\n")


def test_summary_as_json_is_the_only_line_on_standard_output(capsys, summary):
    print_summary(summary, as_json=True)
    out, err = capsys.readouterr()
    assert out.count("\n") == 1
    assert json.loads(out)["lesion"]["dice"]["mean"] == pytest.approx(2 / 3, abs=1e-6)
    assert "66.7" in err


def test_result_is_tables_for_a_person_or_one_line_of_json(capsys):
    print_result(["| a |", "| b |"], {"dice": 0.5}, as_json=False)
    assert capsys.readouterr() == ("\n| a |\n\n| b |\n", "")
    print_result(["| a |"], {"dice": 0.5}, as_json=True)
    assert capsys.readouterr() == ('{"dice": 0.5}\n', "\n| a |\n")
