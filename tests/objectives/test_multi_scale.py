"""Information of several scales of two views: as the sum of bounds that one writes out."""

import numpy as np
import pytest
import tensorflow as tf

from tests.stored_endpoints import StoredEndpoints
from tf_infomax import bounds
from tf_infomax.objectives import EncodedViews, Features, MultiScaleInformation
from tf_infomax.scores import PairScores

RNG = np.random.default_rng(0)
SHAPES = {"global": (5,), "local": (3, 2, 4)}
ENDPOINTS = [
    {name: tf.constant(RNG.normal(size=(6, *shape)), tf.float32) for name, shape in SHAPES.items()}
    for _ in range(2)
]
VIEWS = ("view_1", "view_2")
ENCODED = EncodedViews(
    {view: StoredEndpoints(**one) for view, one in zip(VIEWS, ENDPOINTS, strict=True)}
)


def term_of(**options):
    term = MultiScaleInformation(units=3, seed=0, views=VIEWS, **options)
    term.connect(ENCODED)
    return term


def test_both_directions_of_every_pair():
    term = term_of(pairs=("global:local", "local:local"), weight=2.0)
    loss, metrics = term.loss(Features(ENCODED, dict.fromkeys(VIEWS)))
    means = []
    for critic, anchors in zip(term.critics, ("global", "local"), strict=True):
        for one, other in (ENDPOINTS, ENDPOINTS[::-1]):
            codes = tf.reshape(one[anchors], [6, *((3, 2, 4) if anchors == "local" else (5,))])
            means.append(bounds.infonce(PairScores.from_maps(critic(codes, other["local"]))))
    np.testing.assert_allclose(metrics["multi_scale"], np.mean(means), rtol=1e-5)
    np.testing.assert_allclose(metrics["multi_scale_local_local"], np.mean(means[2:]), rtol=1e-5)
    np.testing.assert_allclose(loss, -2.0 * np.mean(means), rtol=1e-5)
    assert set(metrics) == set(term.metric_units)


def test_vectors_are_maps_of_one_place():
    term = term_of(pairs=("global:global",), bound="jsd")
    assert term.critics[0](tf.zeros([2, 1, 1, 5]), tf.zeros([2, 1, 1, 5])).shape == (2, 1, 2, 1)
    assert set(term.metric_units.values()) == {"1"}
    with pytest.raises(ValueError, match="no endpoint 'conv'"):
        term_of(pairs=("global:conv",))


def test_clipped_scores_and_their_penalty():
    pairs = ("local:local",)
    options = {"clip": 0.5, "score_penalty": 0.3, "weight": 2.0}
    term = term_of(pairs=pairs, **options)
    loss, metrics = term.loss(Features(ENCODED, dict.fromkeys(VIEWS)))
    values, squares = [], []
    for one, other in (ENDPOINTS, ENDPOINTS[::-1]):
        scores = term.critics[0](one["local"], other["local"]).numpy() / np.sqrt(3.0)
        assert np.abs(scores).max() > 0.5
        clipped = tf.constant(0.5 * np.tanh(scores / 0.5))
        values.append(bounds.infonce(PairScores.from_maps(clipped)))
        squares.append(np.mean(scores**2))
    np.testing.assert_allclose(metrics["multi_scale"], np.mean(values), rtol=1e-5)
    expected = 2.0 * (0.3 * np.mean(squares) - np.mean(values))
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    copy = MultiScaleInformation.from_config(term.get_config())
    assert (copy.clip, copy.score_penalty) == (0.5, 0.3)


@pytest.mark.parametrize("clip", [0.0, -1.0, np.inf, "20"])
def test_a_clip_is_a_positive_number(clip):
    with pytest.raises(ValueError, match="`clip` must be positive or None"):
        term_of(clip=clip)
