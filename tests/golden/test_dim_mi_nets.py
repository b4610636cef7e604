"""MI networks: both modes, the gradient, the statistics after a training pass, and the start."""

import numpy as np
import pytest
import tensorflow as tf

from tests.golden import ports
from tests.golden.dim_files import DimComparisons, cases, channels_last, conv_kernel, dense_kernel
from tf_infomax.mi_network import MINetwork

FILES = "mi_nets*.npz"


def kernel(weight):
    """A stored weight, dense or 1 x 1 convolution, as a matrix ``(in, out)``."""
    return conv_kernel(weight)[0, 0] if weight.ndim == 4 else dense_kernel(weight)


def network_of(golden, group, precision):
    """``MINetwork`` with the weights of a group."""
    stored = {
        name.removeprefix(f"{group}/w/").replace("conv", "fc"): golden[name]
        for name in golden.names
        if name.startswith(f"{group}/w/")
    }
    units, width = kernel(stored["block/fc0/weight"]).T.shape
    # The files hold a layer norm for nets that do not apply it, too.
    network = MINetwork(
        units,
        layer_norm="noln" not in group,
        shortcut_bias="shortcut/bias" in stored,
        dtype=precision,
    )
    network.build((None, width))
    norms = [(network.batch_norm, "block/bn", ("gamma", "beta"))]
    if network.norm is not None:
        norms.append((network.norm, "ln", ("gamma", "beta")))
    for layer, prefix, parts in norms:
        for part in parts:
            getattr(layer, part).assign(stored[f"{prefix}/{part}"])
    network.batch_norm.moving_mean.assign(stored["block/bn/mean"])
    network.batch_norm.moving_variance.assign(stored["block/bn/var"])
    for layer, prefix in (
        (network.dense_0, "block/fc0"),
        (network.dense_1, "block/fc1"),
        (network.shortcut, "shortcut"),
    ):
        layer.kernel.assign(kernel(stored[f"{prefix}/weight"]))
        assert layer.use_bias == (f"{prefix}/bias" in stored), prefix
        if layer.use_bias:
            layer.bias.assign(stored[f"{prefix}/bias"])
    return network


@pytest.mark.parametrize(
    "case", cases(FILES, lambda golden: golden.prefixes(r"([^/]+)/x"))
)
def test_network(case):
    with DimComparisons(case) as compare:
        golden, group = compare.golden, compare.key
        network = network_of(golden, group, compare.precision)
        x, cotangent = (
            ports.tensor(channels_last(golden.input(f"{group}/{name}")), compare.precision)
            for name in ("x", "cotangent")
        )
        same = {"to_stored": channels_last}
        compare.relative(f"{group}/y_eval", network(x, training=False), **same)
        with tf.GradientTape() as tape:
            tape.watch(x)
            outputs = network(x, training=True)
            total = tf.reduce_sum(outputs * cotangent)
        compare.relative(f"{group}/y_train", outputs, **same)
        compare.relative(f"{group}/grad_x_train", tape.gradient(total, x), rtol=1e-4, **same)
        after = f"{group}/after/block/bn"
        compare.relative(f"{after}/mean", network.batch_norm.moving_mean)
        compare.relative(f"{after}/var", network.batch_norm.moving_variance)


@pytest.mark.parametrize(
    "case", cases(FILES, lambda golden: golden.prefixes(r"(init_example_[^/]+)/shortcut/weight"))
)
def test_shortcut_starts_as_the_release_starts_it(case):
    with DimComparisons(case) as compare:
        stored = kernel(compare.golden.input(f"{compare.key}/shortcut/weight"))
        width, units = stored.shape
        network = MINetwork(units, seed=0, dtype=compare.precision)
        network.build((None, width))
        for start in (stored, network.shortcut.kernel.numpy()):
            noise = start[~np.eye(width, units, dtype=bool)]
            compare.close("diagonal", np.diag(start), np.ones(min(width, units)), 0.0)
            # Uniform noise: its largest entry is near the limit, its deviation limit / sqrt(3).
            assert 0.9 * 0.01 < np.abs(noise).max() <= 0.01
            assert abs(noise.std() * np.sqrt(3) / 0.01 - 1) < 4 / np.sqrt(noise.size)
