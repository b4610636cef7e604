"""Real runs of a few steps on scikit-learn's digits, with networks of a few units."""

import dataclasses

from tf_infomax.experiments import catalog, sweep
from tf_infomax.experiments.overrides import override
from tf_infomax.experiments.run import FINISHED
from tf_infomax.experiments.spec import Evaluation, Train

STEPS = 20
_FLOW = ("encoder.num_couplings=3", "encoder.hidden_units=(8,)")
_SETTINGS = {
    "critic_impact": ("encoder.layer_dimensions=(16, 6)", "critic=separable", "bound=infonce"),
    "encoder_impact": (
        "encoder=convnet", "encoder.channels=4", "encoder.output_dim=5", "target=2", "bound=nwj",
    ),
    "invertible": (*_FLOW, "bound=infonce"),
    "adversarial": (*_FLOW, "warmup_steps=5", "classifier_steps=2"),
    "dependent_samples": ("critic.hidden_dim=4", "critic.layers=2", "dependent=True", "bound=nwj"),
}


def tiny_experiments(*names):
    """Experiments of the catalogue, one run each, in small."""
    for name in names:
        (experiment,) = catalog.get(name)
        evaluate = (Evaluation("linear_probe", STEPS), Evaluation("bound", STEPS))
        experiment = dataclasses.replace(
            experiment,
            train=Train(
                STEPS, 16, learning_rate=1e-3, log_every=10, checkpoint_every=10, jit_compile="no"
            ),
            evaluate=evaluate if name == "critic_impact" else (),
        )
        data = () if name == "dependent_samples" else ("data=digits",)
        yield override(experiment, (*data, *_SETTINGS[name]))


def make_runs(workdir, *names):
    """Runs them, in another process; returns name -> run directory."""
    runs = sweep.plan(tiny_experiments(*names), workdir)
    assert len(runs) == len(names)
    outcome = sweep.run_all(runs, workdir, jobs=1)
    assert set(outcome.statuses.values()) == {FINISHED}, outcome.statuses
    return {run.experiment.name: run.directory for run in runs}
