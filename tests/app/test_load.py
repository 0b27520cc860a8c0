"""Several people at once: every answer is that of its own image, and memory does not grow."""

import io
import os
import re
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import httpx
import numpy as np
import pytest
from PIL import Image
from served_app import connected, make_predictor, to_file

from keras_hanet.app.service import Service
from keras_hanet.data.phantom_drawing import draw_phantom
from keras_hanet.inference import Predictor

CLIENTS = 4


def draw(number):
    """Phantom of a size of its own: (H, W) uint8."""
    kind = ("benign", "malignant")[number % 2]
    image, _ = draw_phantom(kind, np.random.default_rng(number), 240 + number % 7, 260 + number % 11)
    return image


def ask(client, number):
    """The mask that the server gives for the phantom of a number, and what it says of it."""
    answer = client.post("/api/analyse", files={"file": (f"{number}.png", to_file(draw(number)))})
    assert answer.status_code == 200, answer.text
    told = answer.json()
    mask = client.get(told["links"]["mask.png"])
    return np.asarray(Image.open(io.BytesIO(mask.content))), told


def check(predictor, number, mask, told):
    expected = predictor.predict([np.repeat(draw(number)[..., None], 3, axis=2)])[0].mask
    np.testing.assert_array_equal(mask, expected * 255)
    assert told["name"] == f"{number}.png"
    assert sum(lesion["area_px"] for lesion in told["lesions"]) == expected.sum()


def test_answers_to_several_clients_are_not_mixed_up():
    predictor = make_predictor()
    with connected(Service(predictor)) as client, ThreadPoolExecutor(CLIENTS) as clients:
        for number, answer in enumerate(clients.map(lambda number: ask(client, number), range(16))):
            check(predictor, number, *answer)


@contextmanager
def hanet_app():
    """`hanet app` in a process of its own: its process and a client."""
    command = [sys.executable, "-m", "keras_hanet", "app", "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            found = None
            while found is None:
                found = re.match(r"Open (http://\S+) in a browser", process.stderr.readline())
            # What it goes on to say is read, or it would stop when the pipe is full.
            threading.Thread(target=process.stderr.read, daemon=True).start()
            with httpx.Client(base_url=found[1], timeout=60, transport=httpx.HTTPTransport(retries=20)) as client:
                yield process, client
        finally:
            process.terminate()


def memory_mib(process):
    with open(f"/proc/{process.pid}/status") as file:
        return int(re.search(r"VmRSS:\s+(\d+)", file.read())[1]) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from Linux's /proc")
def test_two_hundred_images_of_four_clients_leave_memory_flat(capsys):
    predictor, memory, start = Predictor("cart"), {}, 0
    with hanet_app() as (process, client), ThreadPoolExecutor(CLIENTS) as clients:
        seconds = 0.0
        for stop in (50, 100, 150, 200):
            before = time.perf_counter()
            answers = list(clients.map(lambda number: ask(client, number), range(start, stop)))
            seconds += time.perf_counter() - before
            memory[stop] = round(memory_mib(process), 1)
            for number, answer in zip(range(start, stop), answers, strict=True):
                check(predictor, number, *answer)
            start = stop
    with capsys.disabled():
        print(f"\n{200 / seconds:.1f} answers/s; MiB after so many images: {memory}")
    # 32 results are kept from the first 50 on.
    assert memory[200] < memory[50] * 1.1
