"""Splits that leak, the ways published work does it. They serve `hanet protocols` and nothing else.

A training takes one only with `allow_leak`, and all that comes of it is marked.
"""

from dataclasses import replace

from keras_hanet.data.splits import Split, grouped_split


def random_split(samples, fold, num_folds=5, seed=0):
    """As `grouped_split`, but images are dealt out one by one: twins end up on both sides.

    Args:
        samples, fold, num_folds, seed: as in `grouped_split`.

    Returns:
        A `Split` with `leaks` set.

    Raises:
        InputError: as `grouped_split`.
    """
    from sklearn.model_selection import StratifiedKFold

    honest = grouped_split(samples, fold, num_folds, seed)
    splitter = StratifiedKFold(n_splits=num_folds, shuffle=True, random_state=seed)
    diagnoses = [sample.diagnosis or "unknown" for sample in samples]
    folds = [[samples[i] for i in test] for _, test in splitter.split(samples, diagnoses)]
    validation = (fold + 1) % num_folds
    rest = [one for number, one in enumerate(folds) if number not in (fold, validation)]
    return Split(
        train=tuple(sample for one in rest for sample in one),
        validation=tuple(folds[validation]),
        test=tuple(folds[fold]),
        name=f"LEAKS: images at random, {honest.name.removeprefix('grouped ')}",
        leaks=True,
    )


def validation_on_test_split(samples, fold, num_folds=5, seed=0):
    """As `grouped_split`, but epoch and threshold are chosen on the images that are scored."""
    honest = grouped_split(samples, fold, num_folds, seed)
    return replace(honest, validation=honest.test, name=f"LEAKS: chosen on the test part, {honest.name}", leaks=True)


def training_on_test_split(samples, fold, num_folds=5, seed=0):
    """As `grouped_split`, but the images that are scored are trained on too."""
    honest = grouped_split(samples, fold, num_folds, seed)
    train = (*honest.train, *honest.test)
    return replace(honest, train=train, name=f"LEAKS: trained on the test part, {honest.name}", leaks=True)


LEAKY_SPLITS = {
    "random": random_split,
    "validation_on_test": validation_on_test_split,
    "training_on_test": training_on_test_split,
}
