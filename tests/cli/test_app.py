import argparse
import contextlib
import socket
import threading

import httpx
import pytest
import uvicorn

from keras_hanet.cli import app


@pytest.fixture
def started(monkeypatch):
    """What the command would have run: a list of the sockets it listens on; Ctrl-C comes at once."""
    listeners = []

    def run(server, sockets):
        listeners.append((sockets[0].getsockname(), server.config))
        sockets[0].close()
        raise KeyboardInterrupt

    monkeypatch.setattr(uvicorn.Server, "run", run)
    return listeners


def arguments(*words):
    parser = argparse.ArgumentParser()
    app.add_arguments(parser)
    return parser.parse_args([str(word) for word in words])


def test_by_itself_it_is_seen_on_this_machine_alone(started, capsys):
    assert app.run(arguments("--port", 0)) is None
    [((address, port), config)] = started
    assert address == "127.0.0.1"
    assert config.access_log is False
    lines = capsys.readouterr().err.splitlines()
    assert f"Open http://127.0.0.1:{port} in a browser; Ctrl-C ends it." in lines
    assert "Research use only, not a medical device." in lines
    assert lines[-1] == "Ended; nothing was kept."
    assert not [line for line in lines if line.startswith("WARNING")]


def test_another_host_is_warned_of(started, capsys, monkeypatch):
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [(socket.AF_INET, 1, 6, "", ("127.0.0.1", 0))])
    app.run(arguments("--host", "cart.example", "--port", 0))
    err = capsys.readouterr().err
    assert "Open http://cart.example:" in err
    assert "WARNING: whoever reaches cart.example can use this page. There is no password" in err


@pytest.mark.parametrize(
    ("host", "name", "is_loopback"),
    [
        ("127.0.0.1", "127.0.0.1", True), ("127.0.0.5", "127.0.0.5", True), ("::1", "[::1]", True),
        ("localhost", "localhost", True), ("192.168.1.5", "192.168.1.5", False), ("fe80::1", "[fe80::1]", False),
        ("localhost.example", "localhost.example", False),
    ],
)
def test_which_hosts_are_this_machine_alone(host, name, is_loopback):
    assert app._check_host(host) == (name, is_loopback)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("--host", "0.0.0.0"), ["--host 0.0.0.0", "expected the one address or name", "192.168.1.5"]),
        (("--host", "::"), ["--host ::", "expected the one address or name"]),
        (("--host", "203.0.113.7"), ["--host 203.0.113.7", "this machine has no such address; give another"]),
        (("--host", "no such host"), ["--host no such host: no such name or address; check it"]),
        (("--port", "70000"), ["--port: expected 0 to 65535, got 70000"]),
        (("--max-waiting", "-1"), ["--max-waiting of 0 or more"]),
        (("--time-limit-s", "nan"), ["--time-limit-s above 0"]),
        (("--model", "nothing"), ["nothing", "expected a shipped model's name"]),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(refused, words, says):
    refused("app", *words, says=says)


def test_a_port_that_is_taken_is_refused_in_a_sentence(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        says = [f"port {port} is taken, perhaps by another hanet app; give another --port"]
        refused("app", "--port", port, says=says)


def test_it_serves_the_shipped_model(monkeypatch, capsys):
    servers = []
    initialise = uvicorn.Server.__init__

    def keep(server, config):
        initialise(server, config)
        servers.append(server)

    monkeypatch.setattr(uvicorn.Server, "__init__", keep)
    monkeypatch.setattr(uvicorn.Server, "install_signal_handlers", lambda server: None, raising=False)
    monkeypatch.setattr(uvicorn.Server, "capture_signals", lambda server: contextlib.nullcontext())
    thread = threading.Thread(target=app.run, args=(arguments("--port", 0),))
    thread.start()
    while not servers or not servers[0].started:
        thread.join(0.05)
        assert thread.is_alive()
    address = next(line for line in capsys.readouterr().err.splitlines() if line.startswith("Open ")).split()[1]
    model = httpx.get(f"{address}/api/model", timeout=10).json()
    servers[0].should_exit = True
    thread.join(10)
    assert model["name"].startswith("HA-Net(efficientnet_lite0)")
