"""Noise as targets: the assignment against brute force, its state, and where it runs."""

import itertools

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.stored_endpoints import StoredEndpoints
from tf_infomax import DeepInfoMax, encoders
from tf_infomax.layers.optimizers import Adam
from tf_infomax.objectives import NoiseAsTargets
from tf_infomax.objectives.noise_as_targets import assigned

RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(6, 3)).astype(np.float32)


def connected(codes=CODES, **options):
    term = NoiseAsTargets(20, seed=0, **options)
    encoder = StoredEndpoints(**{"global": tf.constant(codes)})
    term.connect(encoder.encoded())
    return term, encoder


def features(encoder, index, training=True):
    return encoder.features(training=training, facts={"index": tf.constant(index)})


@pytest.mark.parametrize("seed", range(5))
def test_the_assignment_is_the_best_of_all_permutations(seed):
    costs = np.random.default_rng(seed).normal(size=(6, 6))
    found = assigned(tf.constant(costs)).numpy()
    totals = {
        order: sum(costs[row, column] for row, column in enumerate(order))
        for order in itertools.permutations(range(6))
    }
    assert tuple(found) == min(totals, key=totals.get)
    # In a graph too, and with costs that are no numbers.
    costs[0, :5] = np.nan
    costs[1, 0] = -np.inf
    found = tf.function(assigned)(tf.constant(costs)).numpy()
    assert sorted(found) == list(range(6)) and found[0] == 5 and found[1] == 0


def test_targets_lie_on_the_sphere_and_stay_where_they_are():
    term, encoder = connected(weight=0.5)
    targets = term.targets.numpy()
    np.testing.assert_allclose(np.linalg.norm(targets, axis=1), 1.0, rtol=1e-6)
    assert np.abs(np.corrcoef(targets) - np.eye(20)).max() < 1 - 1e-6
    index = [3, 0, 19, 7, 8, 2]
    loss, metrics = term.loss(features(encoder, index))
    unit = CODES / np.linalg.norm(CODES, axis=1, keepdims=True)
    best = min(
        sum(((unit[i] - targets[index[j]]) ** 2).sum() for i, j in enumerate(order)) / 6
        for order in itertools.permutations(range(6))
    )
    np.testing.assert_allclose(metrics["noise_as_targets_loss"], best, rtol=1e-5)
    np.testing.assert_allclose(loss, 0.5 * best, rtol=1e-5)
    np.testing.assert_array_equal(term.targets, targets)
    assignment = term.assignment.numpy()
    assert sorted(assignment) == list(range(20))
    others = np.setdiff1d(np.arange(20), index)
    np.testing.assert_array_equal(assignment[others], others)
    assert set(assignment[index]) == set(index)
    held = sum(((unit[i] - targets[assignment[k]]) ** 2).sum() for i, k in enumerate(index)) / 6
    assert held == pytest.approx(best, rel=1e-5)
    # Once assigned, the same codes keep their targets.
    _, metrics = term.loss(features(encoder, index))
    assert float(metrics["noise_as_targets_reassigned"]) == 0.0
    assert set(metrics) == set(term.metric_units)


def test_evaluation_changes_no_state_and_codes_get_a_gradient():
    term, _ = connected()
    codes = tf.Variable(CODES)
    encoder = StoredEndpoints(**{"global": codes})
    before = term.assignment.numpy()
    with tf.GradientTape() as tape:
        encoder = StoredEndpoints(**{"global": tf.identity(codes)})
        loss, _ = term.loss(features(encoder, range(6), training=False))
    np.testing.assert_array_equal(term.assignment, before)
    gradient = tape.gradient(loss, codes).numpy()
    # Of codes on a sphere: at right angles to each.
    assert np.abs(gradient).max() > 1e-3
    np.testing.assert_allclose((gradient * CODES).sum(axis=1), 0.0, atol=1e-6)


def test_examples_without_numbers_and_maps_are_refused():
    term, encoder = connected()
    with pytest.raises(ValueError, match=r"number of every example .*without 'index'"):
        term.loss(encoder.features())
    with pytest.raises(ValueError, match=r"must be the codes.* Received: .*\(2, 2, 3\)"):
        term.connect(StoredEndpoints(**{"global": tf.zeros([2, 2, 2, 3])}).encoded())


@pytest.mark.slow
def test_training_saving_and_going_on(tmp_path):
    images = RNG.uniform(-1, 1, size=(24, 28, 28, 1)).astype(np.float32)
    data = tf.data.Dataset.from_tensor_slices({"images": images, "index": np.arange(24)})
    data = data.batch(8, drop_remainder=True)
    encoder = encoders.get("basic28x28", output_units=5, widths=(4, 8, 16), seed=0)
    model = DeepInfoMax(encoder, [NoiseAsTargets(24, seed=0)], seed=0)
    model.compile(Adam(3e-3))
    assert model.jit_compile is False
    history = model.fit(data, epochs=20, verbose=0, shuffle=False).history
    losses = history["noise_as_targets_loss"]
    assert losses[-1] < 0.5 * losses[0]
    # Later in training examples mostly keep what they have.
    assert history["noise_as_targets_reassigned"][-1] < history["noise_as_targets_reassigned"][0]
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    for one, other in zip(model.objectives[0].weights, loaded.objectives[0].weights, strict=True):
        np.testing.assert_array_equal(one, other)
    assert sorted(loaded.objectives[0].assignment.numpy()) == list(range(24))
    again = [one.fit(data, verbose=0, shuffle=False).history["loss"] for one in (model, loaded)]
    assert again[0] == pytest.approx(again[1])


@pytest.mark.parametrize("place", [-1, 20])
def test_numbers_of_no_example(place):
    term, encoder = connected()
    index = [place, 1, 2, 3, 4, 5]
    wanted = r"from 0 to 19, since `num_examples` is 20\."
    with pytest.raises(ValueError, match=rf"{wanted} Received: index={place}"):
        term.loss(features(encoder, index))
    with pytest.raises(tf.errors.InvalidArgumentError, match=wanted):
        tf.function(lambda facts: term.loss(encoder.features(facts=facts))[0])(
            {"index": tf.constant(index)}
        )


@pytest.mark.parametrize(
    "index, message",
    [
        (np.arange(6) + 0.7, r"'index' of a batch must be integers\. Received: .*float64"),
        (np.arange(6)[:, None], r"of shape \[K\]\. Received: index of shape \(6, 1\)"),
    ],
    ids=["floats", "column"],
)
def test_numbers_of_another_form(index, message):
    term, encoder = connected()
    with pytest.raises(ValueError, match=message):
        term.loss(features(encoder, index))
