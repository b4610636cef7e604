"""``InfoMax``: the Keras model that one trains on one's own pairs."""

import math
import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import AlignedViews, InfoMax, RepresentationModel, bounds
from tf_infomax.critics import (
    BilinearCritic,
    ConcatCritic,
    InnerProdCritic,
    LearnedBaseline,
    SeparableCritic,
)
from tf_infomax.data.gaussians import CorrelatedGaussians
from tf_infomax.encoders import MLP
from tf_infomax.layers import optimizers
from tf_infomax.objectives import ViewInformation

# I(X; Y) = 3.32 nats.
PAIRS = CorrelatedGaussians(dim=4, rho=0.9)
BATCH = 64


def small_model(optimizer=None, **options):
    """Two small encoders and a bilinear critic, compiled."""
    encoders = MLP((16, 8), seed=0), MLP((16, 8), seed=10)
    model = InfoMax(*encoders, BilinearCritic(8, seed=20), **options)
    model.compile(optimizer or optimizers.Adam(1e-2))
    return model


def batches(count, seed=0, size=BATCH):
    x, y = PAIRS.sample(count * size, seed)
    return tf.data.Dataset.from_tensor_slices((x, y)).batch(size)


def spelled(value):
    """The same in every process: test ids must not hold addresses."""
    return re.sub(r" at 0x\w+", "", str(value))


@keras.saving.register_keras_serializable(package="tests")
def half_of_nwj(scores):
    return 0.5 * bounds.nwj(scores)


def weights_of(model):
    return [weight.numpy() for weight in model.weights]


@pytest.fixture(scope="module")
def trained():
    """A model after 60 steps of ``fit``, and its history."""
    model = small_model()
    history = model.fit(batches(20), validation_data=batches(4, 1), epochs=3, verbose=0).history
    return model, history


def test_fit_raises_the_bound(trained):
    _, history = trained
    assert set(history) == {"loss", "bound", "val_loss", "val_bound"}
    np.testing.assert_allclose(history["loss"], np.negative(history["bound"]), rtol=1e-6)
    assert history["bound"][0] < 0.8 < 1.5 < history["bound"][-1] < math.log(BATCH)
    assert history["val_bound"][-1] > history["val_bound"][0]


def test_evaluate_is_the_mean_bound_of_the_batches(trained):
    model, _ = trained
    by_hand = [float(bounds.infonce(model(batch))) for batch in batches(4, 1)]
    result = model.evaluate(batches(4, 1), verbose=0, return_dict=True)
    np.testing.assert_allclose(result["bound"], np.mean(by_hand), rtol=1e-5)
    np.testing.assert_allclose(result["loss"], -np.mean(by_hand), rtol=1e-5)


def test_save_and_load_give_the_same_scores(trained, tmp_path):
    model, _ = trained
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    batch = next(iter(batches(1, 2)))
    np.testing.assert_array_equal(loaded(batch), model(batch))
    assert (loaded.bound, loaded.target) == ("infonce", None)
    # The optimizer's slots as well: both go on alike.
    assert loaded.optimizer.iterations.numpy() == 60
    np.testing.assert_array_equal(loaded.update(*batch)["loss"], model.update(*batch)["loss"])
    for ours, theirs in zip(weights_of(loaded), weights_of(model), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("bound", "optimizer"),
    [(name, optimizers.Adam) for name in bounds.names()]
    + [(bounds.nwj, keras.optimizers.Adam), (bounds.get("smile", clip=1.0), optimizers.Adam)],
    ids=spelled,
)
def test_every_bound_is_raised_by_any_optimizer(bound, optimizer):
    model = small_model(optimizer(1e-3), bound=bound)
    x, y = next(iter(batches(1)))
    # What is climbed, where that is not what is read.
    registered = bounds.info(bound).name
    climbed = bounds.get({"js_nwj": "jsd", "smile": "jsd"}.get(registered, bound))
    before, climbed_before = bounds.get(bound)(model((x, y))), climbed(model((x, y)))
    np.testing.assert_allclose(model.update(x, y)["bound"], before, rtol=1e-5)
    assert climbed(model((x, y))) > climbed_before


def model_with_baseline(bound="tuba", **options):
    return small_model(bound=bound, baseline=LearnedBaseline(16, 1, seed=30), **options)


def test_a_baseline_is_trained_with_the_rest_and_saved(tmp_path):
    model = model_with_baseline()
    x, y = next(iter(batches(1)))
    model.build((x.shape, y.shape))
    assert len(model.trainable_variables) == 4 + 4 + 1 + 4
    # The scores are the critic's alone; the bound is that with the baseline of the first codes.
    log_baseline = model.baseline(model.encoder_1(x))
    expected = bounds.tuba(model((x, y)), log_baseline)
    assert abs(expected - bounds.tuba(model((x, y)))) > 1e-3
    before = [weight.numpy() for weight in model.baseline.trainable_weights]
    np.testing.assert_allclose(model.update(x, y)["bound"], expected, rtol=1e-5)
    for old, new in zip(before, model.baseline.trainable_weights, strict=True):
        assert np.abs(old - new.numpy()).max() > 1e-4
    history = model.fit(batches(20), validation_data=batches(4, 1), epochs=3, verbose=0).history
    assert history["bound"][-1] > history["bound"][0] + 0.2
    assert history["val_bound"][-1] > 0.5
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (loaded.bound, loaded.baseline.hidden_dim) == ("tuba", 16)
    np.testing.assert_array_equal(loaded.update(x, y)["loss"], model.update(x, y)["loss"])


def test_a_bound_with_options_is_saved_with_a_baseline(tmp_path):
    model = model_with_baseline(bounds.get("interpolated", alpha=0.3))
    x, y = next(iter(batches(1)))
    model.build((x.shape, y.shape))
    model.update(x, y)
    expected = bounds.interpolated(model((x, y)), model.baseline(model.encoder_1(x)), 0.3)
    assert model.get_config()["bound"] == {"name": "interpolated", "options": {"alpha": 0.3}}
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_allclose(loaded.update(x, y)["bound"], expected, rtol=1e-5)


def test_a_baseline_is_not_forgotten():
    model = model_with_baseline()
    scores = np.random.default_rng(0).normal(size=(5, 5))
    with pytest.raises(ValueError, match=r"needs the baseline.* Received: log_baseline=None"):
        model.bound_of(scores)
    log_baseline = np.linspace(0, 1, 5)
    expected = bounds.tuba(scores, log_baseline)
    np.testing.assert_array_equal(model.bound_of(scores, log_baseline), expected)


@pytest.mark.parametrize(
    "bound", ["infonce", "nwj", bounds.get("smile", clip=1.0), half_of_nwj], ids=spelled
)
def test_a_baseline_for_a_bound_that_takes_none(bound):
    with pytest.raises(ValueError, match=r"baseline: tuba, interpolated\. Received: bound="):
        model_with_baseline(bound)


def test_a_constant_baseline_leaves_no_room_for_another():
    with pytest.raises(ValueError, match=r"baseline: tuba, interpolated\. Received: bound="):
        model_with_baseline(bounds.get("tuba", log_baseline=1.0))


def test_a_bound_that_reads_no_scores():
    for bound in ("minibatch_lower", bounds.difference_of_entropies):
        with pytest.raises(ValueError, match=r"reads scores: infonce.* which reads log_"):
            small_model(bound=bound)


class QuadraticFeatures(keras.layers.Layer):
    """``[x, 1]`` or ``[x^2, x]``: with them a bilinear critic holds the optimal one."""

    def __init__(self, squares, **kwargs):
        super().__init__(**kwargs)
        self.squares = squares

    def call(self, x):
        return tf.concat([x**2, x] if self.squares else [x, tf.ones_like(x[:, :1])], axis=1)

    def compute_output_shape(self, shape):
        return (shape[0], 2 * shape[1] if self.squares else shape[1] + 1)


def test_learns_the_mutual_information_of_an_easy_problem():
    # log r is, up to what InfoNCE does not see, rho x.y / (1 - rho^2) - rho^2 |y|^2 / (2 (1 -
    # rho^2)): bilinear in (x, 1) and (y^2, y). InfoNCE is concave in that matrix, so training must
    # reach what the optimal critic reads on the same held-out batches, up to the noise of the
    # p = 12 fitted entries, of order p / (number of training pairs), and of the last steps.
    pairs = CorrelatedGaussians(dim=2, rho=0.6)  # 0.446 nats
    steps, size, held_out = 200, 128, 24
    x, y = pairs.sample(steps * size, seed=0)
    schedule = keras.optimizers.schedules.CosineDecay(0.1, steps)
    model = InfoMax(QuadraticFeatures(False), QuadraticFeatures(True), BilinearCritic(3, seed=0))
    model.compile(optimizers.Adam(schedule))
    model.fit(tf.data.Dataset.from_tensor_slices((x, y)).batch(size), verbose=0)

    learned, optimal = [], []
    for seed in range(1, held_out + 1):
        batch = pairs.sample(size, seed)
        learned.append(float(bounds.infonce(model(batch))))
        optimal.append(float(bounds.infonce(pairs.log_density_ratio(*batch))))
    standard_error = np.std(learned, ddof=1) / math.sqrt(held_out)
    assert np.mean(learned) < pairs.mutual_information + 4 * standard_error
    lost = np.subtract(optimal, learned)
    noise = 4 * np.std(lost, ddof=1) / math.sqrt(held_out)
    assert -noise - 1e-3 < np.mean(lost) < noise + 12 / (steps * size) + 5e-3
    assert np.mean(learned) > pairs.mutual_information - 4 * standard_error - 0.02


def test_target_is_reached():
    # One batch again and again, and steps that fade: nothing keeps the bound off its target.
    batch, target = batches(1, 3), 1.0
    schedule = keras.optimizers.schedules.CosineDecay(1e-2, 150)
    model = small_model(optimizers.Adam(schedule), target=target)
    before = model.evaluate(batch, verbose=0, return_dict=True)
    model.fit(batch.repeat(), steps_per_epoch=150, verbose=0)
    after = model.evaluate(batch, verbose=0, return_dict=True)
    assert abs(after["bound"] - target) < 0.01 < 0.5 < abs(before["bound"] - target)
    for reached in (before, after):
        np.testing.assert_allclose(reached["loss"], abs(reached["bound"] - target), atol=1e-6)


def test_one_encoder_may_serve_both_views(tmp_path):
    encoder = MLP((16, 8), seed=0)
    model = InfoMax(encoder, None, InnerProdCritic())
    model.compile(optimizers.Adam(1e-2))
    model.fit(batches(2), verbose=0)
    assert model.encoder_2 is model.encoder_1 is encoder
    assert len(model.trainable_variables) == 4  # two layers, once
    x, y = next(iter(batches(1)))
    np.testing.assert_allclose(model((x, y)), encoder(x) @ tf.transpose(encoder(y)), rtol=1e-5)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert loaded.encoder_2 is loaded.encoder_1 and len(loaded.trainable_variables) == 4
    np.testing.assert_array_equal(loaded((x, y)), model((x, y)))


def test_a_copy_and_a_file_share_the_encoder_of_several_views(tmp_path):
    encoder, other = MLP((5, 3), seed=0), MLP((5, 3), seed=1)
    term = ViewInformation(BilinearCritic(3, seed=2), views=("a", "c"), endpoint="code")
    model = RepresentationModel({"a": encoder, "b": other, "c": encoder}, [term])
    model.build(dict.fromkeys("abc", (None, 4)))
    model.compile(optimizers.Adam(1e-2))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    copy = keras.models.clone_model(model)
    for found in (loaded, copy):
        first, second, third = found.encoders.values()
        assert first is third and first is not second and list(found.encoders) == ["a", "b", "c"]
    for ours, theirs in zip(loaded.weights, model.weights, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    # Earlier versions wrote the encoder for each of its views.
    config = model.get_config()
    config["encoders"]["c"] = config["encoders"]["a"]
    earlier = RepresentationModel.from_config(config)
    assert earlier.encoders["c"].get_config() == encoder.get_config()


def test_two_encoders_have_weights_of_their_own():
    model = small_model()
    model.build(((None, 4), (None, 4)))
    assert len(model.trainable_variables) == 4 + 4 + 1
    assert model.encoder_1.trainable_variables[0] is not model.encoder_2.trainable_variables[0]


def test_fit_and_update_give_the_same_numbers():
    by_fit, by_hand = small_model(), small_model()
    losses = []
    for x, y in batches(3):
        if not by_hand.built:
            by_hand.build((x.shape, y.shape))
        metrics = by_hand.update(x, y)
        assert set(metrics) == {"loss", "bound"}
        losses.append(float(metrics["loss"]))
    history = by_fit.fit(batches(3), verbose=0).history
    np.testing.assert_allclose(history["loss"], [np.mean(losses)], rtol=1e-5)
    for ours, theirs in zip(weights_of(by_fit), weights_of(by_hand), strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


@pytest.mark.slow
def test_compiles_with_xla_at_unknown_batch_size():
    # The data set's last batch is smaller, so its batch size is unknown.
    x, y = PAIRS.sample(24, seed=0)
    data = tf.data.Dataset.from_tensor_slices((x, y)).batch(16)
    assert data.element_spec[0].shape[0] is None
    losses = []
    for jit_compile in (False, True):
        model = InfoMax(MLP((3,), seed=0), MLP((3,), seed=1), InnerProdCritic())
        model.compile(optimizers.Adam(1e-2), jit_compile=jit_compile)
        losses.append(model.fit(data, verbose=0).history["loss"])
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


@pytest.mark.parametrize(
    "bound",
    [
        *bounds.names(),
        bounds.nwj,
        half_of_nwj,
        bounds.get("smile", clip=1.0),
        bounds.get("smile", clip=math.inf),
        bounds.get("interpolated", alpha=0.5),
    ],
    ids=spelled,
)
def test_every_bound_is_saved(bound):
    model = InfoMax(MLP((2,)), None, InnerProdCritic(), bound=bound, target=2.5)
    config = keras.saving.serialize_keras_object(model)
    copy = keras.saving.deserialize_keras_object(config)
    scores = np.random.default_rng(0).normal(size=(5, 5))
    np.testing.assert_array_equal(copy.bound_of(scores), bounds.get(bound)(scores))
    assert copy.target == 2.5


def test_mixed_precision():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = small_model()
        history = model.fit(batches(10), epochs=2, verbose=0).history
    finally:
        keras.config.set_dtype_policy("float32")
    assert model(next(iter(batches(1)))).dtype == tf.bfloat16
    assert {weight.dtype for weight in model.trainable_variables} == {"float32"}
    assert history["bound"][0] < history["bound"][1] < math.log(BATCH)


@pytest.mark.parametrize(
    "critic", [SeparableCritic(8, 8, seed=0), ConcatCritic(8, seed=0)], ids=["separable", "concat"]
)
def test_views_may_differ_in_kind(critic):
    model = InfoMax(MLP((6, 5), seed=0), MLP((6, 3), seed=1), critic)
    model.compile(optimizers.Adam(1e-3))
    x, y = np.zeros((8, 2, 3, 1), np.float32), np.zeros((8, 9), np.float32)
    model.build((x.shape, y.shape))
    # Constant views: all scores are equal, and the bound is exactly nothing.
    np.testing.assert_allclose(model.update(x, y)["bound"], 0.0, atol=1e-6)


ROWS = np.zeros((8, 4), np.float32)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ((ROWS, ROWS, ROWS), r"pairs.* Received: \((float32 \[8, 4\](, )?){3}\)"),
        (ROWS, r"pairs.* Received: float32 \[8, 4\]"),
        ((ROWS, ROWS[:7]), r"same number of rows.* \(8, 4\).*\(7, 4\)"),
        ((ROWS[:1], ROWS[:1]), r"two pairs.*drop_remainder=.* Received: .* shape \(1, 4\)"),
    ],
    ids=["triple", "single", "unequal", "one pair"],
)
def test_wrong_data(data, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        small_model().fit(tf.data.Dataset.from_tensors(data), verbose=0)


def test_one_pair_in_a_batch_of_unknown_size():
    # Nobody knows how many rows a generator gives.
    pairs = tf.data.Dataset.from_generator(
        lambda: iter(batches(2, size=1)),
        output_signature=(tf.TensorSpec([None, 4]), tf.TensorSpec([None, 4])),
    )
    with pytest.raises(
        tf.errors.InvalidArgumentError, match=r"(?s)At least two pairs.*drop_remainder=True"
    ):
        small_model().fit(pairs, verbose=0)


NO_PAIRS = {
    "view": (lambda model: model(ROWS), r"input_shape=\(8, 4\)"),
    "shape": (lambda model: model.build((None, 4)), r"input_shape=\(None, 4\)"),
    "three": (lambda model: model((ROWS, ROWS, ROWS)), r"input_shape=\((\(8, 4\)(, )?){3}\)"),
    "view, built": (lambda model: [model(x) for x in ((ROWS, ROWS), ROWS)], r"inputs=float32 \[8"),
    # As many rows as views.
    "two rows": (
        lambda model: [model(x) for x in ((ROWS, ROWS), ROWS[:2])], r"inputs=float32 \[2, 4\]"
    ),
    "three, built": (
        lambda model: [model(x) for x in ((ROWS, ROWS), (ROWS, ROWS, ROWS))], r"inputs=\(float32"
    ),
}


@pytest.mark.parametrize("make", [small_model, lambda: AlignedViews(MLP((4,)))])
@pytest.mark.parametrize(("call", "received"), NO_PAIRS.values(), ids=NO_PAIRS)
def test_calls_without_a_pair(make, call, received):
    with pytest.raises(ValueError, match=rf"takes pairs \(x, y\).* Received: {received}"):
        call(make())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"bound": "infonc"}, "Unknown bound 'infonc'. Did you mean 'infonce'"),
        ({"target": -1.0}, r"`target`.* Received: target=-1\.0"),
        ({"target": math.nan}, r"`target`.* Received: target=nan"),
        ({"target": math.inf}, r"`target`.* Received: target=inf"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        small_model(**options)
