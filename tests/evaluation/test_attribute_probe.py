"""The probe of attributes: codes that hold them, codes that do not."""

import numpy as np
import pytest

from tf_infomax.evaluation import attribute_probe

RNG = np.random.default_rng(0)


def test_it_tells_what_the_codes_hold():
    attributes = RNG.integers(0, 2, size=(300, 3))
    # The first two are held, the third is not, and nearly always 1.
    attributes[:, 2] = RNG.uniform(size=300) < 0.9
    codes = np.concatenate([2.0 * attributes[:, :2] - 1.0, np.zeros((300, 2))], axis=1)
    codes = (codes + 0.1 * RNG.normal(size=codes.shape)).astype(np.float32)
    result = attribute_probe(
        codes[:200], attributes[:200], codes[200:], attributes[200:], epochs=20, batch_size=20,
        learning_rate=1e-2, decay_epochs=(), hidden_units=16,
    )
    assert min(result.per_attribute[:2]) == 1.0
    assert result.accuracy == pytest.approx(np.mean(result.per_attribute))
    # A rare attribute that is not told has a high accuracy and half the balanced one.
    assert result.per_attribute[2] > 0.8
    assert result.balanced_accuracy == pytest.approx((1 + 1 + 0.5) / 3, abs=0.04)
    with pytest.raises(ValueError, match=r"0 or 1, of shape \[200, A\].* Received: .*\(200,\)"):
        attribute_probe(codes[:200], attributes[:200, 0], codes[200:], attributes[200:])


@pytest.mark.parametrize("epochs", [0, -1, 1.5])
def test_an_untrained_network_has_no_accuracy(epochs):
    codes, attributes = np.eye(4), np.eye(4)[:, :2]
    with pytest.raises(ValueError, match=rf"must be 1 or more\. Received: epochs={epochs}"):
        attribute_probe(codes, attributes, codes, attributes, epochs=epochs, batch_size=2)


@pytest.mark.parametrize("attributes", [[[1], [1, 0]], np.full((4, 2), "1")])
def test_attributes_are_numbers(attributes):
    with pytest.raises(ValueError, match="`train attributes` must be an array of numbers"):
        attribute_probe(np.eye(4), attributes, np.eye(4), np.eye(4)[:, :2])
