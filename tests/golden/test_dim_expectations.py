"""The two functions of every divergence on unpaired scores, with the gradients of their means."""

import pytest
import tensorflow as tf

from tests.golden import ports
from tests.golden.dim_files import DimComparisons, cases, groups
from tests.golden.dim_ports import MEASURES
from tf_infomax.bounds import divergences


@pytest.mark.parametrize("case", cases("expectations*.npz", groups(r"[^/]+/[^/]+")))
def test_expectations(case):
    with DimComparisons(case) as compare:
        group, key = compare.key.split("/")
        divergence = divergences.get(MEASURES[key])
        x = ports.tensor(compare.golden.input(f"{group}/x"), compare.precision)
        means = {}
        for sign, function in (("pos", divergence.positive), ("neg", divergence.negative)):
            with tf.GradientTape() as tape:
                tape.watch(x)
                values = function(x)
                means[sign] = tf.reduce_mean(values)
            compare.relative(f"{compare.key}/{sign}_elem", values)
            compare.relative(f"{compare.key}/{sign}_mean", means[sign])
            gradient = tape.gradient(means[sign], x)
            compare.relative(f"{compare.key}/{sign}_mean_grad", gradient, rtol=1e-4)
        compare.relative(f"{compare.key}/gen_minimax", means["neg"])
        compare.relative(f"{compare.key}/gen_nonsat", -means["pos"])
        estimate = divergence.estimate(x, x)
        compare.close("estimate", estimate, means["pos"] - means["neg"], 1e-6 * abs(estimate))
