"""What a batch job is, and how its files are cut into shards: the same files, model and version give the same names."""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from keras_hanet.analysis.reliability import RELIABILITY
from keras_hanet.checksums import hash_digests, hash_file
from keras_hanet.errors import InputError
from keras_hanet.metadata import METADATA_NAME
from keras_hanet.runtimes import find_model_file
from keras_hanet.version import __version__

SHARD_SIZE = 256
FRAMES, DEAD_LETTERS, MASKS, SUMMARY = "frames", "dead_letters", "masks", "batch.json"
# Part of every shard's name: a change of the columns or their values asks for a higher number.
_FORMAT = 1
_NUM_DIGITS = 12


@dataclass(frozen=True)
class Job:
    """What is done to the files, the same on every machine.

    Attributes:
        root: absolute path of the folder that the names of the files start from; each machine must see it.
        output: absolute path of the results; each machine must see it.
        model: name of a shipped model, or absolute path.
        model_sha256: what `hash_model` gives.
        num_threads: of one worker; runtimes may round otherwise with another number.
        with_masks: whether each mask is written as a PNG too.
        version: of this package where the job was made.
    """

    root: Path
    output: Path
    model: str
    model_sha256: str
    num_threads: int = 1
    with_masks: bool = False
    version: str = __version__


@dataclass(frozen=True)
class Shard:
    """Some files of a job.

    Attributes:
        number: of the shard, counted from 0.
        names: of its files, relative to the job's root, sorted.
        key: hash in hexadecimal of names, sizes, model, version and flags.
    """

    number: int
    names: tuple[str, ...]
    key: str

    @property
    def file_name(self):
        """Of its Parquet files, "shard-00012-4be0643f1d98.parquet"."""
        return f"shard-{self.number:05d}-{self.key}.parquet"

    def frames_path(self, job):
        """Where its rows lie; it is there when the whole shard is done."""
        return job.output / FRAMES / self.file_name

    def dead_letters_path(self, job):
        """Where its files that could not be read are named."""
        return job.output / DEAD_LETTERS / self.file_name


def make_shards(job, paths, size=SHARD_SIZE):
    """Cut the files of a job into shards.

    Args:
        job: `Job`.
        paths: sequence of paths below the job's root, in any order; they must exist.
        size: files a shard.

    Returns:
        list of `Shard`.

    Raises:
        InputError: if `size` is below 1.
    """
    if size < 1:
        raise InputError(f"--shard-size: expected 1 or more files a shard, got {size}")
    sizes = {Path(path).relative_to(job.root).as_posix(): Path(path).stat().st_size for path in paths}
    names = sorted(sizes)
    shards = []
    for number, start in enumerate(range(0, len(names), size)):
        part = tuple(names[start : start + size])
        shards.append(Shard(number, part, _hash(job, [(name, sizes[name]) for name in part])))
    return shards


def find_missing(job, shards):
    """The shards whose rows are not there yet.

    Raises:
        InputError: if the output holds shards of other files, of another model, version or flags: together with new
            ones they would be counted twice.
    """
    known = {shard.file_name for shard in shards}
    for folder in (FRAMES, DEAD_LETTERS):
        for path in sorted((job.output / folder).glob("shard-*.parquet")):
            if path.name not in known:
                raise InputError(
                    f"{path}: expected no shards, or those of the same files, model, version and flags, got another; "
                    "give another OUTPUT, or delete this one"
                )
    return [shard for shard in shards if not shard.frames_path(job).exists()]


def hash_model(model):
    """SHA-256 in hexadecimal of what a model computes with: its files, its metadata, its record of reliability.

    Raises:
        InputError: if there is no model.
    """
    file = find_model_file(model)
    folder = file.parent
    beside = [folder / METADATA_NAME, folder / RELIABILITY, file.with_suffix(".bin")]
    if file.suffix == ".pb":
        beside += sorted(path for name in ("variables", "assets") for path in (folder / name).rglob("*"))
    files = [file, *(path for path in beside if path.is_file())]
    return hash_digests({path.relative_to(folder).as_posix(): hash_file(path) for path in files})


def _hash(job, files):
    facts = (_FORMAT, job.version, job.model_sha256, job.num_threads, job.with_masks)
    digest = hashlib.sha256("\n".join(map(str, facts)).encode())
    for name, size in files:
        # The zero byte is the one that no path holds; a name that is no Unicode is hashed by its bytes.
        digest.update(f"\0{name}\0{size}".encode(errors="surrogateescape"))
    return digest.hexdigest()[:_NUM_DIGITS]
