"""Train a network, choose its operating point on validation, score it once on test."""

from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np

from keras_hanet.data.pipeline import make_batches
from keras_hanet.data.preprocessing import load_sample, resize_probability
from keras_hanet.data.splits import Split
from keras_hanet.data.storage import open_samples
from keras_hanet.drawing import draw_overlay
from keras_hanet.errors import FailedError, InputError
from keras_hanet.evaluation.evaluate import evaluate
from keras_hanet.evaluation.threshold import choose_threshold
from keras_hanet.files import read_json, replacing, write_json
from keras_hanet.inference import Predictor, keras_probabilities, load_keras_model
from keras_hanet.metadata import Metadata
from keras_hanet.models.networks import build_network, describe, load_pretrained
from keras_hanet.training.callbacks import Checkpoint, Follower, PlainNames, Progress, TensorBoard
from keras_hanet.training.compile import compile_model
from keras_hanet.training.distribution import Devices
from keras_hanet.training.fused_batch_norm import fuse_batch_norm
from keras_hanet.training.run_folder import continue_run, read_run_config, start_run

NUM_OVERLAYS = 6
_ONE_DEVICE = Devices()


def train(config, run_dir, command, resume=False, say=print, progress=iter, devices=_ONE_DEVICE, storage="auto"):
    """Train on a data set and leave a run folder that describes itself.

    Args:
        config: `TrainConfig`; its `data` names the data set.
        run_dir: new folder for the run; with `resume` one that a killed training left.
        command: the command that does this again, for the summary.
        resume: go on where a killed training stopped; ends as an uninterrupted one would.
        say: takes lines of text for the user.
        progress: wraps long iterations, a tqdm bar for instance.
        devices: `Devices` to train on. All processes call this with the same arguments and see the same files; the
            first one alone writes, and scores while the others are done.
        storage: where the images are while it trains, one of `STORAGES`; it does not change the result.

    Returns:
        the summary of the test part, as written to `summary.json`; None in a process that is not the first.

    Raises:
        InputError: if the data, the configuration or the run folder cannot be used.
        FailedError: if the loss became not-a-number before an epoch was good.
    """
    run_dir = Path(run_dir)
    if resume and (run_dir / "summary.json").exists():
        say("This run is finished; its test part is not scored again.")
        return read_json(run_dir / "summary.json", "delete it, and the test part is scored again")
    trained = train_network(config, run_dir, command, resume, say, progress, devices, storage)
    if not devices.is_first:
        return None
    split, images, checkpoint = trained.split, trained.images, trained.checkpoint
    if checkpoint.num_epochs_done < config.epochs and not checkpoint.stopped:
        say(f"NOTE: the loss became not-a-number after epoch {checkpoint.num_epochs_done}; the best epoch is kept.")
    model = _kept_network(checkpoint, config)

    say("Choosing the threshold on the validation part ...")
    choice = choose_operating_point(model, images["validation"])
    marked = "LEAKS, no honest score: " if split.leaks else ""
    name = f"{marked}{describe(config.model)}{trained.started_from}"
    metadata = Metadata(config.model.size, choice.threshold, choice.min_lesion_share, name)
    with replacing(run_dir / "model.keras") as temporary:
        model.save(temporary)
    write_json(run_dir / "metadata.json", vars(metadata))

    say("Scoring the test part, once ...")
    predictor = Predictor.from_keras(model, metadata)
    return evaluate(predictor, split.test, run_dir, split.name, trained.command, config.fold, progress)


class Trained(NamedTuple):
    """What `train_network` leaves."""

    split: Split
    images: dict  # {"train", "validation"}, as `open_samples` gives them
    checkpoint: Checkpoint
    started_from: str  # of the network, for its name
    command: str  # that began the run


def train_network(
    config, run_dir, command, resume=False, say=print, progress=iter, devices=_ONE_DEVICE, storage="auto", callbacks=()
):
    """Train in a run folder, without an operating point: the test part is not scored.

    Args:
        config, run_dir, command, resume, say, progress, devices, storage: as of `train`.
        callbacks: more of them, which may end the training.

    Returns:
        `Trained`.

    Raises:
        InputError, FailedError: as `train`.
    """
    if not resume and devices.is_first:
        split = start_run(config, run_dir, command, say, progress)
    devices.wait("the run folder")
    if resume or not devices.is_first:
        split, command = continue_run(config, run_dir, say)
    keras.utils.set_random_seed(config.seed)
    samples = {"train": (*split.train, *split.extra), "validation": split.validation}
    images = open_samples(samples, config.model.size, storage, progress, say)
    with devices.placing():
        model = _build(config)
        started_from = _load_initial(model, config, say)
        model = fuse_batch_norm(model)
    checkpoint = fit(
        model, images["train"], images["validation"], config, run_dir, len(split.extra), devices, callbacks
    )
    if devices.is_first and not checkpoint.best_weights.exists():
        raise FailedError("the loss became not-a-number in the first epoch; try a smaller --learning-rate")
    return Trained(split, images, checkpoint, started_from, command)


def fit(model, train_images, validation_images, config, run_dir, num_extra=0, devices=_ONE_DEVICE, callbacks=()):
    """Compile a network and train it, or go on training it, in a run folder.

    Args:
        model: network made by `build_network`.
        train_images: `Cache` or `Files` of the training part.
        validation_images: `Cache` or `Files` of the validation part.
        config: `TrainConfig`.
        run_dir: existing run folder; its `checkpoint/` is continued if there is one.
        num_extra: how many images at the end of `train_images` are of further data sets.
        devices: `Devices` that the network was made for.
        callbacks: more of them.

    Returns:
        the `Checkpoint`, which knows the history and the file of the best weights.
    """
    plateau, stopping = _watchers(config)
    checkpoint = (Checkpoint if devices.is_first else Follower)(run_dir, [*plateau, stopping], devices.alone)
    first_epoch = checkpoint.num_epochs_done
    classify = bool(config.model.num_classes)
    repeats, num_drawn = plan_epoch(train_images.samples, num_extra, config)
    train_batches = make_batches(
        train_images, config.batch_size, config.augmentation, shuffle=True, seed=config.seed, diagnoses=classify,
        repeats=repeats, num_drawn=num_drawn, share=devices.share,
    )
    devices.check(config.batch_size, train_batches.num_images)
    with devices.placing():
        compile_model(model, config, len(train_batches))
    if checkpoint.stopped or first_epoch >= config.epochs:
        return checkpoint
    all_callbacks = [
        keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: setattr(train_batches, "epoch", epoch)),
        PlainNames(),
        keras.callbacks.TerminateOnNaN(),
        *plateau,
        stopping,
        *(_reporters(validation_images, config, run_dir, first_epoch, devices) if devices.is_first else ()),
        *callbacks,
        checkpoint,
    ]
    with devices.training():
        model.fit(
            train_batches,
            shuffle=False,  # Keras would mix the batches by a random state that a resumed run does not have
            validation_data=make_batches(
                validation_images, config.batch_size, diagnoses=classify, share=devices.share
            ),
            initial_epoch=first_epoch,
            epochs=config.epochs,
            verbose=0,
            callbacks=all_callbacks,
        )
    return checkpoint


def plan_epoch(samples, num_extra, config):
    """What an epoch holds.

    Args:
        samples: those of the training part, then those of further data sets.
        num_extra: how many the latter are.
        config: `TrainConfig`.

    Returns:
        how often each sample is in an epoch, (N,) int array, 0 for lesion images of further data sets; how many of
        these an epoch draws.
    """
    num_own = len(samples) - num_extra
    repeats = [
        config.normal_repeats if sample.diagnosis == "normal" else int(position < num_own)
        for position, sample in enumerate(samples)
    ]
    return np.array(repeats), round(config.extra_ratio * num_own)


def choose_operating_point(model, images):
    """Threshold and smallest lesion for a network, on the validation images at their own size.

    Args:
        model: network made by `build_network`.
        images: `Cache` or `Files` of the validation part.

    Returns:
        `Choice`.
    """
    probabilities, masks = [], []
    for start in range(0, len(images.samples), 8):
        chosen = range(len(images.samples))[start : start + 8]
        batch = np.stack([images.pair(position)[0] for position in chosen]).astype("float32")
        for position, probability in zip(chosen, keras_probabilities(model, batch), strict=True):
            mask = load_sample(images.samples[position])[1]
            probabilities.append(resize_probability(probability, *mask.shape))
            masks.append(mask)
    return choose_threshold(probabilities, masks)


def _build(config):
    """The network in the run's precision; Keras keeps that in a global policy, which is put back."""
    policy_before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(config.precision)
    try:
        return build_network(config.model)
    finally:
        keras.config.set_dtype_policy(policy_before)


def _load_initial(model, config, say):
    """Fill a network as the configuration says; what it started from, for its name."""
    if config.initial_weights is not None:
        earlier, _ = load_keras_model(config.initial_weights)
        if [value.shape for value in earlier.get_weights()] != [value.shape for value in model.get_weights()]:
            raise InputError(
                f"initial_weights: {config.initial_weights} holds another network; give a run with the same network"
            )
        model.set_weights(earlier.get_weights())
        return f", started from a run on {Path(read_run_config(config.initial_weights).data).name}"
    loaded = load_pretrained(model, config.model)
    if config.model.encoder_weights == "auto" and loaded == "none":
        say(
            "NOTE: the encoder starts from RANDOM weights: its ImageNet weights could not be downloaded. "
            "Scores will be lower than with --encoder-weights imagenet."
        )
    return f", encoder weights: {loaded}" if loaded else ""


def _kept_network(checkpoint, config):
    """The network of the epoch that is kept, as it is scored and saved."""
    trained = fuse_batch_norm(build_network(config.model))  # a weights file places layers by the name of their class
    trained.load_weights(checkpoint.last_weights if config.kept_epoch == "last" else checkpoint.best_weights)
    return _plain_copy(trained, config)


def _plain_copy(model, config):
    """Float32, Keras' own layers, never compiled."""
    plain = build_network(config.model)
    plain.set_weights(model.get_weights())
    return plain


def _watchers(config):
    stopping = keras.callbacks.EarlyStopping("val_score", mode="max", patience=config.stop_patience)
    if config.schedule != "plateau":
        return [], stopping
    return [keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=config.plateau_patience)], stopping


def _reporters(validation_images, config, run_dir, first_epoch, devices):
    """The callbacks that show how a training goes."""
    examples = _examples(validation_images)

    def draw(model):
        if not devices.are_several:
            return _draw_examples(model, examples)
        with devices.alone():
            return _draw_examples(_plain_copy(model, config), examples)

    folder = Path(run_dir) / "tensorboard"
    return TensorBoard(folder, draw, first_epoch=first_epoch), Progress(config.epochs, first_epoch)


def _examples(images):
    """Evenly spaced validation images to watch, as (names, images, masks)."""
    step = max(1, len(images.samples) // NUM_OVERLAYS)
    chosen = range(len(images.samples))[: step * NUM_OVERLAYS : step]
    pairs = [images.pair(position) for position in chosen]
    return [images.samples[position].id for position in chosen], *(np.stack(part) for part in zip(*pairs, strict=True))


def _draw_examples(model, examples):
    names, images, masks = examples
    predicted = (keras_probabilities(model, images.astype("float32")) >= 0.5).astype("uint8")
    return {
        name: draw_overlay(image, mask_pred, mask)
        for name, image, mask, mask_pred in zip(names, images, masks, predicted, strict=True)
    }
