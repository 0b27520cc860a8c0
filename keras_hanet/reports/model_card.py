"""The card of a shipped model, in Markdown, from nothing but its facts."""

from keras_hanet.evaluation.markdown import format_false_alarms, format_interval, format_table
from keras_hanet.version import INTENDED_USE

_INTENDED = """\
For research on the segmentation of breast lesions in B-mode ultrasound frames: to outline what a person has found, to
measure it, to compare methods. The input is one still frame of any size; the output a mask of the same size.

Not for diagnosis, screening or treatment, and not as the only reader of an image. It does not tell benign from
malignant. It was not tested on other organs, on elastography, on three-dimensional scans, on men, or on scanners
besides those named below; there it may fail without a sign."""
_RULES = """\
- Frames that show the same scene (BUSI has 151 such groups) and frames of one patient (BUS-BRA) are never parted
  between training, validation and test; no pixel-identical image stands on two sides.
- A frame that was outlined twice stays in training with both outlines, and the loss takes their mean. A frame called
  normal that shows the same scene as one with a lesion is left out of training.
- {epoch}
- {point}"""


def format_card(facts):
    """Write a shipped model's card.

    Args:
        facts: what `keras_hanet.models.weights.read_facts` gives.

    Returns:
        str, Markdown that ends with a line break.
    """
    parts = [
        f"# Model card: {facts['name']}",
        f"**{INTENDED_USE}**",
        f"{facts['title']}. {facts['parameters']:,} parameters, {facts['flops'] / 1e9:.2f} GFLOP an image. Weights and "
        f"files: {facts['licence']}. Version {facts['version']}.",
        "## Intended use",
        _INTENDED,
        "## Scores",
        _scores(facts),
        "Dice, IoU and HD95 of lesion images at their own size, means with 95 % intervals that draw whole groups; a "
        "missed lesion counts as 0. A false alarm is a normal image with any pixel outlined. Rows of the recipe are of "
        "networks trained as this one was, each on the rest of the data; rows of the file are of this very file.",
        "## Where it fails",
        _subgroups(facts["subgroups"]),
        _failures(facts),
        f"![Dice of each lesion image against the lesion's size]({facts['picture']})",
        "## Data sheet",
        _data(facts["data"]),
        _RULES.format(epoch=_epoch(facts["reproduce"]["model"]["recipe"]), point=_point(facts)),
        "## Files",
        _gate(facts["gate"]),
        "Each against the Keras model with the same weights, on images that neither training nor calibration saw "
        f"({facts['gate_images']}); limits in brackets.",
        _latency(facts["latency"]) if facts["latency"] else "Its time was not measured yet.",
        "## Make it again",
        _reproduce(facts),
    ]
    return "\n\n".join(parts) + "\n"


def _scores(facts):
    rows = [("scored", "of", "Dice, %", "IoU, %", "HD95, px", "missed", "false alarms")]
    for score in facts["scores"]:
        lesion, normal = score["lesion"], score["normal"]
        alarms = format_false_alarms(normal)
        factors = {"dice": 100, "jaccard": 100, "hd95_px": 1}
        cells = [format_interval(lesion[key], factor) for key, factor in factors.items()]
        rows.append((score["title"], score["of"], *cells, f"{lesion['missed']} of {lesion['num']}", alarms))
    return format_table(rows)


def _subgroups(subgroups):
    rows = [(subgroups["of"], "images", "missed", "Dice, %")]
    for kind, members in subgroups["parts"].items():
        for name, entry in members.items():
            label = f"{kind}: {name}"
            if "lesion_share" in entry:
                low, high = (100 * share for share in entry["lesion_share"])
                label += f" ({low:.1f} to {high:.1f} % of the image)"
            rows.append((label, str(entry["num"]), str(entry["missed"]), format_interval(entry["dice"], 100)))
    return format_table(rows)


def _failures(facts):
    score = facts["scores"][0]
    lesion, normal = score["lesion"], score["normal"]
    return (
        f"- It misses lesions outright: {lesion['missed']} of {lesion['num']}. An empty mask is no finding.\n"
        f"- It outlines something on {normal['false_alarms']} of {normal['num']} normal images.\n"
        "- An image in colour, upside down or of another organ gets a mask all the same; flags warn of many, "
        "not of all."
    )


def _data(data):
    rows = [("data set", "images in training", "scanners", "licence", "to be cited")]
    for entry in data:
        images = ", ".join(f"{num} {diagnosis}" for diagnosis, num in entry["images"].items())
        rows.append((entry["name"], images, entry["scanners"], entry["licence"], entry["citation"]))
    return format_table(rows)


def _epoch(recipe):
    words = f"An epoch holds each image of the training part once, normal images {recipe['normal_repeats']} times"
    if recipe["extra_data"]:
        words += f"; and for each of them {recipe['extra_ratio']:g} lesion images of the other data set, drawn anew"
    return words + "."


def _point(facts):
    point, last = facts["operating_point"], facts["reproduce"]["model"]["recipe"]["kept_epoch"] == "last"
    words = "The last epoch is kept; threshold and smallest lesion" if last else "Epoch, threshold and smallest lesion"
    words += " were chosen on validation images, never on those that are scored"
    if "of_folds" in point:
        words += "; the operating point of the file is the median of what the folds of the cross-validation chose"
    smallest = f"{100 * point['min_lesion_share']:g} % of the image"
    return f"{words}: threshold {point['threshold']:g}, smallest lesion {smallest}."


def _gate(gate):
    rows = [("file", "largest difference", "mask pixels, %", "change of Dice, points", "MiB")]
    for entry in gate:
        rows.append((
            entry["title"],
            f"{entry['probability']:.1e}",
            f"{100 * entry['mask_share']:.4f} ({100 * entry['limits']['mask_share']:g})",
            f"{format_interval(entry['dice'], 100, sign='+')} ({-100 * entry['limits']['dice']:g})",
            f"{entry['mib']:.1f}",
        ))
    return format_table(rows)


def _latency(latency):
    lines = [
        f"- {row['title']}, {row['threads']} thread{'s' if row['threads'] > 1 else ''}: "
        f"{row['network_ms']['median']:.1f} ms the network, {row['image_ms']['median']:.1f} ms from PNG to mask"
        for row in latency["rows"]
    ]
    return "\n".join([f"Time of one frame on {latency['machine']}:\n", *lines, "\nNot run on a cart's processor here."])


def _reproduce(facts):
    made, command = facts["reproduce"], f"hanet reproduce {facts['name']}"
    words = f"`{command} --data DATA` makes this file's weights ({made['model']['hours']:.1f} hours)"
    if made["folds"]:
        hours = [entry["hours"] for entry in made["folds"]]
        words += f", `{command} --fold 0 --data DATA` a fold of the cross-validation"
        words += f" ({min(hours):.1f} to {max(hours):.1f})"
    return (
        f"{words}, and compares the score with this card's. DATA holds `busi/` and `busbra/`. The hours are of "
        f"{made['machine']}."
    )
