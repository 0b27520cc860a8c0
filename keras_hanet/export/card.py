"""The card of a model: what an exported file says of itself besides its operating point."""

from collections import Counter
from pathlib import Path

from keras_hanet.checksums import hash_digests, hash_file
from keras_hanet.data.sample import DIAGNOSES
from keras_hanet.errors import InputError
from keras_hanet.files import read_json
from keras_hanet.version import __version__

LICENCE = "Apache-2.0"
PAPER = "https://arxiv.org/abs/2506.16592"
# What makes a run what it is: the same bytes give the same predictions.
RUN_FILES = ("config.json", "split.json", "metadata.json", "model.keras")


def make_card(model, run_dir, split, operations):
    """Write down where a model comes from and how good it was.

    Args:
        model: Keras model that gives logits, or a dict of them with a diagnosis.
        run_dir: path of its run folder.
        split: the run's `Split`.
        operations: floating-point operations for one image.

    Returns:
        dict, JSON-ready: "contract" (names, shapes, types and ranges of input and outputs), "classes", "training"
        (images by data set and diagnosis, and how they were split), "scores" of the run's test part with 95 %
        intervals, "run_sha256", "parameters", "flops", "version", "licence", "paper".

    Raises:
        InputError: if the run has not finished.
    """
    run_dir = Path(run_dir)
    return {
        "contract": _contract(model),
        "classes": ["background", "lesion"],
        "training": {"split": split.name, "leaks": split.leaks, "images": _count((*split.train, *split.extra))},
        "scores": _scores(run_dir / "summary.json"),
        "run_sha256": hash_run(run_dir),
        "parameters": model.count_params(),
        "flops": operations,
        "version": __version__,
        "licence": LICENCE,
        "paper": PAPER,
    }


def hash_run(run_dir):
    """SHA-256 in hexadecimal of the lines "name SHA-256" of `RUN_FILES`."""
    return hash_digests({name: hash_file(run_dir / name) for name in RUN_FILES})


def count_operations(model, metadata):
    """Floating-point operations of one image: multiplications and additions counted apart.

    Args:
        model: Keras model that gives logits.
        metadata: its `Metadata`.

    Returns:
        int, as TensorFlow's profiler counts them.
    """
    import tensorflow as tf

    from keras_hanet.serving.graph import ServedModel

    profiler = tf.compat.v1.profiler
    options = profiler.ProfileOptionBuilder(profiler.ProfileOptionBuilder.float_operation()).with_empty_output().build()
    graph = ServedModel(model, metadata, batch_size=1).probability.get_concrete_function().graph
    return profiler.profile(graph, options=options).total_float_ops


def _contract(model):
    size = model.input.shape[1]
    outputs = {"probability": {"shape": ["N", size, size, 1], "dtype": "float32", "range": [0, 1]}}
    if isinstance(model.output, dict):
        outputs["diagnosis"] = {"shape": ["N", len(DIAGNOSES)], "dtype": "float32", "classes": list(DIAGNOSES)}
    image = {"shape": ["N", size, size, 3], "dtype": "float32", "range": [0, 255], "channels": "RGB, grey replicated"}
    return {
        "inputs": {"image": image},
        "outputs": outputs,
        "preprocessing": "stretched to S x S, bilinear with antialiasing; normalisation is inside the graph",
        "postprocessing": "probability resized bilinearly to the image's size, then threshold and smallest lesion",
    }


def _count(samples):
    """{"busi": {"benign": 262, ...}}."""
    counts = Counter((sample.source, sample.diagnosis or "unknown") for sample in samples)
    sources = sorted({source for source, _ in counts})
    return {source: {name: num for (of, name), num in sorted(counts.items()) if of == source} for source in sources}


def _scores(path):
    try:
        summary = read_json(path, "evaluate the run again")
    except FileNotFoundError:
        raise InputError(f"{path.parent}: expected a finished run with a {path.name}; let its training end") from None
    lesion, normal = summary["lesion"], summary["normal"]
    return {
        "lesion": {name: lesion[name] for name in ("num", "missed", "dice", "jaccard")},
        "normal": {name: normal[name] for name in ("num", "false_alarm_rate") if name in normal},
        "split": summary["split"],
    }
