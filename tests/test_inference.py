"""Predictor: sizes, batches, the operating point, and files that cannot be loaded."""

import json

import keras
import numpy as np
import pytest

from keras_hanet.errors import InputError
from keras_hanet.inference import Predictor, keras_probabilities
from keras_hanet.metadata import Metadata

SIZE = 32
METADATA = Metadata(size=SIZE, threshold=0.5, min_lesion_share=0.0, name="test")


def brightness(images):
    """A model that takes what is bright for lesion."""
    assert images.dtype == np.float32
    assert images.shape[1:] == (SIZE, SIZE, 3)
    return images[..., 0] / 255


def picture(height, width, seed=0):
    """Grey, with a bright block in the middle."""
    image = np.random.default_rng(seed).integers(0, 90, (height, width, 3)).astype(np.uint8)
    image[height // 4 : height // 2, width // 4 : width // 2] = 250
    return image


def small_model():
    """Logit = (brightness - 127.5) / 25.5."""
    image = keras.Input((SIZE, SIZE, 3), name="image")
    layer = keras.layers.Conv2D(1, 1)
    model = keras.Model(image, layer(image))
    layer.set_weights([np.full((1, 1, 3, 1), 1 / 3 / 25.5), np.array([-5.0])])
    return model


def save(folder, metadata=METADATA):
    folder.mkdir(exist_ok=True)
    small_model().save(folder / "model.keras")
    (folder / "metadata.json").write_text(json.dumps(vars(metadata)))
    return folder


@pytest.mark.parametrize("size", [(40, 50), (7, 300), (SIZE, SIZE), (1, 1)])
def test_output_has_the_size_of_the_image(size):
    [prediction] = Predictor.from_function(brightness, METADATA).predict([picture(*size)])
    assert prediction.probability.shape == prediction.mask.shape == size
    assert prediction.probability.dtype == np.float32
    assert prediction.mask.dtype == np.uint8
    assert 0 <= prediction.probability.min() <= prediction.probability.max() <= 1


def test_images_of_different_size_in_a_batch_are_predicted_as_one_by_one():
    images = [picture(40, 50, 1), picture(90, 33, 2), picture(64, 64, 3)]
    predictor = Predictor.from_keras(small_model(), METADATA)
    for image, prediction in zip(images, predictor.predict(images), strict=True):
        [alone] = predictor.predict([image])
        np.testing.assert_allclose(prediction.probability, alone.probability, atol=1e-6)
        np.testing.assert_array_equal(prediction.mask, alone.mask)


def test_lesion_is_found_where_it_is():
    at_s, larger = Predictor.from_function(brightness, METADATA).predict([picture(SIZE, SIZE), picture(64, 128)])
    expected = np.zeros((SIZE, SIZE), np.uint8)
    expected[8:16, 8:16] = 1
    np.testing.assert_array_equal(at_s.mask, expected)
    inside = larger.mask[16:32, 32:64].sum()
    assert inside > 0.9 * 16 * 32
    assert larger.mask.sum() - inside < 0.1 * 16 * 32


@pytest.mark.parametrize(("grey", "logit"), [(0, -5), (255, 5)])
def test_black_and_white_image(grey, logit):
    [prediction] = Predictor.from_keras(small_model(), METADATA).predict([np.full((20, 30, 3), grey, np.uint8)])
    np.testing.assert_allclose(prediction.probability, 1 / (1 + np.exp(-logit)), atol=1e-5)
    assert (prediction.mask == (grey == 255)).all()


def test_threshold_and_smallest_lesion_are_the_metadatas():
    probability = np.zeros((10, 10), np.float32)
    probability[2:4, 2:4] = 0.6  # 4 % of the image
    for threshold, share, num_pixels in ((0.5, 0.0, 4), (0.7, 0.0, 0), (0.5, 0.04, 4), (0.5, 0.05, 0)):
        predictor = Predictor.from_function(brightness, Metadata(SIZE, threshold, share, "test"))
        assert predictor.to_mask(probability).sum() == num_pixels


def test_probability_is_brought_to_size_before_the_threshold():
    at_s = np.zeros((SIZE, SIZE), np.float32)
    at_s[:, 16:] = 1
    prediction = Predictor.from_function(brightness, METADATA).to_prediction(at_s, (64, 128))
    assert len(np.unique(prediction.probability)) > 2
    assert prediction.mask[:, :64].sum() == 0
    assert prediction.mask[:, 64:].all()


def test_sigmoid_is_added_to_logits():
    images = np.full((2, SIZE, SIZE, 3), 178.5, np.float32)
    probabilities = keras_probabilities(small_model(), images)
    assert probabilities.shape == (2, SIZE, SIZE)
    np.testing.assert_allclose(probabilities, 1 / (1 + np.exp(-2)), atol=1e-5)


def test_network_with_two_heads_gives_its_segmentation():
    model = small_model()
    pooled = keras.layers.GlobalAveragePooling2D()(model.input)
    two = keras.Model(model.input, {"segmentation": model.output, "diagnosis": pooled})
    images = np.random.default_rng(0).uniform(0, 255, (2, SIZE, SIZE, 3)).astype("float32")
    np.testing.assert_allclose(keras_probabilities(two, images), keras_probabilities(model, images), atol=1e-6)


@pytest.mark.parametrize("name", ["", "model.keras"])
def test_load_a_run_folder_or_its_model(name, tmp_path):
    predictor = Predictor(save(tmp_path / "run") / name)
    assert predictor.metadata == METADATA
    image = picture(40, 50)
    [expected] = Predictor.from_keras(small_model(), METADATA).predict([image])
    np.testing.assert_allclose(predictor.predict([image])[0].probability, expected.probability, atol=1e-6)


def test_folder_that_is_not_there_raises(tmp_path):
    with pytest.raises(InputError, match=r"nowhere: expected a shipped model's name \(hanet models\), a run folder"):
        Predictor(tmp_path / "nowhere")


def test_run_that_has_not_finished_raises(tmp_path):
    with pytest.raises(InputError, match=r"has its training finished\?"):
        Predictor(tmp_path)


def test_model_without_metadata_raises(tmp_path):
    (save(tmp_path) / "metadata.json").unlink()
    with pytest.raises(InputError, match=r"metadata\.json: the model's metadata is missing"):
        Predictor(tmp_path)


def empty(content):
    return b""


def other_file(content):
    return b"no model at all"


def cut_off(content):
    return content[: len(content) // 2]


def changed_config(content):
    return content.replace(b'"class_name": "Conv2D"', b'"class_name": "Conv9D"')


def changed_numbers(content):
    position = content.index(b"\x89HDF") + 3000
    return content[:position] + b"\xff" * 2000 + content[position + 2000 :]


@pytest.mark.parametrize("damage", [empty, other_file, cut_off, changed_config, changed_numbers])
def test_damaged_model_raises(damage, tmp_path):
    path = save(tmp_path) / "model.keras"
    content = path.read_bytes()
    damaged = damage(content)
    assert damaged != content
    path.write_bytes(damaged)
    with pytest.raises(InputError, match=r"model\.keras: expected a Keras model, and it cannot be read"):
        Predictor(tmp_path)


def test_model_that_gives_no_probability_is_named_as_damaged():
    predictor = Predictor.from_function(lambda images: np.full(images.shape[:3], np.nan, np.float32), METADATA)
    with pytest.raises(InputError, match="test: the model gives what is no probability, it is damaged"):
        predictor.predict([picture(40, 50)])


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 1), (5, 7, 4)])
def test_a_picture_of_another_shape_is_refused(shape):
    with pytest.raises(ValueError, match=r"An image has the shape \(H, W, 3\), grey replicated"):
        Predictor.from_function(brightness, METADATA).predict([np.zeros(shape, np.uint8)])


def fails(images):
    raise RuntimeError("Node 3 failed to invoke")


@pytest.mark.parametrize(
    ("run", "message"),
    [
        (fails, r"expected a model that runs, and it does not \(Node 3 failed to invoke\)"),
        (lambda images: {"output": images[..., :1]}, r"expected probabilities \(1, 32, 32, 1\), got none"),
        (lambda images: {"probability": images}, r"expected probabilities .*, got \(1, 32, 32, 3\)"),
    ],
)
def test_exported_model_that_does_not_run_is_refused_when_it_is_loaded(run, message, tmp_path, monkeypatch):
    (tmp_path / "model.tflite").touch()
    (tmp_path / "metadata.json").write_text(json.dumps(vars(METADATA)))
    monkeypatch.setattr("keras_hanet.inference.load_runtime", lambda path, num_threads: run)
    with pytest.raises(InputError, match=rf"model\.tflite: {message}; export it again"):
        Predictor(tmp_path)
