"""Tables of results as Markdown that also lines up in a terminal."""

SCORE_LABELS = {  # label, factor
    "dice": ("Dice, %", 100),
    "jaccard": ("IoU, %", 100),
    "sensitivity": ("sensitivity, %", 100),
    "specificity": ("specificity, %", 100),
    "precision": ("precision, %", 100),
    "accuracy": ("accuracy, %", 100),
    "nsd": ("NSD, %", 100),
    "hd95_px": ("HD95, px", 1),
    "hd_px": ("HD, px", 1),
    "assd_px": ("ASSD, px", 1),
    "false_area_px": ("false area, px", 1),
    "false_alarm_rate": ("false alarms, %", 100),
    "dice_true_negative_as_one": ("Dice, true negative as 1, %", 100),
}


def format_table(lines):
    """Write lines of cells as a Markdown table: the first line is its head, the first column its labels.

    Args:
        lines: list of sequences of str, all of one length.

    Returns:
        str, without a line break at its end; labels stand left, numbers right.
    """
    widths = [max(map(len, column)) for column in zip(*lines, strict=True)]
    first, *others = widths
    head, *body = lines
    rule = ("-" * first, *("-" * (width - 1) + ":" for width in others))
    return "\n".join(
        f"| {label:<{first}} | " + " | ".join(map(str.rjust, cells, others)) + " |"
        for label, *cells in (head, rule, *body)
    )


def format_interval(entry, factor=1, sign=""):
    """Write {"mean", "ci95"} as "72.9 [63.0, 81.6]", times `factor`; empty where there is no mean.

    Args:
        entry: dict with "mean" (float or None) and "ci95" ([low, high] or None), or None.
        factor: 100 for percent.
        sign: "+" for a difference: its mean shows its sign.
    """
    if entry is None or entry["mean"] is None:
        return ""
    mean = f"{factor * entry['mean']:{sign}z.1f}"
    if entry["ci95"] is None:
        return mean
    low, high = entry["ci95"]
    return f"{mean} [{factor * low:z.1f}, {factor * high:z.1f}]"


def format_false_alarms(normal):
    """"3 of 27" of a summary's normal images, or that there are none."""
    return f"{normal['false_alarms']} of {normal['num']}" if normal["num"] else "no normals"
