"""The estimator's critic: exact for Gaussians, and what its parts compute."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.data.gaussians import CorrelatedGaussians
from tf_infomax.estimation import CanonicalCritic
from tf_infomax.estimation.margins import NormalScores


def codes(dim_x, dim_y, n=7, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, dim_x)), rng.normal(size=(n, dim_y))


def randomized(dim_x=3, dim_y=2, seed=0, **options):
    """A critic in float64 with random weights, correlations included."""
    critic = CanonicalCritic(hidden_dim=4, seed=0, dtype="float64", **options)
    critic(*(tf.constant(values) for values in codes(dim_x, dim_y)))
    rng = np.random.default_rng(seed)
    for weight in critic.weights:
        weight.assign(rng.normal(size=weight.shape))
    critic.correlations.assign(rng.uniform(0.1, 0.9, size=critic.correlations.shape))
    return critic


def by_hand(critic, x, y):
    """One pair in NumPy, by the docstring."""
    w = {weight.name: weight.numpy() for weight in critic.weights}
    a, b = (x - w["mean_x"]) @ w["map_x"], (y - w["mean_y"]) @ w["map_y"]
    rho = w["correlations"]
    r = len(rho)
    covariances = [np.array([[1.0, one], [one, 1.0]]) for one in rho]
    gaussian = sum(
        -0.5 * np.log(np.linalg.det(c))
        - 0.5 * np.array([a[k], b[k]]) @ np.linalg.inv(c) @ np.array([a[k], b[k]])
        + 0.5 * (a[k] ** 2 + b[k] ** 2)
        for k, c in enumerate(covariances)
    )
    difference = (a[:r] - b[:r]) / np.sqrt(2 * (1 - rho) + 1e-3)
    norms = [np.sqrt(2 * np.sum(one**2) + 2e-6) - np.sqrt(2 * len(one)) for one in (a, b)]
    hidden = np.concatenate([a, b, difference, norms, [np.arcsinh(gaussian)]]) @ w["kernel"]
    hidden += w["bias"]
    for position in range(critic.num_layers):
        if position:
            hidden = hidden @ w[f"hidden_kernel_{position}"] + w[f"hidden_bias_{position}"]
        half = len(hidden) // 2
        smooth = hidden[half:] / (1 + np.exp(-hidden[half:]))
        hidden = np.concatenate([np.maximum(hidden[:half], 0.0), smooth])
    return w["scale"] * gaussian + hidden @ w["readout"][:, 0] + w["offset"]


@pytest.mark.parametrize(("dim_x", "dim_y", "layers"), [(3, 2, 2), (1, 1, 1), (2, 4, 3)])
def test_scores_pair_by_pair(dim_x, dim_y, layers):
    critic = randomized(dim_x, dim_y, layers=layers)
    x, y = codes(dim_x, dim_y)
    y = y[:5]
    expected = [[by_hand(critic, one, other) for other in y] for one in x]
    np.testing.assert_allclose(critic(tf.constant(x), tf.constant(y)), expected, rtol=1e-9)


@pytest.mark.parametrize("jit_compile", [False, True], ids=["graph", "xla"])
def test_partners_pick_from_all_pairs(jit_compile):
    critic = randomized()
    x, y = (tf.constant(values) for values in codes(3, 2))
    partners = tf.constant([[0, 3], [1, 1], [6, 0], [2, 5], [4, 3], [5, 5], [6, 1]])
    chosen = tf.function(critic.__call__, jit_compile=jit_compile)(x, y, partners)
    np.testing.assert_allclose(chosen, tf.gather(critic(x, y), partners, batch_dims=1), rtol=1e-9)


def test_adapted_to_gaussians_it_is_the_optimal_critic():
    truth = CorrelatedGaussians(dim=3, rho=0.7)
    x, y = truth.sample(50_000, seed=0)
    critic = CanonicalCritic(seed=0)
    critic.adapt(x, y)
    x, y = truth.sample(100, seed=1)
    # Six parameters from 50,000 pairs: off by a few times sqrt(6 / 50,000), more in the tails.
    difference = critic(x, y) - truth.log_density_ratio(x, y)
    assert np.sqrt(np.mean(np.square(difference))) < 0.1


def test_untrained_without_correlation_it_is_zero():
    critic = CanonicalCritic(seed=0)
    assert not np.any(critic(*(tf.constant(v, tf.float32) for v in codes(3, 3))))


@pytest.mark.parametrize("closed_forms", [False, True, ("turned",)])
def test_survives_saving(tmp_path, closed_forms):
    critic = CanonicalCritic(hidden_dim=6, layers=3, closed_forms=closed_forms, seed=4)
    inputs = [keras.Input((3,)), keras.Input((2,))]
    model = keras.Model(inputs, critic(*inputs))
    for weight in critic.weights:
        weight.assign(tf.random.stateless_uniform(weight.shape, [0, 1], 0.1, 0.9))
    model.save(tmp_path / "critic.keras")
    loaded = keras.saving.load_model(tmp_path / "critic.keras")
    x, y = (values.astype(np.float32) for values in codes(3, 2))
    np.testing.assert_array_equal(loaded([x, y]), critic(x, y))


def test_a_closed_form_takes_the_gaussian_part_s_place():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(3_000, 1))
    y = x + 0.5 * x**2 + 2.0 * rng.normal(size=(3_000, 1))
    x, y = (NormalScores().fit(values).transform(values) for values in (x, y))
    critic = CanonicalCritic(closed_forms=True, seed=0)
    critic.build(x.shape, y.shape)
    names = list(critic.adaptations(x, y))
    assert names == ["all coordinates", "student", "tables of coordinates"]
    assert critic.closed_forms.in_use() is None
    assert "tables of coordinates" in critic.adaptations(x, y)
    x, y = (values[:9].astype(np.float32) for values in (x, y))
    expected = critic.closed_forms(x, y)
    np.testing.assert_allclose(critic(x, y), expected, atol=1e-5)
    partners = np.arange(18).reshape(9, 2) % 9
    np.testing.assert_allclose(
        critic.untrained_scores(x, y, partners),
        np.take_along_axis(np.asarray(expected), partners, axis=1), atol=1e-5,
    )  # fmt: skip


def test_seeds():
    def weights(seed):
        critic = CanonicalCritic(seed=seed)
        critic.build((None, 2), (None, 2))
        return critic.get_weights()

    for one, same in zip(weights(3), weights(3), strict=True):
        np.testing.assert_array_equal(one, same)
    assert any(np.any(a != b) for a, b in zip(weights(3), weights(4), strict=True))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"hidden_dim": 5}, "even. Received: hidden_dim=5"),
        ({"hidden_dim": 0}, "`hidden_dim` must be a positive integer"),
        ({"layers": 1.5}, "`layers` must be a positive integer"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        CanonicalCritic(**options)


def test_wrong_shapes():
    with pytest.raises(ValueError, match=r"\[K, Dx\].*Received: x of shape \(4, 2, 2\)"):
        CanonicalCritic()(tf.zeros([4, 2, 2]), tf.zeros([4, 2]))
