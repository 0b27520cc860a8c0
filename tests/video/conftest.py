"""Films that the tests of this folder read."""

import pytest
from video_phantoms import write_phantom_film


@pytest.fixture(scope="session")
def film(tmp_path_factory):
    """The phantom cine: 24 frames of 96 x 128 pixels at 25 frames a second, H.264 in MP4; nobody changes it."""
    return write_phantom_film(tmp_path_factory.mktemp("film") / "clip.mp4", 24, 96, 128, frame_rate=25)
