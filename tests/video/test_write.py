import av
import numpy as np
import pytest

from keras_hanet.video import write
from keras_hanet.video.read import read_video
from keras_hanet.video.write import find_encoder, writing_film


def gradient(height, width):
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 0] = np.linspace(0, 255, width)
    image[..., 1] = np.linspace(0, 255, height)[:, None]
    image[..., 2] = 60
    return image


def write_film(path, pictures, times_s=None):
    with writing_film(path) as film:
        for number, picture in enumerate(pictures):
            film.write(picture, None if times_s is None else times_s[number])
    return path


def test_a_film_read_again_has_the_same_frames_at_the_same_times(tmp_path):
    pictures = [np.roll(gradient(96, 128), 3 * number, axis=1) for number in range(20)]
    source = read_video(write_film(tmp_path / "film.mp4", pictures, np.arange(20) / 12.5))
    frames = list(source.frames())
    assert (source.num_frames, source.frame_rate) == (20, 12.5)
    np.testing.assert_allclose([frame.time_s for frame in frames], np.arange(20) / 12.5, atol=1e-4)
    for picture, frame in zip(pictures, frames, strict=True):
        assert np.abs(frame.image.astype(int) - picture).mean() < 6  # colour is stored at half the size


def test_it_is_what_a_browser_plays(tmp_path):
    with av.open(str(write_film(tmp_path / "film.mp4", [gradient(64, 64)] * 3))) as container:
        stream = container.streams.video[0]
        assert "mp4" in container.format.name
        assert (stream.codec_context.name, stream.pix_fmt) == ("h264", "yuv420p")


@pytest.mark.parametrize(("height", "width"), [(63, 97), (64, 97), (63, 96)])
def test_an_odd_size_is_filled_up_to_an_even_one(height, width, tmp_path):
    picture = gradient(height, width)
    source = read_video(write_film(tmp_path / "film.mp4", [picture] * 2))
    image = next(source.frames()).image
    assert image.shape == (64, 98 if width == 97 else 96, 3)
    assert np.abs(image[:height, :width].astype(int) - picture).mean() < 6
    np.testing.assert_allclose(image[-1].astype(int), image[62], atol=12)


def test_without_times_it_has_30_frames_a_second(tmp_path):
    frames = list(read_video(write_film(tmp_path / "film.mp4", [gradient(64, 64)] * 4)).frames())
    np.testing.assert_allclose([frame.time_s for frame in frames], np.arange(4) / 30, atol=1e-4)


def test_times_that_stand_still_keep_every_picture(tmp_path):
    path = write_film(tmp_path / "film.mp4", [gradient(64, 64)] * 4, (0, 0.04, 0.04, 0.02))
    assert len(list(read_video(path).frames())) == 4


def test_an_error_leaves_no_file_behind_and_the_old_film_whole(tmp_path):
    path = write_film(tmp_path / "film.mp4", [gradient(64, 64)] * 2)
    before = path.read_bytes()

    def fail():
        with writing_film(path) as film:
            film.write(gradient(64, 64))
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="the disk is full"):
        fail()
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["film.mp4"]


def test_pictures_of_two_sizes_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"one shape, \(64, 64, 3\). Received: \(64, 66, 3\)"):
        write_film(tmp_path / "film.mp4", [gradient(64, 64), gradient(64, 66)])


def test_a_name_with_a_colon_is_a_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write_film("http:film.mp4", [gradient(64, 64)])
    assert (tmp_path / "http:film.mp4").is_file()


def test_without_x264_it_takes_mpeg4(tmp_path, monkeypatch):
    assert find_encoder() == "libx264"
    monkeypatch.setattr(write, "_ENCODERS", {"no such encoder": {}, "mpeg4": write._ENCODERS["mpeg4"]})
    assert find_encoder() == "mpeg4"
    pictures = [gradient(64, 96)] * 5
    source = read_video(write_film(tmp_path / "film.mp4", pictures, np.arange(5) / 25))
    frames = list(source.frames())
    assert len(frames) == 5
    assert frames[4].time_s == pytest.approx(4 / 25, abs=1e-3)
    assert np.abs(frames[0].image.astype(int) - pictures[0]).mean() < 6
