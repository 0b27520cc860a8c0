"""The table that several runs on one test part end in."""

from pathlib import Path

from keras_hanet.evaluation.comparison import format_comparison
from keras_hanet.evaluation.markdown import SCORE_LABELS
from keras_hanet.reports.charts import draw_intervals, percent
from keras_hanet.reports.document import Charts, Command, Section, Table, Text, write_report

COMPARED = ("dice", "jaccard", "hd95_px", "nsd", "assd_px", "false_alarm_rate", "dice_true_negative_as_one")
_HOW_TO_READ = (
    "Means over images at their original size with 95 % intervals for which whole groups of images are drawn; "
    "differences are paired, p comes from flips of whole groups, and Holm's correction is over the rows. "
    "All this speaks of the images. One training a row cannot tell a small difference from the luck of its seed."
)


def write_comparison(folder, title, comparison, command, notes=()):
    """Write `report.md` and `report.html` of runs that were compared by `compare_runs` with COMPARED.

    Args:
        folder: path of the experiment.
        title: heading of the report.
        comparison: what `compare_runs` gave.
        command: the command that does this again.
        notes: sentences that belong above the tables.
    """
    drawn = [(entry["name"], *percent(entry["dice"])) for entry in comparison if entry["dice"]["mean"] is not None]
    level = drawn[0][1] if drawn else None
    chart = draw_intervals("dice", title, "Dice of lesion images, %", drawn, level)
    charts = Charts((("dice", chart, "Dice of lesion images"),))
    sections = [Section("", (*map(Text, notes), Text(_HOW_TO_READ), charts, Command(command)))]
    for score in COMPARED:
        if any(entry[score]["mean"] is not None for entry in comparison):
            table = Table.from_markdown(format_comparison(comparison, score))
            sections.append(Section(SCORE_LABELS[score][0].split(",")[0], (table,)))
    return write_report(Path(folder), title, sections)
