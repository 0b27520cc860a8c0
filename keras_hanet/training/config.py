"""The configuration of a training run: frozen, every field a flag, unknown keys refused."""

import dataclasses
import math
import typing
from dataclasses import dataclass, field

from keras_hanet.data.augmentation import Augmentation
from keras_hanet.data.sample import DIAGNOSES
from keras_hanet.errors import InputError
from keras_hanet.files import read_json
from keras_hanet.models.config import HANetConfig

# The splits of `keras_hanet.data.leaky_splits`.
LEAKY = ("random", "validation_on_test", "training_on_test")
_CHOICES = {
    "split": ("grouped", "official", *LEAKY),
    "schedule": ("plateau", "cosine"),
    "kept_epoch": ("best", "last"),
    "precision": ("float32", "mixed_bfloat16"),
}


@dataclass(frozen=True)
class TrainConfig:
    """All that decides a run, besides the images.

    Attributes:
        data: folder of the data set.
        dataset: the data set's layout; None to recognise it.
        groups: CSV with the groups that no split may part; None for the data set's own.
        split: "grouped" (k folds, the next fold is validation) or "official" (the authors' fold
            is the test part, an inner grouped fold is validation). For the protocol study only, with
            allow_leak: "random", "validation_on_test" or "training_on_test".
        allow_leak: take a split that leaks; every output of the run then says so.
        fold: number of the test fold.
        num_folds: k.
        extra_data: folders of further data sets, all of whose images join the training part; what shows an
            image of `data` is left out. Validation and test stay `data`'s alone.
        extra_ratio: how many lesion images of those an epoch holds for each image of the training part; each epoch
            draws others.
        normal_repeats: how often an epoch holds each normal image, of whichever data set: they are rare, and false
            alarms are what a detector is switched off for.
        include_normal: whether images without a lesion are trained on and scored.
        split_seed: of the folds.
        seed: of the initial weights, the order of the images and the augmentation.
        model: the network.
        augmentation: strengths; None for no augmentation.
        initial_weights: folder of a finished run with the same network, whose weights this one starts from; it must
            not have seen an image of this one's validation or test part. None for the network's own start.
        batch_size: images in a step.
        epochs: at most so many passes over the training part.
        learning_rate: of the start (plateau) or of the peak (cosine).
        schedule: "plateau" (ReduceLROnPlateau on the validation loss, as the paper) or "cosine"
            (one epoch of warm-up, then cosine decay to 0).
        plateau_patience: epochs without a better validation loss before the rate is halved.
        kept_epoch: whose weights are kept, of the epoch with the "best" validation score or of the "last". The
            score is taken at probability 0.5, before the operating point is chosen: where few normal images decide it,
            "last" is the steadier choice for a cosine schedule.
        stop_patience: epochs without a better validation score before training stops.
        weight_decay: of AdamW, on kernels only; 0 is Adam.
        bce_weight: weight of the cross-entropy.
        jaccard_weight: weight of the Jaccard loss.
        jaccard_smooth: s of the Jaccard loss, in pixels. On an image without a lesion the loss is P / (P + s) for P
            predicted pixels: with s = 1 it is as good as constant, and nothing is learned from a false alarm.
        diagnosis_weight: weight of the classification head's cross-entropy, where the network has one.
            The paper has no head; we use 0.3.
        precision: "float32" or "mixed_bfloat16".
    """

    data: str | None = None
    dataset: str | None = None
    groups: str | None = None
    split: str = "grouped"
    allow_leak: bool = False
    fold: int = 0
    num_folds: int = 5
    extra_data: tuple[str, ...] = ()
    extra_ratio: float = 1.0
    normal_repeats: int = 1
    include_normal: bool = True
    split_seed: int = 0
    seed: int = 0
    initial_weights: str | None = None
    model: HANetConfig = field(default_factory=HANetConfig)
    augmentation: Augmentation | None = field(default_factory=Augmentation)
    batch_size: int = 8
    epochs: int = 100
    learning_rate: float = 1e-3
    schedule: str = "plateau"
    plateau_patience: int = 5
    stop_patience: int = 15
    kept_epoch: str = "best"
    weight_decay: float = 0.0
    bce_weight: float = 1.0
    jaccard_weight: float = 1.0
    jaccard_smooth: float = 1.0
    diagnosis_weight: float = 0.3
    precision: str = "float32"

    def __post_init__(self):
        object.__setattr__(self, "extra_data", tuple(self.extra_data))
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise InputError(f"{name} must be one of {', '.join(choices)}, got {getattr(self, name)!r}")
        above_0 = ("normal_repeats", "batch_size", "epochs", "learning_rate", "plateau_patience", "stop_patience")
        for name in (*above_0, "jaccard_smooth"):
            if not 0 < getattr(self, name) < math.inf:
                raise InputError(f"{name} must be greater than 0, got {getattr(self, name)}")
        for name in ("extra_ratio", "weight_decay", "bce_weight", "jaccard_weight", "diagnosis_weight"):
            if not 0 <= getattr(self, name) < math.inf:
                raise InputError(f"{name} must be 0 or greater, got {getattr(self, name)}")
        for name in ("fold", "seed", "split_seed"):
            if not 0 <= getattr(self, name) < 2**32:
                raise InputError(f"{name} must be at least 0 and below 2^32, got {getattr(self, name)}")
        if self.model.num_classes not in (0, len(DIAGNOSES)):
            raise InputError(
                f"num_classes must be 0 or {len(DIAGNOSES)} ({', '.join(DIAGNOSES)}), got {self.model.num_classes}"
            )
        if (self.split in LEAKY) != self.allow_leak:
            raise InputError(
                f"allow_leak belongs to the splits {', '.join(LEAKY)} and to no other, got split {self.split!r} "
                f"{'with' if self.allow_leak else 'without'} it; use 'grouped' for a number that can be trusted"
            )
        if self.bce_weight + self.jaccard_weight == 0:
            raise InputError("one of bce_weight and jaccard_weight must be above 0")


def to_dict(config):
    """A configuration as JSON-ready nested dictionaries."""
    return dataclasses.asdict(config)


def from_dict(values):
    """The configuration `to_dict` was given; a key that does not exist raises InputError."""
    values = dict(values)
    model = _build(HANetConfig, values.pop("model", {}), "model.")
    augmentation = values.pop("augmentation", {})
    if augmentation is not None:
        augmentation = _build(Augmentation, augmentation, "augmentation.")
    return _build(TrainConfig, {**values, "model": model, "augmentation": augmentation}, "")


def read_config(path):
    """Read a configuration written by `to_dict`, or the config.json of a run.

    Raises:
        InputError: if there is no such file, it is not JSON, or a key is unknown.
    """
    try:
        values = read_json(path, "give a configuration or the config.json of a run")
    except FileNotFoundError:
        raise InputError(f"{path}: no such configuration file; check the path") from None
    if not isinstance(values, dict):
        raise InputError(f"{path}: expected a JSON object, got a {type(values).__name__}")
    for key in ("format", "command"):  # of a run's config.json
        values.pop(key, None)
    return from_dict(values)


def _build(kind, values, prefix):
    known = [item.name for item in dataclasses.fields(kind)]
    if not isinstance(values, dict):
        raise InputError(f"the configuration's {prefix.rstrip('.')} must be a JSON object, got {values!r}")
    for key in values:
        if key not in known:
            raise InputError(f"there is no configuration key {prefix}{key}; known are: {', '.join(known)}")
    hints = typing.get_type_hints(kind)
    for key, value in values.items():
        if not _fits(value, hints[key]):
            raise InputError(f"the configuration's {prefix}{key} has a wrong type: {value!r}")
    return kind(**values)


def _fits(value, hint):
    """Whether a value is of a field's type; an int serves as a float, a bool as nothing else."""
    if typing.get_origin(hint) is tuple:
        return isinstance(value, list | tuple) and all(_fits(item, typing.get_args(hint)[0]) for item in value)
    kinds = typing.get_args(hint) or (hint,)
    if isinstance(value, bool):
        return bool in kinds
    return isinstance(value, (*kinds, int) if float in kinds else kinds)
