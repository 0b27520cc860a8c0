"""Checkpoint: what it leaves, and what a kill at a bad moment leaves; TensorBoard and progress by their output."""

import csv
import json
import time

import keras
import numpy as np
import pytest

from keras_hanet.training import callbacks
from keras_hanet.training.callbacks import Checkpoint, Follower, Progress, TensorBoard, write_history

X, Y = np.ones((4, 3), "float32"), np.ones((4, 1), "float32")


def make_model():
    keras.utils.set_random_seed(0)
    image = keras.Input((3,))
    model = keras.Model(image, keras.layers.Dense(1, name="dense")(keras.layers.Dropout(0.5)(image)))
    optimizer = keras.optimizers.Adam(0.1)
    optimizer.build(model.trainable_variables)
    model.compile(optimizer, "mse", jit_compile=False)
    return model


def set_weights(model, value):
    for weight in model.weights:
        weight.assign(np.full(weight.shape, value))


def logs(score=0.5, loss=1.0, val_loss=1.0):
    return {"loss": loss, "val_loss": val_loss, "val_score": score}


def checkpoint_of(folder, model, watched=()):
    checkpoint = Checkpoint(folder, watched)
    checkpoint.set_model(model)
    checkpoint.on_train_begin()
    return checkpoint


def train(folder, scores, first=0, checkpoint=None):
    """Epochs with these validation scores; after epoch n (from 1) all weights are n."""
    model = make_model()
    checkpoint = checkpoint or checkpoint_of(folder, model)
    checkpoint.set_model(model)
    for epoch, score in enumerate(scores, start=first):
        set_weights(model, epoch + 1)
        checkpoint.on_epoch_end(epoch, logs(score))
    return checkpoint


def epoch_in(path):
    model = make_model()
    model.load_weights(path)
    return float(model.get_weights()[0][0, 0])


def test_best_weights_are_those_of_the_best_validation_score(tmp_path):
    assert epoch_in(train(tmp_path, [0.2, 0.7, 0.7, 0.5]).best_weights) == 2


def test_best_weights_of_a_resumed_training(tmp_path):
    train(tmp_path, [0.2, 0.7])
    assert epoch_in(train(tmp_path, [0.6], first=2).best_weights) == 2
    assert epoch_in(train(tmp_path, [0.8], first=3).best_weights) == 4


def test_score_of_zero_is_a_score(tmp_path):
    assert epoch_in(train(tmp_path, [0.0, 0.0]).best_weights) == 1


def test_history_has_a_row_an_epoch(tmp_path):
    checkpoint = train(tmp_path, [0.2, 0.7])
    with (tmp_path / "history.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == ["epoch", "learning_rate", "loss", "val_loss", "val_score"]
    assert [(row["epoch"], row["val_score"]) for row in rows] == [("1", "0.2"), ("2", "0.7")]
    assert float(rows[0]["learning_rate"]) == pytest.approx(0.1)
    assert checkpoint.num_epochs_done == 2
    assert checkpoint.rows[1]["val_score"] == 0.7
    assert not checkpoint.stopped


def test_only_the_last_epochs_weights_are_kept_and_the_state_names_them(tmp_path):
    train(tmp_path, [0.2, 0.7, 0.1])
    folder = tmp_path / "checkpoint"
    assert sorted(path.name for path in folder.iterdir()) == ["epoch-3.weights.h5", "state.json"]
    assert json.loads((folder / "state.json").read_text())["weights"] == "epoch-3.weights.h5"
    assert epoch_in(folder / "epoch-3.weights.h5") == 3


@pytest.mark.parametrize("moment", ["write_history", "write_json"])
def test_kill_while_an_epoch_is_written_goes_back_to_the_one_before(moment, tmp_path, monkeypatch):
    checkpoint = train(tmp_path, [0.2])

    def kill(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(callbacks, moment, kill)
        with pytest.raises(KeyboardInterrupt):
            train(tmp_path, [0.7], 1, checkpoint)
    model = make_model()
    assert checkpoint_of(tmp_path, model).num_epochs_done == 1
    assert float(model.get_weights()[0][0, 0]) == 1
    train(tmp_path, [0.7], first=1)
    assert (tmp_path / "history.csv").read_text().count("\n") == 3
    assert len(list((tmp_path / "checkpoint").iterdir())) == 2


def test_resume_restores_weights_optimizer_and_dropout(tmp_path):
    def step(model, num):
        for _ in range(num):
            model.train_on_batch(X, Y)
        return model

    model = step(make_model(), 3)
    checkpoint_of(tmp_path, model).on_epoch_end(0, logs())
    step(model, 2)
    resumed = make_model()
    checkpoint_of(tmp_path, resumed)
    assert int(resumed.optimizer.iterations) == 3
    step(resumed, 2)
    assert all(np.array_equal(*pair) for pair in zip(resumed.get_weights(), model.get_weights(), strict=True))


def test_resume_restores_a_lowered_learning_rate(tmp_path):
    model = make_model()
    model.optimizer.learning_rate = 0.025
    checkpoint_of(tmp_path, model).on_epoch_end(0, logs())
    resumed = make_model()
    checkpoint_of(tmp_path, resumed)
    assert float(keras.ops.convert_to_numpy(resumed.optimizer.learning_rate)) == pytest.approx(0.025)


def test_resume_restores_the_counters_of_watched_callbacks(tmp_path):
    def watchers():
        plateau = keras.callbacks.ReduceLROnPlateau("val_loss", factor=0.5, patience=3)
        return plateau, keras.callbacks.EarlyStopping("val_score", mode="max", patience=3)

    def run(folder, scores, first=0):
        model, watched = make_model(), watchers()
        checkpoint = Checkpoint(folder, watched)
        for callback in (*watched, checkpoint):
            callback.set_model(model)
            callback.on_train_begin()
        for epoch, score in enumerate(scores, start=first):
            values = logs(score, val_loss=1 - score)
            for callback in (*watched, checkpoint):
                callback.on_epoch_end(epoch, values)
        return model, checkpoint, watched

    run(tmp_path, [0.5, 0.4])
    _, checkpoint, watched = run(tmp_path, [0.4], first=2)
    assert [(callback.best, callback.wait) for callback in watched] == [(0.5, 2), (0.5, 2)]
    assert not checkpoint.stopped
    model, checkpoint, watched = run(tmp_path, [0.4], first=3)
    assert checkpoint.stopped
    assert watched[1].stopped_epoch == 3
    assert float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)) == pytest.approx(0.05)
    assert Checkpoint(tmp_path).stopped


@pytest.mark.parametrize("broken", ["loss", "val_loss", "val_score"])
@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_epoch_that_broke_is_not_kept_and_is_the_last(broken, value, tmp_path):
    checkpoint = train(tmp_path, [0.2])
    model = make_model()
    checkpoint.set_model(model)
    checkpoint.on_epoch_end(1, {**logs(0.9), broken: value})
    assert model.stop_training
    assert checkpoint.num_epochs_done == Checkpoint(tmp_path).num_epochs_done == 1
    assert epoch_in(checkpoint.best_weights) == 1


def test_new_training_leaves_the_weights_alone(tmp_path):
    model = make_model()
    set_weights(model, 7)
    assert checkpoint_of(tmp_path, model).num_epochs_done == 0
    assert float(model.get_weights()[0][0, 0]) == 7


def test_a_follower_goes_on_where_the_first_process_does_and_writes_nothing(tmp_path):
    train(tmp_path, [0.5])
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    model, follower = make_model(), Follower(tmp_path)
    follower.set_model(model)
    follower.on_train_begin()
    assert follower.num_epochs_done == 1
    assert float(model.get_weights()[0][0, 0]) == 1
    follower.on_epoch_end(1, logs(0.9))
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before
    follower.on_epoch_end(2, logs(val_loss=float("nan")))
    assert model.stop_training


def test_write_history(tmp_path):
    write_history(tmp_path / "history.csv", [{"epoch": 1, "loss": 0.5}, {"epoch": 2, "loss": 0.25}])
    assert (tmp_path / "history.csv").read_text().splitlines() == ["epoch,loss", "1,0.5", "2,0.25"]


def read_events(folder):
    """{tag: [(step, value), ...]} and {tag: [step, ...]} of the pictures."""
    accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    events = accumulator.EventAccumulator(str(folder))
    events.Reload()
    scalars = {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    return scalars, {tag: [event.step for event in events.Images(tag)] for tag in events.Tags()["images"]}


def write_events(folder, epochs, first_epoch=0):
    picture = np.zeros((4, 6, 3), np.uint8)
    board = TensorBoard(folder, lambda model: {"case 1": picture}, overlay_every=2, first_epoch=first_epoch)
    board.set_model(make_model())
    board.on_train_begin()
    for epoch in epochs:
        board.on_epoch_end(epoch, {"loss": 2.0 - epoch, "val_loss": 3.0 - epoch, "val_score": 0.5})
    board.on_train_end()


def test_tensorboard_shows_training_and_validation_side_by_side(tmp_path):
    write_events(tmp_path, range(3))
    scalars, pictures = read_events(tmp_path)
    assert scalars["loss/train"] == [(1, 2.0), (2, 1.0), (3, 0.0)]
    assert scalars["loss/validation"] == [(1, 3.0), (2, 2.0), (3, 1.0)]
    assert scalars["score/validation"] == [(1, 0.5), (2, 0.5), (3, 0.5)]
    assert [value for _, value in scalars["learning_rate/train"]] == pytest.approx([0.1] * 3)
    [(tag, steps)] = pictures.items()
    assert tag.startswith("overlay/case")
    assert steps == [1, 2]


def test_learning_rate_that_a_callback_reports_is_shown_once(tmp_path):
    board = TensorBoard(tmp_path, lambda model: {})
    board.set_model(make_model())
    board.on_train_begin()
    board.on_epoch_end(0, {**logs(), "learning_rate": 0.5})
    board.on_train_end()
    assert read_events(tmp_path)[0]["learning_rate/train"] == [(1, 0.5)]


def test_tensorboard_of_a_resumed_training_hides_what_the_killed_one_wrote_last(tmp_path):
    write_events(tmp_path, range(3))
    time.sleep(1.1)  # an event file is named after the second it was begun in
    write_events(tmp_path, range(2, 4), first_epoch=2)
    assert [step for step, _ in read_events(tmp_path)[0]["loss/train"]] == [1, 2, 3, 4]


def test_progress_goes_to_standard_error(capsys):
    progress = Progress(num_epochs=4, first_epoch=1)
    progress.set_params({"steps": 5})
    progress.on_train_begin()
    for batch in range(5):
        progress.on_train_batch_end(batch)
    progress.on_epoch_end(1, {"loss": 0.5, "val_loss": 0.75, "val_dice": 0.625, "val_score": 0.6})
    progress.on_train_end()
    out, err = capsys.readouterr()
    assert out == ""
    assert "epoch 2/4: loss 0.500, validation loss 0.750, Dice 0.625, score 0.600" in err
    assert "10/20" in err
