"""A batch job from its shards to its summary: what is missing is done, here or on a Ray cluster."""

import logging
import os
import time
from contextlib import closing

from keras_hanet.batch.attempts import FOLDER as ATTEMPTS
from keras_hanet.batch.shards import FRAMES, SUMMARY, find_missing
from keras_hanet.batch.tables import count_rows
from keras_hanet.batch.worker import ShardReport, ShardWorker
from keras_hanet.cluster import connect
from keras_hanet.files import write_json
from keras_hanet.version import INTENDED_USE


def run_batch(job, shards, address=None, workers=None, say=print):
    """Do the shards that are missing.

    Args:
        job: `Job`.
        shards: list of `Shard`, all of the job.
        address: as for `connect`; None works in this process, one shard after the other.
        workers: the most workers on the cluster; None for one to every `num_threads` of its processor cores.
        say: takes lines of text for the user.

    Returns:
        dict, as batch.json holds it: counts of the whole job, and what this run did in which time.

    Raises:
        InputError: as `find_missing`, `ShardWorker` and `connect`.
        ModuleNotFoundError: if Ray is asked for and not installed, or what reads a kind of file is not.
    """
    missing = find_missing(job, shards)
    say(f"{job.output}: {len(shards)} shards, {len(shards) - len(missing)} of them done already")
    (job.output / FRAMES).mkdir(parents=True, exist_ok=True)
    start_s = time.monotonic()
    reports = _work_here(job, missing) if address is None else _work_on_cluster(job, missing, address, workers)
    with closing(reports):
        num_frames = _follow(reports, len(missing), say)
    seconds = time.monotonic() - start_s
    _remove_leftovers(job)
    last_run = {
        "shards": len(missing),
        "frames": num_frames,
        "seconds": round(seconds, 3),
        "frames_per_second": round(num_frames / seconds, 3) if missing else None,
        "address": address,
    }
    made_by = {"model": job.model, "model_sha256": job.model_sha256, "version": job.version}
    summary = {**count(job, shards), **made_by, "last_run": last_run, "intended_use": INTENDED_USE}
    write_json(job.output / SUMMARY, summary)
    return summary


def _follow(reports, num_shards, say):
    """Say of each report what was done so far; returns the number of frames."""
    start_s, num_frames = time.monotonic(), 0
    for done, report in enumerate(reports, start=1):
        num_frames += report.num_frames
        rate = num_frames / (time.monotonic() - start_s)
        say(
            f"shard {report.number} ({done} of {num_shards}): {report.num_files} files, {report.num_frames} frames, "
            f"{report.num_dead_letters} dead letters; {rate:.1f} frames a second, {report.memory_mb} MiB in "
            f"{report.worker}"
        )
    return num_frames


def count(job, shards):
    """Files, frames and dead letters of finished shards, from the Parquet files themselves."""
    return {
        "shards": len(shards),
        "files": sum(len(shard.names) for shard in shards),
        "frames": count_rows(shard.frames_path(job) for shard in shards),
        "dead_letters": count_rows(shard.dead_letters_path(job) for shard in shards),
    }


def _work_here(job, shards):
    if shards:
        worker = ShardWorker(job)
        yield from map(worker.work, shards)


def _work_on_cluster(job, shards, address, workers):
    """Yield a `ShardReport` of each shard as it is done, by actors that Ray Data starts, restarts and feeds."""
    if not shards:
        return
    with connect(address):
        import ray.data

        logging.getLogger("ray.data").setLevel(logging.ERROR)
        ray.data.DataContext.get_current().enable_progress_bars = False
        most = workers or max(1, int(ray.cluster_resources().get("CPU", 1)) // job.num_threads)
        rows = [_to_row(shard) for shard in shards]
        dataset = ray.data.from_items(rows, override_num_blocks=len(rows)).map_batches(
            ShardWorker,
            fn_constructor_args=(job,),
            batch_size=1,
            num_cpus=job.num_threads,
            # It can shrink with the cluster: a pool of a fixed size waits for the node that died.
            compute=ray.data.ActorPoolStrategy(
                min_size=1, max_size=most, initial_size=most, max_tasks_in_flight_per_actor=2
            ),
        )
        for row in dataset.iter_rows():
            yield ShardReport(**row)


def _to_row(shard):
    """A shard as Ray Data carries it; of a name that is no UTF-8 it takes the bytes alone."""
    return {"number": shard.number, "names": [os.fsencode(name) for name in shard.names], "key": shard.key}


def _remove_leftovers(job):
    """What killed processes left under temporary names; when all shards are there nobody writes any more."""
    for path in job.output.rglob(".*.part-*"):
        path.unlink(missing_ok=True)
    if (job.output / ATTEMPTS).exists():
        (job.output / ATTEMPTS).rmdir()
