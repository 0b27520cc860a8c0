"""Verdicts on known pairs, and on drawn masks whose averaging is known: what is true is never called impossible."""

import json
import math

import numpy as np
import pytest

from keras_hanet.evaluation import audit as module
from keras_hanet.evaluation.audit import audit, format_audit
from keras_hanet.evaluation.plausibility import Claim, read_score

IMAGES, ALL, BATCHES, POOL, CLASSES, POOLED_CLASSES = (
    "mean over images with a lesion",
    "mean over all images, empty on empty counted as 1",
    "mean over batches, each pooled",
    "pooled over the whole set",
    "mean over images and the two classes lesion and background",
    "mean over the two classes, each pooled over the whole set",
)


def audited(dice, jaccard, num=None, **scores):
    claim = Claim(read_score(dice), read_score(jaccard), num=num, **{k: read_score(v) for k, v in scores.items()})
    return {part["averaging"]: part for part in audit(claim)["averagings"]}


def verdicts(parts):
    return {name: part["verdict"] for name, part in parts.items()}


def verdict_of(part, check):
    return {found["check"]: found["verdict"] for found in part["checks"]}.get(check)


def asked(part, what):
    return next(entry for entry in part["asks_for"] if entry["what"] == what)


# === Known pairs ===


def test_the_claimed_set():
    parts = audited("97.28", "94.75", 647, accuracy="99.74")
    assert verdicts(parts) == {
        **dict.fromkeys((IMAGES, ALL, BATCHES, CLASSES), "possible"),
        **dict.fromkeys((POOL, POOLED_CLASSES), "impossible"),
    }
    spread = asked(parts[IMAGES], "spread of IoU")
    assert (spread["low"], spread["taylor"], spread["high"]) == pytest.approx((0.018, 0.030, 0.035), abs=5e-4)
    assert asked(parts[IMAGES], "missed lesions")["most"] == 0
    # Accuracy 99.735 % leaves 0.265 % wrong: cov = 0.0944 * 0.05245 - 0.00265 = 0.0023, over 0.0987 * 0.0346.
    [share] = [check for check in parts[IMAGES]["checks"] if check["check"] == "accuracy with BUSI's lesion shares"]
    assert share["verdict"] == "cannot be told"
    assert "correlation at least 0.67." in share["because"]
    assert "the masks cover 4.85 to 5.05 % of the image" in share["because"]  # 0.00255 / 0.05255, 0.00265 / 0.05245
    # (0.9728 - 133 / 780) / (647 / 780)
    alone = asked(parts[ALL], "lesion images alone")
    assert np.mean(alone["dice"]) == pytest.approx((0.9728 * 780 - 133) / 647)
    assert np.mean(alone["jaccard"]) == pytest.approx((0.9475 * 780 - 133) / 647)
    # Pooled 2 * 0.9475 / 1.9475 = 97.304 %; the two classes stand at 91.8 and 97.7 %, which is 98.2 % accuracy.
    assert "97.3016 to 97.3069 % exactly" in parts[POOL]["checks"][0]["because"]
    assert verdict_of(parts[POOLED_CLASSES], "Dice with IoU") == "possible"
    assert verdict_of(parts[POOLED_CLASSES], "accuracy with Dice and IoU") == "impossible"
    assert verdicts(audited("97.28", "94.75"))[POOLED_CLASSES] == "possible", "without its accuracy"


@pytest.mark.parametrize(
    ("dice", "jaccard", "low", "high", "most"),
    [
        ("81.2", "72.9", 0.217, 0.282, 55),  # Mobile U-ViT; 1 - 0.7295 / (2 * 0.7295 / 0.8115 - 1) = 0.0857 of 647
        ("77.0", "68.6", 0.254, 0.320, 80),  # U-Net
        ("83.1", "75.3", 0.208, 0.272, 48),  # HAU-Net
    ],
)
def test_pairs_of_the_field_are_means_over_images(dice, jaccard, low, high, most):
    parts = audited(dice, jaccard, 647)
    assert verdicts(parts) == {
        **dict.fromkeys((IMAGES, ALL, BATCHES, CLASSES), "possible"),
        **dict.fromkeys((POOL, POOLED_CLASSES), "impossible"),
    }
    spread = asked(parts[IMAGES], "spread of IoU")
    assert (spread["low"], spread["high"]) == pytest.approx((low, high), abs=5e-4)
    assert asked(parts[IMAGES], "missed lesions")["most"] == most
    assert asked(parts[CLASSES], "missed lesions")["most"] >= 2 * most


@pytest.mark.parametrize(("dice", "jaccard"), [("0.75", "0.80"), ("0.90", "0.80"), ("97.5", "94.75")])
def test_pairs_that_no_averaging_gives(dice, jaccard):
    parts = audited(dice, jaccard, 647, accuracy="0.95")
    assert set(verdicts(parts).values()) == {"impossible"}
    assert all(part["asks_for"] == [] for part in parts.values())


def test_a_pooled_pair():
    # 2 * 0.8 / 1.8 = 0.8889: all alike, so any averaging may give it, with nothing missed.
    parts = audited("0.8889", "0.8000", 100, accuracy="0.9812")
    assert set(verdicts({k: v for k, v in parts.items() if k != POOLED_CLASSES}).values()) == {"possible"}
    assert asked(parts[IMAGES], "missed lesions")["most"] == 0
    # (1 - 0.9812) / 0.2 = 9.4 %: BUSI's lesion images.
    assert verdict_of(parts[POOL], "accuracy with BUSI's lesion share") == "possible"
    assert verdict_of(audited("0.8889", "0.8000", accuracy="0.99")[POOL], "accuracy with BUSI's lesion share") == (
        "cannot be told"
    )


def test_the_share_that_is_given_decides():
    # Pooled, 1 % wrong pixels and IoU 0.8: the union is 5 %, the lesion 4 to 5 %.
    name = "accuracy with the lesion share given"
    for share, verdict in (("0.045", "possible"), ("0.10", "impossible")):
        parts = audited("0.8889", "0.8000", accuracy="0.9900", lesion_share=share)
        assert verdict_of(parts[POOL], name) == verdict
        assert parts[POOL]["verdict"] == verdict
    # Over images all alike: 10 % lesion leaves 2 % wrong. Where they spread, size and IoU may go together.
    for dice, verdict in (("0.88889", "impossible"), ("0.85000", "possible")):
        parts = audited(dice, "0.80000", accuracy="0.9900", lesion_share="0.1000")
        assert verdict_of(parts[IMAGES], name) == verdict


def test_accuracy_below_the_overlap():
    parts = audited("0.85", "0.80", accuracy="0.70")
    assert verdict_of(parts[IMAGES], "accuracy with IoU") == "impossible"
    assert parts[IMAGES]["verdict"] == "impossible"


@pytest.mark.parametrize(
    ("precision", "sensitivity", "images", "pool"),
    [
        ("0.8889", "0.8889", "possible", "possible"),
        ("0.80", "0.95", "impossible", "impossible"),  # the mean Dice is at most 2 * 0.805 * 0.955 / 1.76 = 0.874
        ("0.99", "0.99", "impossible", "impossible"),  # the mean IoU is at least 0.985 + 0.985 - 1
        ("0.95", "0.95", "impossible", "impossible"),  # the mean Dice is at least 0.945 + 0.945 - 1 = 0.89
        ("0.90", "0.90", "possible", "impossible"),  # pooled, Dice would be 0.90
    ],
)
def test_precision_and_sensitivity(precision, sensitivity, images, pool):
    parts = audited("0.8889", "0.8000", precision=precision, sensitivity=sensitivity)
    name = "Dice and IoU with precision and sensitivity"
    assert verdict_of(parts[IMAGES], name) == verdict_of(parts[BATCHES], name) == images
    assert verdict_of(parts[POOL], name) == pool
    assert verdict_of(parts[CLASSES], name) == "cannot be told"


# === Drawn masks ===


def draw_counts(random):
    """(images, 4) pixels TP, FP, FN, TN of lesion images, of one kind of model on one kind of data."""
    num, pixels = random.integers(2, 60), 4096
    lesion = np.clip(pixels * random.lognormal(random.uniform(-4, -1.5), 0.8, num), 4, pixels // 2).astype(int)
    quality = random.uniform(0.3, 0.97)
    found = random.beta(30 * quality, 30 * (1 - quality), num)
    tp = np.round(lesion * found * (random.random(num) > random.choice([0, 0.1, 0.4]))).astype(int)
    fp = np.where(tp, np.round(lesion * random.exponential(1 - quality, num)), 0).astype(int)
    fp = np.minimum(fp, pixels - lesion)
    return np.stack([tp, fp, lesion - tp, pixels - lesion - fp], axis=1)


def score(counts):
    """Dice, IoU, accuracy, precision, sensitivity of each row; precision nan without a prediction, both empty: 1."""
    tp, fp, fn, tn = counts.T
    with np.errstate(invalid="ignore"):
        dice, jaccard = 2 * tp / (2 * tp + fp + fn), tp / (tp + fp + fn)
        return {
            "dice": np.nan_to_num(dice, nan=1.0),
            "jaccard": np.nan_to_num(jaccard, nan=1.0),
            "accuracy": (tp + tn) / counts.sum(axis=1),
            "precision": tp / (tp + fp),
            "sensitivity": tp / (tp + fn),
        }


def average(lesion, normal, averaging):
    """The scores that a paper would print of these masks under one averaging, and the images they are of."""
    everything = np.concatenate([lesion, normal])
    flipped = lesion[:, [3, 2, 1, 0]]
    kinds = {
        IMAGES: [lesion],
        ALL: [everything],
        BATCHES: [np.stack([part.sum(axis=0) for part in np.array_split(lesion, max(1, len(lesion) // 8))])],
        POOL: [lesion.sum(axis=0, keepdims=True)],
        CLASSES: [lesion, flipped],
        POOLED_CLASSES: [lesion.sum(axis=0, keepdims=True), flipped.sum(axis=0, keepdims=True)],
    }
    scores = [score(counts) for counts in kinds[averaging]]
    means = {name: float(np.nanmean([np.nanmean(part[name]) for part in scores])) for name in scores[0]}
    return means, scores, len(everything) if averaging == ALL else len(lesion)


@pytest.mark.filterwarnings("ignore:Mean of empty slice")
@pytest.mark.parametrize("averaging", [IMAGES, ALL, BATCHES, POOL, CLASSES, POOLED_CLASSES])
def test_what_is_true_is_never_called_impossible(averaging):
    random = np.random.default_rng(2)
    for _ in range(120):
        lesion = draw_counts(random)
        normal = np.array([[0, 0, 0, 4096], [0, 40, 0, 4056]])[random.integers(0, 2, random.integers(1, 12))]
        means, scores, num = average(lesion, normal, averaging)
        names = ["dice", "jaccard", "accuracy"]
        if not math.isnan(means["precision"]):
            names += ["precision", "sensitivity"]
        digits = random.integers(2, 6)
        texts = {name: f"{means[name]:.{digits}f}" for name in names}
        counts = np.concatenate([lesion, normal]) if averaging == ALL else lesion
        texts["lesion_share"] = f"{counts[:, [0, 2]].sum() / counts.sum():.{digits}f}"
        part = audited(texts.pop("dice"), texts.pop("jaccard"), num, **texts)[averaging]
        assert part["verdict"] == "possible", part
        assert "impossible" not in {check["verdict"] for check in part["checks"]}
        if averaging in (POOL, POOLED_CLASSES):
            continue
        jaccards = np.concatenate([found["jaccard"] for found in scores])
        spread = asked(part, "spread of IoU")
        assert spread["low"] - 1e-6 <= jaccards.std() <= spread["high"] + 1e-6
        if averaging != BATCHES:
            zeros = next(entry["most"] for entry in part["asks_for"] if "most" in entry)
            assert np.sum(jaccards == 0) <= zeros


def test_the_correlation_that_is_asked_for_is_never_above_the_true_one(monkeypatch):
    random = np.random.default_rng(3)
    asked_for = 0
    for _ in range(300):
        lesion = draw_counts(random)
        means, [scores], _ = average(lesion, lesion[:0], IMAGES)
        shares = lesion[:, [0, 2]].sum(axis=1) / 4096
        true = np.corrcoef(shares, scores["jaccard"])[0, 1]
        monkeypatch.setattr(module, "BUSI_LESION", {"num": len(lesion), "mean": shares.mean(), "sd": shares.std()})
        parts = audited(f"{means['dice']:.6f}", f"{means['jaccard']:.6f}", accuracy=f"{means['accuracy']:.6f}")
        [check] = [check for check in parts[IMAGES]["checks"] if check["check"] == "accuracy with BUSI's lesion shares"]
        _, found, number = check["because"].partition("correlation at least ")
        if found:
            asked_for += 1
            assert float(number.rstrip(".")) <= true + 0.01
        assert "No relation" not in check["because"]
    assert asked_for > 15


# === Result ===


def test_result_is_json_and_its_text_says_all_of_it():
    result = audit(Claim(read_score("97.28"), read_score("94.75"), accuracy=read_score("99.74"), num=647))
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    assert result["given"] == {
        "dice": pytest.approx([0.97275, 0.97285]),
        "jaccard": pytest.approx([0.94745, 0.94755]),
        "accuracy": pytest.approx([0.99735, 0.99745]),
        "num": 647,
    }
    text = " ".join(format_audit(result).split())
    assert text.startswith("Given: Dice 97.275 to 97.285 %, IoU 94.745 to 94.755 %, accuracy 99.735 to 99.745 %; 647 ")
    for part in result["averagings"]:
        assert f"{part['averaging'].upper()}: {part['verdict']}" in text
        for check in part["checks"]:
            assert f"- {check['verdict']}: {check['check']}. {check['because']}" in text
        for entry in part["asks_for"]:
            assert f"- asks for: {entry['because']}" in text
    for line in result["cannot_know"]:
        assert line in text
    assert "HAU-Net, 5 folds as printed | 83.1 | 75.3 |" in text
    assert max(map(len, format_audit(result).splitlines())) <= 120


def test_what_stands_above_the_masks_themselves_is_said():
    sentence = "The Dice given is above 83 %, at which two masks of one frame agree."
    assert sentence in format_audit(audit(Claim(read_score("0.90"), read_score("0.82"))))
    assert sentence not in format_audit(audit(Claim(read_score("0.80"), read_score("0.71"))))
