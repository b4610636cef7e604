"""MI networks: both modes, the gradient, the statistics after a training pass, and the start."""

import numpy as np
import pytest
import tensorflow as tf

from tests.golden import ports
from tests.golden.dim_files import DimComparisons, cases, channels_last
from tests.golden.dim_ports import matrix, mi_network
from tf_infomax.layers.mi_network import MINetwork

FILES = "mi_nets*.npz"


@pytest.mark.parametrize(
    "case", cases(FILES, lambda golden: golden.prefixes(r"([^/]+)/x"))
)
def test_network(case):
    with DimComparisons(case) as compare:
        golden, group = compare.golden, compare.key
        network = mi_network(
            golden, f"{group}/w/", compare.precision, layer_norm="noln" not in group
        )
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
        stored = matrix(compare.golden.input(f"{compare.key}/shortcut/weight"))
        width, units = stored.shape
        network = MINetwork(units, seed=0, dtype=compare.precision)
        network.build((None, width))
        for start in (stored, network.shortcut.kernel.numpy()):
            noise = start[~np.eye(width, units, dtype=bool)]
            compare.close("diagonal", np.diag(start), np.ones(min(width, units)), 0.0)
            # Uniform noise: its largest entry is near the limit, its deviation limit / sqrt(3).
            assert 0.9 * 0.01 < np.abs(noise).max() <= 0.01
            assert abs(noise.std() * np.sqrt(3) / 0.01 - 1) < 4 / np.sqrt(noise.size)
