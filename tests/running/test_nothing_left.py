"""Runs that follow each other in a process leave nothing behind."""

import gc

import pytest
from tensorflow.python.framework import func_graph, ops

from tests.tiny import determinism_undone, plan_tiny
from tf_infomax.experiments import catalog
from tf_infomax.running.worker import carry_out


@pytest.fixture(scope="module", autouse=True)
def _leave_no_determinism():
    with determinism_undone():
        yield


def left():
    """(graphs of functions, gradients in TensorFlow's register)."""
    graphs = sum(isinstance(one, func_graph.FuncGraph) for one in gc.get_objects())
    return graphs, len(ops.gradient_registry._registry)


def check(directory, name, *settings):
    for place in ("warm", "first", "second"):
        (run,) = plan_tiny(directory / place, name, *settings)
        before = left()
        assert carry_out(run)[1] == "finished"
        if place != "warm":
            # Not collected here: the run has done so.
            assert left() == before


@pytest.mark.slow
def test_no_graph_is_left_of_a_run(tmp_path):
    check(tmp_path, "dependent_samples")


@pytest.mark.slow
@pytest.mark.parametrize(
    "name", ["critic_impact", "encoder_impact", "non_invertible", "invertible", "adversarial"]
)
def test_no_graph_is_left_of_runs_with_evaluations(name, tmp_path):
    every = {"bound": 6, "conditioning": 12}
    measured = [one.name for one in catalog.get(name)[0].evaluate if one.name in every]
    assert measured or name == "adversarial"
    check(tmp_path, name, *(f"evaluate.{one}.every={every[one]}" for one in measured))
