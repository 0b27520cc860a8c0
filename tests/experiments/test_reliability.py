"""From a finished cross-validation to a record: what is fitted on what, kept, and refused."""

import json
import shutil

import pytest
from small_crossval import NUM_FOLDS, draw_scans, write_crossval

from keras_hanet.analysis.reliability import RELIABILITY, read_reliability
from keras_hanet.errors import InputError
from keras_hanet.experiments.reliability import FEATURES, SUMMARY, find_runs, fit_reliability
from keras_hanet.experiments.reliability_features import read_features
from keras_hanet.experiments.reliability_fit import MAX_MISSED, MIN_DICE


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Data, cross-validation, results and the summary; the other scans are further data that nobody was trained on."""
    folder = tmp_path_factory.mktemp("reliability")
    data, other = draw_scans(folder / "data"), draw_scans(folder / "other", 12, 4, seed=1)
    crossval = write_crossval(folder / "crossval", data)
    summary = fit(crossval, data, [other], folder / "results")
    return folder, summary


def fit(crossval, data, extra, folder):
    model = crossval / "ha_net" / "fold-0"
    return fit_reliability(crossval, data, extra, model, folder, "hanet reliability")


def test_every_image_is_seen_once_as_validation_and_once_as_test(made):
    folder, summary = made
    rows = read_features(folder / "results" / FEATURES)
    for part in ("validation", "test"):
        own = {row["id"]: row["fold"] for row in rows if row["part"] == part}
        assert len(own) == summary[part]["num"] == 57
        assert set(own.values()) == set(range(NUM_FOLDS))
    folds = [{row["id"]: row["fold"] for row in rows if row["part"] == part} for part in ("validation", "test")]
    assert folds[0] == folds[1], "the fold is the image's, whichever run has scored it"


def test_the_record_is_read_beside_a_model_and_meets_its_target(made, tmp_path):
    folder, summary = made
    run = tmp_path / "run"
    shutil.copytree(folder / "crossval" / "ha_net" / "fold-0", run)
    assert read_reliability(run) is None
    shutil.copy(folder / "results" / RELIABILITY, run)
    found = read_reliability(run)
    assert found.doubtful_below == summary["limit"]
    assert list(found.distributions) == ["busi"]  # no model was trained on the other scans
    kept = summary["validation"]["kept"]
    assert kept["dice"] >= MIN_DICE
    assert kept["missed"] <= MAX_MISSED * kept["lesions"]
    assert found.fitted["figures"]["validation"]["kept"] == kept
    assert found.fitted["images"] == {"busi": 57}


def test_what_no_model_has_seen_of_further_data_tries_the_record(made):
    _, summary = made
    assert (summary["unseen"]["lesions"], summary["unseen"]["normals"]) == (12, 4)


def test_a_second_call_computes_nothing_again(made, monkeypatch):
    folder, summary = made
    features = folder / "results" / "features"
    kept = {path: path.stat().st_mtime_ns for path in features.iterdir()}
    assert len(kept) == 2 * NUM_FOLDS + 1
    again = fit(folder / "crossval", folder / "data", [folder / "other"], folder / "results")
    assert again == summary == json.loads((folder / "results" / SUMMARY).read_text())
    assert {path: path.stat().st_mtime_ns for path in kept} == kept


def test_results_of_other_models_are_refused(made, tmp_path):
    folder, _ = made
    results, crossval = tmp_path / "results", tmp_path / "crossval"
    results.mkdir()
    shutil.copy(folder / "results" / "settings.json", results)
    shutil.copytree(folder / "crossval", crossval)
    metadata = crossval / "ha_net" / "fold-1" / "metadata.json"
    metadata.write_text(metadata.read_text().replace("0.4", "0.5"))
    with pytest.raises(InputError, match="expected results of these models, found others; give another --output"):
        fit(crossval, folder / "data", [], results)


def test_a_cross_validation_that_is_not_finished_is_refused(made, tmp_path):
    folder, _ = made
    shutil.copytree(folder / "crossval", tmp_path / "crossval")
    (tmp_path / "crossval" / "ha_net" / "fold-2" / "model.keras").unlink()
    with pytest.raises(InputError, match=r"a run has no model\.keras; finish the cross-validation first"):
        find_runs(tmp_path / "crossval")
    shutil.rmtree(tmp_path / "crossval" / "ha_net" / "fold-2")
    with pytest.raises(InputError, match=r"expected every fold of one network .* found 2 runs"):
        find_runs(tmp_path / "crossval")
    with pytest.raises(InputError, match=r"expected every fold of one network .* found 0 runs"):
        find_runs(tmp_path / "nothing")
