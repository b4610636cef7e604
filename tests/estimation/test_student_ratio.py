"""The Student copula's ratio against SciPy's densities; pairs that are known to be Student's."""

import numpy as np
import pytest
import tensorflow as tf
from scipy import stats

from tf_infomax import MutualInformationEstimator
from tf_infomax.distributions.student_t import StudentT
from tf_infomax.estimation.fit_checks import is_student
from tf_infomax.estimation.margins import NormalScores
from tf_infomax.estimation.student_ratio import StudentRatio, fit_student


def scores(*sides):
    return [NormalScores().fit(values).transform(values) for values in sides]


def student(degrees, dim, count, seed=0, rho=0.7):
    rng = np.random.default_rng(seed)
    x, noise = rng.normal(size=(2, count, dim))
    scale = np.sqrt(rng.chisquare(degrees, size=(count, 1)) / degrees)
    return x / scale, (rho * x + np.sqrt(1 - rho**2) * noise) / scale


def test_the_ratio_is_that_of_the_densities():
    x, y = scores(*student(3, 2, 3_000))
    fit = fit_student(x, y)
    layer = StudentRatio(dtype="float64")
    layer.build((None, 2), (None, 2))
    layer.set_fit(fit)
    inverses = [np.linalg.inv(one) for one in (fit.map_x, fit.map_y)]
    blocks = [one.T @ one for one in inverses]
    cross = inverses[0].T @ np.diag(fit.correlations) @ inverses[1]
    shape = np.block([[blocks[0], cross], [cross.T, blocks[1]]])
    x, y = x[:5], y[:4]
    t_x, t_y = (stats.t.ppf(stats.norm.cdf(values), fit.degrees) for values in (x, y))
    expected = [
        [
            stats.multivariate_t.logpdf(np.append(one, other), shape=shape, df=fit.degrees)
            - stats.multivariate_t.logpdf(one, shape=blocks[0], df=fit.degrees)
            - stats.multivariate_t.logpdf(other, shape=blocks[1], df=fit.degrees)
            for other in t_y
        ]
        for one in t_x
    ]
    found = layer(tf.constant(x), tf.constant(y))
    # Quantiles are interpolated.
    np.testing.assert_allclose(found, expected, atol=2e-3)
    partners = tf.constant([[0, 3], [1, 1], [2, 0], [3, 2], [0, 1]])
    np.testing.assert_allclose(
        layer(tf.constant(x), tf.constant(y), partners),
        tf.gather(found, partners, batch_dims=1), rtol=1e-9,
    )  # fmt: skip


def test_the_degrees_are_found():
    fit = fit_student(*scores(*student(3, 2, 5_000)))
    assert fit.degrees == 3.0
    np.testing.assert_allclose(fit.correlations, 0.7, atol=0.05)


def test_coordinates_that_determine_each_other_have_no_fit():
    x, y = scores(*student(3, 1, 1_000))
    assert fit_student(np.hstack([x, x]), y) is None


def test_student_pairs_pass_and_others_do_not():
    passed = [
        is_student(fit_student(*pairs), *pairs)
        for pairs in (scores(*student(3, dim, 3_000, seed)) for dim in (1, 3) for seed in range(3))
    ]
    assert sum(passed) >= 5
    x, noise = np.random.default_rng(0).normal(size=(2, 3_000, 1))
    bent = scores(x, np.abs(x) + 0.3 * noise)
    few = scores(*student(3, 1, 900))
    for pairs in (bent, few):
        assert not is_student(fit_student(*pairs), *pairs)


@pytest.mark.slow
def test_intricate_only_in_its_tails():
    distribution = StudentT.sparse(2, 3, 3, pairs=2)
    fitted = MutualInformationEstimator(jobs=1).fit(*distribution.sample(2_000, 0))
    # A network of these pairs alone is 0.18 nats below; one standard error is 0.03.
    assert abs(fitted.mutual_information_ - distribution.mutual_information) < 0.09
