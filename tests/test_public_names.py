import importlib
import subprocess
import sys

import pytest

import keras_hanet

NEED_KERAS = {"BCEJaccardLoss", "build_ha_net", "train"}
NEED_NO_KERAS = {
    *("HANetConfig", "Predictor", "TrainConfig", "decode_image", "read_samples", "write_phantoms"),
    "__version__",
}
# What a bare install lacks: importing it fails as if it were not there.
WITHOUT_EXTRA = "import sys; sys.modules.update(dict.fromkeys(['keras', 'tensorflow', 'sklearn', 'tensorboardX']))\n"


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_the_names_are_these():
    assert set(keras_hanet.__all__) == NEED_KERAS | NEED_NO_KERAS
    assert dir(keras_hanet) == sorted(keras_hanet.__all__)


@pytest.mark.parametrize("name", sorted((NEED_KERAS | NEED_NO_KERAS) - {"__version__"}))
def test_a_name_is_the_thing_of_that_name(name):
    found = getattr(keras_hanet, name)
    assert found.__name__ == name
    assert found is getattr(importlib.import_module(found.__module__), name)
    assert found.__doc__


def test_a_name_that_is_none():
    with pytest.raises(AttributeError, match="module 'keras_hanet' has no attribute 'UNet'"):
        _ = keras_hanet.UNet


def test_importing_the_package_and_its_command_line_imports_no_framework():
    code = "import sys, keras_hanet, keras_hanet.cli.main as m\n"
    code += "keras_hanet.TrainConfig, keras_hanet.Predictor\n"
    code += "[m._module_of(name) for name in m.COMMANDS]\n"
    code += "print(sorted({'keras', 'tensorflow', 'jax', 'torch', 'sklearn', 'tensorboardX'} & set(sys.modules)))"
    done = python(code)
    assert (done.stdout, done.stderr) == ("[]\n", "")


def test_a_bare_install_has_what_needs_no_keras():
    names = ", ".join(sorted(NEED_NO_KERAS))
    done = python(f"{WITHOUT_EXTRA}from keras_hanet import {names}; print(TrainConfig().epochs)")
    assert (done.stdout, done.stderr) == ("100\n", "")


@pytest.mark.parametrize("name", sorted(NEED_KERAS))
def test_a_missing_extra_says_which_install_brings_it(name):
    done = python(f"{WITHOUT_EXTRA}import keras_hanet; keras_hanet.{name}")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == f"ImportError: {name} needs keras: pip install 'keras-hanet[train]'"


def test_a_command_on_a_bare_install_says_so_in_one_line(tmp_path):
    words = ["train", "--data", str(tmp_path)]
    done = python(f"{WITHOUT_EXTRA}from keras_hanet.cli.main import main; sys.exit(main({words}))")
    assert done.returncode == 2
    assert done.stderr == "hanet: this needs keras: pip install 'keras-hanet[train]'\n"


def test_phantoms_can_be_drawn_on_a_bare_install(tmp_path):
    words = ["phantoms", str(tmp_path / "phantoms"), "--num", "1"]
    done = python(f"{WITHOUT_EXTRA}from keras_hanet.cli.main import main; sys.exit(main({words}))")
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "phantoms" / "benign" / "benign (1).png").is_file()
