"""Former names of modules: programs written for version 0.1 find what they import."""

import importlib
import subprocess
import sys

import pytest

from tf_infomax.naming.moved import MOVED


@pytest.mark.parametrize("former", MOVED)
def test_both_names_are_one_module(former):
    module = importlib.import_module(f"tf_infomax.{former}")
    today = importlib.import_module(f"tf_infomax.{MOVED[former]}")
    assert module is today
    assert today.__spec__.name == today.__name__ == f"tf_infomax.{MOVED[former]}"


@pytest.mark.slow
def test_a_former_name_in_a_fresh_process():
    code = (
        "from tf_infomax.infomax import InfoMax\n"
        "from tf_infomax.experiments.pick import Pick, pick\n"
        "import tf_infomax\n"
        "assert tf_infomax.InfoMax is InfoMax and pick('jsd') == Pick('jsd')\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_unknown_name_is_an_import_error():
    with pytest.raises(ModuleNotFoundError, match=r"No module named 'tf_infomax\.nonsense'"):
        importlib.import_module("tf_infomax.nonsense")
