"""The report of an evaluation: `report.md` and `report.html` from cases.csv, summary.json and overlays/.

What a folder does not hold (overlays after a cross-validation, calibration in older summaries) is left out.
"""

from pathlib import Path

from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import is_lesion, read_cases
from keras_hanet.files import read_json
from keras_hanet.reports import sections
from keras_hanet.reports.document import Command, Section, write_report
from keras_hanet.reports.examples import choose_examples


def write_evaluation_report(folder, title="Evaluation", more=()):
    """Write the report of a folder that holds cases.csv and summary.json; overlays/ are shown if they are there.

    Args:
        folder: of an evaluation, a training run, or a cross-validation over folders named `fold-K`.
        title: heading of the report.
        more: `Section`s that follow the table of scores, such as one of the folds.

    Returns:
        path of `report.html`.

    Raises:
        InputError: if one of the two files is missing or cannot be read.
    """
    folder = Path(folder)
    rows, summary = read_cases(folder / "cases.csv"), _read_summary(folder / "summary.json")
    overview, scores, *others = evaluation_sections(rows, summary, folder)
    return write_report(folder, title, [overview, scores, *more, *others], lead=summary.get("model", ""))


def evaluation_sections(rows, summary, folder):
    """The sections of an evaluation, those left out for which there is nothing to show.

    Args:
        rows: list of dicts, as `read_cases` gives them.
        summary: dict, as in summary.json.
        folder: path; overlays are looked for in it.

    Returns:
        list of `Section`: what was measured first, the table of scores second.
    """
    lesion = [row for row in rows if is_lesion(row)]
    made = (Command(summary["command"]),) if summary.get("command") else ()
    examples = choose_examples(rows, folder)
    blocks = {
        "": (*sections.show_overview(summary), *made),
        "Scores": (sections.show_scores(summary), sections.EMPTY_MASKS),
        "Examples": (*examples, *made) if examples else (),
        "Distribution": sections.show_distribution(lesion, made),
        "Subgroups": sections.show_subgroups(summary, made),
        "Detection": sections.show_detection(summary),
        "Size": sections.show_size(lesion, summary, made),
        "Calibration and confidence": sections.show_confidence(summary, made),
        "Diagnosis": sections.show_diagnosis(summary),
    }
    return [Section(heading, content) for heading, content in blocks.items() if content]


def _read_summary(path):
    try:
        return read_json(path, "make it again")
    except FileNotFoundError:
        raise InputError(f"{path}: expected the summary of an evaluation, found no such file; check the path") from None
