"""Experiments made small, on the digits: a run takes a second once TensorFlow is imported."""

import contextlib

from tensorflow.python.framework import config

from tf_infomax.experiments import catalog, sweep
from tf_infomax.experiments.overrides import override

_COMMON = ("train.batch_size=32", "train.steps=12", "train.log_every=4", "train.checkpoint_every=4")
_DIGITS = (*_COMMON, "data=digits", "evaluate.linear_probe.every=6")
_FLOW = ("encoder.num_couplings=2", "encoder.hidden_units=8", "evaluate.invertibility.every=6")

# What makes each experiment small; one variant each.
TINY = {
    "critic_impact": (
        *_DIGITS, "critic=bilinear", "bound=infonce", "encoder.layer_dimensions=16,8",
        "evaluate.bound.every=4",
    ),
    "encoder_impact": (
        *_DIGITS, "encoder=convnet", "encoder.channels=4", "encoder.output_dim=8", "target=2",
        "bound=nwj", "evaluate.bound.every=6",
    ),
    "non_invertible": (
        *_DIGITS, "bound=infonce", "encoder.layer_dimensions=input,input",
        "evaluate.bound.every=6", "evaluate.conditioning.every=12",
    ),
    "invertible": (*_DIGITS, *_FLOW, "bound=nwj", "evaluate.bound.every=6"),
    "adversarial": (*_DIGITS, *_FLOW, "warmup_steps=5", "classifier_steps=2"),
    "dependent_samples": (*_COMMON, "dependent=true", "bound=infonce"),
}


def tiny(name, *settings):
    """The catalogue's experiment, small, and with further settings."""
    (experiment,) = catalog.get(name)
    return override(experiment, [*TINY[name], *settings])


def plan_tiny(workdir, name, *settings):
    """The runs of ``tiny(name, *settings)`` in ``workdir``."""
    return sweep.plan([tiny(name, *settings)], workdir)


@contextlib.contextmanager
def determinism_undone():
    """Runs make TensorFlow deterministic for the whole process; other tests never asked for it."""
    try:
        yield
    finally:
        config.disable_op_determinism()
