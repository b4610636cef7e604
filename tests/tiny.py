"""Experiments made small, on the digits: a run takes a second once TensorFlow is imported."""

import contextlib

import numpy as np
from sklearn.datasets import load_digits
from tensorflow.python.framework import config

from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.running import sweep

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

# Of whole images: the data set is ``write_images``'s file, given as a further setting.
_DIM = (
    *_COMMON, "train.batch_size=16", "encoder=basic28x28", "encoder.widths=(4,8,16)",
    "encoder.output_units=8", "evaluate=none",
)
TINY_IMAGES = {
    "dim_local": (
        *_DIM, "bound=infonce", "local_information.critic.units=12", "prior.hidden_units=(8,8)",
    ),
    "dim_global": (*_DIM, "critic.hidden_dim=8", "prior.hidden_units=(8,8)"),
    "dim_coordinates_occlusion": (
        *_DIM, "local_information.critic.units=12", "prior.hidden_units=(8,8)",
        "objectives.coordinates.hidden_units=(8,8)",
        "objectives.relative_coordinates.hidden_units=(8,8)",
    ),
    "dim_supervised": _DIM,
    "dim_nat": _DIM,
    "dim_cpc": (
        *_COMMON, "train.batch_size=8", "encoder=foldresnet19_32x32", "data.crop=24",
        "encoder.widths=(4,4,4,4,4,4,8)", "encoder.output_units=8",
        "predictive_coding.critic.units=8", "predictive_coding.offsets=2", "evaluate=none",
    ),
    "vicreg": (*_DIM, "two_views.loss.projection=(8,8)"),
}


def write_images(path, train=96, test=40):
    """A data set of 28 x 28 digits (scikit-learn's, each pixel thrice, framed); gives its path."""
    images = load_digits()
    pixels = np.kron(images.images * 255.0 / 16.0, np.ones((1, 3, 3)))
    pixels = np.pad(pixels, ((0, 0), (2, 2), (2, 2))).astype(np.uint8)
    np.savez(
        path,
        x_train=pixels[:train], y_train=images.target[:train],
        x_test=pixels[train : train + test], y_test=images.target[train : train + test],
    )
    return path


def tiny_images(name, path, *settings):
    """The catalogue's experiment on whole images, small, on the data set at ``path``."""
    (experiment,) = catalog.get(name)
    return override(experiment, [*TINY_IMAGES[name], f"data={path}", *settings])


def tiny(name, *settings):
    """The catalogue's experiment, small, and with further settings."""
    (experiment,) = catalog.get(name)
    return override(experiment, [*TINY[name], *settings])


def plan_tiny(workdir, name, *settings, train_further=False):
    """The runs of ``tiny(name, *settings)`` in ``workdir``."""
    return sweep.plan([tiny(name, *settings)], workdir, train_further=train_further)


@contextlib.contextmanager
def determinism_undone():
    """Runs make TensorFlow deterministic for the whole process; other tests never asked for it."""
    try:
        yield
    finally:
        config.disable_op_determinism()


class Killed(BaseException):
    """What ends a run in ``killed_at``."""


@contextlib.contextmanager
def killed_at(monkeypatch, step):
    """Within it a run ends with ``Killed`` where its segment from ``step`` on begins."""
    from tf_infomax.training.loop import StepLoop

    run = StepLoop.run

    def dies(self, start, *rest):
        if start == step:
            raise Killed
        return run(self, start, *rest)

    with monkeypatch.context() as patched:
        patched.setattr(StepLoop, "run", dies)
        yield
