"""Adam: the textbook's update, whatever it is compiled by."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.layers.optimizers import Adam

STEPS = 20
# Keras keeps the learning rate in float32: one that is exact there.
LEARNING_RATE = 2.0**-7
SHAPES = ((3, 4), (4,), ())


def gradients(step):
    """Of very different sizes, some exactly zero."""
    rng = np.random.default_rng(step)
    arrays = [rng.normal(size=shape) * 10.0 ** rng.integers(-9, 3) for shape in SHAPES]
    arrays[0][0] = 0.0
    return arrays


def textbook(rates, beta_1=0.9, beta_2=0.999, epsilon=1e-8):
    """Kingma and Ba (2015), end of section 2, one entry's history after the other."""
    starts = gradients(1000)
    results = []
    for index, start in enumerate(starts):
        w, m, v = start.copy(), np.zeros(start.shape), np.zeros(start.shape)
        for t, rate in enumerate(rates, start=1):
            g = gradients(t)[index]
            m = beta_1 * m + (1 - beta_1) * g
            v = beta_2 * v + (1 - beta_2) * g**2
            corrected_rate = rate * np.sqrt(1 - beta_2**t) / (1 - beta_1**t)
            w = w - corrected_rate * m / (np.sqrt(v) + epsilon)
        results.append(w)
    return results


def variables(dtype="float64"):
    return [keras.Variable(start, dtype=dtype) for start in gradients(1000)]


@pytest.mark.parametrize("mode", ["eager", "graph", "xla"])
def test_textbook_update(mode):
    weights, optimizer = variables(), Adam(LEARNING_RATE)
    optimizer.build(weights)

    def apply(*arrays):
        optimizer.apply(arrays, weights)

    if mode != "eager":
        apply = tf.function(apply, jit_compile=mode == "xla")
    for step in range(1, STEPS + 1):
        apply(*(tf.constant(array) for array in gradients(step)))
    assert optimizer.iterations.numpy() == STEPS
    for ours, theirs in zip(weights, textbook([LEARNING_RATE] * STEPS), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)


def test_other_rates_of_decay_and_epsilon():
    options = {"beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-3}
    weights, optimizer = variables(), Adam(LEARNING_RATE, **options)
    for step in range(1, STEPS + 1):
        optimizer.apply([tf.constant(array) for array in gradients(step)], weights)
    expected = textbook([LEARNING_RATE] * STEPS, **options)
    for ours, theirs, default in zip(
        weights, expected, textbook([LEARNING_RATE] * STEPS), strict=True
    ):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)
        assert np.abs(ours - default).max() > 1e-3


def test_learning_rate_schedule():
    # 2^-5 for the steps up to iteration 10 (the eleventh step), 2^-9 after.
    schedule = keras.optimizers.schedules.PiecewiseConstantDecay([10], [2.0**-5, 2.0**-9])
    weights, optimizer = variables(), Adam(schedule)
    for step in range(1, STEPS + 1):
        optimizer.apply([tf.constant(array) for array in gradients(step)], weights)
    rates = [2.0**-5 if step <= 11 else 2.0**-9 for step in range(1, STEPS + 1)]
    for ours, theirs in zip(weights, textbook(rates), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-10)


def test_float32_and_rows_of_an_embedding():
    # A gradient of some rows (IndexedSlices) is that of the whole table, zero elsewhere.
    table = keras.Variable(np.ones((5, 2)), dtype="float32")
    dense = keras.Variable(np.ones((5, 2)), dtype="float32")
    optimizers = Adam(LEARNING_RATE), Adam(LEARNING_RATE)
    for _ in range(3):
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(tf.gather(table.value, [1, 3, 3]) ** 2)
        rows = tape.gradient(loss, table.value)
        assert isinstance(rows, tf.IndexedSlices)
        optimizers[0].apply([rows], [table])
        optimizers[1].apply([tf.convert_to_tensor(rows)], [dense])
    np.testing.assert_array_equal(table, dense)
    # Entries whose gradient never changes its sign move by the rate a step.
    np.testing.assert_allclose(table[3], 1 - 3 * LEARNING_RATE, rtol=1e-4)
    np.testing.assert_array_equal(table[0], np.ones(2))


def test_defaults_and_config():
    optimizer = Adam()
    assert (float(optimizer.learning_rate), optimizer.epsilon) == (np.float32(1e-4), 1e-8)
    changed = Adam(0.5, beta_1=0.1, beta_2=0.2, epsilon=0.3, clipnorm=2.0)
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(changed))
    assert type(copy) is Adam
    assert copy.get_config() == changed.get_config()
    assert (copy.beta_1, copy.beta_2, copy.epsilon, copy.clipnorm) == (0.1, 0.2, 0.3, 2.0)
    with pytest.raises(ValueError, match=r"no `amsgrad` form"):
        Adam(amsgrad=True)


def test_a_saved_model_goes_on_where_it_was(tmp_path):
    inputs, targets = np.random.default_rng(0).normal(size=(2, 8, 3))
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(3)])
    model.compile(Adam(0.01), loss="mse")
    model.fit(inputs, targets, epochs=3, shuffle=False, verbose=0)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert type(loaded.optimizer) is Adam
    for ours, theirs in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    assert np.abs(loaded.optimizer.variables[2]).max() > 0  # a first moment
    for one in (model, loaded):
        one.fit(inputs, targets, epochs=2, shuffle=False, verbose=0)
    for ours, theirs in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
