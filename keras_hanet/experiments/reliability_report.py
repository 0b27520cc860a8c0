"""report.md and report.html of a reliability record, and the tables that docs/reliability.md is written from."""

from keras_hanet.evaluation.cases import dice_or_one
from keras_hanet.evaluation.markdown import format_table
from keras_hanet.reports.document import Charts, Command, Facts, Section, Table, Text, write_report
from keras_hanet.reports.reliability_charts import draw_bins, draw_coverage, draw_expected_dice

PARTS = {
    "validation": "validation parts of the runs, each fold by a fit on the others",
    "test": "test parts of the runs, each fold by a fit on the others",
    "unseen": "images that the shipped file has not seen",
}
_CORRELATED = {
    "all": "all, a true negative as 1",
    "outlined": "outlined, a false alarm as 0",
    "lesions outlined": "outlined lesions",
}


def write_reliability_report(folder, summary, beliefs):
    """Write the report beside the summary.

    Args:
        folder: of the results.
        summary: as of `fit_reliability`.
        beliefs: {part: [(row, `Belief`), ...]}.
    """
    facts = (("target", summary["target"]), ("doubtful below an expected Dice of", f"{summary['limit']:.3f}"))
    sections = [Section("", (Facts(facts), Command(summary["command"])))]
    for part, title in PARTS.items():
        if summary[part]:
            sections.append(_section(part, title, summary, beliefs[part]))
    write_report(folder, f"Reliability of {summary['model']}", sections)


def format_correlations(summary):
    """Lines of a table: correlation of the expected with the true Dice, and its mean error."""
    lines = [("images", "num", "Pearson", "Spearman", "mean absolute error")]
    for part, title in _present(summary):
        for name, entry in summary[part]["correlation"].items():
            error = f"{summary[part]['error']:.3f}" if name == "all" else ""
            values = (_interval(entry["pearson"]), _interval(entry["spearman"]))
            lines.append((f"{title}: {_CORRELATED[name]}", str(entry["num"]), *values, error))
    return format_table(lines)


def format_coverage(table, order):
    """Lines of a table: what is left at each coverage by an order of `tabulate_reliability`."""
    lines = [("kept", "lesions", "mean Dice", "missed", "normals", "false alarms")]
    for entry in table["coverage"][order]:
        lines.append((f"{entry['coverage']:.0%}", *_counts(entry)))
    return format_table(lines)


def format_areas(summary):
    """Lines of a table: area under risk against coverage by each order, less is better."""
    parts = list(_present(summary))
    names = summary[parts[0][0]]["aurc"]
    lines = [("images kept by", *(title for _, title in parts))]
    lines += [(name, *(f"{summary[part]['aurc'][name]:.3f}" for part, _ in parts)) for name in names]
    return format_table(lines)


def format_rule(summary):
    """Lines of a table: what the limit keeps and what it gives away."""
    lines = [("images", "share", "lesions", "mean Dice", "missed", "normals", "false alarms")]
    for part, title in _present(summary):
        for name in ("kept", "doubtful"):
            entry = summary[part][name]
            lines.append((f"{title}: {name}", f"{entry['share']:.1%}", *_counts(entry)))
    return format_table(lines)


def format_calibration(summary):
    """Lines of a table: how well the probability of a lesion is calibrated."""
    lines = [("images", "with a lesion", "mean probability", "Brier score", "Brier of the share alone", "ECE")]
    for part, title in _present(summary):
        entry = summary[part]["lesion_probability"]
        keys = ("mean", "brier", "brier_of_share", "ece")
        lines.append((title, f"{entry['share']:.1%}", *(f"{entry[key]:.3f}" for key in keys)))
    return format_table(lines)


def format_bins(bins):
    """Lines of a table: images, mean prediction and mean truth of each bin."""
    lines = [("bin", "images", "predicted", "true")]
    for entry in bins:
        label = f"{entry['from']:.1f} to {entry['from'] + 0.1:.1f}"
        lines.append((label, str(entry["num"]), f"{entry['predicted']:.2f}", f"{entry['true']:.2f}"))
    return format_table(lines)


def _section(part, title, summary, beliefs):
    table = summary[part]
    alone = {**dict.fromkeys(PARTS), **{part: table}}
    curves = {
        name: tuple((entry["coverage"], entry["dice"]) for entry in entries if entry["dice"] is not None)
        for name, entries in table["coverage"].items()
    }
    curves["random"] = ((1.0, table["dice"]), (0.5, table["dice"]))
    cases = [
        (f"{row['id']}: {belief.expected_dice:.2f}, {dice_or_one(row):.2f}", belief.expected_dice, dice_or_one(row),
         row["counted_as"] != "lesion case")
        for row, belief in beliefs
    ]
    charts = (
        (f"{part}-coverage", draw_coverage(f"{part}-coverage", curves), "Dice of the lesion images kept"),
        (f"{part}-dice", draw_expected_dice(f"{part}-dice", cases, summary["limit"]), "Expected and true Dice"),
        (
            f"{part}-lesion",
            draw_bins(
                f"{part}-lesion", "Probability of a lesion", "probability of a lesion", "share with a lesion",
                table["lesion_probability"]["bins"],
            ),
            "Calibration of the probability of a lesion",
        ),
    )
    tables = (format_correlations(alone), format_rule(alone), format_calibration(alone))
    orders = [
        Table.from_markdown(format_coverage(table, order), f"Kept by {order}") for order in table["coverage"]
    ]
    return Section(
        title[0].upper() + title[1:],
        (Charts(charts), *map(Table.from_markdown, tables), *orders, Text("AURC, less is better:"),
         Table.from_markdown(format_areas(alone)),
         Table.from_markdown(format_bins(table["bins"]), "Expected Dice, by bins")),
    )


def _present(summary):
    return ((part, title.split(",")[0]) for part, title in PARTS.items() if summary[part])


def _counts(entry):
    dice = "" if entry["dice"] is None else f"{100 * entry['dice']:.1f}"
    return str(entry["lesions"]), dice, str(entry["missed"]), str(entry["normals"]), str(entry["false_alarms"])


def _interval(entry):
    if entry["mean"] is None:
        return ""
    low_high = "" if entry["ci95"] is None else " [{:.2f}, {:.2f}]".format(*entry["ci95"])
    return f"{entry['mean']:.2f}{low_high}"
