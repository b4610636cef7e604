"""Contrastive predictive coding: causality, scores pair by pair, and the encoders that it takes."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.stored_endpoints import StoredEndpoints
from tf_infomax import DeepInfoMax, critics, encoders
from tf_infomax.layers.optimizers import Adam
from tf_infomax.objectives import PredictiveCoding

RNG = np.random.default_rng(0)
ROWS, COLUMNS, DEPTH = 5, 3, 4
MAPS = tf.constant(RNG.normal(size=(6, ROWS, COLUMNS, DEPTH)), tf.float32)


def connected(kind="dot_map", offsets=3, maps=MAPS, **options):
    given = {"dot_map": {"units": 6}, "bilinear": {"feature_dim": DEPTH}}[kind]
    made = [critics.get(kind, seed=k, **given) for k in range(offsets)]
    term = PredictiveCoding(made, seed=0, **options)
    encoder = StoredEndpoints(local=maps)
    term.connect(encoder.encoded())
    return term, encoder


@pytest.mark.parametrize("columns", [1, 3])
def test_a_context_knows_nothing_of_the_rows_below(columns):
    term, _ = connected(columns=columns)
    contexts = term.contexts(MAPS).numpy()
    assert contexts.shape == (6, ROWS, COLUMNS, DEPTH)
    for row in range(ROWS):
        later = np.arange(ROWS)[:, None, None] > row
        other = tf.where(later, 7.0 * MAPS + 1.0, MAPS)
        moved = term.contexts(other).numpy()
        np.testing.assert_array_equal(moved[:, : row + 1], contexts[:, : row + 1])
        if row + 1 < ROWS:
            assert np.abs(moved[:, row + 1 :] - contexts[:, row + 1 :]).min(axis=-1).max() > 1e-4
        with tf.GradientTape() as tape:
            tape.watch(MAPS)
            total = tf.reduce_sum(term.contexts(MAPS)[:, row, 1] ** 2)
        gradient = tape.gradient(total, MAPS).numpy()
        assert not gradient[:, row + 1 :].any()
        assert all(gradient[:, k, 1].any() for k in range(row + 1))
        # The side columns are seen by a context of three columns only.
        assert gradient[:, row, 0].any() == (columns == 3)


@pytest.mark.parametrize("kind", ["dot_map", "bilinear"])
@pytest.mark.parametrize("negatives", ["images", "places"])
def test_each_offset_scores_its_own_pairs(kind, negatives):
    """InfoNCE written out: the positive of c[i, r, w] is z[i, r + k, w]."""
    term, encoder = connected(kind, negatives=negatives, weight=0.5)
    loss, metrics = term.loss(encoder.features(training=False))
    contexts, maps = term.contexts(MAPS).numpy(), MAPS.numpy()
    values = []
    for offset, critic in enumerate(term.critics, start=1):
        places = [(r, w) for r in range(ROWS - offset) for w in range(COLUMNS)]
        found = []
        if kind == "dot_map":
            whole = critic(contexts[:, :-offset], maps[:, offset:]).numpy()
        else:
            anchors, targets = (one.reshape(6, -1, DEPTH) for one in
                                (contexts[:, :-offset], maps[:, offset:]))
            whole = np.einsum("nbd,cd,mac->nbma", anchors, critic.kernel.numpy(), targets)
        for i in range(6):
            for r, w in places:
                wanted = [
                    (j, s, v) for j in range(6) for s, v in places
                    if (j, s, v) == (i, r, w) or j != i or negatives == "places"
                ]
                mine = whole[i, r * COLUMNS + w]
                scores = np.array([mine[j, s * COLUMNS + v] for j, s, v in wanted])
                own = scores[wanted.index((i, r, w))]
                found.append(own - math.log(np.mean(np.exp(scores.astype(np.float64)))))
        values.append(np.mean(found))
        np.testing.assert_allclose(
            metrics[f"predictive_coding_offset_{offset}"], values[-1], rtol=1e-4
        )
    np.testing.assert_allclose(metrics["predictive_coding"], np.mean(values), rtol=1e-4)
    np.testing.assert_allclose(loss, -0.5 * np.mean(values), rtol=1e-4)
    assert set(metrics) == set(term.metric_units) and set(term.metric_units.values()) == {"nats"}


def test_a_map_of_few_rows_and_a_vector_are_refused():
    with pytest.raises(ValueError, match=r"more rows than .*, 3\. Received: .* \(3, 3, 4\)"):
        connected(maps=MAPS[:, :3])
    term, _ = connected(endpoint="local")
    with pytest.raises(ValueError, match=r"must be a map .* Received: 'local' of shape \(3,\)"):
        term.connect(StoredEndpoints(local=tf.zeros([2, 3])).encoded())
    one = critics.DotMapCritic(4)
    with pytest.raises(ValueError, match="a critic of its own"):
        PredictiveCoding([one, one])


def small_model(optimizer=None):
    encoder = encoders.get("foldresnet19_32x32", widths=(4,) * 6 + (8,), seed=0, output_units=4)
    made = [critics.DotMapCritic(16, seed=k) for k in range(3)]
    model = DeepInfoMax(encoder, [PredictiveCoding(made, seed=0)], seed=0)
    model.build((None, 32, 32, 3))
    model.compile(optimizer or Adam(3e-3))
    model.build_optimizers()
    return model


def step_of(model, **options):
    step = tf.function(model.update, **options)
    tones = np.linspace(-1, 1, 8)[:, None, None, None]
    images = tones + 0.1 * np.random.default_rng(1).normal(size=(8, 32, 32, 3))
    images = tf.constant(images, keras.config.floatx())
    return lambda t: float(step(images, None, tf.constant([0, t]))["predictive_coding"])


@pytest.mark.slow
def test_it_learns_what_the_rows_have_in_common():
    """Each image has one grey tone, by which every row tells its image from the others."""
    model = small_model()
    before = model.encoder.get_weights()
    step = step_of(model)
    values = [step(t) for t in range(60)]
    # The ceiling: one positive among the places of seven further images.
    assert values[0] < 0.0 and 1.0 < np.mean(values[-5:]) <= math.log(1 + 7 * 42)
    # Layers above the map are not read, and do not move.
    after = model.encoder.get_weights()
    moved = [not np.array_equal(*both) for both in zip(after, before, strict=True)]
    assert moved[0] and not moved[-1]


@pytest.fixture
def double_precision():
    before = keras.config.floatx(), keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx(before[0])
    keras.config.set_dtype_policy(before[1])


@pytest.mark.slow
@pytest.mark.usefixtures("double_precision")
def test_a_step_compiles_with_xla():
    # In float32, rounding turns a few of so narrow an encoder's ReLUs on or off, which changes
    # gradients by percents; and Adam enlarges gradients that are zero but for rounding.
    values = [
        [step(t) for t in range(3)]
        for step in (
            step_of(small_model(keras.optimizers.SGD(0.1)), **options)
            for options in ({}, {"jit_compile": True})
        )
    ]
    assert abs(values[0][2] - values[0][0]) > 1e-2
    np.testing.assert_allclose(*values, rtol=1e-9)
