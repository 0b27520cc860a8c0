"""One server for each file of tests, over a predictor whose answer can be seen in the image."""

import pytest
from served_app import connected, make_predictor

from keras_hanet.app.service import Service


@pytest.fixture(scope="module")
def client():
    with connected(Service(make_predictor())) as client:
        yield client


@pytest.fixture(scope="module")
def send(client):
    """A function that has an image file analysed: the answer's JSON."""

    def send(content, name="scan.png", **data):
        answer = client.post("/api/analyse", files={"file": (name, content)}, data=data)
        assert answer.status_code == 200, answer.text
        return answer.json()

    return send
