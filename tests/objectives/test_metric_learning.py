"""Triplets, K-pairs and mining, against double loops in float64 on odd sizes."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.compiled import each_compilation
from tf_infomax import bounds, critics, objectives
from tf_infomax.objectives.metric_learning import mine_hard, mine_semi_hard

RNG = np.random.default_rng(0)
X, Y, Z = RNG.normal(size=(3, 7, 3))
LABELS = np.array([0, 1, 0, 2, 1, 0, 3])  # 3 is alone


def gap(a, b):
    return math.dist(a, b) ** 2


def value_and_gradients(function, *arrays):
    tensors = [tf.constant(array) for array in arrays]
    with tf.GradientTape() as tape:
        tape.watch(tensors)
        value = function(*tensors)
    return float(value), tape.gradient(value, tensors)


def mined_by_hand(x, y, is_positive, is_negative, margin, mining):
    """All (anchor, positive, negative) that a batch loss is the mean over, by loops."""
    found = []
    for i in range(len(x)):
        near = [j for j in range(len(y)) if is_positive(i, j)]
        far = [j for j in range(len(y)) if is_negative(i, j)]
        if not near or not far:
            continue
        if mining == "hard":
            hardest = max(near, key=lambda j: gap(x[i], y[j]))
            found.append((i, hardest, min(far, key=lambda j: gap(x[i], y[j]))))
            continue
        for p in near:
            beyond = [n for n in far if gap(x[i], y[n]) > gap(x[i], y[p])]
            if beyond:
                found.append((i, p, min(beyond, key=lambda n: gap(x[i], y[n]))))
            else:
                found.append((i, p, max(far, key=lambda n: gap(x[i], y[n]))))
    return found


def triplets_by_hand(x, y, triplets, margin):
    """Mean hinge, and its gradients by x and y."""
    total, by_x, by_y = 0.0, np.zeros_like(x), np.zeros_like(y)
    for a, p, n in triplets:
        hinge = gap(x[a], y[p]) - gap(x[a], y[n]) + margin
        if hinge > 0:
            total += hinge
            by_x[a] += 2 * (y[n] - y[p])
            by_y[p] += 2 * (y[p] - x[a])
            by_y[n] -= 2 * (y[n] - x[a])
    number = len(triplets)
    return total / number, by_x / number, by_y / number


def test_the_triplet_loss():
    # Distances 1 and 4 by hand: hinges 1 - 4 + 3.5 and 4 - 1 + 3.5.
    a, p, n = np.array([[[0.0, 0], [0, 0]], [[1, 0], [0, 2]], [[0, 2], [1, 0]]])
    assert float(objectives.triplet(a, p, n, 3.5)) == pytest.approx((0.5 + 6.5) / 2)
    assert float(objectives.triplet(a, p, n, 1.0)) == pytest.approx((0.0 + 4.0) / 2)
    value, gradients = value_and_gradients(lambda *c: objectives.triplet(*c, margin=2.0), X, Y, Z)
    both = np.concatenate([Y, Z])
    expected, by_x, by_both = triplets_by_hand(X, both, [(i, i, 7 + i) for i in range(7)], 2.0)
    assert value == pytest.approx(expected, rel=1e-12)
    for ours, by_hand in zip(gradients, (by_x, by_both[:7], by_both[7:]), strict=True):
        np.testing.assert_allclose(ours, by_hand, rtol=1e-10)


@pytest.mark.parametrize("mining", ["hard", "semi_hard"])
@pytest.mark.parametrize("margin", [0.5, 4.0])
@pytest.mark.parametrize("kind", ["labels", "pairs", "labelled pairs"])
def test_batch_triplets(mining, margin, kind):
    same = np.equal.outer(LABELS, LABELS)
    if kind == "pairs":
        y, labels, is_positive = Y, None, lambda i, j: i == j
    elif kind == "labels":
        y, labels, is_positive = X, LABELS, lambda i, j: same[i, j] and i != j
    else:
        y, labels, is_positive = Y, LABELS, lambda i, j: same[i, j]

    def is_negative(i, j):
        return i != j if kind == "pairs" else not same[i, j]

    triplets = mined_by_hand(X, y, is_positive, is_negative, margin, mining)
    expected, by_x, by_y = triplets_by_hand(X, y, triplets, margin)
    assert expected > 0
    if kind == "labels":
        value, (gradient,) = value_and_gradients(
            lambda x: objectives.batch_triplet(x, labels=labels, margin=margin, mining=mining), X
        )
        np.testing.assert_allclose(gradient, by_x + by_y, rtol=1e-9, atol=1e-12)
    else:
        value, gradients = value_and_gradients(
            lambda x, y: objectives.batch_triplet(x, y, labels, margin, mining), X, Y
        )
        np.testing.assert_allclose(gradients[0], by_x, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(gradients[1], by_y, rtol=1e-9, atol=1e-12)
    assert value == pytest.approx(expected, rel=1e-10)


# Anchor 0: positives at 1, 5 and 9; negatives at 2, 3 and 7. Anchor 1 has no positive, anchor 2
# no negative.
DISTANCES = np.array([[1.0, 5.0, 9.0, 2.0, 3.0, 7.0]] * 3)
POSITIVES = np.array([[True] * 3 + [False] * 3, [False] * 6, [True] * 6])


def test_hard_mining_by_hand():
    mined = mine_hard(DISTANCES, POSITIVES)
    assert mined.valid.numpy().tolist() == [True, False, False]
    assert (mined.anchor[0], mined.positive[0], mined.negative[0]) == (0, 2, 3)


@pytest.mark.parametrize(
    ("margin", "fallback", "expected"),
    [
        # 1 < 2, 5 < 7; no negative is farther than 9: the farthest, 7.
        (3.0, "farthest", {0: 3, 1: 5, 2: 5}),
        (3.0, "skip", {0: 3, 1: 5}),
        # 7 is not within 2 of 5: without fallback no triplet (the bound is strict).
        (2.0, "farthest", {0: 3, 1: 5, 2: 5}),
        (2.0, "skip", {0: 3}),
        (1.0, "skip", {}),
    ],
)
def test_semi_hard_mining_by_hand(margin, fallback, expected):
    mined = mine_semi_hard(DISTANCES, POSITIVES, margin=margin, fallback=fallback)
    found = {
        int(p): int(n)
        for a, p, n, valid in zip(*(part.numpy() for part in mined), strict=True)
        if valid and a == 0
    }
    assert found == expected
    assert not mined.valid.numpy().reshape(3, 6)[1:].any()


def test_a_negative_as_far_as_the_positive_is_not_farther():
    mined = mine_semi_hard([[1.0, 1.0, 2.0]], [[True, False, False]])
    assert int(mined.negative[0]) == 2


@pytest.mark.parametrize("mining", ["hard", "semi_hard"])
def test_a_batch_of_one_class_has_nothing_to_say(mining):
    value, (gradient,) = value_and_gradients(
        lambda x: objectives.batch_triplet(x, labels=[1] * 7, mining=mining), X
    )
    assert value == 0.0 and not np.any(gradient)


def test_coinciding_codes_have_finite_gradients():
    x = np.ones((4, 3), np.float32)
    for mining in ("hard", "semi_hard"):
        value, gradients = value_and_gradients(
            lambda x, y, m=mining: objectives.batch_triplet(x, y, margin=0.3, mining=m), x, x
        )
        assert value == pytest.approx(0.3) and all(np.isfinite(g).all() for g in gradients)


def test_tuplets():
    negatives = RNG.normal(size=(7, 5, 3))
    expected = np.mean(
        [math.log(1 + sum(math.exp(x @ n - x @ y) for n in others))
         for x, y, others in zip(X, Y, negatives, strict=True)]
    )
    assert float(objectives.tuplet(X, Y, negatives)) == pytest.approx(expected, rel=1e-12)
    # With the other pairs' positives as negatives it is the multi-class K-pair loss.
    others = np.stack([np.delete(Y, i, axis=0) for i in range(7)])
    value = float(objectives.tuplet(X, Y, others))
    assert value == pytest.approx(float(objectives.multi_class_k_pair(X @ Y.T)), rel=1e-12)


@pytest.mark.parametrize("scale", [1.0, 30.0])
def test_infonce_is_log_k_minus_the_k_pair_loss(scale):
    critic = critics.get("inner_product", dtype="float64")
    scores = scale * critic(tf.constant(X), tf.constant(Y))
    expected = np.mean(
        [
            math.log(1 + sum(math.exp(row[j] - row[i]) for j in range(7) if j != i))
            for i, row in enumerate(scores.numpy())
        ]
    )
    loss, (slope,) = value_and_gradients(objectives.multi_class_k_pair, scores)
    bound, (rise,) = value_and_gradients(bounds.infonce, scores)
    assert loss == pytest.approx(expected, rel=1e-12)
    assert abs(bound - (math.log(7) - loss)) < 1e-13 * max(1.0, loss)
    np.testing.assert_allclose(rise, -slope, atol=1e-15)
    shift = np.exp(scores - tf.reduce_logsumexp(scores, axis=1, keepdims=True))
    np.testing.assert_allclose(slope, (shift - np.eye(7)) / 7, rtol=1e-9, atol=1e-14)


@pytest.mark.parametrize("mining", ["hard", "semi_hard"])
@each_compilation
def test_compiled_with_gradients(mining, jit_compile):
    def both(x, y):
        with tf.GradientTape() as tape:
            tape.watch([x, y])
            value = objectives.batch_triplet(x, y, margin=2.0, mining=mining)
        return [value, *tape.gradient(value, [x, y])]

    signature = [tf.TensorSpec([None, 3], tf.float64)] * 2
    compiled = tf.function(both, jit_compile=jit_compile, input_signature=signature)
    for ours, expected in zip(compiled(X, Y), both(tf.constant(X), tf.constant(Y)), strict=True):
        np.testing.assert_allclose(ours, expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: objectives.triplet(X, Y, Z[:3]), r"one shape \[K, D\].*Received: .*\(3, 3\)"),
        (lambda: objectives.triplet(X, Y, Z, -1.0), r"0 or more. Received: margin=-1.0\."),
        (lambda: objectives.batch_triplet(X), r"second view or labels. Received: y=None"),
        (lambda: objectives.batch_triplet(X, Y, mining="soft"), r"Received: mining='soft'\."),
        (lambda: mine_hard(X @ Y.T, [[True]]), r"one shape \[K, M\]. Received: .*\(1, 1\)"),
        (lambda: mine_semi_hard(X, X > 0, fallback="no"), r"`fallback` must be one of.*'no'"),
        (lambda: objectives.tuplet(X, Y, Z), r"negatives \[K, N, D\]. Received: "),
    ],
)
def test_bad_input(call, message):
    with pytest.raises(ValueError, match=message):
        call()
