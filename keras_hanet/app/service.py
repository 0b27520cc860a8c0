"""What the server does, apart from HTTP: a file or a phantom -> a kept result, and a kept result at a threshold."""

from dataclasses import dataclass
from itertools import islice

import numpy as np

from keras_hanet.analysis.analysis import Analysis, analyse
from keras_hanet.app.answers import at_threshold, describe
from keras_hanet.app.jobs import Jobs
from keras_hanet.app.results import Result, Results
from keras_hanet.data.phantom_drawing import draw_phantom
from keras_hanet.errors import InputError
from keras_hanet.frame import Frame
from keras_hanet.sources import open_source

PHANTOM_HEIGHT, PHANTOM_WIDTH = 360, 420
_PHANTOMS = ("benign", "malignant", "benign", "malignant", "normal")


@dataclass(frozen=True)
class Found:
    """A kept result as it is asked for.

    Attributes:
        name: of the result.
        result: `Result`.
        analysis: its `Analysis`, at the threshold.
        threshold: 0..1, None for the model's own.
    """

    name: str
    result: Result
    analysis: Analysis
    threshold: float | None


class Service:
    """A model with what it has answered.

    `analyse_upload` and `analyse_phantom` run the network and are called from the thread of `jobs` alone; `find` may be
    called from any.

    Args:
        predictor: `Predictor`.
        reliability: `Reliability` of the model, None if it has none.
        model_name: what reports call the model; None for its own name.
        jobs: `Jobs`, None for one with its defaults.
        results: `Results`, None for one with its defaults.
    """

    def __init__(self, predictor, reliability=None, model_name=None, jobs=None, results=None):
        self.predictor = predictor
        self.reliability = reliability
        self.model_name = predictor.metadata.name if model_name is None else model_name
        self.jobs = Jobs() if jobs is None else jobs
        self.results = Results() if results is None else results

    @property
    def metadata(self):
        """The model's `Metadata`."""
        return self.predictor.metadata

    def analyse_upload(self, upload):
        """Read an `Upload`, analyse the frame it asks for and keep the result: its description, JSON-ready.

        Raises:
            InputError: if it cannot be read or has no such frame.
        """
        source = open_source(upload.content, upload.name)
        frame = next(islice(source.frames(), upload.index, None), None)
        if frame is None:
            raise InputError(
                f"{upload.name}: expected a frame below {source.num_frames}, got {upload.index}; the first is 0"
            )
        # A segmentation has a frame for each frame of its source; of a film only one was looked at.
        dataset = source.dataset if source.kind == "dicom" and source.num_frames == 1 else None
        return self._keep(frame, dataset, source.num_frames, upload.index)

    def analyse_phantom(self, seed):
        """Draw the phantom of a seed, 0 or more, analyse it and keep the result: its description, JSON-ready."""
        kind = _PHANTOMS[seed % len(_PHANTOMS)]
        image, _ = draw_phantom(kind, np.random.default_rng(seed), PHANTOM_HEIGHT, PHANTOM_WIDTH)
        grey = np.broadcast_to(image[..., None], (*image.shape, 3))
        return self._keep(Frame(grey, f"phantom {seed} ({kind})"))

    def find(self, name, threshold=None):
        """The kept result of a name, at a threshold, 0..1, or at the model's own.

        Returns:
            `Found`; None if no such result is kept.
        """
        result = self.results.get(name)
        if result is None:
            return None
        analysis = at_threshold(result.analysis, threshold, self.metadata, self.reliability)
        return Found(name, result, analysis, threshold)

    def describe(self, found):
        """A `Found` as JSON, see `keras_hanet.app.answers.describe`."""
        return describe(found.name, found.result, found.analysis, found.threshold, self.metadata)

    def _keep(self, frame, dataset=None, num_frames=1, index=0):
        [analysis] = analyse(self.predictor, [frame], self.reliability)
        result = Result(analysis, dataset, num_frames, index)
        return self.describe(Found(self.results.add(result), result, analysis, None))
