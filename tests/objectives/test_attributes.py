"""Attributes: the loss by hand, and batches that hold none."""

import numpy as np
import pytest
import tensorflow as tf

from tests.stored_endpoints import StoredEndpoints
from tf_infomax.objectives import AttributeClassification

RNG = np.random.default_rng(0)
CODES = RNG.normal(size=(6, 4)).astype(np.float32)
ATTRIBUTES = RNG.integers(0, 2, size=(6, 3)).astype(np.uint8)


def test_by_hand():
    term = AttributeClassification(3, weight=0.5, seed=0)
    encoder = StoredEndpoints(**{"global": tf.constant(CODES)})
    term.connect(encoder.encoded())
    facts = {"attributes": tf.constant(ATTRIBUTES)}
    loss, metrics = term.loss(encoder.features(facts=facts))
    logits = CODES @ term.classifier.kernel.numpy() + term.classifier.bias.numpy()
    chance = 1 / (1 + np.exp(-logits.astype(np.float64)))
    expected = -np.mean(np.log(np.where(ATTRIBUTES == 1, chance, 1 - chance)))
    np.testing.assert_allclose(metrics["attributes_loss"], expected, rtol=1e-5)
    np.testing.assert_allclose(loss, 0.5 * expected, rtol=1e-5)
    hits = np.mean((chance > 0.5) == (ATTRIBUTES == 1))
    np.testing.assert_allclose(metrics["attributes_accuracy"], hits, rtol=1e-6)
    with pytest.raises(ValueError, match="Received: a batch without 'attributes'"):
        term.loss(encoder.features())


@pytest.mark.parametrize(
    "attributes, message",
    [
        (2 * ATTRIBUTES.astype(int) - 1, r"must be 0 or 1\. Received: attributes=-1"),
        (np.full((6, 3), 7, np.uint8), r"must be 0 or 1\. Received: attributes=7"),
        (np.float32(ATTRIBUTES), r"'attributes' .* must be integers\. Received: .*float32"),
        (ATTRIBUTES[:, :2], r"shape \[K, 3\].* Received: attributes of shape \(6, 2\)"),
        (ATTRIBUTES[:, :1], r"shape \[K, 3\].* Received: attributes of shape \(6, 1\)"),
        (ATTRIBUTES[:, 0], r"shape \[K, 3\].* Received: attributes of shape \(6,\)"),
    ],
    ids=["signs", "sevens", "floats", "narrow", "one", "flat"],
)
def test_other_attributes_are_refused(attributes, message):
    term = AttributeClassification(3, seed=0)
    encoder = StoredEndpoints(**{"global": tf.constant(CODES)})
    term.connect(encoder.encoded())
    with pytest.raises(ValueError, match=message):
        term.loss(encoder.features(facts={"attributes": tf.constant(attributes)}))


@pytest.mark.parametrize("jit_compile", [False, True])
def test_other_attributes_do_not_train_in_silence(jit_compile):
    term = AttributeClassification(3, seed=0)
    encoder = StoredEndpoints(**{"global": tf.constant(CODES)})
    term.connect(encoder.encoded())

    @tf.function(jit_compile=jit_compile)
    def loss(attributes):
        return term.loss(encoder.features(facts={"attributes": attributes}))[0]

    assert np.isfinite(loss(tf.constant(ATTRIBUTES == 1)))
    signs = tf.constant(2 * ATTRIBUTES.astype(int) - 1)
    if jit_compile:
        # XLA compiles no assertions.
        assert np.isnan(loss(signs))
        return
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"Attributes must be 0 or 1\."):
        loss(signs)
