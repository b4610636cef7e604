"""What Deep InfoMax is compared with, on its encoders and defaults: methods without a decoder.

NAT, CPC and the supervised networks of Hjelm et al. (2019), Tables 1 to 4; beyond the paper SimCLR,
Barlow Twins, VICReg and AMDIM's multi-scale term. None of the paper's baselines was released. Our
own choices, which ``--set=...`` can change, and reasons for them:

- NAT's targets are uniform on the sphere, and are assigned anew in every step;
- CPC's network reads three columns of each row, and its negatives are places of other images;
- the supervised network has a hidden layer of 200 units on "fc", mirror images and shifts of 4
  pixels (of 8 on 64 x 64 pixels), a tenth of the training images held out, and ends once ten epochs
  are no better on them;
- projection heads, temperatures, factors and clipping of the two-view losses are those of their
  papers (AMDIM's recalled), for much smaller widths; views, batch size and learning rate are those
  of our other experiments, since the methods are compared and none is tuned.

``dim_table_2`` is on STL-10 and ``dim_table_2_tiny_imagenet`` on Tiny ImageNet, whose folder is
given as ``--set=data=/path/to/tiny-imagenet-200``; each needs a work directory of its own, because
the experiments of both have the names of Table 1. CIFAR-100 is ``--set=data=cifar100``.
"""

import dataclasses

from tf_infomax.experiments import deep_infomax
from tf_infomax.experiments.spec import (
    AttributeClassification,
    Data,
    NoiseAsTargets,
    PredictiveCoding,
    TwoViews,
    evaluation,
    pick,
)

__all__ = ["COLLECTIONS", "EXPERIMENTS"]


def _like(base, name, source, objectives=None, evaluate=None, **fields):
    """``base`` under another name, without its sweep."""
    own = {"objectives": objectives, "evaluate": evaluate, **fields}
    own = {field: value for field, value in own.items() if value is not None}
    return dataclasses.replace(base, name=name, source=source, sweep=(), **own)


_LOCAL, _UNTRAINED = deep_infomax.LOCAL, deep_infomax.UNTRAINED
_MLP_PROBE = evaluation("mlp_probe", endpoints=("conv", "fc", "global"), epochs=150)

NAT = _like(
    _LOCAL,
    "dim_nat",
    "Hjelm et al. (2019), Tables 1, 2 and 4, NAT",
    (NoiseAsTargets(),),
)


def _cpc(base, name):
    # The layers above the map are not trained.
    return _like(
        base,
        name,
        "Hjelm et al. (2019), Table 3, CPC",
        (PredictiveCoding(pick("dot_map", units=1024)),),
        (evaluation("mlp_probe", endpoints=("conv",), epochs=150),),
    )


CPC = _cpc(deep_infomax.SINGLE_GLOBAL, "dim_cpc")
CPC_CIFAR = _cpc(deep_infomax.SINGLE_GLOBAL_CIFAR, "dim_cpc_cifar10")


def _supervised(shift):
    return evaluation(
        "fine_tuning",
        endpoint="fc",
        epochs=100,
        flip=True,
        shift=shift,
        held_out_percent=10,
        patience=10,
    )


SUPERVISED_REFERENCE = _like(
    _UNTRAINED,
    "dim_supervised_reference",
    "Hjelm et al. (2019), Tables 1 and 2, fully supervised, with early stopping",
    evaluate=(_supervised(shift=4),),
)


def _labels(base, name, source):
    """Fine-tuning from conv with 1 %, 10 % and all of the labels."""
    tuning = evaluation(
        "fine_tuning", endpoint="conv", percent=(1, 10, 100), epochs=100, flip=True, shift=4
    )
    objectives = base.objectives
    return _like(base, name, source, objectives, (tuning,))


SEMI_SUPERVISED = _labels(
    _LOCAL, "dim_semi_supervised", "Hjelm et al. (2019), Table 2, column SS, on parts of the labels"
)
SEMI_SUPERVISED_UNTRAINED = _labels(
    _UNTRAINED, "dim_semi_supervised_untrained", "our own: the same labels without pretraining"
)

_RANKS = (
    _MLP_PROBE,
    evaluation("alignment_uniformity"),
    evaluation("rankme"),
    evaluation("lidar"),
)


def _two_views(name, source, loss):
    return _like(_LOCAL, name, source, (TwoViews(loss),), _RANKS)


SIMCLR = _two_views(
    "simclr",
    "Chen et al. (2020), NT-Xent, on the encoder of Hjelm et al. (2019)",
    pick("nt_xent", temperature=0.5, projection=(256, 128)),
)
BARLOW_TWINS = _two_views(
    "barlow_twins",
    "Zbontar et al. (2021), on the encoder of Hjelm et al. (2019)",
    pick("barlow_twins", off_diagonal=5e-3, projection=(512, 512, 512)),
)
VICREG = _two_views(
    "vicreg",
    "Bardes et al. (2022), on the encoder of Hjelm et al. (2019)",
    pick(
        "vicreg", invariance=25.0, variance=25.0, covariance=1.0, projection=(512, 512, 512)
    ),
)
AMDIM = _two_views(
    "amdim",
    "Bachman et al. (2019), multi-scale information, on the encoder of Hjelm et al. (2019)",
    pick(
        "multi_scale",
        pairs=("global:local", "global:conv", "conv:conv"),
        units=1024,
        clip=20.0,
        score_penalty=0.04,
    ),
)

# 162,770 images in batches of 64 are 2,543 steps an epoch; 100,000 of Tiny ImageNet are 1,562.
_CELEBA_STEPS = 200 * 2_543
_TINY_STEPS = 200 * 1_562


def _every(train, steps, epoch):
    return dataclasses.replace(train, steps=steps, log_every=epoch, checkpoint_every=epoch)


_ATTRIBUTES = evaluation("attribute_probe", endpoints=("global",), epochs=50)
_CELEBA = {
    "data": Data("celeb_a", views="image"),
    "encoder": pick("basic64x64", output_units=64),
    "train": _every(_LOCAL.train, _CELEBA_STEPS, 2_543),
}
WEIGHTS_ATTRIBUTES = dataclasses.replace(
    deep_infomax.WEIGHTS,
    name="dim_weights_attributes",
    source="Hjelm et al. (2019), appendix A.5, Fig. 11: attributes of CelebA",
    evaluate=(_ATTRIBUTES, evaluation("reconstruction"), evaluation("ndm")),
    **_CELEBA,
)
SUPERVISED_ATTRIBUTES = _like(
    _LOCAL,
    "dim_attributes_supervised",
    "our own: an encoder trained with the attributes of CelebA",
    (AttributeClassification("global"),),
    (_ATTRIBUTES,),
    **_CELEBA,
)

EXPERIMENTS = (
    NAT,
    CPC,
    CPC_CIFAR,
    SUPERVISED_REFERENCE,
    SEMI_SUPERVISED,
    SEMI_SUPERVISED_UNTRAINED,
    WEIGHTS_ATTRIBUTES,
    SUPERVISED_ATTRIBUTES,
    SIMCLR,
    BARLOW_TWINS,
    VICREG,
    AMDIM,
)

# What Table 2 measures: also the whole network, fine-tuned from conv ("SS").
_TABLE_2 = (_MLP_PROBE, evaluation("fine_tuning", endpoint="conv", flip=True, shift=8))


def _table_2(data, steps, epoch):
    """The systems of Table 2 on a data set of 64 x 64 pixels."""
    systems = []
    for system in (
        SUPERVISED_REFERENCE, _UNTRAINED, deep_infomax.GLOBAL, _LOCAL, NAT,
    ):
        trained = system.train.steps > 0
        evaluate = (_supervised(shift=8),) if system is SUPERVISED_REFERENCE else _TABLE_2
        train = _every(system.train, steps if trained else 0, epoch)
        encoder = pick("alex64x64", output_units=64)
        systems.append(
            dataclasses.replace(
                system, data=data, encoder=encoder, train=train, evaluate=evaluate
            )
        )
    return tuple(systems)


COLLECTIONS = {
    "dim_table_1": (SUPERVISED_REFERENCE, NAT),
    "dim_table_2": _table_2(Data("stl10", views="image", crop=64, flip=True), 328_000, 1_640),
    "dim_table_2_tiny_imagenet": _table_2(
        Data("tiny-imagenet-200", views="image"), _TINY_STEPS, 1_562
    ),
    "dim_table_3": (
        deep_infomax.SINGLE_GLOBAL_CIFAR,
        CPC_CIFAR,
        deep_infomax.SINGLE_GLOBAL,
        CPC,
        deep_infomax.MULTIPLE_GLOBALS,
    ),
    "dim_table_4": (NAT,),
    "dim_labels": (SEMI_SUPERVISED, SEMI_SUPERVISED_UNTRAINED),
}
