"""Keras' contract, kept by every registered model: fit, evaluate, predict, save, export."""

import pathlib
import re
import warnings

import keras
import numpy as np
import pytest
import tensorflow as tf

import tf_infomax
from tests.conformance.model_examples import MODELS, WITH_DECODERS
from tf_infomax import RepresentationModel
from tf_infomax.models import SelfSupervisedModel

PACKAGE = pathlib.Path(tf_infomax.__file__).parent


@pytest.fixture(
    params=[
        # Deep InfoMax is one of them, with more of its own.
        *(
            pytest.param(
                one, id=model.__name__,
                marks=pytest.mark.slow if model is RepresentationModel else (),
            )
            for model, one in MODELS.items()
        ),
        *(
            pytest.param(one, id=name, marks=pytest.mark.slow)
            for name, one in WITH_DECODERS.items()
        ),
    ]
)
def example(request):
    return request.param


@pytest.fixture(
    params=[
        pytest.param(
            one, id=model.__name__,
            marks=pytest.mark.slow if issubclass(model, RepresentationModel) else (),
        )
        for model, one in MODELS.items()
    ]
)
def example_of_base(request):
    """For what is the base's work alone: models of terms take long, and the others show it."""
    return request.param


def weights(model):
    return [weight.numpy() for weight in model.weights]


def assert_same(ours, theirs, **tolerance):
    for first, second in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(first, second, **{"rtol": 1e-5, "atol": 1e-6, **tolerance})


def registered_models():
    """Classes of models in the package that are registered for saving and have a loss.

    Read from the source, so that a class nobody imports is found, too.
    """
    parents, registered = {}, set()
    for path in PACKAGE.rglob("*.py"):
        source = path.read_text()
        for name, bases in re.findall(r"^class (\w+)\(([^)]*)\)", source, re.MULTILINE):
            # Names with a dot are Keras' own.
            parents[name] = {base.strip() for base in bases.split(",") if "." not in base}
        registered.update(re.findall(r"@keras\.saving\.register\w+\([^)]*\)\nclass (\w+)", source))

    def is_model(name):
        return name == SelfSupervisedModel.__name__ or any(map(is_model, parents.get(name, ())))

    return {name for name in registered if is_model(name)}


def test_every_registered_model_has_an_example():
    assert registered_models() == {model.__name__ for model in MODELS}
    assert all(issubclass(model, SelfSupervisedModel) for model in MODELS)


def test_fit_evaluate_and_predict(example):
    model = example.compiled()
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        history = model.fit(
            example.data(17, drop_remainder=False), validation_data=example.data(), verbose=0
        ).history
    # Where a row's negatives are the others of its batch, a smaller one has fewer.
    fewer = [one for one in told if "The last batch has 5 " in str(one.message)]
    assert len(fewer) == (model.least_rows > 1)
    assert set(history) == example.logged | {f"val_{name}" for name in example.evaluated}
    assert np.isfinite(list(history.values())).all()
    assert set(model.evaluate(example.data(), verbose=0, return_dict=True)) == example.evaluated
    # Codes row by row, of batches of unequal sizes, down to one row.
    data = example.data(13, drop_remainder=False)
    codes = tf.nest.flatten(model.predict(data, verbose=0))
    views = tf.nest.flatten(example.arrays(13))
    for code, part, view in zip(codes, model.encoders.values(), views, strict=True):
        expected = part(view).numpy()
        if example.outputs == ("code_1", "code_2"):
            expected = expected / np.linalg.norm(expected, axis=1, keepdims=True)
        np.testing.assert_allclose(code, expected, rtol=1e-4, atol=1e-5)


def test_arrays_generators_and_data_sets_of_keras_are_data_too(example_of_base):
    arrays = example_of_base.arrays()
    tuples = arrays if isinstance(arrays, tuple) else (arrays,)

    class Batches(keras.utils.PyDataset):
        def __len__(self):
            return 2

        def __getitem__(self, index):
            return tuple(array[6 * index : 6 * index + 6] for array in tuples)

    def generator():
        yield from (Batches()[k] for k in range(2))

    found = []
    for arguments, options in (
        ((example_of_base.data(),), {}),
        (tuples, {"batch_size": 6, "shuffle": False}),
        ((arrays,), {"batch_size": 6, "shuffle": False}),
        ((Batches(),), {"shuffle": False}),
        ((generator(),), {"steps_per_epoch": 2}),
    ):
        model = example_of_base.compiled(run_eagerly=True)
        model.fit(*arguments, verbose=0, **options)
        found.append(weights(model))
    for others in found[1:]:
        assert_same(others, found[0])


def test_the_log_counts_a_smaller_batch_by_its_rows(example):
    model = example.compiled(keras.optimizers.SGD(0.0), run_eagerly=True)
    model.build(model.form.build_shape(model.form.read(example.arrays(), "")))
    sizes = (6, 3)
    arrays = tf.nest.flatten(example.arrays(9))
    parts = [tuple(array[a:b] for array in arrays) for a, b in ((0, 6), (6, 9))]
    name = example.steady or sorted(example.evaluated - {"loss"})[0]
    apart = [
        model.evaluate(tf.data.Dataset.from_tensors(part if len(part) > 1 else part[0]),
                       verbose=0, return_dict=True)[name]
        for part in parts
    ]
    whole = model.evaluate(
        example.data(9, drop_remainder=False), verbose=0, return_dict=True
    )[name]
    assert whole == pytest.approx(np.average(apart, weights=sizes), rel=1e-5)
    assert abs(apart[0] - apart[1]) > 1e-4


def test_export_after_fit(example, tmp_path):
    model = example.compiled()
    model.fit(example.data(), verbose=0)
    model.export(tmp_path / "model", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "model")
    for rows in (6, 9):
        expected = example.outputs_of(model, rows)
        arrays = example.arrays(rows)
        served = [np.asarray(part) for part in tf.nest.flatten(loaded.serve(arrays))]
        assert_same(served, expected)
        named = dict(zip(example.inputs, map(tf.constant, tf.nest.flatten(arrays)), strict=True))
        for signature in loaded.signatures.values():
            outputs = signature(**named)
            assert set(outputs) == set(example.outputs)
            assert_same([outputs[name] for name in example.outputs], expected)


def test_training_goes_on_after_loading_as_if_not_interrupted(example, tmp_path):
    whole = example.compiled(run_eagerly=True)
    expected = whole.fit(example.data(), epochs=2, verbose=0).history
    half = example.compiled(run_eagerly=True)
    half.fit(example.data(), epochs=1, verbose=0)
    half.save(tmp_path / "half.keras")
    loaded = keras.saving.load_model(tmp_path / "half.keras")
    assert_same(example.outputs_of(loaded), example.outputs_of(half))
    history = loaded.fit(example.data(), epochs=2, initial_epoch=1, verbose=0).history
    assert {name: values[-1] for name, values in expected.items()} == pytest.approx(
        {name: values[0] for name, values in history.items()}, rel=1e-4, abs=1e-5
    )
    assert_same(weights(loaded), weights(whole), atol=1e-5)


def test_callbacks_of_keras(example_of_base, tmp_path):
    model = example_of_base.compiled(steps_per_execution=2)
    callbacks = [
        keras.callbacks.ModelCheckpoint(
            tmp_path / "best.keras", monitor="val_loss", save_best_only=True
        ),
        keras.callbacks.ModelCheckpoint(tmp_path / "last.weights.h5", save_weights_only=True),
        keras.callbacks.EarlyStopping("val_loss", patience=9),
        keras.callbacks.BackupAndRestore(tmp_path / "backup"),
        keras.callbacks.TensorBoard(tmp_path / "board"),
        # Stops after the second epoch, as nothing improves by so much.
        keras.callbacks.EarlyStopping("loss", min_delta=1e6, patience=1),
    ]
    data = example_of_base.data()
    history = model.fit(
        data, validation_data=data, epochs=5, verbose=0, callbacks=callbacks
    ).history
    assert len(history["loss"]) == 2
    copy = example_of_base.compiled()
    copy.build(model.get_build_config()["input_shape"])
    copy.load_weights(tmp_path / "last.weights.h5")
    assert_same(weights(copy), weights(model))
    assert isinstance(keras.saving.load_model(tmp_path / "best.keras"), type(model))
    assert {path.name for path in (tmp_path / "board").iterdir()} == {"train", "validation"}


class InterruptedFitError(Exception):
    """What stops a training here."""


class Interrupt(keras.callbacks.Callback):
    """Stops the third epoch."""

    def on_epoch_begin(self, epoch, logs=None):
        if epoch == 2:
            raise InterruptedFitError


def test_an_interrupted_fit_goes_on_from_its_backup(example_of_base, tmp_path):
    whole = example_of_base.compiled(run_eagerly=True)
    whole.fit(example_of_base.data(), epochs=3, verbose=0)
    backup = keras.callbacks.BackupAndRestore(tmp_path, delete_checkpoint=False)
    with pytest.raises(InterruptedFitError):
        example_of_base.compiled(run_eagerly=True).fit(
            example_of_base.data(), epochs=3, verbose=0, callbacks=[backup, Interrupt()]
        )
    # A new model, not built: `fit` builds it before the backup is read.
    model = example_of_base.compiled(run_eagerly=True)
    backup = keras.callbacks.BackupAndRestore(tmp_path)
    history = model.fit(example_of_base.data(), epochs=3, verbose=0, callbacks=[backup]).history
    assert len(history["loss"]) == 1
    assert_same(weights(model), weights(whole), atol=1e-5)


@pytest.mark.parametrize(
    "policy",
    ["mixed_float16", *(
        pytest.param(one, marks=pytest.mark.slow) for one in ("mixed_bfloat16", "float64")
    )],
)
def test_dtype_policies(example, policy, tmp_path):
    keras.config.set_dtype_policy(policy)
    if policy == "float64":
        keras.config.set_floatx("float64")
    try:
        model = example.compiled(run_eagerly=True)
        history = model.fit(example.data(), verbose=0).history
        codes = tf.nest.flatten(model.predict(example.data(), verbose=0))
        model.evaluate(example.data(), verbose=0)
        model.save(tmp_path / "model.keras")
        loaded = keras.saving.load_model(tmp_path / "model.keras")
        loaded.run_eagerly = True
        loaded.fit(example.data(), verbose=0)
    finally:
        keras.config.set_floatx("float32")
        keras.config.set_dtype_policy("float32")
    assert np.isfinite(list(history.values())).all()
    wide = "float64" if policy == "float64" else "float32"
    assert {weight.dtype for weight in loaded.trainable_weights} == {wide}
    assert all(np.isfinite(code.astype(np.float64)).all() for code in codes)
    if policy == "float64":
        assert {code.dtype.name for code in codes} == {"float64"}
    scaled = keras.optimizers.LossScaleOptimizer
    assert isinstance(loaded.optimizer, scaled) == (policy == "mixed_float16")


def test_clones_train_apart(example_of_base):
    model = example_of_base.compiled(run_eagerly=True)
    model.fit(example_of_base.data(), verbose=0)
    clone = keras.models.clone_model(model)
    before = weights(model)
    clone.compile("sgd", run_eagerly=True)
    clone.fit(example_of_base.data(), verbose=0)
    assert_same(weights(model), before, rtol=0, atol=0)
    assert clone.get_config().keys() == model.get_config().keys()


def test_double_precision_data_and_single_batches(example_of_base):
    model = example_of_base.compiled(run_eagerly=True)
    arrays = example_of_base.arrays(6)
    arrays = tf.nest.map_structure(lambda array: array.astype(np.float64), arrays)
    model.fit(tf.data.Dataset.from_tensors(arrays), verbose=0)
    apart = arrays if isinstance(arrays, tuple) else (arrays,)
    assert set(model.train_on_batch(*apart, return_dict=True)) == example_of_base.logged
    assert set(model.test_on_batch(*apart, return_dict=True)) == example_of_base.evaluated
    assert all(len(codes) == 6 for codes in tf.nest.flatten(model.predict_on_batch(arrays)))


def test_channels_first_is_no_matter(example):
    keras.config.set_image_data_format("channels_first")
    try:
        model = example.make()
        encoder = getattr(model, "encoder", None)
        try:
            if encoder is not None:
                encoder(example.arrays(2))
        except ValueError as error:
            pytest.skip(f"the encoder's own matter: {error}")
        model.compile("adam", run_eagerly=True)
        history = model.fit(example.data(), verbose=0).history
    finally:
        keras.config.set_image_data_format("channels_last")
    assert set(history) == example.logged
    assert np.isfinite([value for values in history.values() for value in values]).all()


@pytest.mark.parametrize("name", ["loss", "metrics", "loss_weights", "weighted_metrics"])
def test_what_means_nothing_is_refused(example, name):
    with pytest.raises(ValueError, match=rf"`{name}` means nothing.*Received: {name}=\['mse'\]"):
        example.make().compile("adam", **{name: ["mse"]})


@pytest.mark.parametrize(
    "when",
    [*(pytest.param(one, marks=pytest.mark.slow) for one in ("before", "compiled")), "fitted"],
)
def test_a_frozen_encoder_stays_as_it_is(example, when):
    model = example.make()
    encoder = next(iter(model.encoders.values()))
    if when != "before":
        model.compile("adam")
    if when == "fitted":
        model.fit(example.data(), verbose=0)
    else:
        model.build(model.form.build_shape(model.form.read(example.arrays(), "")))
    encoder.trainable = False
    if when == "before":
        model.compile("adam")
    fixed, others = weights_of(encoder), weights(model)
    model.fit(example.data(), verbose=0)
    for ours, theirs in zip(weights_of(encoder), fixed, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    moved = [not np.array_equal(*both) for both in zip(weights(model), others, strict=True)]
    assert any(moved)


def weights_of(encoder):
    # Its moving statistics are held to this by the conformance tests of encoders.
    return [v.numpy() for v in encoder.variables if "moving" not in v.path]
