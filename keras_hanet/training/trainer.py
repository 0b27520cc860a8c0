"""Train a network, choose its operating point on validation, score it once on test."""

from pathlib import Path

import keras
import numpy as np

from keras_hanet.data.pipeline import SegmentationBatches, load_cache
from keras_hanet.data.preprocessing import load_sample, resize_probability
from keras_hanet.drawing import draw_overlay
from keras_hanet.errors import FailedError, InputError
from keras_hanet.evaluation.evaluate import evaluate
from keras_hanet.evaluation.threshold import choose_threshold
from keras_hanet.files import read_json, replacing, write_json
from keras_hanet.inference import Predictor, keras_probabilities, load_keras_model
from keras_hanet.losses import BCEJaccardLoss
from keras_hanet.metadata import Metadata
from keras_hanet.models.networks import build_network, describe, load_pretrained
from keras_hanet.training.callbacks import Checkpoint, PlainNames, Progress, TensorBoard
from keras_hanet.training.fused_batch_norm import fuse_batch_norm
from keras_hanet.training.metrics import segmentation_metrics
from keras_hanet.training.run_folder import continue_run, read_run_config, start_run

NUM_OVERLAYS = 6


def train(config, run_dir, command, resume=False, say=print, progress=iter):
    """Train on a data set and leave a run folder that describes itself.

    Args:
        config: `TrainConfig`; its `data` names the data set.
        run_dir: new folder for the run; with `resume` one that a killed training left.
        command: the command that does this again, for the summary.
        resume: go on where a killed training stopped; ends as an uninterrupted one would.
        say: takes lines of text for the user.
        progress: wraps long iterations, a tqdm bar for instance.

    Returns:
        the summary of the test part, as written to `summary.json`.

    Raises:
        InputError: if the data, the configuration or the run folder cannot be used.
        FailedError: if the loss became not-a-number before an epoch was good.
    """
    run_dir = Path(run_dir)
    if resume and (run_dir / "summary.json").exists():
        say("This run is finished; its test part is not scored again.")
        return read_json(run_dir / "summary.json", "delete it, and the test part is scored again")
    if resume:
        split, command = continue_run(config, run_dir, say)
    else:
        split = start_run(config, run_dir, command, say, progress)
    keras.utils.set_random_seed(config.seed)
    samples = {"train": (*split.train, *split.extra), "validation": split.validation}
    caches = {part: load_cache(samples[part], config.model.size, progress) for part in samples}
    model = _build(config)
    started_from = _load_initial(model, config, say)
    model = fuse_batch_norm(model)

    checkpoint = fit(model, caches["train"], caches["validation"], config, run_dir, num_extra=len(split.extra))
    if not checkpoint.best_weights.exists():
        raise FailedError("the loss became not-a-number in the first epoch; try a smaller --learning-rate")
    if checkpoint.num_epochs_done < config.epochs and not checkpoint.stopped:
        say(f"NOTE: the loss became not-a-number after epoch {checkpoint.num_epochs_done}; the best epoch is kept.")
    model.load_weights(checkpoint.last_weights if config.kept_epoch == "last" else checkpoint.best_weights)
    model = _plain_copy(model, config)

    say("Choosing the threshold on the validation part ...")
    choice = choose_operating_point(model, caches["validation"])
    marked = "LEAKS, no honest score: " if split.leaks else ""
    name = f"{marked}{describe(config.model)}{started_from}"
    metadata = Metadata(config.model.size, choice.threshold, choice.min_lesion_share, name)
    with replacing(run_dir / "model.keras") as temporary:
        model.save(temporary)
    write_json(run_dir / "metadata.json", vars(metadata))

    say("Scoring the test part, once ...")
    predictor = Predictor.from_keras(model, metadata)
    return evaluate(predictor, split.test, run_dir, split.name, command, config.fold, progress)


def fit(model, train_cache, validation_cache, config, run_dir, num_extra=0):
    """Compile a network and train it, or go on training it, in a run folder.

    Args:
        model: network made by `build_network`.
        train_cache: `Cache` of the training part.
        validation_cache: `Cache` of the validation part.
        config: `TrainConfig`.
        run_dir: existing run folder; its `checkpoint/` is continued if there is one.
        num_extra: how many images at the end of `train_cache` are of further data sets.

    Returns:
        the `Checkpoint`, which knows the history and the file of the best weights.
    """
    plateau, stopping = _watchers(config)
    checkpoint = Checkpoint(run_dir, [*plateau, stopping])
    first_epoch = checkpoint.num_epochs_done
    classify = bool(config.model.num_classes)
    repeats, num_drawn = plan_epoch(train_cache.samples, num_extra, config)
    train_batches = SegmentationBatches(
        train_cache, config.batch_size, config.augmentation, shuffle=True, seed=config.seed, diagnoses=classify,
        repeats=repeats, num_drawn=num_drawn,
    )
    compile_model(model, config, len(train_batches))
    if checkpoint.stopped or first_epoch >= config.epochs:
        return checkpoint
    examples = _examples(validation_cache)
    tensorboard = TensorBoard(
        Path(run_dir) / "tensorboard", lambda network: _draw_examples(network, examples), first_epoch=first_epoch
    )
    model.fit(
        train_batches,
        shuffle=False,  # Keras would mix the batches by a random state that a resumed run does not have
        validation_data=SegmentationBatches(validation_cache, config.batch_size, diagnoses=classify),
        initial_epoch=first_epoch,
        epochs=config.epochs,
        verbose=0,
        callbacks=[
            keras.callbacks.LambdaCallback(on_epoch_begin=lambda epoch, logs: setattr(train_batches, "epoch", epoch)),
            PlainNames(),
            keras.callbacks.TerminateOnNaN(),
            *plateau,
            stopping,
            tensorboard,
            Progress(config.epochs, first_epoch),
            checkpoint,
        ],
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


def compile_model(model, config, steps_per_epoch):
    """Give a network its loss, optimizer and metrics.

    XLA is left off for TensorFlow on a CPU, where it doubles the time of a step.
    """
    optimizer = keras.optimizers.AdamW(_learning_rate(config, steps_per_epoch), weight_decay=config.weight_decay)
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta", "scale", "rows", "columns"])
    # Keras would build it in the first step, and load no saved state into one that is not built.
    optimizer.build(model.trainable_variables)
    on_cpu = not any("gpu" in device for device in keras.distribution.list_devices())
    loss = BCEJaccardLoss(config.bce_weight, config.jaccard_weight, config.jaccard_smooth)
    goal = {"loss": loss, "metrics": segmentation_metrics()}
    if config.model.num_classes:
        goal = {
            "loss": {
                "segmentation": goal["loss"],
                "diagnosis": keras.losses.SparseCategoricalCrossentropy(from_logits=True),
            },
            "loss_weights": {"segmentation": 1.0, "diagnosis": config.diagnosis_weight},
            "metrics": {
                "segmentation": goal["metrics"],
                "diagnosis": [keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
            },
        }
    model.compile(
        optimizer, **goal, jit_compile=False if on_cpu and keras.backend.backend() == "tensorflow" else "auto"
    )


def choose_operating_point(model, cache):
    """Threshold and smallest lesion for a network, on the validation images at their own size.

    Args:
        model: network made by `build_network`.
        cache: `Cache` of the validation part.

    Returns:
        `Choice`.
    """
    probabilities, masks = [], []
    for start in range(0, len(cache.samples), 8):
        at_s = keras_probabilities(model, cache.images[start : start + 8].astype("float32"))
        for sample, probability in zip(cache.samples[start : start + 8], at_s, strict=True):
            mask = load_sample(sample)[1]
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


def _plain_copy(model, config):
    """What is scored and saved: float32, Keras' own layers, never compiled."""
    plain = build_network(config.model)
    plain.set_weights(model.get_weights())
    return plain


def _watchers(config):
    stopping = keras.callbacks.EarlyStopping("val_score", mode="max", patience=config.stop_patience)
    if config.schedule != "plateau":
        return [], stopping
    return [keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=config.plateau_patience)], stopping


def _learning_rate(config, steps_per_epoch):
    if config.schedule == "plateau":
        return config.learning_rate
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0,
        decay_steps=max(1, (config.epochs - 1) * steps_per_epoch),
        warmup_target=config.learning_rate,
        warmup_steps=steps_per_epoch,
    )


def _examples(cache):
    """Evenly spaced validation images to watch, as (names, images, masks)."""
    step = max(1, len(cache.samples) // NUM_OVERLAYS)
    chosen = slice(None, step * NUM_OVERLAYS, step)
    return [sample.id for sample in cache.samples[chosen]], cache.images[chosen], cache.masks[chosen]


def _draw_examples(model, examples):
    names, images, masks = examples
    predicted = (keras_probabilities(model, images.astype("float32")) >= 0.5).astype("uint8")
    return {
        name: draw_overlay(image, mask_pred, mask)
        for name, image, mask, mask_pred in zip(names, images, masks, predicted, strict=True)
    }
