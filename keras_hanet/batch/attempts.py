"""A file that ends the process that reads it: found again after the restart, and left out at the third time.

A damaged file may crash a decoder or take all memory; then no exception is caught, the process is gone. Ray starts
another that begins the shard again, and would for ever.
"""

import json

from keras_hanet.files import write_json

FOLDER = ".attempts"
MAX_ENDED = 3


class Attempts:
    """The note of what a shard's process reads, beside the results while the shard is worked on.

    Args:
        job: `Job`.
        shard: `Shard`; a note that an ended process left is taken up.
    """

    def __init__(self, job, shard):
        self._path = job.output / FOLDER / f"{shard.file_name}.json"
        self._num_ended = {}
        try:
            left = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return
        self._num_ended = left["ended"]
        self._num_ended[left["reading"]] = self._num_ended.get(left["reading"], 0) + 1

    def begin(self, name):
        """Say that a file is read next; False if processes ended over it `MAX_ENDED` times: it is to be left out."""
        if self._num_ended.get(name, 0) >= MAX_ENDED:
            return False
        write_json(self._path, {"reading": name, "ended": self._num_ended})
        return True

    def end(self):
        """The shard is done, or given up by a process that lives: there is nothing to take up."""
        self._path.unlink(missing_ok=True)
