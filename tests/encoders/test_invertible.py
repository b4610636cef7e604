"""The RealNVP encoder: a bijection, near a permutation at the start."""

import functools
import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.flows.invertibility import assert_invertible
from tf_infomax.encoders import RealNVP

RNG = np.random.default_rng(0)


def flow_of(dim, scale, **options):
    """A flow far from the identity, yet well conditioned, in float64, for ``[K, dim]``."""
    initializer = keras.initializers.RandomNormal(stddev=0.3)
    small = {"num_couplings": 4, "hidden_units": (8,), "kernel_initializer": initializer}
    flow = RealNVP(scale=scale, seed=0, dtype="float64", **(small | options))
    flow.build((None, dim))
    return flow


@pytest.mark.parametrize(
    ("dim", "scale"),
    [
        (5, "none"),
        (5, "softplus"),
        *(pytest.param(*one, marks=pytest.mark.slow) for one in ((2, "none"), (6, "softplus"))),
    ],
)
def test_inverts(dim, scale):
    flow, inputs = flow_of(dim, scale), RNG.normal(size=(7, dim))
    assert_invertible(flow, flow.inverse, flow.log_det, inputs)
    codes, log_det = flow.forward_and_log_det(inputs)
    np.testing.assert_allclose(codes, flow(inputs), rtol=1e-14)
    np.testing.assert_allclose(log_det, flow.log_det(inputs), rtol=1e-14)
    assert log_det.shape == (7,)
    if scale == "none":
        np.testing.assert_array_equal(log_det, np.zeros(7))
    else:
        assert np.std(log_det) > 0.01  # it does depend on the input


def test_inverts_in_float32_at_published_size():
    flow = RealNVP(seed=0)
    inputs = RNG.uniform(size=(4, 64)).astype(np.float32)
    codes = flow(inputs)
    assert codes.shape == (4, 64) and len(flow.conditioners) == 30
    assert np.abs(flow.inverse(codes) - inputs).max() < 1e-4
    assert [layer.units for layer in flow.conditioners[0].dense] == [512, 512, 32]


def composed(flow, inputs):
    """What the permutations alone do to ``inputs``, the last one first."""
    return functools.reduce(
        lambda values, permutation: values[:, permutation], flow.permutations[::-1], inputs
    )


@pytest.mark.parametrize("dim", [8, 9])
def test_volume_preserving_flow_starts_as_a_permutation(dim):
    flow = flow_of(dim, "none", kernel_initializer=None, hidden_units=(64, 64))
    inputs = RNG.normal(size=(6, dim))
    codes = flow(inputs).numpy()
    difference = np.abs(codes - composed(flow, inputs))
    assert 0 < difference.max() < 1e-4
    assert np.abs(codes - inputs).max() > 0.1


def test_scaled_flow_starts_with_scales_of_log_2():
    # softplus(0) = log 2: every coupling contributes log(log 2) for each of its 3 moved entries.
    flow = flow_of(5, "softplus", kernel_initializer=None)
    log_det = flow.log_det(RNG.normal(size=(6, 5)))
    np.testing.assert_allclose(log_det, 4 * 3 * math.log(math.log(2)), atol=1e-4)


def test_permutations():
    flow = flow_of(7, "none", permutation_seed=3)
    assert flow.permutations.shape == (4, 7)
    np.testing.assert_array_equal(np.sort(flow.permutations, axis=1), [range(7)] * 4)
    assert len({tuple(row) for row in flow.permutations}) == 4
    # A function of permutation_seed, not of seed.
    for seed, permutation_seed, same in ((0, 3, True), (9, 3, True), (0, 4, False)):
        other = RealNVP(4, (8,), permutation_seed=permutation_seed, seed=seed)
        other.build((None, 7))
        assert np.array_equal(other.permutations, flow.permutations) == same


def test_given_permutations_are_used():
    given = [[1, 2, 0, 3], [3, 2, 1, 0]]
    flow = flow_of(4, "none", permutations=given)
    np.testing.assert_array_equal(flow.permutations, given)
    assert flow.num_couplings == len(flow.conditioners) == 2
    copy = RealNVP.from_config(flow.get_config())
    np.testing.assert_array_equal(copy.permutations, given)


def test_trace_holds_every_permutation_and_coupling():
    flow, inputs = flow_of(5, "softplus"), RNG.normal(size=(3, 5))
    trace = flow.trace(inputs)
    assert len(trace) == 8
    np.testing.assert_array_equal(trace[0], inputs[:, flow.permutations[-1]])
    np.testing.assert_array_equal(trace[1][:, :2], trace[0][:, :2])  # these pass
    np.testing.assert_allclose(trace[-1], flow(inputs), rtol=1e-14)


def test_compiles_with_xla():
    flow, inputs = flow_of(5, "softplus"), tf.constant(RNG.normal(size=(3, 5)))
    for method in (flow.inverse, flow.log_det):
        compiled = tf.function(method, jit_compile=True)
        np.testing.assert_allclose(compiled(inputs), method(inputs), rtol=1e-10)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"scale": "exp"}, r"one of \('none', 'softplus'\)\. Received: scale='exp'"),
        ({"num_couplings": 0}, r"positive integer\. Received: num_couplings=0"),
        ({"permutations": [[0, 1, 1]]}, r"one permutation.*shape \(1, 3\)"),
        ({"permutations": [0, 1]}, r"one permutation.*shape \(2,\)"),
        ({"permutations": [[0.9, 1.9]]}, r"of integers.*array of float64, of shape \(1, 2\)"),
        ({"permutations": [[False, True]]}, r"of integers.*array of bool, of shape \(1, 2\)"),
    ],
)
def test_wrong_options(options, message):
    with pytest.raises(ValueError, match=message):
        RealNVP(**options)


def test_wrong_widths():
    with pytest.raises(ValueError, match=r"width 2 or more.* Received: .*\(None, 1\)"):
        RealNVP(2, (4,)).build((None, 1))
    with pytest.raises(ValueError, match=r"of 2 entries\. Received: inputs of width 3"):
        RealNVP(permutations=[[1, 0]]).build((None, 3))
    flow = flow_of(5, "none")
    for method in (flow, flow.inverse, flow.log_det, flow.forward_and_log_det, flow.trace):
        with pytest.raises(ValueError, match=r"(?s)\[K, 5\]\. Received: .*\(3, 4\)"):
            method(np.zeros((3, 4)))


@pytest.mark.parametrize("options", [{}, {"permutations": [[1, 0, 2]]}], ids=["drawn", "given"])
def test_before_its_width_is_known(options):
    flow = RealNVP(2, (4,), **options)
    inputs = np.zeros((2, 3), np.float32)
    for method in (flow.inverse, flow.log_det, flow.forward_and_log_det, flow.trace):
        with pytest.raises(ValueError, match=r"call it on some.* Received: a flow that is not bu"):
            method(inputs)
    with pytest.raises(ValueError, match="a flow that is not built"):
        _ = flow.bijector
    # A call builds.
    np.testing.assert_allclose(flow.inverse(flow(inputs)), inputs, atol=1e-6)


def test_couplings_of_one_seeded_initializer_are_drawn_apart():
    initializer = keras.initializers.GlorotUniform(seed=3)
    flow = RealNVP(2, (4, 4), kernel_initializer=initializer)
    flow.build((None, 8))
    kernels = [layer.kernel for one in flow.conditioners for layer in one.dense]
    assert len(kernels) == 6 and all(kernel.shape == (4, 4) for kernel in kernels)
    assert len({kernel.numpy().tobytes() for kernel in kernels}) == 6
