"""What makes several processes one training, and how all of them end when one does."""

import signal

import pytest
from together import end, free_address, start

from keras_hanet.errors import InputError
from keras_hanet.training import processes
from keras_hanet.training.processes import Processes, joined, read_processes

TWO = ("host:1", 2, 1)
NAMES = ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID")


def test_flags_or_the_environment_name_the_processes():
    from_environment = dict(zip(NAMES, ("host:1", "2", "1"), strict=True))
    assert read_processes(*TWO, environment={}) == Processes(*TWO)
    assert read_processes(environment=from_environment) == Processes(*TWO)
    assert read_processes(process_id=0, environment=from_environment) == Processes("host:1", 2, 0)
    assert read_processes(environment={}) is None
    assert read_processes("host:1", 1, 0, environment={}) is None


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("host:1", 2, None), "--process-id is missing"),
        ((None, 2, 0), "--coordinator is missing"),
        (("host", 2, 0), "must be HOST:PORT, got 'host'"),
        (("host:x", 2, 0), "must be HOST:PORT, got 'host:x'"),
        (("host:1", 2, 2), "from 0 to 1 for 2 processes, got 2"),
        (("host:1", "two", 0), "expected numbers"),
    ],
)
def test_a_wrong_choice_is_refused(arguments, says):
    with pytest.raises(InputError, match=says):
        read_processes(*arguments, environment={})


def test_one_process_is_joined_to_nothing():
    with joined(None):
        pass


def test_tensorflow_cannot_join(monkeypatch):
    monkeypatch.setattr(processes, "is_jax", lambda: False)
    with pytest.raises(InputError, match="under JAX only"), joined(Processes(*TWO)):
        pass


def test_a_process_that_waits_in_vain_says_so(phantoms, tmp_path):
    task = {"data": phantoms, "run_dir": tmp_path / "run", "start_timeout_s": 3}
    code, output = end(start(**task, processes=[free_address(), 2, 1]))
    assert code != 0
    assert "a process of this training has stopped" in output or "not all 2 processes came within 3 s" in output
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
@pytest.mark.parametrize("killed", [0, 1])
def test_a_killed_process_ends_the_others_with_a_sentence(killed, phantoms, tmp_path):
    address, run_dir = free_address(), tmp_path / "run"
    tasks = [{"data": phantoms, "run_dir": run_dir, "processes": [address, 2, number]} for number in range(2)]
    tasks[killed]["kill_at"] = 1
    both = [start(**task) for task in tasks]
    (code, _), (other_code, output) = end(both[killed]), end(both[1 - killed])
    assert code == -signal.SIGKILL
    assert other_code != 0
    assert "a process of this training has stopped, and all of them with it" in output
    assert len((run_dir / "history.csv").read_text().splitlines()) == 2  # the first epoch is whole
    assert not (run_dir / "model.keras").exists()
