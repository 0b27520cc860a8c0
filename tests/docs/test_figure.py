"""The drawn network is the built one."""

import re
from runpy import run_path

import pytest
from doc_pages import DOCS, ROOT

from keras_hanet.models.config import HANetConfig
from keras_hanet.models.ha_net import build_ha_net


@pytest.fixture(scope="module")
def script():
    return run_path(str(ROOT / "scripts" / "draw_architecture.py"))


@pytest.fixture(scope="module")
def model():
    return build_ha_net(HANetConfig())


def test_the_figure_is_what_the_script_draws(script, model):
    assert (DOCS / "pictures" / "architecture.svg").read_text() == script["draw"](model)


def test_each_arrow_is_a_path_through_the_model(model):
    """Whoever follows the arrows of the figure goes from layer to layer as the data do."""
    assert inputs_of(model, "decoder_4_upsample") == {"attention_sum"}
    assert inputs_of(model, "attention_sum") == {"relu", "lambda_1", "lambda_2"}
    assert inputs_of(model, "transformer_self_attention") == {"position_encoding"}
    assert inputs_of(model, "position_encoding") == inputs_of(model, "global_spatial_attention") == {"relu"}
    taps = {1: "conv1_relu", 2: "pool2_relu", 3: "pool3_relu", 4: "pool4_relu"}
    for level, tap in taps.items():
        assert inputs_of(model, f"decoder_{level}_enhancement") == {tap}
        assert inputs_of(model, f"decoder_{level}_concat") == {
            f"decoder_{level}_upsample", f"decoder_{level}_enhancement"
        }
        assert inputs_of(model, f"decoder_{level - 1}_upsample") == {f"decoder_{level}_relu"}
    assert inputs_of(model, "segmentation") == {"decoder_0_relu"}


def test_another_network_is_another_figure(script, model):
    drawn = script["draw"](build_ha_net(HANetConfig(size=128)))
    assert re.search(r">4 x 4 x 1024<", drawn)
    assert drawn != script["draw"](model)


def inputs_of(model, name):
    tensors = model.get_layer(name).input
    tensors = tensors if isinstance(tensors, list) else [tensors]
    return {tensor._keras_history.operation.name for tensor in tensors}
