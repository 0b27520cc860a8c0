"""The Parquet files of a shard: a row a frame with its lesions and mask, and a row a file that could not be read."""

from contextlib import ExitStack, contextmanager
from dataclasses import fields

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from pycocotools import mask as coco_mask

from keras_hanet.files import replacing
from keras_hanet.measures import LesionMeasures
from keras_hanet.outputs.tables import FRAME_COLUMNS, LESION_ROW_COLUMNS, frame_row, lesion_row
from keras_hanet.version import INTENDED_USE, __version__

# Rows that are held until they are written as a group; at most some megabytes.
_GROUP_ROWS = 256
_ARROW_OF = {int: pa.int32(), float: pa.float64(), float | None: pa.float64(), str: pa.string(), bool: pa.bool_()}
_FRAME_TYPES = {
    "image": pa.string(),
    **dict.fromkeys(("frame", "height_px", "width_px", "num_lesions", "lesion_area_px"), pa.int32()),
    "doubtful": pa.bool_(),
    "flags": pa.list_(pa.string()),
}
_LESION_TYPES = {field.name: _ARROW_OF[field.type] for field in fields(LesionMeasures)}
_BOOLEANS = {"doubtful", "is_cut"}
# As pycocotools.mask.decode takes it.
RLE = pa.struct({"size": pa.list_(pa.int32()), "counts": pa.string()})
FRAMES_SCHEMA = pa.schema(
    {
        **{name: _FRAME_TYPES.get(name, pa.float64()) for name in FRAME_COLUMNS},
        "lesions": pa.list_(
            pa.struct({name: _LESION_TYPES.get(name, pa.float64()) for name in LESION_ROW_COLUMNS})
        ),
        "mask": RLE,
    }
)
DEAD_LETTERS_SCHEMA = pa.schema({"image": pa.string(), "frames_read": pa.int32(), "reason": pa.string()})


class ShardTables:
    """Both tables of a shard while they are being written; made by `writing_shard`.

    Attributes:
        num_frames, num_dead_letters: rows so far.
    """

    def __init__(self, frames, dead_letters):
        self._frames, self._dead_letters = frames, dead_letters
        self._group = []
        self.num_frames = self.num_dead_letters = 0

    def add(self, image, number, analysis):
        """Add a frame.

        Args:
            image: what the table calls the file.
            number: of the frame in it, counted from 0.
            analysis: `Analysis`.
        """
        row = {"image": image, "frame": number, **_typed(frame_row(analysis))}
        row["flags"] = list(analysis.flags)
        row["lesions"] = [_typed(lesion_row(lesion, analysis)) for lesion in analysis.lesions]
        row["mask"] = encode_mask(analysis.prediction.mask)
        self._group.append(row)
        self.num_frames += 1
        if len(self._group) == _GROUP_ROWS:
            self.flush()

    def add_dead_letter(self, image, frames_read, reason):
        """Add a file that could not be read to its end.

        Args:
            image: what the table calls the file.
            frames_read: how many of its frames have rows nevertheless.
            reason: a sentence.
        """
        row = {"image": image, "frames_read": frames_read, "reason": reason}
        self._dead_letters.write_table(pa.Table.from_pylist([row], DEAD_LETTERS_SCHEMA))
        self.num_dead_letters += 1

    def flush(self):
        """Write the rows that are held."""
        if self._group:
            self._frames.write_table(pa.Table.from_pylist(self._group, FRAMES_SCHEMA))
            self._group = []


@contextmanager
def writing_shard(job, shard):
    """Give `ShardTables`; at the end both files are whole, the dead letters first, so that the rows mean "done".

    Args:
        job: `Job`.
        shard: `Shard`.
    """
    facts = {"keras_hanet": __version__, "model_sha256": job.model_sha256, "intended_use": INTENDED_USE}
    parts = (shard.frames_path(job), FRAMES_SCHEMA), (shard.dead_letters_path(job), DEAD_LETTERS_SCHEMA)
    with ExitStack() as stack:
        writers = []
        for path, schema in parts:
            temporary = stack.enter_context(replacing(path))
            writer = pq.ParquetWriter(temporary, schema.with_metadata(facts), compression="zstd")
            writers.append(stack.enter_context(writer))
        tables = ShardTables(*writers)
        yield tables
        tables.flush()


def encode_mask(mask):
    """A mask, (H, W) uint8 {0, 1}, as the run lengths of COCO: {"size": [H, W], "counts": str}."""
    encoded = coco_mask.encode(np.asfortranarray(mask, np.uint8))
    return {"size": [int(side) for side in encoded["size"]], "counts": encoded["counts"].decode("ascii")}


def decode_mask(encoded):
    """What `encode_mask` was given: (H, W) uint8 {0, 1}."""
    return coco_mask.decode({"size": list(encoded["size"]), "counts": encoded["counts"]})


def count_rows(paths):
    """Rows of some Parquet files together, from their ends alone."""
    return sum(pq.read_metadata(path).num_rows for path in paths)


def _typed(row):
    """A row of CSV cells with None for what is empty, and True or False for 1 and 0."""
    cells = {name: None if value == "" else value for name, value in row.items()}
    for name in _BOOLEANS.intersection(cells):
        cells[name] = None if cells[name] is None else bool(cells[name])
    return cells
