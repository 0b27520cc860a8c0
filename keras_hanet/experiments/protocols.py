"""One recipe scored nine ways: how far each shortcut carries the same network towards a claimed number."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from keras_hanet import metrics
from keras_hanet.data.layouts import read_samples
from keras_hanet.data.preprocessing import load_sample, resize_mask
from keras_hanet.data.split_files import read_split
from keras_hanet.evaluation.markdown import format_interval
from keras_hanet.evaluation.statistics import mean_interval, ratio_interval
from keras_hanet.experiments.runs import finish_runs
from keras_hanet.files import write_json
from keras_hanet.inference import Predictor
from keras_hanet.reports.document import Command, Section, Table, Text, write_report

BATCH_SIZE = 8
CROP_MARGIN = 0.2  # of the lesion's height and width, on each side; papers that crop do not agree on one
CLAIM = {"dice": 0.9728, "jaccard": 0.9475}  # arXiv 2506.16592, BUSI
# The trainings: name of the run, its split.
_RUNS = {
    "grouped": "grouped",
    "random": "random",
    "chosen-on-test": "validation_on_test",
    "trained-on-test": "training_on_test",
}
_LEAD = (
    "The same network, recipe, seed and number of epochs in every row. Only the first row can be trusted; the others "
    "show what each shortcut adds. Rows of a pooled score are at the network's own size, as those who pool do it."
)


def protocols(config, folder, command, jobs=1, say=print, progress=iter, address=None):
    """Train a recipe honestly and on three leaking splits, and score it in nine ways and all at once.

    Args:
        config: `TrainConfig` with a grouped split.
        folder: of the experiment; the four runs are its sub-folders, what is done is not done again.
        command: the command that does this again.
        jobs: how many trainings at once on a machine.
        say: takes lines of text for the user.
        progress: wraps iterators over epochs, a tqdm bar for instance.
        address: as for `finish_runs`.

    Returns:
        list of {"name", "dice", "jaccard"}, each score {"mean", "ci95"}, as protocols.json holds it.

    Raises:
        InputError, FailedError: as `finish_runs`.
    """
    folder = Path(folder)
    configs = {name: replace(config, split=split, allow_leak=split != "grouped") for name, split in _RUNS.items()}
    finish_runs(configs, folder, command, jobs, say, progress, address)
    say("Scoring the four networks in nine ways ...")
    _, samples = read_samples(config.data, config.dataset, config.groups)
    scored = {name: score_part(folder / name, samples) for name in _RUNS}
    cropped = score_part(folder / "grouped", samples, crop=True)
    all_at_once = score_part(folder / "trained-on-test", samples, crop=True)
    table = [
        _row("grouped split, mean over lesion images", _mean(_lesions(scored["grouped"]))),
        _row("images split at random", _mean(_lesions(scored["random"]))),
        _row("best epoch and threshold picked on the test part", _mean(_lesions(scored["chosen-on-test"]))),
        _row(f"pooled over batches of {BATCH_SIZE}", _batch_pooled(_lesions(scored["grouped"]))),
        _row("pooled over the test part", _set_pooled(_lesions(scored["grouped"]))),
        _row("background counted as a class", _mean(_lesions(scored["grouped"]), _with_background)),
        _row("with normal images, 1 where both are empty", _mean(scored["grouped"], _one_where_empty)),
        _row("cropped to the lesion", _mean(_lesions(cropped))),
        _row("trained on the test images", _mean(_lesions(scored["trained-on-test"]))),
        _row("trained on the test images, cropped, pooled, background a class", _set_pooled(all_at_once, True)),
    ]
    write_json(folder / "protocols.json", {"protocols": table, "claim": CLAIM, "command": command})
    _write_report(folder, table, command)
    return table


def score_part(run_dir, samples, crop=False):
    """Pixel counts of the test part of a run.

    Args:
        run_dir: run folder, finished.
        samples: list of `Sample`, the run's data set.
        crop: cut image and mask to the lesion first; normal images are then left out.

    Returns:
        list of {"group", "original": `Confusion` at the image's own size, "at_s": at the network's}.
    """
    predictor = Predictor(run_dir)
    test = read_split(run_dir / "split.json", samples).test
    counts = []
    for start in range(0, len(test), BATCH_SIZE):
        part = [(sample, *load_sample(sample)) for sample in test[start : start + BATCH_SIZE]]
        if crop:
            part = [(sample, *crop_to_lesion(image, mask)) for sample, image, mask in part if mask.any()]
        if not part:
            continue
        at_s = predictor.probabilities_at_s([image for _, image, _ in part])
        for (sample, _, mask), probability in zip(part, at_s, strict=True):
            mask_pred = predictor.to_prediction(probability, mask.shape).mask
            mask_at_s = resize_mask(np.ascontiguousarray(mask), predictor.metadata.size)
            counts.append(
                {
                    "group": sample.group,
                    "original": metrics.confusion(mask, mask_pred),
                    "at_s": metrics.confusion(mask_at_s, predictor.to_mask(probability)),
                }
            )
    return counts


def crop_to_lesion(image, mask):
    """Cut an image and its mask to the lesion and a margin of CROP_MARGIN of its sides.

    Args:
        image: (H, W, 3) uint8.
        mask: (H, W) uint8 {0, 1}, with a lesion.

    Returns:
        the two, smaller.
    """
    window = []
    for axis in (0, 1):
        (inside,) = np.nonzero(mask.any(axis=1 - axis))
        margin = round(CROP_MARGIN * (inside[-1] - inside[0] + 1))
        window.append(slice(max(0, inside[0] - margin), inside[-1] + 1 + margin))
    return np.ascontiguousarray(image[tuple(window)]), np.ascontiguousarray(mask[tuple(window)])


def format_protocols(table):
    """The lines of the table, its head first, the claim last."""
    honest = table[0]
    lines = [("protocol", "Dice, %", "IoU, %", "Dice it adds")]
    for row in table:
        adds = "" if row is honest else f"{100 * (row['dice']['mean'] - honest['dice']['mean']):+.1f}"
        lines.append((row["name"], *(format_interval(row[name], 100) for name in ("dice", "jaccard")), adds))
    claim = {name: {"mean": value, "ci95": None} for name, value in CLAIM.items()}
    adds = f"{100 * (CLAIM['dice'] - honest['dice']['mean']):+.1f}"
    claimed = (f"{format_interval(entry, 100)}" for entry in claim.values())
    return [*lines, ("claimed by HA-Net's paper (one run)", *claimed, adds)]


def _write_report(folder, table, command):
    head, *rows = format_protocols(table)
    blocks = (Text(_LEAD), Table(head, tuple(rows)), Command(command))
    write_report(folder, "What each shortcut adds", [Section("", blocks)])


def _row(name, scores):
    dice, jaccard = scores
    return {"name": name, "dice": dice, "jaccard": jaccard}


def _lesions(counts):
    return [entry for entry in counts if entry["original"].tp + entry["original"].fn]


def _mean(counts, score=None):
    """Dice and Jaccard of each image at its own size, then the mean."""
    score = score or (lambda confusion, kind: kind(confusion))
    groups = [entry["group"] for entry in counts]
    return tuple(
        mean_interval([score(entry["original"], kind) for entry in counts], groups)
        for kind in (metrics.dice, metrics.jaccard)
    )


def _with_background(confusion, kind):
    """The mean of a score of the lesion and of the background, as of two classes."""
    return (kind(confusion) + kind(_background(confusion))) / 2


def _one_where_empty(confusion, kind):
    value = kind(confusion)
    return 1.0 if np.isnan(value) else value


def _batch_pooled(counts):
    """Scores of the summed pixels of each batch, then the mean over batches; no interval."""
    starts = range(0, len(counts), BATCH_SIZE)
    pools = [_sum(entry["at_s"] for entry in counts[start : start + BATCH_SIZE]) for start in starts]
    return tuple(
        {"mean": float(np.mean([kind(pool) for pool in pools])), "ci95": None}
        for kind in (metrics.dice, metrics.jaccard)
    )


def _set_pooled(counts, with_background=False):
    """Scores of all pixels of all images summed up."""
    if with_background:
        pool = _sum(entry["at_s"] for entry in counts)
        return tuple(
            {"mean": _with_background(pool, kind), "ci95": None} for kind in (metrics.dice, metrics.jaccard)
        )
    tp, fp, fn, _ = np.array([entry["at_s"] for entry in counts]).T
    groups = [entry["group"] for entry in counts]
    return ratio_interval(2 * tp, 2 * tp + fp + fn, groups), ratio_interval(tp, tp + fp + fn, groups)


def _sum(confusions):
    return metrics.Confusion(*(int(total) for total in np.sum(list(confusions), axis=0)))


def _background(confusion):
    return metrics.Confusion(confusion.tn, confusion.fn, confusion.fp, confusion.tp)
