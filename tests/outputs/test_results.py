from types import SimpleNamespace

import av
import numpy as np
import pytest
from PIL import Image

from keras_hanet.frame import Frame
from keras_hanet.inference import Predictor
from keras_hanet.metadata import Metadata
from keras_hanet.outputs.results import Results


@pytest.fixture
def predictor():
    """Takes what is bright for lesion."""
    metadata = Metadata(64, 0.5, 0.0, "bright")
    return Predictor.from_function(lambda images: (images[..., 0] > 127) * np.float32(1), metadata)


class Rows(list):
    """Stands for the tables."""

    def add(self, image, number, analysis):
        self.append((image, number, [lesion.area_px for lesion in analysis.lesions]))


def film(sides, kind="video"):
    """A source of frames of 64 x 64 with a bright square of each side."""

    def frames():
        for number, side in enumerate(sides):
            image = np.full((64, 64, 3), 20, np.uint8)
            image[20 : 20 + side, 20 : 20 + side] = 250
            yield Frame(image, f"clip#{number}", time_s=number / 25)

    return SimpleNamespace(name="clip", kind=kind, num_frames=len(sides), frames=frames)


def files_of(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_a_still_gives_mask_overlay_and_report(tmp_path, predictor):
    rows = Rows()
    results = Results(tmp_path, predictor, "bright", with_reports=True)
    assert results.write("deep/a.b", film([10], "image"), rows) is None
    assert files_of(tmp_path) == [
        *("masks/deep/a.b.png", "overlays/deep/a.b.png", "reports/deep/a.b.html", "reports/deep/a.b.pdf")
    ]
    mask = np.asarray(Image.open(tmp_path / "masks" / "deep" / "a.b.png"))
    assert (mask.sum(), mask[20:30, 20:30].min()) == (100 * 255, 255)
    assert rows == [("clip", 0, [100])]


def test_a_film_gives_an_overlay_a_row_a_frame_and_a_report_on_its_largest_lesion(tmp_path, predictor):
    rows = Rows()
    speed = Results(tmp_path, predictor, "bright", with_reports=True, smoothing_s=0).write("a", film([4, 12, 8]), rows)
    assert files_of(tmp_path) == ["overlays/a.mp4", "reports/a.html", "reports/a.pdf"]
    assert rows == [("clip", 0, [16]), ("clip", 1, [144]), ("clip", 2, [64])]
    assert speed.num_frames == 3
    assert "clip#1" in (tmp_path / "reports" / "a.html").read_text()
    with av.open(str(tmp_path / "overlays" / "a.mp4")) as container:
        assert sum(1 for _ in container.decode(video=0)) == 3


def test_smoothing_is_that_of_the_results(tmp_path, predictor):
    rows = Rows()
    Results(tmp_path, predictor, "bright", smoothing_s=1000.0).write("a", film([10, 0, 0]), rows)
    assert rows == [("clip", number, [100]) for number in range(3)]
