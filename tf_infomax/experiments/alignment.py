"""The experiments of Wang and Isola (2020), "Understanding contrastive representation ...".

The losses and weights are theirs; encoders, temperatures, views and lengths are our own, small
enough for two cores: the encoder is ``basic32x32`` with half its channels. Commands, times and
results: results/alignment_uniformity/README.md.
"""

from tf_infomax.experiments.spec import Data, Experiment, Train, evaluation, pick
from tf_infomax.objectives.options import TwoViews

__all__ = ["EXPERIMENTS"]

_WIDTHS = (32, 64, 128, 256)
_LOSS = "objectives.two_views.loss"
_CONTRASTIVE = pick("contrastive", temperature=0.2)
# Measured at step 0, on the untrained encoder, and at the last step, for any number of steps.
_ENDS = 1_000_000

ALIGNMENT_UNIFORMITY = Experiment(
    name="alignment_uniformity",
    source="Wang and Isola (2020), sections 4 and 5 (their encoders are larger)",
    data=Data("cifar10", views="image"),
    encoder=pick("basic32x32", output_units=64, widths=_WIDTHS),
    objectives=(TwoViews(_CONTRASTIVE),),
    train=Train(
        steps=4_000, batch_size=128, learning_rate=1e-3, log_every=200, checkpoint_every=400
    ),
    evaluate=(
        evaluation("alignment_uniformity", every=400),
        evaluation("linear_probe", every=_ENDS, endpoints=("fc", "global")),
    ),
    sweep=(
        (_LOSS, (_CONTRASTIVE, pick("alignment_uniformity", exponent=2.0, t=2.0))),
    ),
)

CIRCLE = Experiment(
    name="circle",
    source="Wang and Isola (2020), Fig. 3",
    data=Data("cifar10", views="image"),
    encoder=pick("basic32x32", output_units=2, widths=_WIDTHS),
    objectives=(TwoViews(_CONTRASTIVE),),
    train=Train(
        steps=4_000, batch_size=128, learning_rate=1e-3, log_every=200, checkpoint_every=400
    ),
    evaluate=(
        evaluation("circle", every=_ENDS),
        evaluation("alignment_uniformity", every=_ENDS),
    ),
    sweep=((_LOSS, (pick("supervised"), _CONTRASTIVE)),),
)

EXPERIMENTS = (ALIGNMENT_UNIFORMITY, CIRCLE)
