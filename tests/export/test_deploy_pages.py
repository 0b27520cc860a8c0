"""The programs that the pages of docs/deploy print do what the pages say."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from keras_hanet.data.preprocessing import load_sample
from keras_hanet.inference import Predictor

PAGES = Path(__file__).parents[2] / "docs" / "deploy"


@pytest.mark.parametrize(
    ("page", "model"), [("onnx-runtime.md", "onnx/model.onnx"), ("openvino.md", "openvino/model.xml")]
)
def test_program_of_the_page_gives_the_predictors_mask(page, model, exported, samples, tmp_path):
    [program] = re.findall(r"```python\n(.*?)```", (PAGES / page).read_text(), re.DOTALL)
    (tmp_path / "program.py").write_text(program)
    predictor = Predictor((exported.output / model).parent)
    for index, sample in enumerate(samples[:2]):
        target = tmp_path / f"{index}.png"
        words = [sys.executable, tmp_path / "program.py", exported.output / model, sample.image, target]
        subprocess.run(words, check=True)
        [expected] = predictor.predict([load_sample(sample)[0]])
        mask = np.asarray(Image.open(target))
        assert expected.mask.any()
        np.testing.assert_array_equal(mask, expected.mask * 255)
