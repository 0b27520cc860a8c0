"""Tasks in processes of their own: here quickly, on two nodes slowly."""

import os
import socket
import time
from pathlib import Path

import cluster_tasks
import pytest

from keras_hanet import cluster
from keras_hanet.cluster import connect, run_tasks
from keras_hanet.errors import FailedError, InputError


def ended(tasks, function=cluster_tasks.write, **options):
    return dict(event for event in run_tasks(function, tasks, **options) if event is not None)


def test_each_task_ends_with_its_code_and_gets_its_share_of_the_cores(tmp_path):
    started = []
    tasks = {name: (tmp_path / name, code) for name, code in (("one", 0), ("two", 3), ("three", 0))}
    assert ended(tasks, jobs=2, started=started.append) == {"one": 0, "two": 3, "three": 0}
    assert started == ["one", "two", "three"]
    cores = str(max(1, os.cpu_count() // 2))
    assert [(tmp_path / name).read_text().split()[0] for name in tasks] == [cores] * 3
    pids = {(tmp_path / name).read_text().split()[1] for name in tasks}
    assert len(pids - {str(os.getpid())}) == 3


def test_a_caller_hears_of_time_passing(tmp_path, monkeypatch):
    monkeypatch.setattr(cluster, "SECONDS_BETWEEN_LOOKS", 0.01)
    events = list(run_tasks(cluster_tasks.write, {"one": (tmp_path / "one", 0)}))
    assert events[-1] == ("one", 0)
    assert set(events[:-1]) == {None}


def test_jobs_below_one_are_refused():
    with pytest.raises(InputError, match="jobs must be at least 1, got 0"):
        list(run_tasks(cluster_tasks.write, {}, jobs=0))


def test_where_no_cluster_answers_is_said_in_a_sentence(monkeypatch):
    import ray

    def refuse(*arguments, **options):
        raise ConnectionError("Could not find any running Ray instance.\nlong help")

    monkeypatch.setattr(ray, "init", refuse)
    with pytest.raises(InputError, match=r"auto: .* \(Could not find any .*\.\); start one with ray start --head"):
        connect("auto").__enter__()


def test_a_port_where_nobody_listens_is_said_at_once():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(InputError, match=rf"--address 127.0.0.1:{port}: expected a Ray cluster .*refused"):
        connect(f"127.0.0.1:{port}").__enter__()


def test_errors_of_workers_come_out_as_themselves():
    from ray import exceptions

    mine = InputError("a.tflite: it is damaged")
    wrapped = exceptions.RayTaskError("work", "Traceback ...", mine)
    outer = exceptions.RayError("the actor died")
    outer.__cause__ = wrapped
    assert cluster._cause(wrapped) is mine
    assert cluster._cause(outer) is mine
    missing = ModuleNotFoundError("No module named 'av'", name="av")
    assert cluster._cause(exceptions.RayTaskError("work", "Traceback ...", missing)) is missing
    other = cluster._cause(exceptions.RayError("first line\nNode died"))
    assert isinstance(other, FailedError)
    assert str(other) == "the cluster gave up (Node died); the same command goes on with what is missing"


@pytest.mark.slow
def test_tasks_on_two_nodes_survive_the_loss_of_one(tmp_path, monkeypatch):
    from ray_cluster import two_nodes

    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))

    with two_nodes(num_gpus=1) as (ray_cluster, _):
        tasks = {name: (tmp_path / name, code) for name, code in (("one", 0), ("two", 3))}
        # The one GPU is the second node's, which therefore gets each task; it is declared, not there.
        assert ended(tasks, address=ray_cluster.address) == {"one": 0, "two": 3}
        cores, _, folder, gpu = (tmp_path / "one").read_text().split()
        assert (cores, folder, gpu) == ("1", os.getcwd(), "0")
        other = ray_cluster.add_node(num_cpus=1, num_gpus=1, object_store_memory=10**8)
        waiting = {name: (tmp_path / name, tmp_path / "go") for name in ("three", "four")}
        codes, deadline = {}, time.monotonic() + 100
        for event in run_tasks(cluster_tasks.wait_for, waiting, address=ray_cluster.address):
            assert time.monotonic() < deadline
            if event is not None:
                codes[event[0]] = event[1]
            elif not (tmp_path / "go").exists() and all(path.exists() for path, _ in waiting.values()):
                ray_cluster.remove_node(other, allow_graceful=False)
                (tmp_path / "go").write_text("")
        assert codes == {"three": 0, "four": 0}
        with pytest.raises(ModuleNotFoundError, match="no_such_library"):
            call_on(ray_cluster.address, cluster_tasks.need_a_library)


def call_on(address, function):
    import ray

    with connect(address):
        return ray.get(ray.remote(function).remote())
