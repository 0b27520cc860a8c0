"""Hold a published set of scores against arithmetic: under which averaging is it possible, and what does it ask for?"""

import math
import textwrap
from dataclasses import asdict

from keras_hanet.evaluation import plausibility
from keras_hanet.evaluation.markdown import format_table
from keras_hanet.evaluation.plausibility import Range, overlap
from keras_hanet.evaluation.published import BESIDE, BUSI_ALL, BUSI_LESION, BUSI_NORMALS, CANNOT_KNOW, DUPLICATES_DICE

_VERDICTS = {True: "possible", False: "impossible", None: "cannot be told"}


def audit(claim):
    """Check a claim under six ways of averaging.

    Args:
        claim: `Claim`.

    Returns:
        {"given": {name: [low, high] or number}, "averagings": [{"averaging", "verdict", "checks": [{"check",
        "verdict", "because"}], "asks_for": [{"what", "because", and its numbers}]}], "beside": [...],
        "cannot_know": [...]}, ready for JSON. A verdict is "possible", "impossible" or "cannot be told"; an
        averaging is impossible if one of its checks is, else it has the verdict of Dice with IoU.
    """
    num, classes = claim.num, claim.num and 2 * claim.num
    parts = {
        "mean over images with a lesion": _of_units(
            claim, ("image", "images"), num, _precision_of_units, BUSI_LESION,
            lambda: [_zeros(claim, num, "images", "missed lesions")],
        ),
        "mean over all images, empty on empty counted as 1": _of_units(
            claim, ("image", "images"), num, _unknown_precision, BUSI_ALL,
            lambda: [_zeros(claim, num, "images", "missed lesions and false alarms together"), _without_normals(claim)],
        ),
        "mean over batches, each pooled": _of_units(
            claim, ("batch", "batches"), None, _precision_of_units, BUSI_ALL, lambda: [_hidden()]
        ),
        "pooled over the whole set": _of_pool(claim),
        "mean over images and the two classes lesion and background": _of_units(
            claim, ("class of an image", "classes of the images"), classes, _unknown_precision, None,
            lambda: [_zeros(claim, classes, "classes of the images", "missed lesions", limit=0.5)],
        ),
        "mean over the two classes, each pooled over the whole set": _of_pooled_classes(claim),
    }
    return {
        "given": {name: list(v) if isinstance(v, tuple) else v for name, v in asdict(claim).items() if v is not None},
        "averagings": [
            {"averaging": name, "verdict": _overall(checks), "checks": checks, "asks_for": asks_for}
            for name, (checks, asks_for) in parts.items()
        ],
        "beside": [dict(zip(("what", "dice", "jaccard", "source"), line, strict=True)) for line in BESIDE],
        "cannot_know": list(CANNOT_KNOW),
    }


def format_audit(result):
    """Write what `audit` gives as text for a terminal, without a line break at its end."""
    given = dict(result["given"])
    num = f"{given.pop('num')} images" if "num" in given else "number of images not given"
    names = {"jaccard": "IoU", "dice": "Dice", "lesion_share": "lesion share"}
    lines = [f"Given: {', '.join(f'{names.get(name, name)} {_exact(given[name])}' for name in given)}; {num}."]
    for part in result["averagings"]:
        lines += ["", f"{part['averaging'].upper()}: {part['verdict']}"]
        lines += [_item(f"{check['verdict']}: {check['check']}. {check['because']}") for check in part["checks"]]
        lines += [_item(f"asks for: {entry['because']}") for entry in part["asks_for"]]
    beside = [tuple(entry.values()) for entry in result["beside"]]
    lines += ["", "Beside it, on BUSI:", "", format_table([("", "Dice, %", "IoU, %", "source"), *beside]), ""]
    if given["dice"][0] > DUPLICATES_DICE:
        lines += [f"The Dice given is above {100 * DUPLICATES_DICE:.0f} %, at which two masks of one frame agree.", ""]
    lines += ["What this cannot know:", *map(_item, result["cannot_know"])]
    return "\n".join(lines)


# === Averagings ===


def _of_units(claim, unit, num, precision, busi, asks_for):
    """A mean over units of which each has Dice = 2 IoU / (1 + IoU); `unit` names one and many."""
    one, many = unit
    checks = [_dice_with_jaccard(claim, one, num), *precision(claim), *_accuracy(claim)]
    if checks[0]["verdict"] == "impossible":
        return checks, []
    if busi:
        checks += _share_of_units(claim, busi)
    return checks, [_spread(claim, many), *asks_for()]


def _of_pool(claim):
    wanted = Range(*map(plausibility.dice_of, claim.jaccard))
    because = f"With one IoU for the whole set, Dice is 2 IoU / (1 + IoU) = {_exact(wanted)} exactly"
    checks = [_check("Dice with IoU", overlap(claim.dice, wanted), f"{because}; {_exact(claim.dice)} is given.")]
    checks += [*_precision_of_pool(claim), *_accuracy(claim)]
    if checks[0]["verdict"] != "impossible":
        checks += _share_of_pool(claim)
    return checks, []


def _of_pooled_classes(claim):
    checks = [_dice_with_jaccard(claim, "class", 2), *_unknown_precision(claim)]
    if checks[0]["verdict"] == "impossible":
        return checks, []
    if claim.accuracy:
        wanted = plausibility.two_classes_accuracy(claim.dice, claim.jaccard)
        because = f"The two IoU follow from the pair, and with them the accuracy: {_exact(wanted)}"
        because = f"{because}; {_exact(claim.accuracy)} is given."
        checks.append(_check("accuracy with Dice and IoU", overlap(claim.accuracy, wanted), because))
    low, high = plausibility.two_classes(claim.dice, claim.jaccard)
    because = f"an IoU of about {100 * low:.1f} % for one class, likely the lesion, {100 * high:.1f} % for the other."
    return checks, [{"what": "IoU of the classes", "low": low, "high": high, "because": because}]


def _overall(checks):
    return "impossible" if any(check["verdict"] == "impossible" for check in checks) else checks[0]["verdict"]


# === Checks ===


def _check(name, possible, because):
    return {"check": name, "verdict": _VERDICTS[possible], "because": because}


def _dice_with_jaccard(claim, unit, num):
    wanted = plausibility.dice_range(claim.jaccard, num)
    because = (
        f"The Dice of each {unit} is 2 IoU / (1 + IoU), so the mean Dice lies within {_exact(wanted)}, from IoU "
        f"as unlike as can be to all alike; {_exact(claim.dice)} is given."
    )
    return _check("Dice with IoU", overlap(claim.dice, wanted), because)


def _precision_of_units(claim):
    """Dice is the harmonic mean of precision P and sensitivity S; Dice and IoU are at least P + S - 1.

    It holds too if the mean precision leaves out images without a prediction: of the share w that has one, Dice is at
    least w P + S - w, which is no less than P + S - 1, and the upper ends only fall.
    """
    if not claim.precision:
        return []
    low = max(claim.precision.low + claim.sensitivity.low - 1, 0.0)
    most_dice = plausibility.harmonic_mean(claim.precision, claim.sensitivity).high
    most_jaccard = min(claim.precision.high, claim.sensitivity.high)
    possible = overlap(claim.dice, Range(low, most_dice)) and overlap(claim.jaccard, Range(low, most_jaccard))
    because = (
        f"With these the mean Dice lies between {_number(low)} and {_number(most_dice)} %, the mean IoU between "
        f"{_number(low)} and {_number(most_jaccard)} %; {_exact(claim.dice)} and {_exact(claim.jaccard)} are given."
    )
    return [_check("Dice and IoU with precision and sensitivity", possible, because)]


def _precision_of_pool(claim):
    if not claim.precision:
        return []
    dice = plausibility.harmonic_mean(claim.precision, claim.sensitivity)
    jaccard = Range(*map(plausibility.jaccard_of, dice))
    because = (
        f"Pooled, 1 / Dice is the mean of 1 / precision and 1 / sensitivity: Dice {_percent(dice)}, "
        f"IoU {_percent(jaccard)}; {_exact(claim.dice)} and {_exact(claim.jaccard)} are given."
    )
    possible = overlap(claim.dice, dice) and overlap(claim.jaccard, jaccard)
    return [_check("Dice and IoU with precision and sensitivity", possible, because)]


def _unknown_precision(claim):
    if not claim.precision:
        return []
    because = "It is not known what they count for empty masks or for the background, which Dice and IoU count here."
    return [_check("Dice and IoU with precision and sensitivity", None, because)]


def _accuracy(claim):
    if not claim.accuracy:
        return []
    because = (
        "The wrong pixels are (1 - IoU) of the union of both masks, so accuracy is at least the IoU, "
        f"{100 * claim.jaccard.low:.6g} %; {_exact(claim.accuracy)} is given."
    )
    return [_check("accuracy with IoU", claim.accuracy.high >= claim.jaccard.low, because)]


def _share_of_units(claim, busi):
    """The lesion's share L is within the union, so mean(L (1 - J)) is at most 1 - accuracy: J must rise with L.

    In full: cov(L, J) >= mean(L) (1 - m) - (1 - accuracy), and it is at most the product of the standard deviations.
    """
    if not claim.accuracy:
        return []
    wrong, spread = 1 - claim.accuracy.low, plausibility.jaccard_spread(claim.dice, claim.jaccard).high
    if claim.lesion_share:
        low, most = claim.lesion_share.low, min(claim.lesion_share.high, 0.5)
        least = max(low * (1 - claim.jaccard.high) - spread * math.sqrt(most * (1 - most)), 0.0)
        because = f"So much lesion leaves at least {_number(least)} % of the pixels wrong; {_number(wrong)} % may be."
        return [_check("accuracy with the lesion share given", least <= wrong, because)]
    excess = busi["mean"] * (1 - claim.jaccard.high) - wrong
    needed = excess / (busi["sd"] * spread) if spread else math.copysign(math.inf, excess)
    if needed <= 0:
        because = "Size and IoU need not be related."
    elif needed <= 1:
        because = f"IoU must rise with lesion size, correlation at least {needed:.2f}."
    else:
        because = "No relation of size and IoU makes that fit."
    union = _percent(plausibility.union_share(claim.accuracy, claim.jaccard))
    because = (
        f"Weighted by their errors, the masks cover {union} of the image; BUSI's {busi['num']} images are "
        f"{_number(busi['mean'])} % lesion, standard deviation {_number(busi['sd'])} %. {because}"
    )
    return [_check("accuracy with BUSI's lesion shares", True if needed <= 0 else None, because)]


def _share_of_pool(claim):
    if not claim.accuracy:
        return []
    wanted = plausibility.lesion_share(claim.accuracy, claim.jaccard)
    because = f"Lesion must be {_percent(wanted)} of all pixels"
    if claim.lesion_share:
        because = f"{because}; {_exact(claim.lesion_share)} is given."
        return [_check("accuracy with the lesion share given", overlap(wanted, claim.lesion_share), because)]
    busi = Range(BUSI_ALL["mean"], BUSI_LESION["mean"])
    because = f"{because}; it is {_number(busi.high)} % in BUSI's lesion images, {_number(busi.low)} % in all of BUSI."
    return [_check("accuracy with BUSI's lesion share", overlap(wanted, busi) or None, because)]


# === What a possible claim asks for ===


def _spread(claim, units):
    low, high = plausibility.jaccard_spread(claim.dice, claim.jaccard)
    taylor = plausibility.taylor_spread(claim.dice, claim.jaccard)
    about = "" if taylor is None else f" (second-order estimate {100 * taylor:.1f})"
    because = f"a standard deviation of {100 * low:.1f} to {100 * high:.1f} points IoU over the {units}{about}."
    return {"what": "spread of IoU", "low": low, "high": high, "taylor": taylor, "because": because}


def _zeros(claim, num, units, what, limit=1.0):
    share = min(plausibility.largest_zero_share(claim.dice, claim.jaccard), limit)
    most = None if num is None else math.floor(num * share + 1e-9)
    counted = "" if num is None else f" ({most} of {num})"
    because = f"at most {_number(share)} % of the {units} with IoU 0{counted}: {what}."
    return {"what": what, "share": share, "most": most, "because": because}


def _hidden():
    return {"what": "missed lesions", "because": "nothing of single images: a missed lesion vanishes in its batch."}


def _without_normals(claim):
    share = BUSI_NORMALS / BUSI_ALL["num"]
    dice, jaccard = (Range(*((end - share) / (1 - share) for end in found)) for found in (claim.dice, claim.jaccard))
    if jaccard.low < 0 or not overlap(dice, plausibility.dice_range(jaccard)):
        because = f"a false alarm, if this is BUSI: not all of its {BUSI_NORMALS} normals can have been right."
        return {"what": "lesion images alone", "dice": None, "jaccard": None, "because": because}
    because = (
        f"a Dice of {_percent(dice)} and an IoU of {_percent(jaccard)} on the lesion images, if this is BUSI and all "
        f"{BUSI_NORMALS} normals of 780 were right."
    )
    return {"what": "lesion images alone", "dice": list(dice), "jaccard": list(jaccard), "because": because}


# === Words ===


def _number(share):
    return f"{100 * share:.2f}"


def _percent(found):
    low, high = map(_number, found)
    return f"{low} %" if low == high else f"{low} to {high} %"


def _exact(found):
    """With all the digits that a comparison with printed scores needs."""
    low, high = (f"{100 * end:.6g}" for end in found)
    return f"{low} %" if low == high else f"{low} to {high} %"


def _item(sentence):
    """A list item of lines up to 110 characters; a number stays with its %."""
    sentence = sentence.replace(" %", "\0%")
    return textwrap.fill(sentence, 110, initial_indent="  - ", subsequent_indent="    ").replace("\0", " ")
