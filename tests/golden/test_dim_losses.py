"""Deep InfoMax's losses of maps: values and gradients of every measure, through ``PairScores``.

``u[i, b, j, a] = <m[i, :, b], l[j, :, a]>``; a loss is minus the measure. ``dv_asis`` is not read:
it is the value of a slip, and only where N = A = B.
"""

import numpy as np
import pytest
import tensorflow as tf

from tests.golden import ports
from tests.golden.dim_files import DimComparisons, cases, groups
from tf_infomax import bounds
from tf_infomax.scores.pairs import PairScores

MEASURES = {
    "GAN": "gan",
    "JSD": "jsd",
    "X2": "chi_squared_released",
    "KL": "nwj",
    "RKL": "reverse_kl",
    "H2": "squared_hellinger",
    "W1": "wasserstein",
}


def nce(self_score):
    """InfoNCE without the normaliser ``log(M + 1)``, which the release leaves out."""

    def loss(u):
        scores = PairScores.from_maps(u, self_score)
        return tf.math.log(scores.num_marginal + 1.0) - bounds.infonce(scores)

    return loss


def repaired_donsker_varadhan(u):
    """The release's arithmetic on the right axes, from the sums that ``PairScores`` offers.

    Its expectation over N (N - 1) image pairs is not divided by the A B scores of each, and 1e-6 is
    added to a sum of exponentials relative to the largest score, for which own scores count
    as 10 less than they are.
    """
    scores = PairScores.from_maps(u)
    num_images, num_globals, _, _ = u.shape
    log_sum = scores.log_mean_exp() + tf.math.log(num_images * num_globals * scores.num_marginal)
    largest = tf.maximum(tf.reduce_max(scores.marginal), tf.reduce_max(scores.joint) - 10.0)
    expectation = tf.math.log(1e-6 + tf.exp(log_sum - largest)) + largest
    pairs = tf.cast(num_images * (num_images - 1), u.dtype)
    return expectation - tf.math.log(pairs) - tf.reduce_mean(scores.joint)


def measure_loss(name):
    return lambda u: -bounds.get(name)(PairScores.from_maps(u))


# The names of the variants that hold a loss, and the loss as a function of the scores.
LOSSES = {
    **{(f"fd_{key}", f"ref_{key}"): measure_loss(name) for key, name in MEASURES.items()},
    ("nce",): nce(self_score=-10.0),
    ("nce_exact",): nce(self_score=None),
    ("dv_repaired",): repaired_donsker_varadhan,
    ("dv_exact",): measure_loss("donsker_varadhan"),
}


def compare_where_finite(compare, name, actual, rtol):
    """Compares the entries that are finite in the file; infinities are overflows of float32."""
    if name not in compare.golden:
        return
    expected = np.asarray(compare.golden[name], np.float64)
    finite = np.isfinite(expected)
    if not finite.any():
        return
    tolerance = rtol * np.abs(expected[finite]).max() + 1e-6
    compare.close(name, np.asarray(actual)[finite], expected[finite], tolerance)


@pytest.mark.parametrize("case", cases("losses*.npz", groups(r"[^/]+")))
def test_losses_and_gradients(case):
    with DimComparisons(case) as compare:
        golden, group = compare.golden, compare.key
        features = [
            ports.tensor(golden.input(f"{group}/{name}"), compare.precision) for name in "ml"
        ]
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(features)
            u = tf.einsum("iub,jua->ibja", *features)
            losses = {variants: function(u) for variants, function in LOSSES.items()}
        # An exponential is off by as much, relatively, as its argument absolutely.
        largest = float(tf.reduce_max(tf.abs(u)))
        rtol = 1e-5 + 2 * np.finfo(np.float32).eps * largest
        for variants, loss in losses.items():
            names = [f"{group}/{variant}" for variant in variants]
            stored = [
                key for name in names for key in (f"{name}/loss", f"{name}/loss64") if key in golden
            ]
            # In float32 the sum before the mean overflows; only a float64 port has these numbers.
            largest_mean = np.finfo(compare.precision).max / np.size(u)
            if any(abs(golden[key]) > largest_mean for key in stored):
                assert not np.isnan(loss)
                continue
            for key in stored:
                exact = compare.precision == "float64" and key.endswith("64")
                compare_where_finite(compare, key, loss, 1e-9 if exact else rtol)
            for which, gradient in zip("ml", tape.gradient(loss, features), strict=True):
                for name in names:
                    key = f"{name}/grad_{which}"
                    compare_where_finite(compare, key, gradient, max(rtol, 1e-4))
