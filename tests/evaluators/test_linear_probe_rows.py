"""The rows of the linear probe: the protocol's by default, orders and a converged fit if asked."""

from types import SimpleNamespace

import numpy as np
import pytest

from tf_infomax.evaluators.probes import measure_linear_probe

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 3, 90), RNG.integers(0, 3, 40)
CODES = [np.eye(3)[labels] + RNG.normal(size=(len(labels), 3)) for labels in LABELS]
ACCURACY, CONVERGED = "probe/linear/accuracy", "probe/linear/converged_accuracy"


def snapshot(step):
    experiment = SimpleNamespace(train=SimpleNamespace(steps=10))
    source = SimpleNamespace(is_paired=True)
    return SimpleNamespace(
        names_of=lambda endpoints: ["code"], labels=LABELS, features=lambda name: CODES,
        code="code", has_lost_its_inverse=False, step=step,
        seed=lambda name: sum(map(ord, name)),
        trial=SimpleNamespace(experiment=experiment, source=source),
    )


def rows(step=10, **options):
    return {one.metric: one for one in measure_linear_probe(snapshot(step), "code", **options)}


def test_only_the_protocol_by_default():
    (only,) = rows().values()
    assert only.metric == ACCURACY and only.tags == {"features": "code", "examples": 40}


def test_the_spread_over_orders_keeps_the_protocols_accuracy():
    found = rows(orders=4)
    values = found[f"{ACCURACY}_over_orders"].tags["values"]
    assert len(values) == 4 and values[0] == found[ACCURACY].value == rows()[ACCURACY].value
    assert found[f"{ACCURACY}_over_orders"].value == pytest.approx(sum(values) / 4)
    squares = sum((value - sum(values) / 4) ** 2 for value in values)
    assert found[f"{ACCURACY}_sd_over_orders"].value == pytest.approx((squares / 3) ** 0.5)


@pytest.mark.parametrize(
    ("step", "converged", "expected"),
    [(10, "last", True), (5, "last", False), (5, "always", True), (10, "never", False)],
)
def test_when_the_converged_probe_is_measured(step, converged, expected):
    assert (CONVERGED in rows(step, converged=converged)) is expected


def test_pixels_are_fitted_to_convergence_where_codes_are():
    # They are measured once, at step 0, which is not the last.
    found = [
        (one.metric, one.tags["features"])
        for one in measure_linear_probe(snapshot(step=0), converged="last")
    ]
    assert found == [(ACCURACY, "code"), (ACCURACY, "pixels"), (CONVERGED, "pixels")]
