"""Files with our models load after `import tf_infomax` alone, those of earlier versions too."""

import os
import pathlib
import subprocess
import sys
import textwrap

import keras
import numpy as np
import pytest

import tf_infomax
from tf_infomax.naming import keras_names

FILES = pathlib.Path(__file__).parent / "saved_files"
ROOT = pathlib.Path(__file__).parents[1]
STORED = dict(np.load(FILES / "outputs.npz"))


def inputs_and_output(name):
    inputs = [values for key, values in STORED.items() if key.startswith(f"{name}_input")]
    return inputs[0] if len(inputs) == 1 else inputs, STORED[f"{name}_output"]


@pytest.mark.parametrize("name", ["images", "vectors", "deep_infomax"])
def test_a_file_of_an_earlier_version_gives_the_outputs_that_it_gave(name):
    inputs, expected = inputs_and_output(name)
    for load in (tf_infomax.load_model, keras.saving.load_model):
        np.testing.assert_allclose(load(FILES / f"{name}.keras")(inputs), expected, atol=1e-6)


def test_a_model_of_an_earlier_version_goes_on_with_its_optimizer():
    model = tf_infomax.load_model(FILES / "images.keras")
    assert type(model.optimizer) is tf_infomax.optimizers.Adam
    # Two batches were trained, and a third is.
    assert int(model.optimizer.iterations) == 2
    inputs, _ = inputs_and_output("images")
    model.fit(inputs, np.zeros((2, 2)), verbose=0)
    assert int(model.optimizer.iterations) == 3


@pytest.mark.parametrize(
    "imports",
    [
        pytest.param("import tf_infomax, keras", marks=pytest.mark.slow, id="first"),
        pytest.param("import keras, tf_infomax", id="last"),
    ],
)
def test_loads_in_another_process_in_either_order(imports):
    script = f"""
        import sys
        {imports}
        import numpy as np
        known = keras.saving.get_custom_objects()
        assert not any(name.startswith("tf_infomax.encoders") for name in sys.modules)
        model = keras.saving.load_model({str(FILES / "images.keras")!r})
        stored = np.load({str(FILES / "outputs.npz")!r})
        assert np.allclose(model(stored["images_input_0"]), stored["images_output"], atol=1e-6)
        assert type(model.optimizer).__module__ == "tf_infomax.layers.optimizers"
        # The classes themselves have taken their places, and other families stay unread.
        assert isinstance(known["tf_infomax>LayeredEncoder"], type)
        assert "tf_infomax.objectives" not in sys.modules
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)],
        capture_output=True, text=True, check=False, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr


def test_a_stand_in_behaves_as_the_class_it_stands_for():
    stand_in = keras_names._StandIn("MLP")
    made = stand_in.from_config({"layer_dimensions": [3, 2]})
    assert type(made) is tf_infomax.encoders.MLP
    assert type(stand_in((3, 2))) is tf_infomax.encoders.MLP
    assert not hasattr(stand_in, "nonsense") and not hasattr(stand_in, "__len__")


def test_announcing_again_leaves_imported_classes_in_place():
    mlp = tf_infomax.encoders.MLP
    finders = list(sys.meta_path)
    keras_names.announce()
    assert keras.saving.get_custom_objects()["tf_infomax>MLP"] is mlp
    assert sys.meta_path == finders
