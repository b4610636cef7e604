"""The label game as a term with a player: who moves when, and that a round is its steps."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import RepresentationModel
from tf_infomax.encoders import MLP, RealNVP
from tf_infomax.layers.optimizers import Adam
from tf_infomax.objectives import LabelConfusion, classifier_loss, uniform_label_loss

BATCH, CLASSES = 8, 3


def new_game(encoder=None, rate=1e-2, steps=3):
    term = LabelConfusion(CLASSES, warmup_steps=5, classifier_steps=steps, seed=10)
    model = RepresentationModel({"view_1": encoder or MLP((6, 5), seed=0)}, [term])
    model.build({"view_1": (None, 4)})
    model.compile(Adam(rate), player_optimizers={"classifier": Adam(rate)})
    model.build_optimizers()
    return model


def batch(count=1, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count * BATCH, 4)).astype(np.float32)
    return {
        "views": {"view_1": tf.constant(x)},
        "labels": tf.constant(rng.integers(CLASSES, size=count * BATCH)),
    }


def part(whole, number):
    rows = slice(number * BATCH, (number + 1) * BATCH)
    return {
        "views": {"view_1": whole["views"]["view_1"][rows]}, "labels": whole["labels"][rows],
    }


def state(variables):
    return [variable.numpy().copy() for variable in variables]


def sides(model):
    (player,) = model.players
    return model.representation_variables, player.variables


def test_a_step_takes_a_batch_for_every_step_of_the_classifier_and_one_for_the_encoder():
    assert new_game(steps=3).batches_per_step == 4


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
def test_the_warm_up_moves_the_classifier_only(compiled):
    model = new_game()
    encoder, classifier = map(state, sides(model))
    warm_up = tf.function(model.warm_up) if compiled else model.warm_up
    logits = model.objectives[0].logits(model.features(batch()))
    expected = classifier_loss(logits, batch()["labels"])
    np.testing.assert_allclose(warm_up(batch())["loss"], expected, rtol=1e-6)
    for before, after in zip(encoder, state(sides(model)[0]), strict=True):
        np.testing.assert_array_equal(before, after)
    assert all(
        not np.array_equal(a, b) for a, b in zip(classifier, state(sides(model)[1]), strict=True)
    )
    assert model.optimizer.iterations.numpy() == 0
    assert model.player_optimizers["classifier"].iterations.numpy() == 1


@pytest.mark.parametrize(
    "make",
    [
        lambda: MLP((6, 5), seed=0),
        lambda: RealNVP(2, (6,), scale="softplus", seed=0, kernel_initializer="glorot_uniform"),
    ],
    ids=["mlp", "realnvp"],
)
def test_a_step_is_its_players_steps_one_by_one(make):
    model, by_hand = new_game(make()), new_game(make())
    whole = batch(4)
    results = model.step(whole)
    losses = [float(by_hand.warm_up(part(whole, number))["loss"]) for number in range(3)]
    np.testing.assert_allclose(results["classifier_loss"], np.mean(losses), rtol=1e-5)
    # The encoder's step, with plain Keras: from the codes of the last batch, classifier fixed.
    last = part(whole, 3)["views"]["view_1"]
    encoder, classifier = by_hand.encoders["view_1"], by_hand.objectives[0].classifier
    with tf.GradientTape() as tape:
        loss = uniform_label_loss(classifier(encoder(last, training=True)))
    variables = encoder.trainable_variables
    by_hand.optimizer.apply(tape.gradient(loss, [v.value for v in variables]), variables)
    np.testing.assert_allclose(results["loss"], loss, rtol=1e-5)
    np.testing.assert_array_equal(results["uniform_cross_entropy"], results["loss"])
    for ours, theirs in zip(sides(model), sides(by_hand), strict=True):
        for one, other in zip(state(ours), state(theirs), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert model.player_optimizers["classifier"].iterations.numpy() == 3
    assert model.optimizer.iterations.numpy() == 1


def test_each_player_lowers_its_own_loss():
    model = new_game()
    teach = tf.function(model.warm_up)
    first, *_, last = (float(teach(batch())["loss"]) for _ in range(60))
    assert last < 0.9 * first
    # Against a classifier that hardly moves the encoder reaches the uniform prediction.
    model.player_optimizers["classifier"].learning_rate.assign(1e-8)
    confuse = tf.function(model.step)
    first, *_, last = (float(confuse(batch(4))["loss"]) for _ in range(60))
    assert math.log(CLASSES) - 1e-5 < last < first - 0.01


def test_one_optimizer_cannot_serve_two():
    optimizer = keras.optimizers.SGD(0.1)
    with pytest.raises(ValueError, match=r"optimizer of its own\. Received: one for two"):
        new_game().compile(optimizer, player_optimizers={"classifier": optimizer})
    with pytest.raises(ValueError, match=r"players are: classifier\. Received: .*'adversary'"):
        new_game().compile(optimizer, player_optimizers={"adversary": "sgd"})


def fitted(rows, size, known=True):
    """(the classifier's kernel before, after, the log) of ``fit`` on batches of ``size`` rows."""
    rng = np.random.default_rng(0)
    x, labels = rng.normal(size=(rows, 4)).astype(np.float32), rng.integers(CLASSES, size=rows)
    data = tf.data.Dataset.from_tensor_slices((x, labels)).batch(size)
    if not known:
        data = data.filter(lambda x, labels: True)
    model = new_game(steps=3)
    kernel = model.objectives[0].classifier.kernel
    before = kernel.numpy()
    log = model.fit(data, verbose=0).history
    return before, kernel.numpy(), log


@pytest.mark.parametrize("rows, size, received", [
    pytest.param(8, 3, 3, marks=pytest.mark.slow, id="all"), pytest.param(10, 8, 2, id="last"),
])
def test_a_batch_smaller_than_its_parts(rows, size, received):
    wanted = r"into 4 parts, .* 1 or more rows each: use batches of 4 or more"
    with pytest.raises(ValueError, match=rf"{wanted}.* Received: a batch of {received}\."):
        fitted(rows, size)
    # Where the number of rows is not known before the step.
    with pytest.raises(tf.errors.InvalidArgumentError, match=wanted):
        fitted(rows, size, known=False)


@pytest.mark.parametrize("known", [pytest.param(True, marks=pytest.mark.slow), False])
def test_a_batch_of_one_row_a_part_moves_the_classifier(known):
    before, after, log = fitted(8, 4, known=known)
    assert np.isfinite(log["classifier_loss"][0]) and not np.array_equal(before, after)


def test_evaluation_divides_no_batch():
    values = new_game(steps=3).evaluate(np.ones((1, 4), np.float32), np.zeros(1, int), verbose=0)
    assert np.all(np.isfinite(values))
