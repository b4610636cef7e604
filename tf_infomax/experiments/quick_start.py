"""What ``make run`` shows: the claims of both papers in small, in minutes on two cores.

The data are the images of MNIST that the package brings along. Encoders, critics and learning rates
of MI-max are the paper's; networks of Deep InfoMax are narrower, and all runs are shorter.
"""

import dataclasses

from tf_infomax.experiments import deep_infomax, mi_max
from tf_infomax.experiments.spec import (
    Evaluation,
    GlobalInformation,
    LocalInformation,
    PriorMatching,
    pick,
)
from tf_infomax.experiments.study import study

__all__ = ["ESTIMATE", "QUICK_START", "SHOWS"]

# In a list of experiments.
SHOWS = "start here: the claims of both papers in small, on images of the package"

_DATA = "mnist_sample"
# Only the first and the last step: the probe costs as much as hundreds of steps.
_ENDS = 1_000_000
_BOUND = ("objectives.mutual_information.bound", ("infonce",))
_ENCODER = pick("basic28x28", widths=(16, 32, 128), output_units=32)
_PROBE = (Evaluation("linear_probe", every=_ENDS, options={"endpoints": ("global",)}),)


def _shortened(experiment, steps, every, **fields):
    return dataclasses.replace(
        experiment,
        data=dataclasses.replace(experiment.data, name=_DATA),
        train=dataclasses.replace(
            experiment.train, steps=steps, log_every=every, checkpoint_every=every, **fields
        ),
    )


def _of_mi_max(experiment, every):
    shorter = _shortened(experiment, steps=2_000, every=500)
    return dataclasses.replace(
        shorter,
        evaluate=tuple(
            dataclasses.replace(entry, every=every.get(entry.name, 1_000))
            for entry in experiment.evaluate
        ),
        sweep=(*experiment.sweep[:-1], _BOUND),
    )


def _of_deep_infomax(experiment, *objectives, steps=600):
    shorter = _shortened(experiment, steps=steps, every=200, learning_rate=1e-3)
    return dataclasses.replace(
        shorter,
        encoder=_ENCODER,
        objectives=objectives or experiment.objectives,
        evaluate=_PROBE,
        sweep=(),
    )


ESTIMATE = study(
    "pair_estimate",
    "the estimator of this package on pairs whose mutual information is known",
    family="mixture_cross",
    rho=0.9,
    samples=3_000,
)

QUICK_START = (
    _of_mi_max(mi_max.CRITIC_IMPACT, {"bound": 500}),
    _of_mi_max(mi_max.NON_INVERTIBLE, {"bound": 500}),
    _of_deep_infomax(
        deep_infomax.LOCAL,
        LocalInformation(pick("dot_map", units=256), bound="infonce"),
        PriorMatching(weight=0.1),
    ),
    _of_deep_infomax(
        deep_infomax.GLOBAL,
        GlobalInformation(pick("concat", hidden_dim=256, layers=2)),
        PriorMatching(weight=0.1),
    ),
    _of_deep_infomax(deep_infomax.UNTRAINED, steps=0),
    ESTIMATE,
)
