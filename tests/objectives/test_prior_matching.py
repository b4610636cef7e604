"""Prior matching: the priors' laws, the supports, the penalty, and who is moved by which loss."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.stored_endpoints import StoredEndpoints
from tf_infomax.bounds import divergences
from tf_infomax.objectives import EncodedViews, PriorMatching
from tf_infomax.objectives.prior_matching import PRIORS, gradient_penalty, sample_prior, squash

RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(12, 5)).astype(np.float32)
each_prior = pytest.mark.parametrize("prior", PRIORS)


def term_on(codes, **options):
    """A small term and the encoder whose code is given."""
    encoder = StoredEndpoints(**{"global": tf.constant(codes)})
    term = PriorMatching(hidden_units=(7, 6), seed=0, **options)
    term.connect(EncodedViews({"image": encoder}))
    return term, encoder


# Mean and variance of one coordinate in D = 5. Ball: E r^2 / D with r^D uniform, D / (D + 2) / D.
MOMENTS = {
    "uniform": (0.5, 1 / 12), "normal": (0.0, 1.0), "ball": (0.0, 1 / 7), "sphere": (0.0, 1 / 5),
}


@each_prior
def test_moments_of_the_priors(prior):
    count = 20_000
    draws = sample_prior(prior, [count, 5], (1, 2), tf.float64).numpy()
    mean, variance = MOMENTS[prior]
    np.testing.assert_allclose(draws.mean(0), mean, atol=4 * math.sqrt(variance / count))
    squares = (draws - mean) ** 2
    tolerance = 4 * squares.std(0) / math.sqrt(count)
    assert (np.abs(squares.mean(0) - variance) < tolerance).all()
    # Uncorrelated coordinates: the standard error of a correlation is 1 / sqrt(count).
    correlations = np.corrcoef(draws.T)[~np.eye(5, dtype=bool)]
    assert np.abs(correlations).max() < 5 / math.sqrt(count)


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_the_ball_is_filled_uniformly(dim):
    count = 10_000
    draws = sample_prior("ball", [count, dim], (3, 4), tf.float64).numpy()
    radii = np.linalg.norm(draws, axis=1)
    assert radii.max() <= 1.0
    # P(|v| <= r) = r^D, so r^D is uniform: Kolmogorov's distance is below 1.95 / sqrt(n) in 99.9%.
    levels = np.sort(radii**dim)
    distance = np.abs(levels - np.arange(1, count + 1) / count).max()
    assert distance < 1.95 / math.sqrt(count)


def test_the_sphere_is_covered_uniformly():
    draws = sample_prior("sphere", [20_000, 3], (3, 4), tf.float64).numpy()
    np.testing.assert_allclose(np.linalg.norm(draws, axis=1), 1.0, rtol=1e-12)
    # Archimedes: in three dimensions every coordinate is uniform in [-1, 1].
    levels = (np.sort(draws, axis=0) + 1) / 2
    expected = np.arange(1, len(draws) + 1)[:, None] / len(draws)
    assert np.abs(levels - expected).max() < 1.95 / math.sqrt(len(draws))


@each_prior
def test_draws_are_reproducible(prior):
    first, again, other = (sample_prior(prior, [4, 3], (1, seed)) for seed in (2, 2, 3))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).min() > 0


@each_prior
def test_codes_are_squashed_into_the_support(prior):
    scales = np.repeat([0.0, 1e-4, 1.0, 10.0], 3)
    codes = tf.constant(CODES * scales[:, None], tf.float64)
    inside = squash(codes, prior).numpy()
    if prior == "normal":
        np.testing.assert_array_equal(inside, codes)
    elif prior == "uniform":
        np.testing.assert_allclose(inside, 1 / (1 + np.exp(-codes.numpy())), rtol=1e-12)
        assert inside.min() >= 0.0 and inside.max() <= 1.0
    elif prior == "sphere":
        # The direction alone is left, except of codes that have none.
        norms = np.linalg.norm(codes, axis=1, keepdims=True)
        np.testing.assert_allclose(inside[3:], (codes / norms)[3:], rtol=1e-9)
        np.testing.assert_array_equal(inside[:3], 0.0)
    else:
        radii = np.linalg.norm(codes, axis=1)
        # tanh of the radius, in the same direction.
        np.testing.assert_allclose(np.linalg.norm(inside, axis=1), np.tanh(radii), rtol=1e-9)
        np.testing.assert_allclose(
            inside * radii[:, None], codes * np.tanh(radii)[:, None], atol=1e-12
        )


def test_squashing_into_the_ball_has_a_gradient_everywhere():
    # At the origin z tanh(|z|) / |z| has the Jacobian I; close to it, on both sides of the switch
    # to the series, nearly so.
    for scale in (0.0, 1e-8, 0.9e-3, 1.1e-3):
        codes = tf.constant([[scale, 0.0, 0.0]], tf.float64)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(codes)
            entries = tf.unstack(squash(codes, "ball")[0])
        jacobian = [tape.gradient(entry, codes)[0] for entry in entries]
        np.testing.assert_allclose(jacobian, np.eye(3), atol=2 * scale**2 + 1e-15)


def test_penalty_of_a_linear_discriminator():
    weights = tf.constant(RNG.normal(size=(5, 1)))
    inputs = tf.constant(RNG.normal(size=(12, 5)))
    squared = float(tf.reduce_sum(weights**2))
    for form, expected in (("all_samples", squared), ("last_sample", squared / 12)):
        penalty = gradient_penalty(lambda x: x @ weights + 3.0, inputs, form)
        np.testing.assert_allclose(penalty, expected, rtol=1e-12)


def test_penalty_and_its_gradient_of_a_quadratic_discriminator():
    # D(x) = a |x|^2 / 2 has the gradient a x: the penalty is a^2 mean |x|^2.
    factor = tf.Variable(1.5, dtype=tf.float64)
    inputs = tf.constant(RNG.normal(size=(12, 5)))
    squares = np.sum(inputs.numpy() ** 2, axis=1)
    for form, mean in (("all_samples", squares.mean()), ("last_sample", squares[-1] / 12)):
        with tf.GradientTape() as tape:
            penalty = gradient_penalty(
                lambda x: 0.5 * factor * tf.reduce_sum(x**2, axis=1, keepdims=True), inputs, form
            )
        np.testing.assert_allclose(penalty, 1.5**2 * mean, rtol=1e-12)
        np.testing.assert_allclose(tape.gradient(penalty, factor), 2 * 1.5 * mean, rtol=1e-12)


def by_hand(term, values):
    """Scores of the discriminator, in NumPy float64."""
    for position, layer in enumerate(term.discriminator.stages):
        values = values @ layer.kernel.numpy().astype(float) + layer.bias.numpy()
        values = np.maximum(values, 0) if position < len(term.discriminator.stages) - 1 else values
    return values


@pytest.mark.parametrize("measure", ["gan", "jsd", "kl", "squared_hellinger"])
@each_prior
def test_losses_by_hand(prior, measure):
    term, encoder = term_on(CODES, prior=prior, measure=measure, weight=0.25, penalty_weight=0.0)
    divergence = divergences.get(measure)
    features = encoder.features()
    inside = squash(tf.constant(CODES, tf.float64), prior).numpy()
    loss, metrics = term.loss(features)
    confusion = -np.mean(divergence.positive(by_hand(term, inside)))
    np.testing.assert_allclose(metrics["prior_encoder_loss"], confusion, rtol=1e-5)
    np.testing.assert_allclose(loss, 0.25 * confusion, rtol=1e-5)

    draws = sample_prior(prior, CODES.shape, features.seed("prior")).numpy()
    expected = np.mean(divergence.positive(by_hand(term, draws))) - np.mean(
        divergence.negative(by_hand(term, inside))
    )
    loss, metrics = term.adversary_loss(features)
    np.testing.assert_allclose(metrics["prior_divergence"], expected, rtol=1e-4, atol=1e-6)
    # The weight is the encoder's: the discriminator plays for the whole.
    np.testing.assert_allclose(loss, -expected, rtol=1e-4, atol=1e-6)


def test_the_penalty_is_averaged_over_prior_and_codes():
    codes = tf.constant(CODES)
    with_penalty, without = (
        term_on(CODES, penalty_weight=weight)[0].discriminator_loss(2 * codes, codes)[0]
        for weight in (3.0, 0.0)
    )
    term, _ = term_on(CODES)
    penalties = [gradient_penalty(term.discriminate, inputs) for inputs in (2 * codes, codes)]
    np.testing.assert_allclose(with_penalty - without, 3 * np.mean(penalties), rtol=1e-4)


def test_variables_have_one_player_each():
    term, _ = term_on(CODES)
    variables = term.player("adversary").variables
    assert len(variables) == 6 and not term.representation_variables
    assert {id(v) for v in term.trainable_variables} == {id(v) for v in variables}


def test_several_globals_are_codes_of_their_own():
    maps = RNG.normal(size=(3, 2, 2, 5)).astype(np.float32)
    flat, of_flat = term_on(maps.reshape(12, 5))
    term, encoder = term_on(maps)
    np.testing.assert_allclose(
        term.loss(encoder.features())[0], flat.loss(of_flat.features())[0], rtol=1e-6
    )


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_mixed_precision(policy):
    wide, encoder = term_on(CODES)
    term, half = term_on(tf.cast(CODES, policy.removeprefix("mixed_")), dtype=policy)
    assert {v.dtype for v in term.trainable_variables} == {"float32"}
    for name in ("loss", "adversary_loss"):
        ours, theirs = (
            getattr(one, name)(features)[0]
            for one, features in ((term, half.features()), (wide, encoder.features()))
        )
        assert ours.dtype == tf.float32
        np.testing.assert_allclose(ours, theirs, rtol=0.03)


def test_config_makes_the_same_term():
    term = PriorMatching("ball", "jsd", 0.3, (4,), 2.0, "last_sample", seed=5, name="mine")
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(term))
    assert copy.get_config() == term.get_config()
    assert (copy.prior, copy.penalty_form, copy.name) == ("ball", "last_sample", "mine")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"prior": "cauchy"}, r"`prior` must be one of .*'ball'.* Received: prior='cauchy'"),
        ({"measure": "gna"}, r"Unknown divergence 'gna'. Did you mean 'gan'"),
        ({"penalty_form": "first"}, r"`penalty_form` must be .* Received: .*'first'"),
        ({"penalty_weight": -1.0}, r"`penalty_weight` must be 0 or more. Received: .*=-1.0"),
        ({"penalty_weight": float("nan")}, r"`penalty_weight` must be 0 .* Received: .*=nan"),
        ({"weight": -1.0}, r"`weight` must be 0 or more. Received: weight=-1.0"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        PriorMatching(**options)
