"""Tables: interpolation against SciPy, fits against densities that are known."""

import numpy as np
import pytest
import tensorflow as tf
from scipy.interpolate import RegularGridInterpolator

from tf_infomax import MutualInformationEstimator
from tf_infomax.estimation.closed_forms import ClosedForms
from tf_infomax.estimation.fit_checks import is_table
from tf_infomax.estimation.margins import NormalScores
from tf_infomax.estimation.table_ratio import Table, TableRatio, fit_table
from tf_infomax.estimation.waves import correlated_pairs


def scores(*sides):
    return [NormalScores().fit(values).transform(values) for values in sides]


def gaussian(rho, count, seed=0):
    x, noise = np.random.default_rng(seed).normal(size=(2, count))
    return x, rho * x + np.sqrt(1 - rho**2) * noise


def test_interpolation():
    rng = np.random.default_rng(0)
    layer = TableRatio(2, dtype="float64")
    layer.build((None, 3), (None, 2))
    values, directions = rng.normal(size=(2, 64, 64)), (rng.normal(size=(2, 3)) / 4, np.eye(2))
    layer.set_fit([
        (Table(width, table, 0.0, 0.0), one, other)
        for width, table, one, other in zip((2.0, 3.0), values, *directions, strict=True)
    ])  # fmt: skip
    x, y = rng.uniform(-1, 1, size=(4, 3)), rng.uniform(-1, 1, size=(5, 2))
    expected = np.zeros((4, 5))
    for width, table, one, other in zip((2.0, 3.0), values, *directions, strict=True):
        nodes = np.linspace(-width, width, 64)
        grid = np.meshgrid(x @ one, y @ other, indexing="ij")
        expected += RegularGridInterpolator((nodes, nodes), table)(np.stack(grid, axis=-1))
    found = layer(tf.constant(x), tf.constant(y))
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    partners = tf.constant([[4], [0], [1], [3]])
    np.testing.assert_allclose(
        layer(tf.constant(x), tf.constant(y), partners), tf.gather(found, partners, batch_dims=1)
    )


def test_gaussian_pairs_have_the_gaussian_ratio():
    rho = 0.7
    u, v = scores(*(one[:, np.newaxis] for one in gaussian(rho, 20_000)))
    table = fit_table(u[:, 0], v[:, 0])
    nodes = np.linspace(-table.half_width, table.half_width, 64)
    a, b = np.meshgrid(nodes, nodes, indexing="ij")
    expected = -0.5 * np.log(1 - rho**2) + (rho * a * b - rho**2 * (a**2 + b**2) / 2) / (1 - rho**2)
    common = (np.abs(a) < 1.5) & (np.abs(a - b) < 1.0)
    # Nine free parameters of 20,000 pairs.
    assert np.abs(table.values - expected)[common].max() < 0.06
    assert table.freedom < 12
    assert abs(table.value + 0.5 * np.log(1 - rho**2)) < 0.02


def test_each_given_the_other_has_a_density():
    u, v = gaussian(0.5, 3_000)
    table = fit_table(u, v)
    nodes = np.linspace(-table.half_width, table.half_width, 64)
    weights = np.array([np.mean(np.clip(1 - np.abs(v - node) / (nodes[1] - nodes[0]), 0, None))
                        for node in nodes])  # fmt: skip
    filled = np.abs(nodes) < 2.0
    np.testing.assert_allclose((np.exp(table.values) @ weights)[filled], 1.0, atol=1e-3)


def test_few_values_have_no_table():
    assert fit_table(np.arange(200) % 7 * 1.0, np.arange(200.0)) is None


def cross(count, seed=0):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(count, 1))
    return x, rng.choice([-1.0, 1.0], size=(count, 1)) * x + 0.5 * rng.normal(size=(count, 1))


def test_smooth_ratios_suffice_and_sharp_edges_do_not():
    u, v = (one[:, 0] for one in scores(*cross(4_000)))
    assert is_table(fit_table(u, v), u, v)
    rng = np.random.default_rng(0)
    x = rng.uniform(size=(4_000, 1))
    u, v = (one[:, 0] for one in scores(x, x + rng.uniform(-0.1, 0.1, size=(4_000, 1))))
    assert not is_table(fit_table(u, v), u, v)


def test_pairs_of_coordinates_are_found():
    (x, y), (a, b) = cross(2_000), cross(2_000, seed=1)
    # Correlated within x, too: the stronger dependence is not with this coordinate.
    x = np.hstack([x, a, x + a])
    pairs = correlated_pairs(*scores(x, np.hstack([b, y])))
    assert sorted(pairs) == [(0, 1), (1, 0)]
    assert correlated_pairs(*scores(np.random.default_rng(0).normal(size=(2_000, 3)), y)) == []


def test_closed_forms_are_zero_until_one_is_fitted():
    forms = ClosedForms()
    forms.build((None, 1), (None, 1))
    x, y = (values.astype(np.float32) for values in scores(*cross(3_000)))
    assert not np.any(forms(x[:5], y[:5]))
    no_variates = np.zeros((1, 0)), np.zeros((1, 0))
    names = list(forms.adaptations(*scores(*cross(3_000)), no_variates))
    assert names == ["student", "tables of coordinates"]
    partners = np.arange(10).reshape(5, 2)
    np.testing.assert_allclose(
        forms.scores_in_use(x[:5], y, partners), forms(x[:5], y, partners), rtol=1e-6
    )


def test_two_numbers_get_a_table_only_if_nothing_is_left_to_learn():
    # Too few to tell; and a network would learn more.
    forms = ClosedForms()
    forms.build((None, 1), (None, 1))
    no_variates = np.zeros((1, 0)), np.zeros((1, 0))
    assert list(forms.adaptations(*scores(*cross(500)), no_variates)) == ["student"]


@pytest.mark.slow
def test_smooth_pairs_of_numbers_need_no_training():
    x, y = cross(3_000)
    fitted = MutualInformationEstimator(jobs=1).fit(x, y)
    trained = fitted.training_curve_.groupby("fold").size() > 1
    assert trained.sum() <= 1
