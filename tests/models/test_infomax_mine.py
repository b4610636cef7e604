"""``InfoMax`` trained with MINE: its gradient is corrected by the model's moving average."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.critics import BilinearCritic
from tf_infomax.layers.optimizers import Adam
from tf_infomax.models.infomax import InfoMax


def model_of(bound):
    import keras

    model = InfoMax(
        keras.layers.Identity(), keras.layers.Identity(), BilinearCritic(3, seed=0), bound
    )
    model.build(((None, 3), (None, 3)))
    model.compile(Adam(1e-3))
    return model


def batches(n):
    rng = np.random.default_rng(0)
    return [rng.normal(size=(2, 6, 3)).astype(np.float32) for _ in range(n)]


def by_hand(kernel, x, y, average):
    """Gradient of -(mean joint - mean exp(marginal) / average) by the bilinear kernel, float64."""
    scores = x @ kernel.T @ y.T
    off = ~np.eye(6, dtype=bool)
    joint = sum(np.outer(y[i], x[i]) for i in range(6)) / 6
    marginal = sum(
        np.exp(scores[i, j]) * np.outer(y[j], x[i]) for i, j in zip(*np.nonzero(off), strict=True)
    )
    return -(joint - marginal / 30 / average), np.exp(scores[off]).mean()


def test_the_gradient_divides_by_the_moving_average():
    model = model_of("mine")
    average = 0.0
    for step, (x, y) in enumerate(batches(3)):
        kernel = model.critic.kernel.numpy().astype(np.float64)
        _, mean = by_hand(kernel, x.astype(float), y.astype(float), 1.0)
        average = 0.99 * average + 0.01 * mean
        expected, _ = by_hand(
            kernel, x.astype(float), y.astype(float), average / (1 - 0.99 ** (step + 1))
        )
        with tf.GradientTape() as tape:
            loss = model.loss_and_metrics(tf.constant(x), tf.constant(y), training=True)[0]
        gradient = tape.gradient(loss, model.critic.kernel.value)
        np.testing.assert_allclose(gradient, expected, rtol=2e-4, atol=1e-5)
        # The value that is reported is the batch's plain one.
        plain = model_of("donsker_varadhan")
        plain.critic.kernel.assign(model.critic.kernel)
        np.testing.assert_allclose(-loss, plain.test_step((x, y))["bound"], rtol=1e-5)
        model.critic.kernel.assign(kernel * 1.3)
    assert float(model.term.log_average.value) == pytest.approx(np.log(average), rel=1e-5)


def test_the_state_is_saved_with_the_model_and_only_mine_has_it(tmp_path):
    import keras

    model = model_of("mine")
    for x, y in batches(2):
        tf.function(model.update)(tf.constant(x), tf.constant(y))
    path = tmp_path / "mine.keras"
    model.save(path)
    again = keras.saving.load_model(path)
    assert float(again.term.num_averaged.value) == 2
    assert float(again.term.log_average.value) == float(model.term.log_average.value) > -np.inf
    assert model_of("donsker_varadhan").term.num_averaged is None
    before = float(model.term.log_average.value)
    model.test_step(tuple(batches(1)[0]))
    assert float(model.term.log_average.value) == before
