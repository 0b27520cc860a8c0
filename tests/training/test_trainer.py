"""A run from data to scores on phantoms, what it refuses, and what it never looks at."""

import csv
import json
import shutil

import keras
import numpy as np
import pytest
from helpers import apply_tiny_encoder, tiny_config

from keras_hanet.data.layouts import read_samples
from keras_hanet.data.pipeline import SegmentationBatches
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.split_files import read_split
from keras_hanet.data.storage import load_cache
from keras_hanet.errors import FailedError
from keras_hanet.evaluation.cases import read_cases, score_case
from keras_hanet.evaluation.threshold import THRESHOLDS
from keras_hanet.inference import Predictor
from keras_hanet.models.config import HANetConfig
from keras_hanet.models.encoders import ENCODERS
from keras_hanet.models.ha_net import build_ha_net
from keras_hanet.training import run_folder, trainer
from keras_hanet.training.config import TrainConfig, read_config, to_dict
from keras_hanet.training.metrics import segmentation_metrics


class Stop(Exception):
    """Ends a training where a test has seen enough."""


def stop(*arguments, **keywords):
    raise Stop


@pytest.fixture(scope="module")
def run(phantoms, tmp_path_factory):
    """A finished run of one epoch: its folder, its data, its summary, what it said, and what it chose the threshold on.

    Until the test part is scored its masks cannot be read: nothing before may look at them.
    """
    folder = tmp_path_factory.mktemp("run")
    data = shutil.copytree(phantoms, folder / "data")
    said, chosen_on = [], []
    choose, evaluate, write_split = trainer.choose_operating_point, trainer.evaluate, run_folder.write_split

    def damage(path, split):
        write_split(path, split)
        for sample in split.test:
            for mask in sample.masks:
                mask.rename(mask.with_suffix(".kept"))
                mask.write_bytes(b"not yet")

    def mend(predictor, samples, *arguments):
        for sample in samples:
            for mask in sample.masks:
                mask.with_suffix(".kept").rename(mask)
        return evaluate(predictor, samples, *arguments)

    def record(model, cache):
        chosen_on.extend(sample.id for sample in cache.samples)
        return choose(model, cache)

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(ENCODERS, "efficientnet_lite0", apply_tiny_encoder)
        patch.setattr(run_folder, "write_split", damage)
        patch.setattr(trainer, "evaluate", mend)
        patch.setattr(trainer, "choose_operating_point", record)
        summary = trainer.train(tiny_config(data), folder / "run", "hanet train", say=said.append)
    return {"folder": folder / "run", "data": data, "summary": summary, "said": said, "chosen_on": chosen_on}


def parts(run):
    return json.loads((run["folder"] / "split.json").read_text())["parts"]


def test_run_leaves_its_files(run):
    assert {path.name for path in run["folder"].iterdir()} == {
        *("config.json", "split.json", "environment.json", "history.csv", "checkpoint", "best.weights.h5"),
        *("model.keras", "metadata.json", "cases.csv", "summary.json", "overlays", "tensorboard"),
        *("report.html", "report.md", "charts"),
    }
    assert {path.stem for path in (run["folder"] / "overlays").iterdir()} == set(parts(run)["test"])
    assert len(list((run["folder"] / "tensorboard").iterdir())) == 1
    with (run["folder"] / "history.csv").open(newline="") as file:
        [row] = csv.DictReader(file)
    assert set(row) == {"epoch", "learning_rate"} | {
        prefix + name for prefix in ("", "val_") for name in ("loss", "bce", "jaccard_loss", "dice", "score")
    }
    assert float(row["loss"]) == pytest.approx(float(row["bce"]) + float(row["jaccard_loss"]), abs=1e-4)


def test_run_says_what_it_is(run):
    config = json.loads((run["folder"] / "config.json").read_text())
    head = {"format": 1, "command": "hanet train"}
    assert config == {**head, **json.loads(json.dumps(to_dict(tiny_config(run["data"]))))}
    assert read_config(run["folder"] / "config.json") == run_folder.read_run_config(run["folder"])
    assert json.loads((run["folder"] / "environment.json").read_text())["seed"] == 0
    assert f"{run['data']}: layout 'busi', 24 images" in run["said"]
    assert "grouped 5-fold, seed 0, test fold 0: 14 train, 5 validation, 5 test" in run["said"]


def test_threshold_was_chosen_on_the_validation_part_alone(run):
    assert run["chosen_on"] == list(parts(run)["validation"])
    metadata = json.loads((run["folder"] / "metadata.json").read_text())
    assert metadata["threshold"] in THRESHOLDS
    assert run["summary"]["threshold"] == metadata["threshold"]
    assert metadata["name"] == "HA-Net(efficientnet_lite0), encoder weights: none"


def test_test_part_is_what_is_scored(run):
    rows = read_cases(run["folder"] / "cases.csv")
    assert [row["id"] for row in rows] == list(parts(run)["test"])
    assert run["summary"]["all"]["num"] == len(rows)
    assert run["summary"]["command"] == "hanet train"
    assert run["summary"]["split"] == "grouped 5-fold, seed 0, test fold 0"
    assert json.loads((run["folder"] / "summary.json").read_text()) == run["summary"]


def test_saved_model_gives_the_scores_of_the_table(run):
    predictor = Predictor(run["folder"])
    split = read_split(run["folder"] / "split.json", read_samples(run["data"])[1])
    for sample, row in zip(split.test, read_cases(run["folder"] / "cases.csv"), strict=True):
        image, mask = load_sample(sample)
        predicted = predictor.predict([image])[0]
        expected = score_case(mask, predicted.mask, predicted.probability)
        assert expected["accuracy"] == pytest.approx(row["accuracy"], abs=1e-3)
        assert expected["counted_as"] == row["counted_as"]


def test_model_file_holds_no_optimizer(run):
    model = keras.saving.load_model(run["folder"] / "model.keras")
    assert getattr(model, "optimizer", None) is None
    assert {type(layer) for layer in model.layers if "_bn" in layer.name} == {keras.layers.BatchNormalization}


def test_finished_run_is_not_scored_again(run, monkeypatch):
    monkeypatch.setattr(trainer, "evaluate", stop)
    said = []
    summary = trainer.train(tiny_config(run["data"]), run["folder"], "hanet train", resume=True, say=said.append)
    assert summary == run["summary"]
    assert "not scored again" in said[0]


def test_run_killed_while_scoring_is_scored_without_more_training(run, tiny_network, tmp_path):
    folder = shutil.copytree(run["folder"], tmp_path / "run")
    (folder / "summary.json").unlink()
    before = (folder / "checkpoint" / "state.json").stat().st_mtime_ns
    summary = trainer.train(tiny_config(run["data"]), folder, "hanet train", resume=True, say=lambda line: None)
    assert summary == run["summary"]
    assert (folder / "checkpoint" / "state.json").stat().st_mtime_ns == before


def given_to_fit(config, folder, monkeypatch, say=lambda line: None):
    """Network, training cache and validation cache as `train` would train them."""
    given = []

    def record(model, train_cache, validation_cache, *rest, **keywords):
        given.extend((model, train_cache, validation_cache))
        raise Stop

    monkeypatch.setattr(trainer, "fit", record)
    with pytest.raises(Stop):
        trainer.train(config, folder / "run", "hanet train", say=say)
    return given


def test_loss_that_is_no_number_fails(phantoms, tiny_network, tmp_path):
    with pytest.raises(FailedError, match="not-a-number in the first epoch; try a smaller --learning-rate"):
        trainer.train(tiny_config(phantoms, learning_rate=1e30), tmp_path / "run", "hanet train", say=lambda line: None)
    assert not (tmp_path / "run" / "model.keras").exists()


@pytest.mark.parametrize("include_normal", [True, False])
def test_normal_images_can_be_left_out(include_normal, phantoms, tiny_network, tmp_path, monkeypatch):
    _, *caches = given_to_fit(tiny_config(phantoms, include_normal=include_normal), tmp_path, monkeypatch)
    diagnoses = {sample.diagnosis for cache in caches for sample in cache.samples}
    assert diagnoses == {"benign", "malignant"} | ({"normal"} if include_normal else set())


def test_encoder_that_starts_from_random_weights_is_said_loudly(phantoms, tiny_network, tmp_path, monkeypatch):
    said = []
    monkeypatch.setattr(trainer, "load_pretrained", lambda model, config: "none")
    model = HANetConfig(encoder="efficientnet_lite0", size=64)
    given_to_fit(tiny_config(phantoms, model=model), tmp_path, monkeypatch, said.append)
    assert any("starts from RANDOM weights" in line for line in said)


@pytest.mark.parametrize(("precision", "dtype"), [("float32", "float32"), ("mixed_bfloat16", "bfloat16")])
def test_precision_reaches_the_network_and_no_further(precision, dtype, phantoms, tiny_network, tmp_path, monkeypatch):
    model, *_ = given_to_fit(tiny_config(phantoms, precision=precision), tmp_path, monkeypatch)
    assert {layer.compute_dtype for layer in model.layers if "decoder" in layer.name} == {dtype}
    assert model.output.dtype == "float32"
    assert keras.config.dtype_policy().name == "float32"


def test_step_in_mixed_precision_learns(phantoms, tiny_network, tmp_path, monkeypatch):
    config = tiny_config(phantoms, precision="mixed_bfloat16", model=HANetConfig("efficientnet_lite0", "none", 64))
    model, cache, _ = given_to_fit(config, tmp_path, monkeypatch)
    trainer.compile_model(model, config, 1)
    images, masks = SegmentationBatches(cache, 4)[0]
    losses = [model.train_on_batch(images, masks, return_dict=True)["loss"] for _ in range(4)]
    assert np.isfinite(losses).all()
    assert losses[-1] < losses[0]


def test_every_epoch_is_trained_on_its_own_batches_in_their_order(samples, tiny_network, tmp_path, monkeypatch):
    seen = []

    def compile_to_record(model, config, steps_per_epoch):
        def record(y_true, y_pred):
            seen.append(keras.ops.convert_to_numpy(y_true))
            return keras.ops.mean(keras.ops.square(y_pred), axis=(1, 2, 3))

        model.compile("sgd", record, metrics=segmentation_metrics(), run_eagerly=True)

    monkeypatch.setattr(trainer, "compile_model", compile_to_record)
    config = tiny_config(epochs=2, batch_size=4)
    cache, validation = load_cache(samples[:10], 64), load_cache(samples[10:12], 64)
    trainer.fit(build_ha_net(config.model), cache, validation, config, tmp_path)
    expected = []
    for epoch in range(2):
        batches = SegmentationBatches(cache, 4, config.augmentation, shuffle=True, seed=config.seed, epoch=epoch)
        expected += [batches[index][1] for index in range(2)]
    trained_on = [masks for masks in seen if len(masks) == 4]  # the two validation images come between
    assert len(trained_on) == 4
    assert all(np.array_equal(*pair) for pair in zip(trained_on, expected, strict=True))


def test_an_epoch_holds_normals_as_often_as_asked_and_draws_lesions_of_further_sets(samples):
    normal = next(sample for sample in samples if sample.diagnosis == "normal")
    lesion = next(sample for sample in samples if sample.diagnosis == "benign")
    config = TrainConfig(normal_repeats=3, extra_ratio=0.5)
    plan = trainer.plan_epoch([lesion, normal, lesion, lesion, normal], 2, config)
    assert (plan[0].tolist(), plan[1]) == ([1, 3, 1, 0, 3], 2)
    plan = trainer.plan_epoch([lesion, normal], 0, TrainConfig())
    assert (plan[0].tolist(), plan[1]) == ([1, 1], 2)
