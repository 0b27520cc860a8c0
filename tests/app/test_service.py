import numpy as np
import pytest
from served_app import draw_scan, make_predictor, to_file

from keras_hanet.app.service import PHANTOM_HEIGHT, PHANTOM_WIDTH, Service
from keras_hanet.app.uploads import Upload
from keras_hanet.errors import InputError


@pytest.fixture
def service():
    return Service(make_predictor())


def test_an_image_is_kept_with_its_analysis(service):
    answer = service.analyse_upload(Upload(to_file(draw_scan()), "scan.png"))
    found = service.find(answer["id"])
    assert service.describe(found) == answer
    assert found.result.num_frames == 1
    assert found.result.dataset is None
    np.testing.assert_array_equal(found.analysis.frame.image[..., 0], draw_scan())
    np.testing.assert_array_equal(found.analysis.prediction.mask, draw_scan() > 127)


def test_a_result_at_another_threshold_leaves_the_kept_one_as_it_was(service):
    name = service.analyse_upload(Upload(to_file(draw_scan()), "scan.png"))["id"]
    assert service.find(name, 0.9).analysis.prediction.mask.sum() == 32
    assert service.find(name).analysis.prediction.mask.sum() == 200


def test_a_name_that_is_not_kept_finds_nothing(service):
    assert service.find("nothing") is None


def test_an_image_has_one_frame(service):
    with pytest.raises(InputError, match=r"scan\.png: expected a frame below 1, got 1; the first is 0"):
        service.analyse_upload(Upload(to_file(draw_scan()), "scan.png", 1))


def test_a_phantom_depends_on_its_seed_alone(service):
    def picture(seed):
        return service.find(service.analyse_phantom(seed)["id"]).analysis.frame.image

    first = picture(3)
    assert first.shape == (PHANTOM_HEIGHT, PHANTOM_WIDTH, 3)
    np.testing.assert_array_equal(first, picture(3))
    assert (first != picture(4)).any()


def test_a_phantom_says_what_it_is(service):
    assert [service.analyse_phantom(seed)["name"] for seed in (0, 1, 4)] == [
        "phantom 0 (benign)", "phantom 1 (malignant)", "phantom 4 (normal)",
    ]
