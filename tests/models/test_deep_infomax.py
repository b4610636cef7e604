"""``DeepInfoMax``: who is moved by which loss, what training does, and how it is saved."""

import functools

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn.datasets import load_digits

from tf_infomax import DeepInfoMax, encoders
from tf_infomax.critics import ConcatCritic, ConcatMapCritic, DotMapCritic, EncoderTailCritic
from tf_infomax.layers import optimizers
from tf_infomax.models.players import finalized_apart
from tf_infomax.objectives import (
    Classification,
    Coordinates,
    GlobalInformation,
    LocalInformation,
    PriorMatching,
    RelativeCoordinates,
)
from tf_infomax.training.task import Task

SEED = (1, 2)
SHAPE = (28, 28, 1)


@functools.cache
def digits():
    """Real images ``[1797, 28, 28, 1]`` in [-1, 1], of 8 x 8 pixels three times as large."""
    images, labels = load_digits(return_X_y=True)
    large = np.kron(images.reshape(-1, 8, 8) / 8.0 - 1.0, np.ones((3, 3)))
    padded = np.pad(large, [(0, 0), (2, 2), (2, 2)], constant_values=-1.0)
    return padded[..., np.newaxis].astype(np.float32), labels.astype(np.int32)


def batch(size=16, start=0):
    images, labels = digits()
    return tf.constant(images[start : start + size]), tf.constant(labels[start : start + size])


def small_encoder():
    return encoders.get("basic28x28", widths=(6, 8, 12), output_units=8, seed=0)


def local(**options):
    return LocalInformation(DotMapCritic(12, seed=100), **options)


def tail(**options):
    critic = EncoderTailCritic(12, small_encoder().tail(12, seed=201), seed=200)
    return GlobalInformation(critic, endpoint="local", **options)


def prior(**options):
    return PriorMatching(hidden_units=(16, 8), seed=300, **options)


def all_terms(occluded=True):
    return [
        local(name="local_term", bound="infonce", self_score=-10.0, negative_images=3),
        tail(name="global_term", weight=0.5, activation_penalty=0.01),
        prior(name="prior_term", weight=0.1, prior="ball"),
        Coordinates(hidden_units=(8,), occluded=occluded, seed=400, name="absolute_term"),
        RelativeCoordinates(network="released", seed=500, name="relative_term"),
        Classification(10, "fc", seed=600, name="label_term"),
    ]


def model_of(terms, optimizer=None, adversary=None, **options):
    """A small model with weights, compiled."""
    model = DeepInfoMax(small_encoder(), terms, seed=7)
    model.build((None, *SHAPE))
    model.compile(optimizer or optimizers.Adam(1e-3), adversary, **options)
    model.build_optimizers()
    return model


def values(variables):
    return [variable.numpy() for variable in variables]


def same(before, variables):
    """Of every variable: whether it holds what it held."""
    return [np.array_equal(old, new) for old, new in zip(before, values(variables), strict=True)]


@pytest.mark.parametrize("moving", ["player", "adversary"])
def test_a_loss_moves_its_own_player_only(moving):
    rates = (0.1, 0.0) if moving == "player" else (0.0, 0.1)
    model = model_of([local(), prior(weight=1.0)], *map(keras.optimizers.SGD, rates))
    players = {"player": model.representation_variables, "adversary": model.adversary_variables}
    ids = [id(variable) for variables in players.values() for variable in variables]
    assert sorted(ids) == sorted(id(variable) for variable in model.trainable_variables)
    before = {name: values(variables) for name, variables in players.items()}
    model.update(batch()[0], None, SEED)
    for name, variables in players.items():
        unchanged = same(before[name], variables)
        assert not any(unchanged) if name == moving else all(unchanged), name


def test_the_adversary_learns_from_codes_of_before_the_encoder_moved():
    reports = []
    for rate in (0.0, 1.0):
        model = model_of([prior()], keras.optimizers.SGD(rate), keras.optimizers.SGD(0.1))
        results = model.update(batch()[0], None, SEED)
        reports.append((results["adversary_loss"], *values(model.adversary_variables)))
    for ours, theirs in zip(*reports, strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_loss_is_the_sum_of_the_terms():
    images, labels = batch()
    together = model_of(all_terms()).evaluate_batch(images, labels, SEED)
    apart = [
        model_of([term]).evaluate_batch(images, labels, SEED)["loss"] for term in all_terms()
    ]
    np.testing.assert_allclose(together["loss"], np.sum(apart), rtol=1e-5)


# Name -> (terms, the player that learns, the report that must fall).
LEARNING = {
    "local_jsd": (lambda: [local()], "player", "loss"),
    "local_infonce": (lambda: [local(bound="infonce")], "player", "loss"),
    "local_donsker_varadhan": (lambda: [local(bound="donsker_varadhan")], "player", "loss"),
    "local_concat": (
        lambda: [LocalInformation(ConcatMapCritic((12,), seed=100), local_samples=4)],
        "player",
        "loss",
    ),
    "global_concat": (
        lambda: [GlobalInformation(ConcatCritic(16, layers=2, seed=200))], "player", "loss"
    ),
    "global_tail": (lambda: [tail()], "player", "loss"),
    "prior_encoder": (lambda: [prior(weight=1.0)], "player", "loss"),
    "prior_discriminator": (lambda: [prior()], "adversary", "adversary_loss"),
    "coordinates": (lambda: [Coordinates(hidden_units=(16,), seed=400)], "player", "loss"),
    "relative_coordinates": (
        lambda: [RelativeCoordinates(hidden_units=(16,), seed=500)], "player", "loss"
    ),
    "classification": (lambda: [Classification(10, seed=600)], "player", "loss"),
}


# Variants of others, whose difference other tests see.
SLOW = {
    "local_infonce",
    "local_donsker_varadhan",
    "local_concat",
    "global_concat",
    "global_tail",
    "classification",
    "relative_coordinates",
}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[pytest.mark.slow] if name in SLOW else [])
        for name in LEARNING
    ],
)
def test_every_objective_alone_learns_from_real_images(name):
    terms, player, report = LEARNING[name]
    rates = (5e-3, 0.0) if player == "player" else (0.0, 5e-3)
    model = model_of(terms(), *map(optimizers.Adam, rates))
    losses = []
    # Networks on pairs of features take longer to find out what they are to do.
    for step in range(50 if name.endswith("concat") else 16):
        # Other images and other draws at every step.
        results = model.update(*batch(32, 32 * step), (step, 1))
        losses.append(float(results[report]))
    first, last = losses[:3], losses[-6:]
    # What the batch of a step decides, without the trend: from differences of neighbours.
    noise = np.diff(losses).std() / np.sqrt(2)
    assert np.mean(first) - np.mean(last) > 4 * noise * np.sqrt(1 / 3 + 1 / 6)


def data(*arrays, size=16, count=40):
    """A ``tf.data`` set whose last batch is smaller, so that the batch size is unknown."""
    arrays = tuple(array[:count] for array in arrays)
    return tf.data.Dataset.from_tensor_slices(arrays if len(arrays) > 1 else arrays[0]).batch(size)


@pytest.fixture(scope="module")
def trained():
    """A model after plain ``compile`` and ``fit`` on images only, and its history."""
    images, _ = digits()
    model = DeepInfoMax(small_encoder(), [local(), prior(weight=0.1)], seed=7)
    model.compile(optimizers.Adam(3e-3))
    history = model.fit(
        data(images, count=200), validation_data=data(images), epochs=3, verbose=0
    ).history
    return model, history


def test_fit_logs_what_the_terms_report(trained):
    model, history = trained
    terms = {"loss", "local_information", "prior_encoder_loss"}
    # No adversary plays in a validation.
    assert set(history) == {
        *terms, "prior_divergence", "adversary_loss", *(f"val_{name}" for name in terms)
    }
    assert set(model.metric_units) == {
        "local_information", "prior_encoder_loss", "prior_divergence", "adversary_loss"
    }
    assert all(np.isfinite(values).all() and len(values) == 3 for values in history.values())
    total = 0.1 * np.array(history["prior_encoder_loss"]) - history["local_information"]
    np.testing.assert_allclose(history["loss"], total, rtol=1e-5, atol=1e-6)
    assert history["local_information"][-1] > history["local_information"][0] + 0.1


def test_evaluate_moves_nothing_and_gives_the_means_of_the_batches(trained):
    model, _ = trained
    before = values(model.weights)
    images, _ = digits()
    result = model.evaluate(data(images), verbose=0, return_dict=True)
    assert all(same(before, model.weights))
    # Nothing in this term is drawn.
    by_hand = [
        float(model.evaluate_batch(one, None, SEED)["local_information"]) for one in data(images)
    ]
    # The last batch is smaller, and counts less.
    rows = [len(one) for one in data(images)]
    expected = np.average(by_hand, weights=rows)
    np.testing.assert_allclose(result["local_information"], expected, rtol=1e-4)


def test_a_call_gives_the_code(trained):
    model, _ = trained
    images, _ = batch()
    np.testing.assert_array_equal(model(images), model.encoder(images))
    assert model.compute_output_shape((None, *SHAPE)) == (None, 8)
    codes = model.encoder.predict(images, verbose=0)
    np.testing.assert_allclose(codes, model(images), rtol=1e-4, atol=1e-5)


def test_save_and_load_in_the_midst_of_training(tmp_path):
    model = model_of(
        all_terms(),
        optimizers.Adam(3e-3, beta_1=0.5),
        keras.optimizers.SGD(0.02, momentum=0.9),
        run_eagerly=True,
    )
    images, labels = batch()
    model.update(images, labels, (5, 6))
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded(images), model(images))
    assert loaded.run_eagerly and loaded.jit_compile == model.jit_compile
    assert isinstance(loaded.adversary_optimizer, keras.optimizers.SGD)
    for ours, theirs in (
        (loaded.optimizer, model.optimizer),
        (loaded.adversary_optimizer, model.adversary_optimizer),
    ):
        assert ours.get_config() == theirs.get_config()
        assert ours.iterations.numpy() == 1
    # Both go on alike, with the slots of both players.
    np.testing.assert_equal(
        {name: float(v) for name, v in loaded.update(images, labels, SEED).items()},
        {name: float(v) for name, v in model.update(images, labels, SEED).items()},
    )
    assert all(same(values(model.weights), loaded.weights))


def test_config_makes_the_same_model():
    model = DeepInfoMax(small_encoder(), all_terms(), seed=3, name="mine")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(model))
    assert copy.seed == 3 and copy.name == "mine" and not copy.compiled
    assert [type(term) for term in copy.objectives] == [type(term) for term in model.objectives]
    assert copy.get_config() == model.get_config()


def test_fit_on_images_and_labels():
    images, labels = digits()
    labels = np.where(np.arange(len(labels)) % 3, labels, -1)
    model = DeepInfoMax(small_encoder(), [Classification(10, seed=0)])
    model.compile(optimizers.Adam(3e-3), run_eagerly=True)
    # Of arrays, and of a tf.data set.
    history = model.fit(
        images[:320], labels[:320], epochs=2, validation_data=data(images, labels), verbose=0
    ).history
    names = {"loss", "classification_loss", "classification_accuracy"}
    assert set(history) == names | {f"val_{name}" for name in names}
    # A tenth by chance.
    assert history["classification_accuracy"][1] > 0.3
    assert set(model.evaluate(images[:8], labels[:8], verbose=0, return_dict=True)) == names


def test_fit_draws_anew_at_every_step_and_from_the_seed():
    images, _ = digits()
    repeated = tf.data.Dataset.from_tensors(images[:8]).repeat(3)

    def divergences(seed):
        model = DeepInfoMax(small_encoder(), [prior()], seed=seed)
        model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
        return [
            model.fit(repeated, steps_per_epoch=1, verbose=0).history["adversary_loss"][0]
            for _ in range(3)
        ]

    first, again, other = map(divergences, (3, 3, 4))
    assert first == again != other
    assert len(set(first)) == 3


def drawing():
    """A compiled model that stands still: what it reports depends on the draws alone."""
    model = DeepInfoMax(small_encoder(), [prior()], seed=3)
    model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
    return model


def fit_one_step(model):
    """What the discriminator reports of the next step of ``fit``."""
    history = model.fit(data(digits()[0], size=8, count=8), verbose=0).history
    return history["prior_divergence"][0]


@pytest.mark.parametrize("how", ["model", "weights"])
def test_a_loaded_model_goes_on_with_new_draws(how, tmp_path):
    kept = drawing()
    reports = [fit_one_step(kept) for _ in range(2)]
    if how == "model":
        kept.save(tmp_path / "half.keras")
        loaded = keras.saving.load_model(tmp_path / "half.keras")
    else:
        kept.save_weights(tmp_path / "half.weights.h5")
        loaded = drawing()
        loaded.build((None, *SHAPE))
        loaded.load_weights(tmp_path / "half.weights.h5")
    went_on = [fit_one_step(kept) for _ in range(2)]
    assert [fit_one_step(loaded) for _ in range(2)] == pytest.approx(went_on, rel=1e-6)
    # All four steps drew apart.
    assert np.diff(np.sort([*reports, *went_on])).min() > 1e-5


def test_evaluations_leave_the_draws_of_training_and_have_new_ones_of_their_own(tmp_path):
    def still():
        terms = [prior(), local(occluded=True)]
        model = DeepInfoMax(small_encoder(), terms, seed=3)
        model.compile(keras.optimizers.SGD(0.0), run_eagerly=True)
        return model

    def evaluated(model):
        return model.evaluate(digits()[0][:8], verbose=0)[0]

    alone, watched = still(), still()
    for _ in range(2):
        assert fit_one_step(watched) == fit_one_step(alone)
        first, second = evaluated(watched), evaluated(watched)
        assert abs(first - second) > 1e-5
    watched.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    third = evaluated(watched)
    assert evaluated(loaded) == pytest.approx(third, rel=1e-6)
    assert abs(third - second) > 1e-5
    assert fit_one_step(loaded) == pytest.approx(fit_one_step(alone), rel=1e-6)


def test_terms_of_one_kind_report_apart():
    images, _ = batch()

    def report(terms):
        return {name: float(v) for name, v in model_of(terms).update(images, None, SEED).items()}

    def halves():
        return local(), local(bound="infonce", weight=0.5)

    def games():
        return prior(prior="ball"), prior(prior="normal", weight=0.3)

    # Of one batch, weights and seed: each term reports what it does alone.
    jsd, infonce = (report([term])["local_information"] for term in halves())
    ball, normal = (report([term]) for term in games())
    (first, second), (game, other_game) = halves(), games()
    model = model_of([first, game, second, other_game])
    assert model.metric_units == {
        "local_information": "1",
        "prior_encoder_loss": "1",
        "prior_divergence": "1",
        "local_information_2": "nats",
        "prior_encoder_loss_2": "1",
        "prior_divergence_2": "1",
        "adversary_loss": "1",
    }
    expected = {
        "loss": -jsd - 0.5 * infonce,
        "local_information": jsd,
        "local_information_2": infonce,
        **{name: ball[name] for name in ("prior_encoder_loss", "prior_divergence")},
        **{f"{name}_2": normal[name] for name in ("prior_encoder_loss", "prior_divergence")},
    }
    expected["loss"] += ball["prior_encoder_loss"] + 0.3 * normal["prior_encoder_loss"]
    expected["adversary_loss"] = ball["adversary_loss"] + normal["adversary_loss"]
    ours = {name: float(v) for name, v in model.update(images, None, SEED).items()}
    assert ours == pytest.approx(expected, rel=1e-5)
    assert abs(jsd - infonce) > 0.1 and ball["prior_divergence"] != normal["prior_divergence"]


def test_fit_logs_terms_of_one_kind_apart():
    model = DeepInfoMax(small_encoder(), [local(), local(bound="infonce"), local()], seed=7)
    model.compile(optimizers.Adam(1e-3), run_eagerly=True)
    history = model.fit(data(digits()[0], count=16), epochs=1, verbose=0).history
    names = ["local_information", "local_information_2", "local_information_3"]
    assert set(history) == {"loss", *names}
    total = -sum(history[name][0] for name in names)
    assert history["loss"][0] == pytest.approx(total, rel=1e-5)


@pytest.fixture(scope="module")
def stepped():
    """Results of two eager steps on batches of two sizes, and the weights after them."""
    return two_steps(lambda update: update)


def two_steps(wrap):
    terms = all_terms(occluded=False)
    model = model_of(terms, keras.optimizers.SGD(1e-2), keras.optimizers.SGD(1e-2))
    update = wrap(model.update)
    results = [update(*batch(size), tf.constant(SEED)) for size in (6, 5)]
    return results, values(model.weights), model


SIGNATURE = [
    tf.TensorSpec([None, *SHAPE], tf.float32),
    tf.TensorSpec([None], tf.int32),
    tf.TensorSpec([2], tf.int32),
]


# Compiling all terms takes long; plain `fit` above compiles two of them by XLA.
@pytest.mark.slow
@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_compiled_is_eager_at_unknown_batch_size(stepped, jit_compile):
    results, weights, model = two_steps(
        lambda update: tf.function(update, input_signature=SIGNATURE, jit_compile=jit_compile)
    )
    for ours, theirs in zip(results, stepped[0], strict=True):
        assert set(ours) == set(theirs) == {"loss", *model.metric_units}
        for name in ours:
            # XLA makes other floats of the same bits: the discriminator sees other draws.
            loose = jit_compile and name in ("prior_divergence", "adversary_loss")
            atol = 0.1 if loose else 1e-4
            np.testing.assert_allclose(ours[name], theirs[name], rtol=1e-3, atol=atol)
    discriminator = {variable.path for variable in model.adversary_variables}
    for variable, ours, theirs in zip(model.weights, weights, stepped[1], strict=True):
        loose = jit_compile and variable.path in discriminator
        np.testing.assert_allclose(ours, theirs, atol=1e-2 if loose else 1e-4)


def test_image_task_reports_what_the_model_does(stepped):
    _, _, model = stepped

    def draw(t):
        images, labels = batch(6)
        seed = tf.stack([tf.cast(t, tf.int32), 0])
        return {"views": {"image": images}, "labels": labels, "seed": seed}

    task = Task(model, draw)
    before = values(task.variables)
    results = task.update(task.draw(tf.constant(3, tf.int64)))
    assert set(results) == set(task.metric_names) == {"loss", *task.reported}
    # Whatever a step changes is among the variables of a checkpoint: with them back, it repeats.
    for variable, value in zip(task.variables, before, strict=True):
        variable.assign(value)
    again = task.update(task.draw(tf.constant(3, tf.int64)))
    assert {name: float(v) for name, v in again.items()} == {
        name: float(v) for name, v in results.items()
    }


@pytest.mark.slow
@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy):
    images, labels = batch()
    wide = model_of(all_terms()).evaluate_batch(images, labels, SEED)
    keras.config.set_dtype_policy(policy)
    try:
        model = model_of(all_terms())
    finally:
        keras.config.set_dtype_policy("float32")
    scaled = keras.optimizers.LossScaleOptimizer
    for optimizer in (model.optimizer, model.adversary_optimizer):
        assert isinstance(optimizer, scaled) == (policy == "mixed_float16")
    assert model(images).dtype == policy.removeprefix("mixed_")
    assert {variable.dtype for variable in model.trainable_variables} == {"float32"}
    results = model.evaluate_batch(images, labels, SEED)
    for name, value in results.items():
        assert value.dtype == tf.float32, name
        np.testing.assert_allclose(value, wide[name], rtol=0.1, atol=0.1)
    # The scale may be too large for the first steps, which are then left out.
    before = values(model.trainable_variables)
    for step in range(3):
        results = model.update(images, labels, (step, 0))
        assert all(np.isfinite(value) and value.dtype == tf.float32 for value in results.values())
    assert not any(same(before, model.trainable_variables))
    assert all(np.isfinite(value).all() for value in values(model.variables))


def test_a_scaled_loss_gives_the_same_update():
    steps = []
    for wrap in (lambda optimizer: optimizer, keras.optimizers.LossScaleOptimizer):
        rates = (keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.05))
        model = model_of([local(), prior(weight=1.0)], *map(wrap, rates))
        results = model.update(batch()[0], None, SEED)
        steps.append([*results.values(), *values(model.trainable_variables)])
    for ours, theirs in zip(*steps, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-6, atol=1e-7)


def test_optimizers_of_the_two_players():
    model = model_of([prior()], optimizers.Adam(1e-3, beta_1=0.5))
    # By default one of the same kind, but of its own.
    assert model.adversary_optimizer is not model.optimizer
    assert model.adversary_optimizer.get_config() == model.optimizer.get_config()
    model.compile("sgd", "adam")
    assert isinstance(model.adversary_optimizer, keras.optimizers.Adam)
    one = keras.optimizers.SGD()
    with pytest.raises(ValueError, match=r"an optimizer of its own. Received: one for two"):
        model.compile(one, one)


EMA = {"use_ema": True, "ema_momentum": 0.5}


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.optimizers.Adam(1e-2, **EMA),
        pytest.param(
            lambda: keras.optimizers.LossScaleOptimizer(
                keras.optimizers.Adam(1e-2, **EMA), initial_scale=2.0
            ),
            marks=pytest.mark.slow,
        ),
    ],
    ids=["adam", "scaled"],
)
@pytest.mark.parametrize(
    "terms",
    [
        lambda: [prior(), local()],
        # Kernels of one shape.
        pytest.param(
            lambda: [PriorMatching(hidden_units=(10,), seed=1), Classification(10, seed=2)],
            marks=pytest.mark.slow,
        ),
    ],
    ids=["other shapes", "equal shapes"],
)
def test_every_player_ends_with_the_averages_of_its_own_variables(terms, make):
    model = model_of(terms(), make(), run_eagerly=True)
    variables = [v for _, own in model.optimized() for v in own]
    averages = []

    def average(batch, logs):
        weights = values(variables)
        pairs = zip(averages or weights, weights, strict=True)
        averages[:] = [0.5 * old + 0.5 * new for old, new in pairs]

    follow = keras.callbacks.LambdaCallback(on_train_batch_end=average)
    images, labels = digits()
    model.fit(data(images, labels, size=8, count=24), verbose=0, callbacks=[follow])
    for expected, found in zip(averages, values(variables), strict=True):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


def test_an_optimizer_that_never_moved_leaves_its_variables():
    moved, still = (keras.optimizers.SGD(1.0, **EMA) for _ in range(2))
    one, other = (keras.Variable([float(k)]) for k in (1, 2))
    moved.build([one])
    still.build([other])
    moved.apply([tf.constant([1.0])], [one])
    one.assign([5.0])
    with finalized_apart([moved, still]):
        moved.finalize_variable_values([other, one])
    # The average is that of after the step.
    assert (one.numpy().item(), other.numpy().item()) == (0.0, 2.0)


def fit_on(images, terms, labels=None):
    model = DeepInfoMax(small_encoder(), terms)
    model.compile(run_eagerly=True)
    model.fit(data(*(part for part in (images, labels) if part is not None)), verbose=0)


IMAGES = np.zeros((6, *SHAPE), np.float32)


@pytest.mark.parametrize(
    ("images", "terms", "message"),
    [
        (IMAGES, list, r"At least one term.* Received: objectives=\[\]"),
        (
            IMAGES,
            lambda: [GlobalInformation(ConcatCritic(4), endpoint="foc")],
            r"no endpoint 'foc'. It has: local, conv, fc, global.* Received: endpoint='foc'",
        ),
        (IMAGES[:, :27], lambda: [local()], r"basic28x28 encodes square images \[K, S, S, C\].*27"),
        (IMAGES[..., 0], lambda: [local()], r"shape \[K, H, W, C\].* Received: shape .*28, 28\)"),
        (IMAGES[:1], lambda: [local()], r"At least two images.* Received: batches of 1 images"),
        (IMAGES, lambda: [local(local_samples=50)], r"at most 49.* Received: 50"),
        (IMAGES, lambda: [Classification(3)], r"needs labels. Received: images without labels"),
    ],
    ids=["no term", "endpoint", "size", "rank", "one image", "samples", "labels"],
)
def test_errors(images, terms, message):
    with pytest.raises(ValueError, match=f"(?s){message}"):
        fit_on(images, terms())


@pytest.mark.parametrize(
    ("form", "received"),
    [
        (lambda x: (x, x, x), r"\((float32 \[6, 28, 28, 1\](, )?){3}\)"),
        (lambda x: {"image": x}, r"\{'image': float32 \[6, 28, 28, 1\]\}"),
        (lambda x: ((x, x), x), r"\(\(.*\), float32 \[6, 28, 28, 1\]\)"),
    ],
)
def test_data_of_another_form(form, received):
    model = model_of([local()], run_eagerly=True)
    message = rf"on images or on \(images, labels\)\. Received: {received}\."
    with pytest.raises(ValueError, match=message):
        model.train_step(form(IMAGES))
