"""Leak-free splits: whole groups on one side."""

import warnings
from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import combinations

from keras_hanet.data.preprocessing import decode_image, hash_pixels
from keras_hanet.data.sample import Sample
from keras_hanet.errors import InputError

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Three parts of a data set that share nothing.

    Attributes:
        train: samples the weights are fitted to.
        validation: samples that choose the epoch and the threshold.
        test: samples that are scored, once.
        name: how it was made ("grouped 5-fold, seed 0, test fold 0").
        leaks: whether it was made to leak, for `hanet protocols`; every output of such a run says so.
        extra: samples of further data sets that the weights are fitted to as well.
    """

    train: tuple[Sample, ...]
    validation: tuple[Sample, ...]
    test: tuple[Sample, ...]
    name: str
    leaks: bool = False
    extra: tuple[Sample, ...] = ()


def make_folds(samples, num_folds=5, seed=0):
    """Part a data set into folds of whole groups with equal shares of each diagnosis.

    Args:
        samples: list of `Sample`.
        num_folds: K, at least 2.
        seed: whole number; the same seed gives the same folds.

    Returns:
        A list of K lists of `Sample`, each in the order of `samples`.

    Raises:
        InputError: if there are fewer groups, or images of the commonest diagnosis, than folds, or `seed` is
            negative or too large.
    """
    from sklearn.model_selection import StratifiedGroupKFold

    if not 0 <= seed < 2**32:
        raise InputError(f"seed must be a whole number from 0 to {2**32 - 1}, got {seed}")
    groups = [group_key(sample) for sample in samples]
    diagnoses = [sample.diagnosis or "unknown" for sample in samples]
    commonest = max(Counter(diagnoses).values(), default=0)
    if num_folds < 2 or min(len(set(groups)), commonest) < num_folds:
        raise InputError(
            f"expected at least 2 folds with a group for each, got {num_folds} folds, {len(samples)} images "
            f"in {len(set(groups))} groups, at most {commonest} of one diagnosis; ask for fewer folds"
        )
    splitter = StratifiedGroupKFold(n_splits=num_folds, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        # A diagnosis rarer than the folds cannot be in each of them: that is no fault.
        warnings.filterwarnings("ignore", message="The least populated class", category=UserWarning)
        return [[samples[i] for i in test] for _, test in splitter.split(samples, diagnoses, groups)]


def grouped_split(samples, fold, num_folds=5, seed=0):
    """Test on one fold, validate on the next, train on the rest.

    Args:
        samples, num_folds, seed: as in `make_folds`.
        fold: number of the test fold, 0..K-1; validation is fold (fold + 1) mod K.

    Returns:
        A `Split`.

    Raises:
        InputError: as `make_folds` and `check_disjoint`, for fewer than 3 folds or a fold that is not there.
    """
    if num_folds < 3 or not 0 <= fold < num_folds:
        raise InputError(
            f"expected at least 3 folds and a test fold in 0..{num_folds - 1}, got {num_folds} folds and "
            f"test fold {fold}; choose another fold"
        )
    folds = make_folds(samples, num_folds, seed)
    validation = (fold + 1) % num_folds
    held_out = {*folds[fold], *folds[validation]}
    split = Split(
        train=tuple(sample for sample in samples if sample not in held_out),
        validation=tuple(folds[validation]),
        test=tuple(folds[fold]),
        name=f"grouped {num_folds}-fold, seed {seed}, test fold {fold}",
    )
    check_disjoint(split)
    return split


def official_split(samples, fold, num_folds=5, seed=0):
    """Test on a fold of the data set's authors, validate on a grouped part of the rest.

    Args:
        samples: list of `Sample` with `official_fold`.
        fold: the authors' number of the test fold.
        num_folds: the rest is parted into so many grouped folds, the first of them is validation.
        seed: as in `make_folds`.

    Returns:
        A `Split`.

    Raises:
        InputError: if no sample has that fold, or as `make_folds` and `check_disjoint`.
    """
    known = sorted({sample.official_fold for sample in samples if sample.official_fold is not None})
    if fold not in known:
        numbers = ", ".join(map(str, known)) or "none"
        raise InputError(f"expected an official fold of the data set ({numbers}), got {fold}")
    rest = [sample for sample in samples if sample.official_fold != fold]
    validation = make_folds(rest, num_folds, seed)[0]
    held_out = set(validation)
    split = Split(
        train=tuple(sample for sample in rest if sample not in held_out),
        validation=tuple(validation),
        test=tuple(sample for sample in samples if sample.official_fold == fold),
        name=f"official test fold {fold}, validation fold 0 of {num_folds} of the rest, seed {seed}",
    )
    check_disjoint(split)
    return split


def add_extra(split, samples):
    """Let the training part have the images of further data sets.

    Args:
        split: `Split` of a data set.
        samples: list of `Sample` of others; what shares pixels with an image of the split, and its group, is left out.

    Returns:
        A `Split` with `extra`.

    Raises:
        InputError: as `check_disjoint`.
    """
    own = {image_sha256(sample) for part in PARTS for sample in getattr(split, part)}
    known = {group_key(sample) for sample in samples if image_sha256(sample) in own}
    split = replace(split, extra=tuple(sample for sample in samples if group_key(sample) not in known))
    check_disjoint(split)
    return split


def drop_contradicted(samples):
    """Leave out images called normal that show the same frame as one with a lesion.

    Two outlines of one frame both stay, and the loss takes their mean: readers differ, and neither is wrong. That the
    frame holds no lesion cannot be averaged. Groups say "same frame" only where no patients are known; elsewhere
    a normal frame of a patient with a lesion is no contradiction, and nothing is left out.

    Args:
        samples: sequence of `Sample` to be trained on.

    Returns:
        The samples that are left, as a list.
    """
    lesions = {group_key(sample) for sample in samples if sample.diagnosis != "normal"}
    return [
        sample
        for sample in samples
        if sample.diagnosis != "normal" or sample.patient is not None or group_key(sample) not in lesions
    ]


def check_disjoint(split):
    """Refuse a split whose parts share an image, a group, a patient or identical pixels.

    One that was made to leak passes; only `leaky_splits` makes such.

    Raises:
        InputError: naming the two parts, what they share and an image of each.
    """
    if split.leaks:
        return
    parts = (*PARTS, "extra")
    kinds = {"image": _image, "group": group_key, "patient": _patient, "pixels": image_sha256}
    for kind, key in kinds.items():
        owners = {part: {key(sample): sample.id for sample in getattr(split, part)} for part in parts}
        for first, second in combinations(parts, 2):
            shared = (owners[first].keys() & owners[second].keys()) - {None}
            if shared:
                example = min(shared, key=lambda key: (owners[first][key], owners[second][key]))
                raise InputError(
                    f"expected parts that share nothing, but {first} ({owners[first][example]}) and {second} "
                    f"({owners[second][example]}) share the same {kind}, {len(shared)} such in all; "
                    "keep them on one side"
                )


def image_sha256(sample):
    """Hash what the network sees of an image, not how its file is packed.

    Returns:
        SHA-256 in hexadecimal of the text "height width 3 " followed by the decoded pixels, RGB, uint8, row
        by row. A lossless re-encoding of the release (grey instead of RGB, PNG instead of BMP) has
        the same hash; a JPEG made of it has not.

    Raises:
        InputError: as `decode_image`.
    """
    status = sample.image.stat() if sample.image.exists() else None
    return _hash_file(sample.image, status and (status.st_mtime_ns, status.st_size))


def _image(sample):
    return f"{sample.source}/{sample.id}"


def group_key(sample):
    """The name of a sample's group, unique over data sets."""
    return f"{sample.source}/{sample.group}"


def _patient(sample):
    return None if sample.patient is None else f"{sample.source}/{sample.patient}"


@lru_cache(maxsize=20_000)
def _hash_file(path, _status):
    return hash_pixels(decode_image(path))
