"""The numbers of an explanation, and what they say in sentences."""

import numpy as np

from keras_hanet.explain.maps import GSA, TSA
from keras_hanet.explain.regions import describe_false, describe_missed, measure_regions, part_image
from keras_hanet.metrics import confusion, dice

NAMES = {TSA: "TSA", GSA: "GSA", "spatial_feature_enhancement": "SFEB"}


def summarise_explanation(explanation, image, mask_true, metadata):
    """The numbers of an explanation, ready for JSON.

    Args:
        explanation: `Explanation`.
        image: (H, W, 3) uint8 RGB.
        mask_true: (H, W) uint8 {0, 1}, the reference; None if there is none.
        metadata: `Metadata` of the model.

    Returns:
        {"height", "width", "dice" (None without a reference, nan-free), "attention": {"TSA": {"lambda",
        "relative_entropy", "largest_weight" and "received_range" (in units of uniform attention), "added"
        (mean over the grid)}, ...}, "enhancement": {layer: {"average", "maximum": {"mean", "low", "high"},
        "passed": mean}}, "regions": what `measure_regions` gives, "missed", "false": what `describe_missed`
        and `describe_false` give (None without a reference), "absent": [names]}.
    """
    prediction = explanation.prediction
    score = None if mask_true is None else dice(confusion(mask_true, prediction.mask))
    grids = [attention.added.shape for attention in explanation.attentions.values()]
    grid = grids[0] if grids else min(part.passed.shape for part in explanation.enhancements.values())
    known = mask_true is not None
    return {
        "height": image.shape[0],
        "width": image.shape[1],
        "dice": None if score is None or np.isnan(score) else float(score),
        "attention": {NAMES[name]: _describe_attention(part) for name, part in explanation.attentions.items()},
        "enhancement": {name: _describe_enhancement(part) for name, part in explanation.enhancements.items()},
        "regions": measure_regions(part_image(prediction.mask, mask_true), _maps(explanation, image)),
        "missed": describe_missed(mask_true, prediction, grid, metadata) if known else None,
        "false": describe_false(image, mask_true, prediction.mask) if known else None,
        "absent": [NAMES[name] for name in explanation.absent],
    }


def describe(summary):
    """What the numbers say, in sentences; list of str."""
    lines = []
    for lesion in summary["missed"] or ():
        lines.append(
            f"Missed lesion of {lesion['area_px']:,} px, {lesion['cells']:.1f} cells of the bottleneck: the largest "
            f"probability inside is {lesion['largest_probability']:.2f}, the threshold {lesion['threshold']:.2f}."
        )
        if lesion["above_threshold_px"]:
            lines[-1] += (
                f" {lesion['above_threshold_px']:,} px reach it; regions of less than {lesion['smallest_px']:,} px are "
                "removed."
            )
    false = summary["false"]
    if false and false["share_below_lesion"] is None:
        lines.append(f"False alarm of {false['area_px']:,} px, mean grey {false['grey']:.0f}.")
    elif false:
        share = 100 * false["share_below_lesion"]
        grey = false["elsewhere_grey"]
        elsewhere = "" if grey is None else f", elsewhere {grey:.0f}"  # all else may be outlined
        lines.append(
            f"{false['area_px']:,} px outlined outside the reference, {share:.0f} % of them below it: mean grey "
            f"{false['grey']:.0f}, lesion {false['lesion_grey']:.0f}{elsewhere}."
        )
    for name, part in summary["attention"].items():
        lines.append(
            f"{name} adds {100 * part['added']:.1f} % to the features (lambda {part['lambda']:.4f}); its attention has "
            f"{100 * part['relative_entropy']:.1f} % of the entropy of uniform attention."
        )
    for name in summary["absent"]:
        lines.append(f"The network has no {name}: its panels are left out.")
    return lines


def _maps(explanation, image):
    """Every map of positions, by name."""
    maps = {"grey": image.mean(axis=2), "probability": explanation.prediction.probability}
    for name, part in explanation.attentions.items():
        maps[f"{NAMES[name]}_added"] = part.added
        if part.tokens == "positions":
            maps[f"{NAMES[name]}_received"] = part.received.reshape(part.added.shape)
    return maps | {f"{name}_passed": part.passed for name, part in explanation.enhancements.items()}


def _describe_attention(part):
    received = part.received
    return {
        "tokens": part.tokens,
        "num_tokens": len(part.weights),
        "lambda": part.scale,
        "relative_entropy": part.relative_entropy,
        "largest_weight": float(part.weights.max()) * len(part.weights),
        "received_range": [float(received.min()), float(received.max())],
        "added": float(part.added.mean()),
    }


def _describe_enhancement(part):
    gates = {
        name: {"mean": float(gate.mean()), "low": float(gate.min()), "high": float(gate.max())}
        for name, gate in (("average", part.average), ("maximum", part.maximum))
    }
    return {**gates, "passed": float(part.passed.mean())}
