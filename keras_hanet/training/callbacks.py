"""Callbacks: a checkpoint that resumes truly, TensorBoard without TensorFlow, progress with time left."""

import csv
import math
import sys
from contextlib import nullcontext
from pathlib import Path

import keras
from tqdm import tqdm

from keras_hanet.files import read_json, replacing, write_json

_STATE_OF_WATCHED = ("best", "best_epoch", "wait", "cooldown_counter", "stopped_epoch")


class Checkpoint(keras.callbacks.Callback):
    """Leave after each epoch all that a killed training needs to go on as if nothing had happened.

    In `folder`: `history.csv` (one row an epoch), `best.weights.h5` (the epoch with the best
    validation score), and `checkpoint/` with the weights, the optimizer, the random state of dropout
    and the state of the watched callbacks. The state file names its weights file and is written last,
    so that a kill at any moment leaves a pair that belongs together. Must be the last callback.

    Args:
        folder: run folder.
        watched: callbacks whose state is kept; Keras' own forget it when training begins.
        alone: gives the context in which weights are written; Keras makes variables on the way, which it must not
            share out while the other processes of a training do something else.
    """

    def __init__(self, folder, watched=(), alone=nullcontext):
        super().__init__()
        self._alone = alone
        self._folder = Path(folder)
        self._state_path = self._folder / "checkpoint" / "state.json"
        self._watched = watched
        self._state = {"rows": [], "stopped": False, "watched": []}
        if self._state_path.exists():
            self._state = read_json(self._state_path, "start a new run")

    @property
    def num_epochs_done(self):
        return len(self._state["rows"])

    @property
    def stopped(self):
        """Whether early stopping has ended this training."""
        return self._state["stopped"]

    @property
    def rows(self):
        """The history: a dict an epoch."""
        return self._state["rows"]

    @property
    def best_weights(self):
        return self._folder / "best.weights.h5"

    @property
    def last_weights(self):
        """Those of the last whole epoch; there must be one."""
        return self._state_path.parent / self._state["weights"]

    def on_train_begin(self, logs=None):
        if self._state["rows"]:
            self.model.load_weights(self.last_weights)
            for variable, value in zip(_seeds(self.model), self._state["seeds"], strict=True):
                variable.assign(value)
            for callback, state in zip(self._watched, self._state["watched"], strict=True):
                vars(callback).update(state)

    def on_epoch_end(self, epoch, logs=None):
        if not all(math.isfinite(value) for value in logs.values()):
            # Weights that broke in the epoch's last step show in the validation only.
            self.model.stop_training = True
        else:
            self._keep(epoch, logs)

    def _keep(self, epoch, logs):
        learning_rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        row = {"epoch": epoch + 1, "learning_rate": learning_rate, **{name: float(logs[name]) for name in logs}}
        if row["val_score"] > max((earlier["val_score"] for earlier in self.rows), default=-1.0):
            self._save_weights(self.best_weights)
        weights = f"epoch-{epoch + 1}.weights.h5"
        self._save_weights(self._state_path.parent / weights)
        rows = [*self.rows, row]
        write_history(self._folder / "history.csv", rows)
        self._state = {
            "rows": rows,
            "stopped": bool(self.model.stop_training),
            "watched": [_state_of(callback) for callback in self._watched],
            "seeds": [keras.ops.convert_to_numpy(variable).tolist() for variable in _seeds(self.model)],
            "weights": weights,
        }
        write_json(self._state_path, self._state)
        for stale in self._state_path.parent.glob("epoch-*.weights.h5"):
            if stale.name != weights:
                stale.unlink()

    def _save_weights(self, path):
        # Keras insists on the suffix .weights.h5, which `replacing` keeps.
        with replacing(path) as temporary, self._alone():
            self.model.save_weights(temporary)


class Follower(Checkpoint):
    """The `Checkpoint` of the processes that write nothing: goes on from the state that the first process left."""

    def _keep(self, epoch, logs):
        pass


def write_history(path, rows):
    """Write the rows of a training as CSV, one line an epoch."""
    with replacing(path) as temporary, temporary.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)


class TensorBoard(keras.callbacks.Callback):
    """Scalars and mask overlays for TensorBoard, written by tensorboardX: no TensorFlow needed.

    `keras.callbacks.TensorBoard` imports TensorFlow, which is not there beside JAX.

    Args:
        folder: where the event files go.
        draw_overlays: function of the model giving {name: (H, W, 3) uint8 picture}.
        overlay_every: epochs between two sets of overlays.
        first_epoch: number of the first epoch that is trained now; what a killed training wrote
            from there on is hidden.
    """

    def __init__(self, folder, draw_overlays, overlay_every=5, first_epoch=0):
        super().__init__()
        self._folder = folder
        self._draw_overlays = draw_overlays
        self._overlay_every = overlay_every
        self._first_epoch = first_epoch

    def on_train_begin(self, logs=None):
        from tensorboardX import SummaryWriter

        purge_step = self._first_epoch + 1 if self._first_epoch else None
        self._writer = SummaryWriter(str(self._folder), purge_step=purge_step)

    def on_epoch_end(self, epoch, logs=None):
        step = epoch + 1
        learning_rate = float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate))
        for name, value in {"learning_rate": learning_rate, **logs}.items():
            part, _, metric = name.rpartition("val_")
            group = "validation" if part == "" and name.startswith("val_") else "train"
            self._writer.add_scalar(f"{metric}/{group}", value, step)
        if step == 1 or step % self._overlay_every == 0:
            for name, picture in self._draw_overlays(self.model).items():
                self._writer.add_image(f"overlay/{name}", picture, step, dataformats="HWC")
        self._writer.flush()

    def on_train_end(self, logs=None):
        self._writer.close()


class Progress(keras.callbacks.Callback):
    """A bar over all steps of the training with the time left, and a line an epoch, on standard error.

    Args:
        num_epochs: epochs in all.
        first_epoch: number of the first epoch that is trained now.
    """

    def __init__(self, num_epochs, first_epoch=0):
        super().__init__()
        self._num_epochs = num_epochs
        self._first_epoch = first_epoch

    def on_train_begin(self, logs=None):
        steps = self.params["steps"]
        self._bar = tqdm(
            total=self._num_epochs * steps,
            initial=self._first_epoch * steps,
            unit="step",
            file=sys.stderr,
            mininterval=2.0,
            smoothing=0.05,
        )

    def on_train_batch_end(self, batch, logs=None):
        self._bar.update()

    def on_epoch_end(self, epoch, logs=None):
        self._bar.write(
            f"epoch {epoch + 1}/{self._num_epochs}: loss {logs['loss']:.3f}, validation loss {logs['val_loss']:.3f}, "
            f"Dice {logs['val_dice']:.3f}, score {logs['val_score']:.3f}",
            file=sys.stderr,
        )

    def on_train_end(self, logs=None):
        self._bar.close()


class Report(keras.callbacks.Callback):
    """Tell the validation score of each epoch to someone who may end the training. Before `Checkpoint`.

    Args:
        report: function of the epoch's number, from 1, and the score; the training ends where it gives True.
    """

    def __init__(self, report):
        super().__init__()
        self._report = report

    def on_epoch_end(self, epoch, logs=None):
        # An epoch that broke is none; `Checkpoint` ends the training then.
        if all(math.isfinite(value) for value in logs.values()) and self._report(epoch + 1, float(logs["val_score"])):
            self.model.stop_training = True


class PlainNames(keras.callbacks.Callback):
    """Give the segmentation's scores the names they have without a classification head.

    Keras puts the name of the output before each, "segmentation_dice"; history, early stopping and the
    choice of the best epoch go by "dice". Must come before the callbacks that read them.
    """

    def on_epoch_end(self, epoch, logs=None):
        for name in list(logs):
            plain = name.replace("segmentation_", "")
            if plain not in logs:  # the loss of both outputs keeps its name
                logs[plain] = logs.pop(name)


def _seeds(model):
    """The states of a model's random generators, which Keras does not save with its weights."""
    return [
        variable for layer in model.layers for variable in layer.variables if variable.name == "seed_generator_state"
    ]


def _state_of(callback):
    return {name: getattr(callback, name) for name in _STATE_OF_WATCHED if hasattr(callback, name)}
