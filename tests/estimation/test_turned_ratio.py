"""Pairs that were turned by an angle that grows with the norm: their log-density ratio."""

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.distributions import maps
from tf_infomax.estimation.closed_forms import ClosedForms, forms_for
from tf_infomax.estimation.turned_ratio import TurnedRatio, fit_turned

RHO = 0.8


def pairs(count, speed_x, speed_y, seed=0):
    """(x, y, exact log-density ratios of all rows with all): two coordinates of each, one pair."""
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(2, count, 2))
    y[:, 0] = RHO * x[:, 0] + (1 - RHO**2) ** 0.5 * y[:, 0]
    a, b = x[:, :1], y[:, 0]
    exact = -0.5 * np.log(1 - RHO**2) + (RHO * a * b - RHO**2 * (a**2 + b**2) / 2) / (1 - RHO**2)
    # A standard deviation of the squared norm is 2; rotations leave all densities as they are.
    turned = [
        maps.Spiral(((0.0, speed / 2), (-speed / 2, 0.0))).forward(values)
        for values, speed in ((x, speed_x), (y, speed_y))
    ]
    return *turned, exact


@pytest.mark.parametrize(("speeds"), [(1.0, 1.3), (0.0, 0.8)])
def test_turned_gaussian_pairs_have_their_exact_ratio(speeds):
    x, y, _ = pairs(3_000, *speeds)
    fit = fit_turned(x, y)
    # A side that is not turned may be given any speed: its features contain it as it is.
    found = [one for one, speed in zip(fit.speeds, speeds, strict=True) if speed]
    assert found == pytest.approx([speed for speed in speeds if speed], abs=0.1)
    assert fit.number == 1
    assert fit.found.correlations[0] == pytest.approx(RHO, abs=0.03)
    layer = TurnedRatio(dtype="float64")
    layer.build((None, 2), (None, 2))
    layer.set_fit(fit)
    new_x, new_y, exact = pairs(200, *speeds, seed=1)
    ratios = layer(new_x, new_y).numpy()
    error = np.diag(ratios) - np.diag(exact)
    assert abs(error.mean()) < 0.03
    assert error.std() < 0.2
    partners = np.array([[3, 0], [7, 7], [1, 2]])
    np.testing.assert_allclose(
        layer(new_x[:3], new_y, partners), np.take_along_axis(ratios[:3], partners, axis=1)
    )


def test_what_is_not_turned_is_left_alone():
    x, y, _ = pairs(1_000, 0.0, 0.0)
    assert fit_turned(x, y) is None
    rng = np.random.default_rng(2)
    assert fit_turned(*rng.normal(size=(2, 1_000, 3))) is None
    assert fit_turned(*pairs(90, 1.0, 1.0)[:2]) is None  # 12 features


def test_forms_by_dimension():
    assert forms_for(1, 1) == ("student", "tables", "partition")
    assert forms_for(8, 1) == ("student", "tables", "turned")
    assert forms_for(9, 2) == ("turned",)
    assert forms_for(2, 65) == ()
    with pytest.raises(ValueError, match=r"one or more of .*'turned'.* Received: forms=\('bent'"):
        ClosedForms(("bent",))


def test_the_form_alone_is_used_where_it_is_the_only_one():
    x, y, _ = pairs(1_000, 1.0, 1.0)
    forms = ClosedForms(("turned",), dtype="float64")
    forms.build((None, 2), (None, 2))
    assert list(forms.adaptations(x, y, [np.zeros((2, 0))] * 2)) == ["turned"]
    assert forms.in_use() == "turned"
    partners = np.arange(20).reshape(10, 2)
    np.testing.assert_allclose(
        forms.scores_in_use(x[:10], y[:20], partners),
        np.take_along_axis(forms(x[:10], y[:20]).numpy(), partners, axis=1),
    )
    forms.leave()
    assert not np.any(forms(tf.constant(x[:3]), tf.constant(y[:3])))
