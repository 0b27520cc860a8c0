"""The folder of a run: what is written before the first step, and read again to go on."""

from dataclasses import replace
from pathlib import Path

from keras_hanet.data.layouts import read_further, read_samples
from keras_hanet.data.leaky_splits import LEAKY_SPLITS
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.split_files import keep_unseen, read_split, write_split
from keras_hanet.data.splits import PARTS, add_extra, drop_contradicted, grouped_split, official_split
from keras_hanet.errors import InputError
from keras_hanet.files import read_json, write_json
from keras_hanet.training.config import from_dict, to_dict
from keras_hanet.training.environment import describe_environment

RUN_FORMAT = 1
# What a run that was killed before its config.json stood may leave; it has not begun.
_BEFORE_THE_RUN = ("split.json", "environment.json")
SPLITS = {"grouped": grouped_split, "official": official_split, **LEAKY_SPLITS}


def start_run(config, run_dir, command, say, progress=iter):
    """Read and split the data and write what the run is; bad data leaves no folder behind.

    Args:
        config: `TrainConfig`.
        run_dir: path of a folder that is not there or empty.
        command: the command that does this again.
        say: takes lines of text for the user.
        progress: wraps the iterator over images, which are all read once.

    Returns:
        `Split`.

    Raises:
        InputError: if the folder is not empty, the data cannot be split, or an image or mask of any
            part cannot be read; better now than after hours of training.
    """
    if run_dir.exists() and any(path.name not in _BEFORE_THE_RUN for path in run_dir.iterdir()):
        raise InputError(f"{run_dir} exists and is not empty; give another --run-dir, or --resume to go on in it")
    samples, extra = _read(config, say)
    split = SPLITS[config.split](samples, config.fold, config.num_folds, config.split_seed)
    split = replace(split, train=tuple(drop_contradicted(split.train)))
    split = add_extra(split, drop_contradicted(extra))
    if config.initial_weights is not None:
        _check_unseen(Path(config.initial_weights) / "split.json", split)
    for sample in progress([*samples, *split.extra]):
        load_sample(sample)
    write_split(run_dir / "split.json", split)
    write_json(run_dir / "environment.json", describe_environment(config.seed))
    write_json(run_dir / "config.json", {"format": RUN_FORMAT, "command": command, **to_dict(config)})
    _say_split(split, say)
    return split


def continue_run(config, run_dir, say):
    """Read the split of a killed run again.

    Args:
        config: `TrainConfig`, the run's own.
        run_dir: folder that `start_run` wrote.
        say: takes lines of text for the user.

    Returns:
        `Split`, the same as before, and the command that began the run.

    Raises:
        InputError: if the configuration or the data are not those of the run.
    """
    began_with, command = _read_run(run_dir)
    if began_with != config:
        raise InputError(
            f"{run_dir}/config.json differs from the flags given; give --resume and --run-dir alone, or start a new run"
        )
    split = read_split(run_dir / "split.json", *_read(config, say))
    _say_split(split, say)
    return split, command


def read_run_config(run_dir):
    """The configuration a run was made with.

    Raises:
        InputError: if the folder is no run folder, or one of another version.
    """
    return _read_run(run_dir)[0]


def _read_run(run_dir):
    path = Path(run_dir) / "config.json"
    try:
        values = read_json(path, "start a new run")
    except FileNotFoundError:
        raise InputError(f"{run_dir}: expected a run folder with a config.json, found none; check the path") from None
    found = values.pop("format", None) if isinstance(values, dict) else None
    if found != RUN_FORMAT:
        raise InputError(
            f"{run_dir}: expected a run folder of format {RUN_FORMAT}, got {found}; use the version of keras-hanet "
            "that made it, or start a new run"
        )
    command = values.pop("command", None)
    if not isinstance(command, str | None):
        raise InputError(f"{path}: expected the command as a text, the file is damaged; start a new run")
    return from_dict(values), command


def _check_unseen(path, split):
    """Refuse initial weights that were trained on what is held out now, or chosen on what is to be scored."""
    unseen = {*keep_unseen(path, split.validation, parts=("train",)), *keep_unseen(path, split.test)}
    seen = [sample.id for sample in (*split.validation, *split.test) if sample not in unseen]
    if seen:
        raise InputError(
            f"initial_weights: that run has seen {len(seen)} images of the validation or the test part ({seen[0]}), or "
            "a twin of them; start from a run that has not"
        )


def _read(config, say):
    """The samples of the data set and those of the further ones."""
    if config.data is None:
        raise InputError("data is missing: give --data with the folder of a data set")
    layout, samples = read_samples(config.data, config.dataset, config.groups)
    say(f"{config.data}: layout {layout!r}, {len(samples)} images")
    extra = read_further(config.extra_data, layout)
    if extra:
        say(f"{', '.join(config.extra_data)}: {len(extra)} images for training")
    unknown = [sample.id for sample in [*samples, *extra] if sample.diagnosis is None]
    if config.model.num_classes and unknown:
        raise InputError(
            f"{config.data}: a classification head needs the diagnosis of every image, {len(unknown)} have none "
            f"({unknown[0]}); train without --classify"
        )
    if config.include_normal:
        return samples, extra
    return tuple([sample for sample in part if sample.diagnosis != "normal"] for part in (samples, extra))


def _say_split(split, say):
    sizes = [f"{len(getattr(split, part))} {part}" for part in PARTS]
    further = f", {len(split.extra)} of further data sets for training" if split.extra else ""
    say(f"{split.name}: {', '.join(sizes)}{further}")
