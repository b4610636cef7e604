"""Files saved by earlier code load, give the same numbers, and go on with the same next steps."""

import json
import pathlib

import keras
import numpy as np
import pytest

import tf_infomax
from tests.saved_before import make

FOLDER = pathlib.Path(make.__file__).parent
NUMBERS = json.loads((FOLDER / "numbers.json").read_text())


def test_all_files_are_tested():
    assert {path.stem for path in FOLDER.glob("*.keras")} == set(NUMBERS) == set(make.MODELS)


@pytest.mark.parametrize("name", NUMBERS)
def test_a_file_of_before_goes_on_as_it_did(name):
    # Registers the classes.
    assert tf_infomax.InfoMax and tf_infomax.AlignedViews and tf_infomax.DeepInfoMax
    model = keras.saving.load_model(FOLDER / f"{name}.keras")
    _, batches = make.MODELS[name]
    for ours, theirs in zip(
        make.outputs(model, batches), NUMBERS[name]["outputs"], strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
    # Compiling would take seconds a model.
    model.run_eagerly = True
    logs = make.fit(model, batches, 2, make.BATCHES)
    for ours, theirs in zip(logs, NUMBERS[name]["next_steps"], strict=True):
        # Rounding of the first steps of Adam; a lost state of it shows in the second digit.
        assert ours == pytest.approx(theirs, rel=1e-3, abs=1e-4)
