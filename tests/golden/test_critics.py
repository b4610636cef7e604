"""Scores, bounds and all gradients of the four critics."""

import pytest
import tensorflow as tf

from tests.golden.golden_files import Comparisons, cases, layer_count
from tests.golden.ports import one_critic, tensor
from tf_infomax import bounds

KINDS = ("innerprod", "bilinear", "concat", "separable")
PATTERNS = tuple(f"critic_{kind}*.npz" for kind in KINDS)
BOUNDS = {"infonce": bounds.infonce, "nwj": bounds.nwj}

# The network whose last bias adds the same amount to a whole row of scores. InfoNCE does not see
# it: its gradient is zero in exact arithmetic, and the stored one rounding noise.
ROW_SHIFTING_NETWORK = {"concat": "f", "separable": "fy"}


def check(compare):
    golden, precision = compare.golden, compare.precision
    kind = next(kind for kind in KINDS if golden.name.startswith(f"critic_{kind}"))
    x, y = (tensor(array, precision) for array in golden.inputs("x", "y"))
    critic, variables = one_critic(golden, kind, precision, x.shape[1], y.shape[1])
    sources = {"x": x, "y": y, **variables}
    without_gradient = None
    if kind in ROW_SHIFTING_NETWORK:
        network = ROW_SHIFTING_NETWORK[kind]
        without_gradient = f"{network}_{layer_count(golden, network) - 1}_bias"

    with tf.GradientTape(persistent=True) as tape:
        tape.watch([x, y])
        scores = critic(x, y)
        values = {name: bound(scores) for name, bound in BOUNDS.items()}
    compare("scores", scores, "array")
    for name, value in values.items():
        compare(name, value, "value")
        gradients = tape.gradient(value, list(sources.values()))
        for source, gradient in zip(sources, gradients, strict=True):
            if name == "infonce" and source == without_gradient:
                compare.zero(f"grad_{name}_{source}", gradient)
            else:
                compare(f"grad_{name}_{source}", gradient, "array")


@pytest.mark.parametrize("case", cases(PATTERNS))
def test_scores_bounds_and_gradients(case):
    with Comparisons(case) as compare:
        check(compare)
