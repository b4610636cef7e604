"""The experiments of Hjelm et al. (2019), "Learning deep representations by mutual information".

Certain hyper-parameters are from the released code: Adam at 1e-4, batches of 64,
1,000 epochs on CIFAR-10, 2048 units in the encode-and-dot critic (1024 on folded encoders), the
encoders. Uncertain choices, which ``--set=...`` can change:

- the weights alpha, beta, gamma of each system are recalled, not verified; beta of DIM(L+G) is 0.1
  in one source and 1.0 in ports;
- which bound the systems with coordinates and occlusion train with (here: infoNCE), the weight of
  the coordinate task (here: 1), and how occlusion masks are drawn;
- the released command for CIFAR-10 trains without any prior;
- pixels are taken to lie in [-1, 1], since the released decoder ends in a tanh;
- the grids of both ablations.

One choice is ours: the paper's Table 4, its ablations and its nearest neighbours use the
concat-and-convolve critic; here they share the encode-and-dot critic of Table 1, since
concatenation with all places of all images costs up to a hundred times as much.
``--set=local_information.critic=concat_map`` gives the paper's; at an eighth of its cost
``--set=local_information.local_samples=8`` draws 8 of the 64 places in every step, with JSD the
same objective in expectation, and ``negative_images=1`` pairs each place with one other image, as
the released code does.

Commands, times and results: results/deep_infomax/README.md.
"""

import dataclasses

from tf_infomax.experiments.spec import (
    Classification,
    Coordinates,
    Data,
    Experiment,
    GlobalInformation,
    LocalInformation,
    PriorMatching,
    RelativeCoordinates,
    Train,
    evaluation,
    pick,
)

__all__ = ["COLLECTIONS", "EXPERIMENTS", "GLOBAL", "LOCAL", "UNTRAINED"]

# 50,000 images in batches of 64 are 781 steps an epoch; 105,000 of STL-10 are 1,640.
_CIFAR = Train(steps=781_000, batch_size=64, log_every=781, checkpoint_every=781)
_STL = Train(steps=328_000, batch_size=64, log_every=1_640, checkpoint_every=1_640)
_ENDPOINTS = ("conv", "fc", "global")

_DOT = pick("dot_map", units=2048)
_NARROW_DOT = pick("dot_map", units=1024)
# Two hidden layers of 512: the global discriminator of Table 6, the local one of Table 7.
_GLOBAL_CONCAT = pick("concat", hidden_dim=512, layers=2)
_LOCAL_CONCAT = pick("concat_map", hidden_units=(512, 512))

_MLP_PROBE = evaluation("mlp_probe", endpoints=_ENDPOINTS, epochs=150)
_TABLE_4 = (
    _MLP_PROBE,
    evaluation("svm_probe", endpoints=_ENDPOINTS),
    evaluation("reconstruction"),
    evaluation("mine"),
    evaluation("ndm"),
    evaluation("neighbours"),
)


def _experiment(name, source, objectives, evaluate=(_MLP_PROBE,), **fields):
    defaults = {
        "data": Data("cifar10", views="image"),
        "encoder": pick("basic32x32", output_units=64),
        "train": _CIFAR,
    }
    return Experiment(
        name, source, objectives=objectives, evaluate=evaluate, **{**defaults, **fields}
    )


GLOBAL = _experiment(
    "dim_global",
    "Hjelm et al. (2019), section 3.1, DIM(G), Tables 1 and 4",
    (GlobalInformation(_GLOBAL_CONCAT), PriorMatching(weight=1.0)),
    _TABLE_4,
)

LOCAL = _experiment(
    "dim_local",
    "Hjelm et al. (2019), section 3.2, DIM(L), Tables 1 and 4",
    (LocalInformation(_DOT, bound="infonce"), PriorMatching(weight=0.1)),
    _TABLE_4,
    sweep=(("objectives.local_information.bound", ("infonce", "jsd", "donsker_varadhan")),),
)

LOCAL_GLOBAL = _experiment(
    "dim_local_global",
    "Hjelm et al. (2019), DIM(L+G), Table 4 (concatenating discriminators)",
    (
        GlobalInformation(_GLOBAL_CONCAT, weight=0.5),
        LocalInformation(_LOCAL_CONCAT, weight=0.1),
        PriorMatching(weight=0.1),
    ),
    _TABLE_4,
)

SUPERVISED = _experiment(
    "dim_supervised",
    "Hjelm et al. (2019), Tables 1 and 2, fully supervised",
    (Classification("global"),),
    (evaluation("classifier"), _MLP_PROBE),
)

UNTRAINED = _experiment(
    "dim_untrained",
    "our own: the encoder as it is initialised",
    (Classification("global"),),
    train=dataclasses.replace(_CIFAR, steps=0),
)


def _table_5(name, coordinates, occluded):
    local = LocalInformation(_DOT, bound="infonce", occluded=occluded)
    extra = ()
    if coordinates:
        extra = (Coordinates(occluded=occluded), RelativeCoordinates(occluded=occluded))
    return _experiment(
        name,
        "Hjelm et al. (2019), section 4.3, Table 5",
        (local, *extra, PriorMatching(weight=0.1)),
    )


COORDINATES = _table_5("dim_coordinates", coordinates=True, occluded=False)
OCCLUSION = _table_5("dim_occlusion", coordinates=False, occluded=True)
COORDINATES_OCCLUSION = _table_5("dim_coordinates_occlusion", coordinates=True, occluded=True)


def _table_3(name, encoder, dataset, train, **options):
    data = Data(dataset, views="image")
    if dataset == "stl10":
        data = dataclasses.replace(data, crop=64, flip=True)
    return _experiment(
        name,
        "Hjelm et al. (2019), Table 3 (without prior)",
        (LocalInformation(_NARROW_DOT, bound="infonce"),),
        (evaluation("mlp_probe", endpoints=("conv", "global"), epochs=150),),
        data=data,
        encoder=pick(encoder, **options),
        train=train,
    )


SINGLE_GLOBAL_CIFAR = _table_3("dim_single_global_cifar10", "foldresnet34_32x32", "cifar10", _CIFAR)
SINGLE_GLOBAL = _table_3("dim_single_global", "foldalex64x64", "stl10", _STL)
MULTIPLE_GLOBALS = _table_3(
    "dim_multiple_globals", "foldmultialex64x64", "stl10", _STL, output_units=0
)

WEIGHTS = _experiment(
    "dim_weights",
    "Hjelm et al. (2019), appendix A.5: alpha, beta and gamma",
    (
        GlobalInformation(_GLOBAL_CONCAT),
        LocalInformation(_DOT),
        PriorMatching(),
    ),
    (
        evaluation("mlp_probe", endpoints=("global",), epochs=150),
        evaluation("reconstruction"),
        evaluation("ndm"),
    ),
    sweep=(
        ("objectives.global_information.weight", (0.0, 0.5, 1.0)),
        ("objectives.local_information.weight", (0.0, 0.5, 1.0)),
        ("objectives.prior.weight", (0.0, 0.1, 1.0)),
    ),
)

NEGATIVES = _experiment(
    "dim_negatives",
    "Hjelm et al. (2019), appendix A.3: number of negative images",
    (LocalInformation(_DOT, negative_images=63),),
    (evaluation("mlp_probe", endpoints=("global",), epochs=150),),
    sweep=(
        ("objectives.local_information.bound", ("jsd", "infonce", "donsker_varadhan")),
        ("objectives.local_information.negative_images", (1, 4, 16, 63)),
    ),
)

EXPERIMENTS = (
    GLOBAL,
    LOCAL,
    LOCAL_GLOBAL,
    SUPERVISED,
    UNTRAINED,
    COORDINATES,
    OCCLUSION,
    COORDINATES_OCCLUSION,
    SINGLE_GLOBAL_CIFAR,
    SINGLE_GLOBAL,
    MULTIPLE_GLOBALS,
    WEIGHTS,
    NEGATIVES,
)

# Several experiments under one name: the rows of a table of the paper.
COLLECTIONS = {
    "dim_table_1": (SUPERVISED, UNTRAINED, GLOBAL, LOCAL),
    "dim_table_4": (GLOBAL, LOCAL, LOCAL_GLOBAL),
    "dim_table_5": (LOCAL, COORDINATES, OCCLUSION, COORDINATES_OCCLUSION),
}
