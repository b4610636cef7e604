"""Trainings of full length are compiled by XLA: their steps are those of the short ones here."""

import numpy as np
import pytest

from tests.tiny import TINY, tiny
from tf_infomax.data import datasets
from tf_infomax.running.build import build
from tf_infomax.training.loop import StepLoop


def trained(name, compiled):
    """Means of three steps, and the weights after them."""
    setting = f"jit_compile={'yes' if compiled else 'no'}"
    run = tiny(name, setting).runs()[0][2]
    trial = build(run, None if name == "dependent_samples" else datasets.load("digits"))
    assert trial.jit_compile == compiled
    segment = StepLoop(trial.task, trial.jit_compile).run(0, 3)
    return segment.means, [variable.numpy() for variable in trial.task.variables]


@pytest.mark.parametrize(
    "name",
    [
        name if name == "critic_impact" else pytest.param(
            name, marks=pytest.mark.slow
        )
        for name in TINY
    ],
)
def test_compiled_steps_are_those_that_are_not(name):
    (means, weights), (compiled_means, compiled_weights) = (
        trained(name, compiled) for compiled in (False, True)
    )
    assert compiled_means == pytest.approx(means, rel=1e-4, abs=1e-6)
    for one, other in zip(compiled_weights, weights, strict=True):
        # Adam makes a step of its full length of any gradient, however small: of three of 1e-4.
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=4e-5)
