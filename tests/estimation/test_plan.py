"""The plan of a fit: what "auto" becomes for so many pairs."""

import os

import numpy as np
import pytest

from tf_infomax import MutualInformationEstimator
from tf_infomax.estimation.plan import check_jobs, plan_of


def plan(num_pairs, is_table=False, has_ceiling=False, **options):
    options = {**MutualInformationEstimator().get_params(), **options}
    return plan_of(
        options, num_pairs, round(0.7 * num_pairs), is_table=is_table, has_ceiling=has_ceiling
    )


def test_few_pairs_are_all_passed_over_in_every_epoch():
    found = plan(2_000)
    assert (found.schedule.epochs, found.schedule.batch_size) == (40, 32)
    assert found.schedule.steps == 1_400 // 32 and found.schedule.closed_form
    assert (found.halves, found.partners, found.jobs) == (2, 512, 1)


@pytest.mark.parametrize("num_pairs", [40_000, 100_000, 1_000_000])
def test_work_on_many_pairs_is_limited(num_pairs):
    found = plan(num_pairs)
    # In a cycle as many as in 30 epochs of 20,000 training pairs.
    seen = found.schedule.epochs * found.schedule.steps * found.schedule.batch_size
    assert seen == pytest.approx(600_000, rel=0.06)
    assert found.jobs == os.cpu_count() and found.partners >= 32
    assert num_pairs * found.partners <= 32_000_000
    assert found.halves == (2 if num_pairs <= 50_000 else 0)
    # InfoNCE's ceiling is the logarithm of the number.
    assert plan(num_pairs, has_ceiling=True).partners == 512


def test_options_that_are_given_are_kept():
    found = plan(2_000, epochs=3, batch_size=100, jobs=2)
    assert (found.schedule.epochs, found.schedule.cycles, found.schedule.batch_size) == (3, 1, 100)
    assert not found.schedule.closed_form and found.jobs == 2
    assert plan(2_000, is_table=True).schedule.epochs == plan(2_000, is_table=True).halves == 0
    assert check_jobs(None, -1) == check_jobs(np.int64(-1), None) == os.cpu_count()
    assert check_jobs(3, None) == 3
    with pytest.raises(ValueError, match=r"-1 or an integer of at least 1. Received: n_jobs=0"):
        check_jobs(2, 0)
