"""What the benchmarks stand on: that formulations are compared, and the right ratio is shown."""

import numpy as np
import pytest

from benchmarks import measure, speed
from benchmarks.measure import Result, compare, table


def ones(size):
    """A formulation for the tests: fills 32 MiB, and gives ones."""

    def step():
        return [np.zeros(()), np.ones(2**22)[:size].copy()]

    return step


def off_by_a_little(size):
    """Gives something else than ``ones``, by 1e-3."""
    return lambda: [np.zeros(()), np.ones(size) * (1.0 + 1e-3)]


WAYS = {"first": f"{__name__}:ones", "second": f"{__name__}:off_by_a_little"}


def test_formulations_that_disagree_are_no_comparison():
    with pytest.raises(ArithmeticError, match=r"second must give what first gives.*0\.00(1|099)"):
        compare("work", WAYS, {"size": 3}, rounds=1, seconds=0.0)
    first, second = compare("work", WAYS, {"size": 3}, rounds=1, seconds=0.0, tolerance=1e-2)
    assert first.difference is None and second.difference == pytest.approx(1e-3)
    # 32 MiB were allocated in the one, nothing in the other.
    assert 25 < first.megabytes < 80 and second.megabytes < 10
    assert first.seconds > 0 and first.cpu_seconds > 0


def test_ratios_are_those_of_the_baseline_to_each():
    results = [
        Result("one", "slow", 0.5, 0.6, 80.0, None), Result("one", "fast", 0.1, 0.2, 20.0, 1e-7),
        Result("other", "alone", 2.0, 2.0, 10.0, None),
    ]
    lines = table(results).splitlines()
    assert lines[3] == "| one | fast | 100.0 | 5.00 | 200.0 | 3.00 | 20 | 4.00 | 1e-07 |"
    assert lines[4] == "| other | alone | 2,000.0 | 1.00 | 2,000.0 | 1.00 | 10 | 1.00 |  |"


def test_differences_are_relative_but_of_scalars():
    baseline = [np.array(1e-3), np.array([10.0, 0.1])]
    found = measure._difference([np.array(2e-3), np.array([10.0, 0.15])], baseline)
    assert found == pytest.approx(0.05 / 10)
    found = measure._difference([np.array(9e-3), np.array([10.0, 0.1])], baseline)
    assert found == pytest.approx(8e-3)
    # What is zero but for rounding is measured on the scale of the rest.
    found = measure._difference([np.ones(2), np.array([3e-9])], [np.ones(2), np.array([1e-9])])
    assert found == pytest.approx(2e-9)


SMALL = {
    "concat_critic": {"size": 6, "width": 3, "hidden": 4},
    "local_infonce": {"images": 3, "places": 4, "units": 5},
    "bounds_of_large_batches": {"critic": "concat", "bound": "nwj", "size": 7},
    "gradient_cache": {"size": 6, "side": 8, "chunk": 4},
    "jacobians": {"inputs": 3, "width": 6, "layers": 2, "read": "log_condition"},
}


@pytest.mark.parametrize("module", SMALL)
def test_formulations_give_the_same(module):
    """In this process and small, all that ``make bench`` compares, but for whole training steps."""
    ways = {
        where
        for one in speed.COMPARISONS
        for where in one.ways.values()
        if where.startswith(f"{module}:")
    }
    assert len(ways) == 2
    baseline, other = (builder(where)(**SMALL[module])() for where in sorted(ways))
    assert measure._difference(*([np.asarray(one) for one in found] for found in (
        other, baseline,
    ))) < 1e-4


def builder(where):
    module, name = where.split(":")
    return getattr(__import__(f"benchmarks.{module}", fromlist=[name]), name)


@pytest.mark.slow
def test_whole_steps_give_the_same():
    sizes = {"experiment": "critic_impact", "settings": ["critic=separable", "bound=nwj"]}
    released, package = (builder(f"training_steps:{name}")(**sizes)() for name in (
        "released", "package",
    ))
    assert measure._difference(package, released) < 1e-4
