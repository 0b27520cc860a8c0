"""The report of a comparison says what the comparison says."""

from stand_in_training import make_rows

from keras_hanet.evaluation.comparison import compare_runs
from keras_hanet.experiments.comparisons import COMPARED, write_comparison
from keras_hanet.training.config import TrainConfig


def test_report_has_a_table_for_each_score_that_was_scored(tmp_path):
    rows = make_rows(TrainConfig())
    worse = [{**row, "dice": 0.5} if row["num_lesions"] else row for row in rows]
    comparison = compare_runs(rows, {"worse": worse}, COMPARED, "first")
    page = write_comparison(tmp_path, "Two runs", comparison, "hanet ablate")
    text = (tmp_path / "report.md").read_text()
    assert page == tmp_path / "report.html"
    assert "| worse | 4 | 0 | 50.0 [50.0, 50.0] | -50.0 [-50.0, -50.0] |" in text
    assert "Research use only" in text
    lesions = [row for row in rows if row["num_lesions"]]
    write_comparison(tmp_path, "Lesions", compare_runs(lesions, {"same": lesions}, COMPARED, "first"), "hanet ablate")
    assert "false alarms" not in (tmp_path / "report.md").read_text()
