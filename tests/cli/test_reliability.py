import json

from small_crossval import draw_scans, write_crossval


def test_from_a_cross_validation_to_a_record(tmp_path, hanet):
    data = draw_scans(tmp_path / "data")
    crossval = write_crossval(tmp_path / "crossval", data)
    words = ("--crossval", crossval, "--data", data, "--model", crossval / "ha_net" / "fold-0")
    done = hanet("reliability", *words, "--output", tmp_path / "results", "--json")
    assert done.code == 0, done.err
    assert done.out.count("\n") == 1
    assert json.loads(done.out) == json.loads((tmp_path / "results" / "summary.json").read_text())
    assert "validation parts of the runs: kept" in done.err
    assert "not a medical device" in done.err
    names = {path.name for path in (tmp_path / "results").iterdir() if path.is_file()}
    assert names == {"features.csv", "reliability.json", "summary.json", "settings.json", "report.md", "report.html"}


def test_a_folder_that_is_no_cross_validation_is_refused_in_a_sentence(tmp_path, hanet):
    data = draw_scans(tmp_path / "data", 2, 1)
    done = hanet("reliability", "--crossval", tmp_path, "--data", data, "--output", tmp_path / "results")
    assert done.code == 2
    assert done.err.splitlines()[-1].startswith(f"hanet: {tmp_path}: expected every fold of one network")
