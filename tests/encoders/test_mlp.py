"""The multi-layer perceptron: its formula, and its start near the identity."""

import keras
import numpy as np
import pytest

from tf_infomax.encoders import MLP
from tf_infomax.evaluation.conditioning import jacobian, log_condition_number, singular_values

INPUTS = np.random.default_rng(0).normal(size=(6, 4))


def layer_by_layer(encoder, shortcuts):
    hidden, outputs = INPUTS, []
    for position, layer in enumerate(encoder.dense):
        result = hidden @ layer.kernel.numpy() + layer.bias.numpy()
        if position < len(encoder.dense) - 1:
            result = np.maximum(result, 0.0)
        hidden = result + hidden if shortcuts else result
        outputs.append(hidden)
    return outputs


@pytest.mark.parametrize(("widths", "shortcuts"), [((5, 7, 3), False), ((4, 4, 4), True)])
def test_formula(widths, shortcuts):
    encoder = MLP(widths, shortcuts=shortcuts, seed=0, dtype="float64")
    encoder.build((None, 4))
    for layer in encoder.dense:
        layer.bias.assign(np.random.default_rng(1).normal(size=layer.bias.shape))
    expected = layer_by_layer(encoder, shortcuts)
    for ours, theirs in zip(encoder.layer_outputs(INPUTS), expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(encoder(INPUTS), expected[-1], rtol=1e-12, atol=1e-12)


def test_shortcuts_start_near_the_identity():
    # Tschannen et al. (2020), section 3.1: kernels near zero. A layer adds at most its kernel's
    # norm, here 3 layers of at most 4 * 2e-4 (a truncated normal's largest entry is 2 sd).
    small = keras.initializers.TruncatedNormal(stddev=1e-4)
    encoder = MLP((4, 4, 4), shortcuts=True, kernel_initializer=small, seed=0, dtype="float64")
    difference = np.abs(encoder(INPUTS) - INPUTS).max()
    assert 0 < difference < 3 * 4 * 2e-4 * np.abs(INPUTS).max()
    # Singular values within 1 +- 3 * 4 * 2e-4 of one another's log, on both sides.
    log_condition = log_condition_number(singular_values(jacobian(encoder, INPUTS)))
    assert np.all(log_condition >= 0) and np.all(log_condition < 2 * 3 * 4 * 2e-4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer_dimensions": ()}, r"at least one\. Received: layer_dimensions=\(\)"),
        ({"layer_dimensions": (4, 0)}, r"positive integers.*\(4, 0\)"),
        ({"layer_dimensions": (4, 2.0)}, r"positive integers.*\(4, 2\.0\)"),
        ({"layer_dimensions": (4, 5), "shortcuts": True}, r"all widths must be equal.*\(4, 5\)"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        MLP(**options)


def test_shortcuts_need_the_width_of_the_input():
    with pytest.raises(ValueError, match=r"as wide as the input.*\(5, 5\), inputs of width 4"):
        MLP((5, 5), shortcuts=True).build((None, 4))


@pytest.mark.parametrize("seed", [3, "generator", None])
def test_layers_of_one_seeded_initializer_are_drawn_apart(seed):
    given = keras.random.SeedGenerator(3) if seed == "generator" else seed
    initializer = keras.initializers.GlorotUniform(seed=given)
    first, second = (MLP((4, 4, 4), kernel_initializer=initializer) for _ in range(2))
    kernels = []
    for encoder in (first, second):
        encoder.build((None, 4))
        kernels.append([layer.kernel.numpy() for layer in encoder.dense])
    for i in range(3):
        for j in range(i):
            assert not np.array_equal(kernels[0][i], kernels[0][j])
        # A seed makes them the same every time.
        assert np.array_equal(kernels[0][i], kernels[1][i]) == (seed is not None)
    if seed == 3:
        np.testing.assert_array_equal(kernels[0][0], initializer((4, 4)))
