import subprocess
import sys
import time
from fractions import Fraction

import av
import cv2
import numpy as np
import pytest
from video_phantoms import cine_frames

from keras_hanet.errors import InputError
from keras_hanet.video import read
from keras_hanet.video.read import read_video

CODECS = {"mp4": "libx264", "mov": "libx264", "avi": "mjpeg", "mkv": "libx264", "webm": "libvpx-vp9"}
HOSTILE = (
    *("playlist.mp4", "local-playlist.mp4", "concat.mp4", "script.mp4", "text.mp4", "empty.mp4", "zeros.avi"),
    *("cut.mp4", "head.mp4"),
)
# The peak of a process after each of two films, in MiB; the second is refused.
PEAK = """
import sys
from contextlib import suppress
from keras_hanet.benchmark.machine import peak_memory_mib
from keras_hanet.errors import InputError
from keras_hanet.video.read import read_video
for path in sys.argv[1:]:
    with suppress(InputError):
        read_video(path)
    print(peak_memory_mib())
"""
PLAYLIST = "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n{}\n#EXT-X-ENDLIST\n"


def write(path, pictures, codec, rate=25, turn=0, **options):
    """A film written by PyAV's plain means, not by the writer of the package; `turn` in degrees counterclockwise."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width = pictures[0].shape[:2]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if turn:
            stream.set_display_rotation(turn)
        for picture in pictures:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path


def numbered(num, height=64, width=96):
    """Pictures whose brightness is ten times their number."""
    return [np.full((height, width, 3), 10 * number, np.uint8) for number in range(num)]


@pytest.mark.parametrize("suffix", CODECS)
def test_frames_come_in_order_with_their_number_and_time(suffix, tmp_path):
    source = read_video(write(tmp_path / f"clip.{suffix}", numbered(20), CODECS[suffix]))
    frames = list(source.frames())
    assert (source.name, source.kind, source.frame_rate) == (f"clip.{suffix}", "video", 25)
    assert source.num_frames == (None if suffix in ("mkv", "webm") else 20)  # these two do not say
    assert [frame.name for frame in frames] == [f"clip.{suffix}#{number}" for number in range(20)]
    np.testing.assert_allclose([frame.time_s for frame in frames], np.arange(20) / 25, atol=1e-3)
    brightness = [frame.image.mean() for frame in frames]
    np.testing.assert_allclose(brightness, 10 * np.arange(20), atol=2)
    assert all(frame.image.shape == (64, 96, 3) and frame.image.dtype == np.uint8 for frame in frames)
    assert (source.height, source.width, source.num_left_out) == (64, 96, 0)


def test_colours_come_as_red_green_blue(tmp_path):
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:, :48] = (250, 150, 10)
    frame = next(read_video(write(tmp_path / "clip.mp4", [picture], "libx264")).frames())
    np.testing.assert_allclose(frame.image[32, 20], (250, 150, 10), atol=4)
    np.testing.assert_allclose(frame.image[32, 80], 0, atol=2)


def test_times_are_those_of_the_stream_where_it_pauses(tmp_path):
    path = tmp_path / "clip.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for time_ms, picture in zip((500, 540, 1540), numbered(3), strict=True):
            frame = av.VideoFrame.from_ndarray(picture, format="rgb24")
            frame.pts, frame.time_base = time_ms, Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    np.testing.assert_allclose([f.time_s for f in read_video(path).frames()], (0, 0.04, 1.04), atol=1e-3)


@pytest.mark.parametrize("turn", [90, 180, 270])
def test_a_film_held_sideways_is_turned_upright_as_opencv_turns_it(turn, tmp_path):
    picture = np.zeros((64, 96, 3), np.uint8)
    picture[:16, :24] = 255  # the upper left corner
    path = write(tmp_path / "clip.mp4", [picture] * 2, "libx264", turn=turn)
    source = read_video(path)
    image = next(source.frames()).image
    expected = cv2.VideoCapture(str(path)).read()[1]
    assert image.shape == expected.shape == ((64, 96, 3) if turn == 180 else (96, 64, 3))
    assert (source.height, source.width) == image.shape[:2]
    np.testing.assert_allclose(image.astype(int), expected[..., ::-1], atol=8)
    rows, columns = np.nonzero(image[..., 0] > 128)
    assert (rows.max() < 32, columns.max() < 48) == {90: (False, True), 180: (False, False), 270: (True, False)}[turn]


def test_a_film_may_come_as_bytes_and_can_be_read_twice(film):
    source = read_video(film.read_bytes(), "cine")
    first, second = ([frame.image for frame in source.frames()] for _ in range(2))
    np.testing.assert_array_equal(first, second)
    np.testing.assert_array_equal(first, [frame.image for frame in read_video(film).frames()])
    assert next(source.frames()).name == "cine#0"


def test_frames_are_decoded_one_by_one(film, monkeypatch):
    made = []
    to_image = read._to_image
    monkeypatch.setattr(read, "_to_image", lambda picture: made.append(1) or to_image(picture))
    frames = read_video(film).frames()
    made.clear()
    for _ in range(3):
        next(frames)
    assert len(made) == 3


def hostile(film):
    """{name: content} of files that are no film."""
    content = film.read_bytes()
    return {
        "playlist.mp4": PLAYLIST.format("http://192.0.2.1/a.ts").encode(),
        "local-playlist.mp4": PLAYLIST.format(film).encode(),
        "concat.mp4": f"ffconcat version 1.0\nfile {film}\n".encode(),
        "script.mp4": b"concat:" + str(film).encode(),
        "text.mp4": b"no film\n" * 1000,
        "empty.mp4": b"",
        "zeros.avi": bytes(100_000),
        "cut.mp4": content[: len(content) // 2],  # its table stands at the end
        "head.mp4": content[:32],
    }


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_no_film_is_answered_in_a_sentence_at_once(name, film, tmp_path, monkeypatch):
    monkeypatch.chdir(film.parent)
    path = tmp_path / name
    path.write_bytes(hostile(film)[name])
    start = time.monotonic()
    with pytest.raises(InputError, match=rf"^{name}: expected a film .*copy or export it again$"):
        read_video(path)
    assert time.monotonic() - start < 10


def test_a_film_in_another_container_is_refused_whatever_it_is_called(tmp_path):
    path = write(tmp_path / "clip.ts", numbered(10), "libx264")
    with pytest.raises(InputError, match=r"expected a film \(MP4, MOV, AVI, MKV or WebM\)"):
        read_video(path.rename(tmp_path / "clip.mp4"))


def test_a_sound_without_a_picture_is_no_film(tmp_path):
    path = tmp_path / "sound.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=8000)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        sound.sample_rate = 8000
        container.mux(stream.encode(sound))
        container.mux(stream.encode(None))
    with pytest.raises(InputError, match="no picture"):
        read_video(path)


def test_a_film_without_a_frame_is_refused(tmp_path):
    path = tmp_path / "clip.avi"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mjpeg", rate=25)
        stream.height, stream.width, stream.pix_fmt = 64, 96, "yuvj420p"
        container.start_encoding()
    with pytest.raises(InputError, match=r"no frame of it can be decoded|cannot be read as one"):
        read_video(path)


def test_a_huge_declared_size_is_refused_before_anything_is_decoded(tmp_path):
    content = bytearray(write(tmp_path / "clip.avi", numbered(3), "rawvideo").read_bytes())
    start = content.index(b"strf") + 12  # BITMAPINFOHEADER: its size, then width and height
    assert int.from_bytes(content[start : start + 4], "little") == 96
    content[start : start + 8] = (60_000).to_bytes(4, "little") * 2
    (tmp_path / "huge.avi").write_bytes(content)
    with pytest.raises(InputError, match="at most 50,000,000 pixels, and no frame"):
        read_video(tmp_path / "huge.avi")


@pytest.mark.parametrize("suffix", ["mp4", "avi"])
def test_frames_of_one_pixel_too_many_are_refused(suffix, tmp_path, monkeypatch):
    path = write(tmp_path / f"clip.{suffix}", numbered(2), CODECS[suffix])
    monkeypatch.setitem(read._DECODER_OPTIONS, "max_pixels", str(64 * 96 - 1))
    with pytest.raises(InputError, match="no frame of it can be decoded"):
        read_video(path)


def test_a_small_file_of_huge_frames_takes_no_memory(tmp_path):
    """A black frame of 54 megapixels has 50 kB; FFmpeg decodes one while it finds out what a film holds."""
    huge = write(tmp_path / "huge.mp4", numbered(1, 6000, 9000), "libx264", preset="ultrafast")
    small = write(tmp_path / "small.mp4", numbered(2), "libx264")
    command = [sys.executable, "-c", PEAK, str(small), str(huge)]
    before, after = map(float, subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout.split())
    assert after < before + 20  # MiB; the brightness of the frame alone has 51


def test_no_file_a_folder_and_a_device_are_told_apart_from_films(tmp_path):
    for path in (tmp_path / "none.mp4", tmp_path, "/dev/zero", "http://192.0.2.1/clip.mp4"):
        with pytest.raises(InputError, match="no such file; check the path"):
            read_video(path)
    with pytest.raises(InputError, match="expected a file that can be read"):
        read_video(tmp_path / ("x" * 300 + ".mp4"))


def test_a_file_that_is_cut_off_gives_the_frames_it_still_has(tmp_path):
    content = write(tmp_path / "clip.mkv", numbered(20), "mjpeg").read_bytes()
    source = read_video(content[: len(content) // 2], "cut.mkv")
    num = len(list(source.frames()))
    assert 5 <= num <= 12


def test_after_damage_it_goes_on_with_the_next_key_frame(tmp_path):
    images = [image for image, _ in cine_frames(24, 96, 128)]
    parameters = "scenecut=0:keyint=8:min-keyint=8:bframes=0"  # key frames 0, 8 and 16
    path = write(tmp_path / "clip.mp4", images, "libx264", **{"x264-params": parameters})
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        place, size = packets[10].pos, packets[10].size
    content = bytearray(path.read_bytes())
    content[place + size // 4 : place + size] = bytes(b ^ 0x5A for b in content[place + size // 4 : place + size])
    whole = [frame.image for frame in read_video(path).frames()]
    source = read_video(bytes(content), "damaged")
    frames = list(source.frames())
    numbers = [round(25 * frame.time_s) for frame in frames]
    assert numbers == [*range(10), *range(16, 24)]
    assert source.num_left_out == 6
    for number, frame in zip(numbers, frames, strict=True):
        np.testing.assert_array_equal(frame.image, whole[number])


def test_frames_that_change_their_size_end_the_film_with_a_sentence(tmp_path):
    """Two MPEG-4 films one after the other in one stream."""
    path = tmp_path / "clip.avi"
    parts = [write(tmp_path / f"{n}.avi", numbered(3, *size), "mjpeg") for n, size in enumerate([(64, 96), (96, 64)])]
    with av.open(str(path), "w") as container:
        inputs = [av.open(str(part)) for part in parts]
        stream = container.add_stream_from_template(inputs[0].streams.video[0])
        number = 0
        for opened in inputs:
            for packet in opened.demux(video=0):
                if packet.size:
                    packet.stream, packet.pts, packet.dts = stream, number, number
                    container.mux(packet)
                    number += 1
            opened.close()
    with pytest.raises(InputError, match="frames of one size, got 96 x 64 and then 64 x 96 pixels"):
        list(read_video(path).frames())


@pytest.mark.parametrize("suffix", ["mp4", "avi", "mkv"])
def test_random_damage_never_ends_in_a_traceback(suffix, tmp_path):
    images = [image for image, _ in cine_frames(12, 96, 128)]
    content = write(tmp_path / f"clip.{suffix}", images, CODECS[suffix]).read_bytes()
    rng = np.random.default_rng(0)
    num_read = 0
    for _ in range(60):
        damaged = np.frombuffer(content, np.uint8).copy()
        places = rng.integers(0, len(content), rng.integers(1, 30))
        damaged[places] = rng.integers(0, 256, len(places))
        try:
            num_read += sum(1 for _ in read_video(damaged.tobytes(), "damaged").frames())
        except InputError:
            continue
    assert num_read > 60
