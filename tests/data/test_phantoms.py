import json

import numpy as np
import pytest
from PIL import Image

from keras_hanet.data import phantoms
from keras_hanet.data.phantoms import write_phantoms
from keras_hanet.errors import InputError


def files_of(folder):
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def test_layout_shares_and_codes(tmp_path):
    folder = write_phantoms(tmp_path / "phantoms", num=10, seed=3)
    assert folder == tmp_path / "phantoms"
    expected = {"phantoms.json"}
    for diagnosis, num in (("benign", 5), ("malignant", 3), ("normal", 2)):
        for number in range(1, num + 1):
            name = f"{diagnosis}/{diagnosis} ({number})"
            expected |= {f"{name}.png", f"{name}_mask.png"}
    assert set(files_of(folder)) == expected
    sizes = set()
    for path in folder.glob("*/*_mask.png"):
        mask = np.asarray(Image.open(path))
        image = np.asarray(Image.open(path.with_name(path.name.replace("_mask", ""))))
        assert image.shape == mask.shape
        assert set(np.unique(mask)) == ({0} if "normal" in path.name else {0, 255})
        assert 280 <= mask.shape[0] <= 400
        assert 300 <= mask.shape[1] <= 420
        sizes.add(mask.shape)
    assert len(sizes) > 5
    assert json.loads((folder / "phantoms.json").read_text()) == {"num": 10, "seed": 3, "version": 1}


def test_a_larger_set_holds_the_smaller_one_and_the_seed_matters(tmp_path):
    small = files_of(write_phantoms(tmp_path / "small", num=3))
    large = files_of(write_phantoms(tmp_path / "large", num=6))
    other = files_of(write_phantoms(tmp_path / "other", num=3, seed=1))
    del small["phantoms.json"]
    assert len(small) == 6
    assert small.items() <= large.items()
    assert all(other[name] != content for name, content in small.items() if "mask" not in name)


def test_a_finished_set_is_taken_as_it_is(tmp_path, monkeypatch):
    folder = write_phantoms(tmp_path / "phantoms", num=2)
    before = files_of(folder)

    def no_drawing(*arguments):
        raise AssertionError("drawn again")

    monkeypatch.setattr(phantoms, "draw_phantom", no_drawing)
    assert write_phantoms(folder, num=2) == folder
    assert files_of(folder) == before


@pytest.mark.parametrize("change", [{"num": 3}, {"seed": 1}])
def test_another_set_in_the_folder_is_refused(tmp_path, change):
    folder = write_phantoms(tmp_path / "phantoms", num=2)
    before = files_of(folder)
    with pytest.raises(InputError, match="choose another folder or delete this one"):
        write_phantoms(folder, **{"num": 2, **change})
    assert files_of(folder) == before


@pytest.mark.parametrize("content", ["not JSON", "[]", '{"num": 2, "seed": 0, "version": 0}'])
def test_a_folder_with_another_record_is_refused(tmp_path, content):
    (tmp_path / "phantoms.json").write_text(content)
    with pytest.raises(InputError, match="expected an empty folder"):
        write_phantoms(tmp_path, num=2)


def test_a_folder_with_other_files_and_a_file_are_refused(tmp_path):
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="got something else"):
        write_phantoms(tmp_path, num=2)
    with pytest.raises(InputError, match="got a file"):
        write_phantoms(tmp_path / "thesis.txt", num=2)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "phantoms").mkdir()
    write_phantoms(tmp_path / "phantoms", num=1)
    assert (tmp_path / "phantoms/benign/benign (1).png").is_file()


@pytest.mark.parametrize("existing", [False, True])
def test_an_error_in_the_middle_leaves_nothing_half(tmp_path, existing):
    folder = tmp_path / "deep" / "phantoms"
    if existing:
        folder.mkdir(parents=True)

    def stop_after_one(indices):
        yield indices[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_phantoms(folder, num=3, progress=stop_after_one)
    assert list(folder.parent.iterdir()) == ([folder] if existing else [])
    assert folder.exists() == existing
    assert not existing or not any(folder.iterdir())


def test_progress_sees_every_image(tmp_path):
    seen = []

    def progress(indices):
        for index in indices:
            seen.append(index)
            yield index

    write_phantoms(tmp_path / "phantoms", num=3, progress=progress)
    assert seen == [0, 1, 2]


@pytest.mark.parametrize(("num", "seed"), [(0, 0), (1, -1)])
def test_too_small_numbers_are_refused(tmp_path, num, seed):
    with pytest.raises(InputError, match=f"got num={num} and seed={seed}"):
        write_phantoms(tmp_path / "phantoms", num=num, seed=seed)
    assert not any(tmp_path.iterdir())
