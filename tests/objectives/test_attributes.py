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
