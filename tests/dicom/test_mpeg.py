import contextlib
import io

import av
import numpy as np
import pytest
from dicom_variants import draw_moving_square, encode_film
from pydicom.encaps import encapsulate

from keras_hanet.dicom.mpeg import read_mpeg

KINDS = [("mpeg2video", "mpegts"), ("libx264", "mp4"), ("libx264", "mpegts"), ("libx265", "mp4")]


@pytest.mark.parametrize(("codec", "form"), KINDS)
@pytest.mark.parametrize("num_fragments", [1, 3])
def test_every_picture_comes_out_in_its_order(codec, form, num_fragments):
    frames = draw_moving_square()
    value = encapsulate([encode_film(frames, codec, form)], fragments_per_frame=num_fragments)
    decoded = list(read_mpeg(io.BytesIO(value), 48, 64))
    assert len(decoded) == 6
    assert all(image.dtype == np.uint8 and image.shape == (48, 64, 3) for image in decoded)
    # The square is 160 levels brighter and moves by 6 columns: its neighbour in time is 6 of 64 columns off.
    for number, image in enumerate(decoded):
        distances = [np.abs(image.astype(int) - frame).mean() for frame in frames]
        assert np.argmin(distances) == number
        assert distances[number] < 3


def test_pictures_of_another_size_than_the_header_says_are_refused():
    value = encapsulate([encode_film(draw_moving_square(), "libx264", "mp4")])
    with pytest.raises(ValueError, match="size that the header says"):
        next(read_mpeg(io.BytesIO(value), 64, 48))


def test_a_stream_that_is_cut_off_ends_early_or_raises():
    stream = encode_film(draw_moving_square(40), "mpeg2video", "mpegts")
    decoded = []
    with contextlib.suppress(ValueError, av.FFmpegError):
        decoded.extend(read_mpeg(io.BytesIO(encapsulate([stream[: len(stream) // 2]])), 48, 64))
    assert len(decoded) < 40


def test_a_playlist_opens_no_other_file(tmp_path):
    film = tmp_path / "film.ts"
    film.write_bytes(encode_film(draw_moving_square(), "mpeg2video", "mpegts"))
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{film}\n#EXT-X-ENDLIST\n".encode()
    for value in (playlist, f"ffconcat version 1.0\nfile {film}\n".encode()):
        with pytest.raises(av.FFmpegError):
            next(read_mpeg(io.BytesIO(encapsulate([value])), 48, 64))


def test_a_container_that_dicom_does_not_know_is_refused():
    value = encapsulate([encode_film(draw_moving_square(), "mpeg2video", "avi")])
    with pytest.raises(av.FFmpegError):
        next(read_mpeg(io.BytesIO(value), 48, 64))
