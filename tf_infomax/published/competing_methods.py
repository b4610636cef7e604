"""What Hjelm et al. (2019) print of the methods without a decoder that they compare with."""

from tf_infomax.published.deep_infomax import SOURCE
from tf_infomax.published.entries import PAPER_READ, RECALLED, Claim, Published

__all__ = ["CLAIMS", "SOURCE", "VALUES"]

CLAIMS = (
    Claim(
        "dim_supervised_reference",
        "Fully supervised encoder, with early stopping",
        "Tables 1, 2",
        "",
        "The same network trained with labels, augmented, at the epoch that is best on held-out "
        "training images: on CIFAR-10 the best DIM(L) comes near it, on CIFAR-100 it exceeds it.",
    ),
    Claim(
        "dim_nat",
        "NAT: noise as targets",
        "Tables 1, 2, 4",
        "",
        "Codes that are drawn to fixed random targets classify worse than those of the other "
        "methods, have the least information about the image, and hardly any dependence.",
    ),
    Claim(
        "dim_cpc",
        "CPC on folded crops (64 \u00d7 64)",
        "Table 3",
        "",
        "Ordered prediction of rows by a recurrent network is slightly better than DIM(L) with a "
        "single global on STL-10, and slightly worse than with many globals, in no order.",
    ),
    Claim(
        "dim_cpc_cifar10",
        "CPC on folded crops (32 \u00d7 32)",
        "Table 3",
        "",
        "On CIFAR-10 without augmentation CPC is below DIM(L) with a single global.",
    ),
)

_ENDPOINTS = ("conv", "fc", "global")
_TINY = "tiny-imagenet-200"


def _value(experiment, metric, dataset, features, value, table, source=RECALLED, **more):
    tags = {"dataset": dataset, "features": features}
    split = "train" if metric in ("dependence/mine", "dependence/ndm") else "test"
    return Published(experiment, metric, split, value, value, source, tags, table=table, **more)


def _nat():
    for table, dataset, percents in (
        ("Table 1", "cifar10", (56.19, 51.29, 31.16)),
        ("Table 1", "cifar100", (29.18, 24.57, 9.72)),
        ("Table 2", _TINY, (13.70, 11.62, 1.20)),
        ("Table 2", "stl10", (64.32, 61.43, 48.84)),
    ):
        for features, percent in zip(_ENDPOINTS, percents, strict=True):
            yield _value("dim_nat", "probe/mlp/accuracy", dataset, features, percent / 100, table)
    yield _value("dim_nat", "fine_tuning/accuracy", "stl10", "conv", 0.7075, "Table 2")
    svm = ((48.62, 0.02, ""), (42.63, 3.69, ""), (39.59, 0.01, "the same cell as the VAE's"))
    for features, (percent, spread, note) in zip(_ENDPOINTS, svm, strict=True):
        yield _value(
            "dim_nat", "probe/svm/accuracy", "cifar10", features, percent / 100, "Table 4",
            note=note, sd=spread / 100,
        )
    # As read in the paper.
    yield _value("dim_nat", "reconstruction/ms_ssim", "cifar10", "global", 0.29, "Table 4",
                 PAPER_READ)
    for metric, value in (("dependence/mine", 6.04), ("dependence/ndm", 0.02)):
        yield _value("dim_nat", metric, "cifar10", "global", value, "Table 4", PAPER_READ,
                     note="split not stated")


_CPC = tuple(
    _value(experiment, "probe/mlp/accuracy", dataset, "conv", percent / 100, "Table 3",
           note="endpoint not stated")
    for experiment, dataset, percent in (
        ("dim_cpc_cifar10", "cifar10", 77.45),
        ("dim_cpc", "stl10", 77.81),
    )
)

# The figure of the supervised network stands beside `dim_supervised`.
VALUES = (*_nat(), *_CPC)
