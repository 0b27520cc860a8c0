"""What a candidate is held against: bars of its own, and the version it would replace."""

from dataclasses import asdict, dataclass

from keras_hanet.errors import InputError
from keras_hanet.evaluation.cases import is_lesion
from keras_hanet.evaluation.comparison import compare_runs
from keras_hanet.evaluation.markdown import format_interval
from keras_hanet.evaluation.statistics import mean_interval


@dataclass(frozen=True)
class Bars:
    """What a candidate must reach, all 0..1.

    A bar is held against the mean, that of the images at hand; its 95 % interval is reported beside it. The bound of
    the interval would be the safer one, but with the 20 or 30 normal images of a test part it lies 20 points from the
    mean: it would be a bar for the number of images. A bar at the end of its range (0 for Dice, 1 for a rate) is not
    asked for; any other needs images to judge by, and a candidate without them does not pass.

    Attributes:
        min_dice: lowest mean Dice of lesion images, a missed lesion counted as 0.
        max_missed_rate: highest share of lesion images in which nothing is found.
        max_false_alarm_rate: highest share of normal images in which something is found.
        margin: how much lower than the last version's Dice the candidate's may be: the lower end of the 95 % interval
            of the paired difference must lie above -margin. 0 asks for proof that it is better.

    Raises:
        InputError: if one leaves 0..1.
    """

    min_dice: float = 0.6
    max_missed_rate: float = 0.2
    max_false_alarm_rate: float = 0.5
    margin: float = 0.01

    def __post_init__(self):
        for name, value in asdict(self).items():
            if not 0 <= value <= 1:
                raise InputError(f"{name} must be a number from 0 to 1, got {value}")


def score(rows):
    """What the bars are held against.

    Args:
        rows: list of dicts, as `read_cases` gives them.

    Returns:
        {"num_lesion", "num_normal": images, "dice" and "missed_rate" over lesion images, "false_alarm_rate" over
        normal images: {"mean", "ci95"} as `mean_interval`, clustered by group}.
    """
    lesion = [row for row in rows if is_lesion(row)]
    normal = [row for row in rows if not is_lesion(row)]
    return {
        "num_lesion": len(lesion),
        "num_normal": len(normal),
        "dice": _mean(lesion, [row["dice"] for row in lesion]),
        "missed_rate": _mean(lesion, [row["counted_as"] == "missed lesion" for row in lesion]),
        "false_alarm_rate": _mean(normal, [row["counted_as"] == "false alarm" for row in normal]),
    }


def below_bars(scores, bars):
    """The bars a candidate does not reach.

    Args:
        scores: as `score` gives them.
        bars: `Bars`.

    Returns:
        list of str, one reason each; empty if all are reached.
    """
    kinds = (
        ("Dice", "lesion", scores["dice"], 1, bars.min_dice, 0),
        ("missed lesions", "lesion", scores["missed_rate"], -1, bars.max_missed_rate, 1),
        ("false alarms", "normal", scores["false_alarm_rate"], -1, bars.max_false_alarm_rate, 1),
    )
    reasons = []
    for label, kind, entry, sign, bar, no_bar in kinds:
        if bar == no_bar:
            continue
        limit = f"{'at least' if sign > 0 else 'at most'} {100 * bar:g} %"
        if entry["mean"] is None:
            reasons.append(f"{label}: {limit} is asked for, and there is no {kind} image to judge by")
        elif sign * entry["mean"] < sign * bar:
            reasons.append(f"{label}: {format_interval(entry, 100)} %, {limit} is asked for")
    return reasons


def compare(last_rows, rows, version, margin):
    """Hold a candidate against the last version on the same images: is it no worse?

    A test of non-inferiority. "No significant difference" would let a worse candidate pass on few images, as few images
    show nothing; here the images must rule out a loss of `margin`, and few images do not. A difference in false alarms
    is reported; the bar decides on them.

    Args:
        last_rows, rows: lists of dicts of the same images, as `read_cases` gives them.
        version: number of the last version.
        margin: 0..1, as in `Bars`.

    Returns:
        {"version", "margin", "last": {"dice", "false_alarm_rate"}, "candidate": the same, each {"mean", "ci95"},
        "num_pairs": lesion images, "difference": {"mean", "ci95"} of candidate - last in Dice, "p": of the paired
        permutation test, "false_alarm_difference": {"mean", "ci95"}, "reasons": list of str, empty if no worse}.

    Raises:
        InputError: if the images differ.
    """
    scores = ("dice", "false_alarm_rate")
    last, candidate = compare_runs(last_rows, {"candidate": rows}, scores, reference_name=f"version {version}")
    dice = candidate["dice"]
    return {
        "version": version,
        "margin": margin,
        "last": {name: last[name] for name in scores},
        "candidate": {name: {key: candidate[name][key] for key in ("mean", "ci95")} for name in scores},
        "num_pairs": dice["num_pairs"],
        "difference": dice["difference"],
        "p": dice["p"],
        "false_alarm_difference": candidate["false_alarm_rate"]["difference"],
        "reasons": _worse(dice, version, margin),
    }


def _worse(dice, version, margin):
    difference, num = dice["difference"], dice["num_pairs"]
    if difference["ci95"] is None:
        return [f"Dice against version {version}: {num} lesion images are new to both, two groups of them are needed"]
    low, high = difference["ci95"]
    if low > -margin:
        return []
    points = format_interval(difference, 100, sign="+")
    found = f"Dice against version {version} on {num} lesion images: {points} points"
    limit = f"the interval must lie above {-100 * margin or 0:g}"
    verdict = "it is worse" if high < 0 else "it may be worse, and more images, or a wider --margin, would have to tell"
    return [f"{found}, {limit}: {verdict}"]


def _mean(rows, values):
    return mean_interval(values, [f"{row['source']}/{row['group']}" for row in rows])
