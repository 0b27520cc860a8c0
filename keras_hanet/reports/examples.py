"""Which cases a report shows as pictures."""

from pathlib import Path

from keras_hanet.evaluation.cases import is_lesion
from keras_hanet.reports.document import Pictures, Text

NUM_PICTURES = 3  # of each kind
_MISSED = "missed lesion"


def choose_examples(rows, folder):
    """The best, median and worst lesion images and the largest false alarms, as blocks of a report.

    Lesion images are ranked by Dice, then the smaller lesion is the better case, then by id. Of a group (copies of a
    frame, images of a patient) one heading shows one. With fewer than three lesion images one stands under several.

    Args:
        rows: list of dicts, as `read_cases` gives them.
        folder: of the report; it holds overlays/ID.png, or fold-K/overlays/ID.png.

    Returns:
        tuple of blocks; empty if there is no overlay of any of these cases.
    """
    folder = Path(folder)
    lesion = [row for row in rows if is_lesion(row)]
    ranked = sorted(lesion, key=lambda row: (row["dice"], -row["lesion_area_px"], row["id"]))
    num = min(NUM_PICTURES, max(1, len(ranked) // 3))
    middle = (len(ranked) - num) // 2
    alarms = [row for row in rows if row["counted_as"] == "false alarm"]
    kinds = {
        "Best": _one_a_group(ranked[::-1], num),
        "Median": _one_a_group(ranked[middle:], num),
        "Worst": _one_a_group(ranked, num),
        "Largest false alarms": _one_a_group(
            sorted(alarms, key=lambda row: (-row["false_area_px"], row["id"])), NUM_PICTURES
        ),
    }
    blocks = []
    for kind, cases in kinds.items():
        pictures = tuple((path, _describe(row)) for row in cases if (path := _overlay(row, folder)))
        if pictures:
            blocks.append(Pictures(kind, pictures))
    if not blocks:
        return ()
    words = "Reference outlined in green, prediction in orange. Ranked by Dice over the lesion images; among equals "
    return (Text(words + "the larger lesion is the worse case."), *blocks)


def _one_a_group(rows, num):
    firsts = {}
    for row in rows:
        firsts.setdefault((row["source"], row["group"]), row)
    return list(firsts.values())[:num]


def _overlay(row, folder):
    """Path of a case's overlay relative to the folder; None if there is none."""
    name = Path("overlays", f"{row['id']}.png")
    places = (name, Path(f"fold-{row['fold']}") / name)
    return next((path for path in places if (folder / path).is_file()), None)


def _describe(row):
    if row["counted_as"] == "false alarm":
        return f"{row['id']}: {row['false_area_px']:,} px of false area"
    words = "missed" if row["counted_as"] == _MISSED else f"HD95 {row['hd95_px']:.1f} px"
    return f"{row['id']}: Dice {100 * row['dice']:.1f} %, {words}"
