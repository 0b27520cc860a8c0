"""What works off shards: one object a process, in a plain loop or as an actor of Ray, which writes the same bytes."""

import os
import socket
from dataclasses import asdict, dataclass
from pathlib import Path

from keras_hanet.analysis.analysis import analyse
from keras_hanet.analysis.reliability import read_reliability
from keras_hanet.batch.attempts import MAX_ENDED, Attempts
from keras_hanet.batch.shards import MASKS, Shard, hash_model
from keras_hanet.batch.tables import writing_shard
from keras_hanet.drawing import write_picture
from keras_hanet.errors import InputError
from keras_hanet.inference import Predictor
from keras_hanet.sources import open_source
from keras_hanet.version import __version__


@dataclass(frozen=True)
class ShardReport:
    """What the log says of a shard; none of it goes into the results.

    Attributes:
        number: of the shard.
        num_files, num_frames, num_dead_letters: counts.
        memory_mb: of the worker at the end of the shard, resident, in MiB; 0 where the system does not say.
        worker: host and process.
    """

    number: int
    num_files: int
    num_frames: int
    num_dead_letters: int
    memory_mb: int
    worker: str


class ShardWorker:
    """A loaded model that works off shards.

    Args:
        job: `Job`.

    Raises:
        InputError: as `Predictor` and `read_reliability`, or if this machine has another model or version than the
            one where the job was made: it would write other rows under the same names.
    """

    def __init__(self, job):
        if (job.version, job.model_sha256) != (__version__, hash_model(job.model)):
            raise InputError(
                f"{socket.gethostname()}: expected version {job.version} and the model {job.model} with the hash "
                f"{job.model_sha256[:12]}, got another; install and copy the same on every machine"
            )
        self._job = job
        self._predictor = Predictor(job.model, job.num_threads)
        self._reliability = read_reliability(job.model)

    def __call__(self, batch):
        """`work`, as Ray Data calls it: {column: array of one} to {column: list of one}."""
        shard = Shard(int(batch["number"][0]), tuple(map(os.fsdecode, batch["names"][0])), str(batch["key"][0]))
        return {name: [value] for name, value in asdict(self.work(shard)).items()}

    def work(self, shard):
        """Read, outline and measure the files of a shard, one frame at a time, and write its tables.

        Args:
            shard: `Shard`.

        Returns:
            `ShardReport`.

        Raises:
            ModuleNotFoundError: if what reads a kind of file is not installed: then no file of it could be read.
            OSError: if the results cannot be written.
        """
        attempts = Attempts(self._job, shard)
        try:
            with writing_shard(self._job, shard) as tables:
                for path in shard.names:
                    self._read(path, attempts, tables)
        finally:
            attempts.end()
        return ShardReport(
            number=shard.number,
            num_files=len(shard.names),
            num_frames=tables.num_frames,
            num_dead_letters=tables.num_dead_letters,
            memory_mb=_resident_mb(),
            worker=f"{socket.gethostname()}:{os.getpid()}",
        )

    def _read(self, path, attempts, tables):
        name = _to_text(path)
        if not attempts.begin(name):
            reason = f"{name}: the process that read it ended {MAX_ENDED} times; the file damages its reader"
            tables.add_dead_letter(name, 0, reason)
            return
        num_read = 0
        frames = self._frames(path, name)
        while True:
            try:
                analysis = next(frames, None)
            except ModuleNotFoundError:
                raise
            except InputError as error:
                tables.add_dead_letter(name, num_read, str(error))
                return
            except Exception as error:  # whatever a decoder raises; its text may name a patient
                reason = f"{name}: it cannot be read ({type(error).__name__}); hanet predict on it says more"
                tables.add_dead_letter(name, num_read, reason)
                return
            if analysis is None:
                return
            if self._job.with_masks:
                write_picture(self._mask_path(path, num_read), analysis.prediction.mask * 255)
            tables.add(name, num_read, analysis)
            num_read += 1

    def _frames(self, path, name):
        """Yield the `Analysis` of each frame of a file, by itself, so that a batch's size cannot change a bit."""
        for frame in open_source(Path(self._job.root, path), name).frames():
            yield analyse(self._predictor, [frame], self._reliability)[0]

    def _mask_path(self, path, frame):
        """masks/scan.png-0.png: whatever two files are called, their masks have two names."""
        return self._job.output / MASKS / f"{path}-{frame}.png"


def _to_text(path):
    """A path for people and tables: of bytes that are no UTF-8, Linux takes any, each becomes a question mark."""
    return os.fsencode(path).decode("utf-8", errors="replace")


def _resident_mb():
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except FileNotFoundError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE") // 2**20
