"""The label game: who moves when, and that a round is its steps."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.encoders import MLP, RealNVP
from tf_infomax.objectives import classifier_loss, uniform_label_loss
from tf_infomax.optimizers import Adam
from tf_infomax.training.adversarial import AdversarialGame

BATCH, CLASSES = 8, 3


def new_game(encoder=None, rate=1e-2):
    encoder = encoder or MLP((6, 5), seed=0)
    classifier = MLP((7, CLASSES), seed=10)
    encoder.build((None, 4))
    classifier.build((None, encoder.compute_output_shape((None, 4))[-1]))
    game = AdversarialGame(encoder, classifier, Adam(rate), Adam(rate))
    game.encoder_optimizer.build(encoder.trainable_variables)
    game.classifier_optimizer.build(classifier.trainable_variables)
    return game


def batch(count=1, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count * BATCH, 4)).astype(np.float32)
    return tf.constant(x), tf.constant(rng.integers(CLASSES, size=count * BATCH))


def state(*parts):
    return [variable.numpy().copy() for part in parts for variable in part.variables]


def changed(before, after):
    return [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]


def players(game):
    return (
        (game.encoder, game.encoder_optimizer),
        (game.classifier, game.classifier_optimizer),
    )


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
def test_each_step_moves_its_own_player_only(compiled):
    game, (x, labels) = new_game(), batch()
    encoder, classifier = players(game)
    steps = game.encoder_step, game.classifier_step
    if compiled:
        steps = tuple(tf.function(step) for step in steps)
    for step, args, mover, other in (
        (steps[0], (x,), encoder, classifier),
        (steps[1], (x, labels), classifier, encoder),
    ):
        before_mover, before_other = state(*mover), state(*other)
        step(*args)
        assert not any(changed(before_other, state(*other)))
        assert all(changed(state(mover[0]), before_mover[: len(mover[0].variables)]))
        assert mover[1].iterations.numpy() == 1


def test_losses_are_from_before_the_update():
    game, (x, labels) = new_game(), batch()
    logits = game.classifier(game.encoder(x))
    expected = classifier_loss(logits, labels), uniform_label_loss(logits)
    np.testing.assert_allclose(game.classifier_step(x, labels), expected[0], rtol=1e-6)
    game = new_game()
    np.testing.assert_allclose(game.encoder_step(x), expected[1], rtol=1e-6)


def test_each_player_lowers_its_own_loss():
    game, (x, labels) = new_game(), batch()
    teach, confuse = tf.function(game.classifier_step), tf.function(game.encoder_step)
    first, *_, last = (float(teach(x, labels)) for _ in range(40))
    assert last < 0.7 * first
    first, *_, last = (float(confuse(x)) for _ in range(40))
    assert math.log(CLASSES) - 1e-5 < last < first - 0.05


@pytest.mark.parametrize(
    "make",
    [
        lambda: MLP((6, 5), seed=0),
        lambda: RealNVP(2, (6,), scale="softplus", seed=0, kernel_initializer="glorot_uniform"),
    ],
    ids=["mlp", "realnvp"],
)
def test_a_round_is_its_steps_one_by_one(make):
    by_round, by_step = new_game(make()), new_game(make())
    x, labels = batch(4)
    mean_loss, encoder_loss = by_round.round(x, labels, classifier_steps=3)
    losses = [
        by_step.classifier_step(x[at : at + BATCH], labels[at : at + BATCH])
        for at in range(0, 3 * BATCH, BATCH)
    ]
    np.testing.assert_allclose(mean_loss, np.mean(losses), rtol=1e-5)
    np.testing.assert_allclose(by_step.encoder_step(x[3 * BATCH :]), encoder_loss, rtol=1e-5)
    for ours, theirs in zip(players(by_round), players(by_step), strict=True):
        for one, other in zip(state(*ours), state(*theirs), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)
    assert by_round.classifier_optimizer.iterations.numpy() == 3
    assert by_round.encoder_optimizer.iterations.numpy() == 1


def test_one_optimizer_cannot_serve_both():
    optimizer = keras.optimizers.SGD(0.1)
    with pytest.raises(ValueError, match=r"optimizer of its own\. Received: one for both"):
        AdversarialGame(MLP((2,)), MLP((2,)), optimizer, optimizer)
