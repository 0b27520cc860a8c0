"""Conditions scored with a model that takes what is bright for lesion: what is kept, and what is done again."""

import numpy as np
import pytest
from layouts import save

from keras_hanet.data.degradations import degrade
from keras_hanet.data.preprocessing import load_sample
from keras_hanet.data.sample import Sample
from keras_hanet.errors import InputError
from keras_hanet.experiments import robustness
from keras_hanet.experiments.robustness import CONDITIONS, UNCHANGED, fingerprint, score_conditions
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata
from keras_hanet.metrics import confusion, dice


class Counting(Predictor):
    """Dark is lesion; knows how many images it was asked about."""

    def __init__(self):
        self._set(lambda images: 1 - images[..., 0] / 255, None, Metadata(64, 0.75, 0.0, "dark is lesion"))
        self.num_images = 0

    def predict(self, images):
        self.num_images += len(images)
        return super().predict(images)


@pytest.fixture(scope="module")
def few(tmp_path_factory):
    """Two images of 48 x 64 and 40 x 64 pixels with a dark lesion and one of 48 x 64 without."""
    folder = tmp_path_factory.mktemp("images")
    samples = []
    for name, height, diagnosis in (("a", 48, "benign"), ("b", 40, "malignant"), ("c", 48, "normal")):
        mask = np.zeros((height, 64), np.uint8)
        mask[10:30, 20:40] = diagnosis != "normal"
        save(folder / f"{name}.png", np.where(mask, 40, 120))
        save(folder / f"{name}_mask.png", 255 * mask)
        paths = folder / f"{name}.png", (folder / f"{name}_mask.png",)
        samples.append(Sample(name, *paths, diagnosis, None, f"group {name}", "drawn"))
    return samples


@pytest.fixture(scope="module")
def scored(few, tmp_path_factory):
    folder = tmp_path_factory.mktemp("robustness")
    return folder, score_conditions(Counting(), "abc", few, folder)


def text_of(folder):
    return {path.name: path.read_text() for path in folder.iterdir()}


def test_every_condition_has_a_table_of_every_image(scored, few):
    folder, cases = scored
    assert len(CONDITIONS) == 1 + 6 * 4
    assert set(cases) == set(CONDITIONS)
    assert sorted(path.name for path in folder.glob("*.csv"))[-2:] == ["speckle-4.csv", "unchanged-0.csv"]
    for rows in cases.values():
        assert [row["id"] for row in rows] == [sample.id for sample in few]
        assert [row["group"] for row in rows] == [sample.group for sample in few]


@pytest.mark.parametrize("condition", [UNCHANGED, ("gain", 2), ("depth", 3)])
def test_scores_are_those_of_the_changed_image_and_its_mask(condition, scored, few):
    _, cases = scored
    image, mask = load_sample(few[0])
    if condition != UNCHANGED:
        image, mask = degrade(image, mask, *condition, None)
    row = cases[condition][0]
    assert (row["height"], row["width"], row["lesion_area_px"]) == (*mask.shape, mask.sum())
    assert row["dice"] == pytest.approx(dice(confusion(mask, Counting().predict([image])[0].mask)), abs=1e-6)


def test_a_second_call_computes_only_what_is_not_there(scored, few, tmp_path):
    folder, cases = scored
    for name, text in text_of(folder).items():
        (tmp_path / name).write_text(text)
    (tmp_path / "speckle-3.csv").unlink()
    predictor, todo = Counting(), []
    again = score_conditions(predictor, "abc", few, tmp_path, progress=lambda items: todo.extend(items) or items)
    assert todo == [("speckle", 3)]
    assert predictor.num_images == len(few)
    assert text_of(tmp_path) == text_of(folder)
    assert repr(again) == repr(cases)


def test_a_kill_leaves_whole_tables_and_the_rest_is_done_later(scored, few, tmp_path, monkeypatch):
    def killed(image, mask, name, level, rng):
        if (name, level) == ("gain", 1):
            raise KeyboardInterrupt
        return degrade(image, mask, name, level, rng)

    monkeypatch.setattr(robustness, "degrade", killed)
    with pytest.raises(KeyboardInterrupt):
        score_conditions(Counting(), "abc", few, tmp_path)
    done = {path.name for path in tmp_path.iterdir()}
    assert done == {"settings.json", "unchanged-0.csv", *(f"speckle-{level}.csv" for level in (1, 2, 3, 4))}
    monkeypatch.undo()
    predictor = Counting()
    score_conditions(predictor, "abc", few, tmp_path)
    assert predictor.num_images == len(few) * (len(CONDITIONS) - 5)
    assert text_of(tmp_path) == text_of(scored[0])


def test_noise_is_that_of_the_image_whatever_its_place_and_grows_with_the_level(few):
    def noise(sample, level, seed=0):
        image, _ = robustness._degraded(sample, ("speckle", level), seed)
        return image.astype(int) - load_sample(sample)[0]

    first, second = few[:2]
    np.testing.assert_array_equal(noise(first, 2), noise(first, 2))
    assert np.corrcoef(noise(first, 1).ravel(), noise(first, 2).ravel())[0, 1] > 0.8
    crops = [noise(sample, 2)[:40].ravel() for sample in (first, second)]
    assert abs(np.corrcoef(*crops)[0, 1]) < 0.1
    assert (noise(first, 2) != noise(first, 2, seed=1)).any()


@pytest.mark.parametrize("other", ["model", "images", "seed"])
def test_results_of_something_else_are_refused(other, scored, few):
    arguments = {"model_sha256": "abc", "samples": few, "seed": 0}
    arguments |= {"model": {"model_sha256": "abd"}, "images": {"samples": few[:2]}, "seed": {"seed": 1}}[other]
    with pytest.raises(InputError, match=r"expected results of this model on these images with seed .*--output"):
        score_conditions(Counting(), folder=scored[0], **arguments)


def test_fingerprint_changes_with_weights_and_threshold(tmp_path):
    (tmp_path / "model.keras").write_bytes(b"weights")
    (tmp_path / "metadata.json").write_text("0.5")
    before = fingerprint(tmp_path / "model.keras")
    (tmp_path / "metadata.json").write_text("0.6")
    between = fingerprint(tmp_path / "model.keras")
    (tmp_path / "model.keras").write_bytes(b"others")
    assert len({before, between, fingerprint(tmp_path / "model.keras")}) == 3
