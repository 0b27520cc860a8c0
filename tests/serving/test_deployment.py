"""What a server is started with says what the package writes."""

import re
from pathlib import Path

import pytest
from google.protobuf import text_format
from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

from keras_hanet.cli import serve_client

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "docs/deploy/tf-serving.md", ROOT / "saved_models/README.md")


def test_the_configuration_is_one_that_the_server_reads():
    config = text_format.Parse((ROOT / "saved_models/models.config").read_text(), ModelServerConfig())
    (model,) = config.model_config_list.config
    assert (model.name, model.base_path) == ("hanet", "/models/hanet")
    assert model.model_version_policy.latest.num_versions == 1


def test_compose_mounts_the_models_where_the_configuration_looks_and_only_to_read():
    text = (ROOT / "saved_models/compose.yaml").read_text()
    assert "- .:/models:ro\n" in text
    assert "--model_config_file=/models/models.config\n" in text
    assert re.findall(r'"127\.0\.0\.1:(\d+):\1"', text) == ["8500", "8501"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_state_the_limits_and_link_to_what_exists(page):
    text = page.read_text()
    assert "Research use only, not a medical device." in text
    for link in re.findall(r"\]\((?!https?:)([^)#]+)\)", text):
        assert (page.parent / link).exists(), link


def test_the_page_names_the_signatures_and_the_table(served):
    text = PAGES[0].read_text()
    assert "The server itself was not run here." in text
    signatures = served.session.signatures
    for name in ("serving_default", "serve_bytes"):
        for tensor in (name, *signatures[name].inputs, *signatures[name].outputs):
            assert f"`{tensor}`" in text
    assert serve_client.TABLE in text
