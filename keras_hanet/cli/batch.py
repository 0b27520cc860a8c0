"""`hanet batch`: an archive -> Parquet, here or on a Ray cluster, and again only what is missing."""

from pathlib import Path

from keras_hanet.batch.shards import DEAD_LETTERS, FRAMES, SHARD_SIZE, Job, hash_model, make_shards
from keras_hanet.cli.console import say
from keras_hanet.cli.inputs import find_files
from keras_hanet.cli.recipe import add_address_argument
from keras_hanet.errors import FailedError, InputError
from keras_hanet.models.weights import DEFAULT, shipped_folder
from keras_hanet.version import INTENDED_USE

HELP = "Outline and measure an archive: Parquet files out, on this machine or a Ray cluster, going on where it stopped."
EXAMPLE = "hanet batch ARCHIVE results --address auto"


def add_arguments(parser):
    parser.add_argument(
        "input", type=Path, metavar="INPUT",
        help="folder with images, ultrasound DICOM files and films, searched to its depth; or one such file",
    )
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="folder of the results")
    parser.add_argument(
        "--model", default=DEFAULT, metavar="MODEL",
        help="name of a shipped model, or an exported folder, run folder or model file (default: %(default)s)",
    )
    parser.add_argument("--masks", action="store_true", help="write each mask as a PNG too")
    parser.add_argument(
        "--shard-size", type=int, default=SHARD_SIZE, metavar="N",
        help="files in one Parquet file; a kill costs what is unfinished of one, so fewer for films "
        "(default: %(default)s)",
    )
    parser.add_argument(
        "--threads", type=int, default=1, metavar="N", help="processor cores of a worker (default: %(default)s)"
    )
    add_address_argument(parser)
    parser.add_argument(
        "--workers", type=int, metavar="N", help="with --address: the most workers (default: all cores of the cluster)"
    )


def run(arguments):
    from keras_hanet.batch.run import run_batch

    for name in ("threads", "workers"):
        value = getattr(arguments, name)
        if value is not None and value < 1:
            raise InputError(f"--{name}: expected 1 or more, got {value}")
    job = _to_job(arguments)
    files = find_files(arguments.input.absolute(), arguments.output)
    shards = make_shards(job, files, arguments.shard_size)
    say(f"{len(files)} files in {len(shards)} shards, model {arguments.model}")
    summary = run_batch(job, shards, arguments.address, arguments.workers, say)
    say(
        f"{summary['files']} files: {summary['frames']} rows in {job.output / FRAMES}, {summary['dead_letters']} files "
        f"that could not be read in {job.output / DEAD_LETTERS}"
    )
    say(INTENDED_USE)
    if not summary["frames"]:
        raise FailedError(f"none of {summary['files']} files could be read; {job.output / DEAD_LETTERS} says why")


def _to_job(arguments):
    """Paths become absolute: a worker on the cluster has a working folder of its own."""
    source = arguments.input.absolute()
    model = arguments.model if shipped_folder(arguments.model) else str(Path(arguments.model).absolute())
    return Job(
        root=source if source.is_dir() else source.parent,
        output=arguments.output.absolute(),
        model=model,
        model_sha256=hash_model(model),
        num_threads=arguments.threads,
        with_masks=arguments.masks,
    )
