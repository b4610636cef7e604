"""Layouts of Tables 1 to 5 of Hjelm et al. (2019), and the paper's lengths of training, as data."""

from dataclasses import dataclass, field

from tf_infomax.published.entries import OFFICIAL_CODE, RECALLED

__all__ = ["LAYOUTS", "PAPER_EPOCHS", "TRAINING_IMAGES", "Column", "Layout", "System"]

# Images that one epoch of the encoder passes over; unlabelled ones count.
TRAINING_IMAGES = {
    "cifar10": 50_000,
    "cifar100": 50_000,
    "stl10": 105_000,
    "tiny-imagenet-200": 100_000,
    "celeb_a": 162_770,
    "mnist": 60_000,
    "fashion_mnist": 60_000,
    "digits": 1_437,
}

# Epochs of the encoder's training, and the source of the number.
PAPER_EPOCHS = {
    "cifar10": (1_000, OFFICIAL_CODE),
    "cifar100": (1_000, OFFICIAL_CODE),
    "stl10": (200, OFFICIAL_CODE),
    "tiny-imagenet-200": (200, RECALLED),
}


@dataclass(frozen=True)
class Column:
    """A column: which rows it shows, and how.

    Args:
        name: heading.
        metric, split, features: of the rows.
        factor: factor of the values (100 for percentages).
        decimals: of our values.
        spread: metric of the sd over fits to one encoder, or None.
        raw_codes: whether it shows an estimator's values of codes as they are, which must not
            stand in one column with those of standardised codes. Published values stand beside
            the latter.
    """

    name: str
    metric: str
    split: str
    features: str
    factor: float = 1.0
    decimals: int = 2
    spread: str | None = None
    raw_codes: bool = False


@dataclass(frozen=True)
class System:
    """A line of a table, for every variant that matches.

    Args:
        label: the paper's name of the system.
        experiment: our catalogue name.
        tags: tags of its rows.
        tells_bound: whether the label names the bound of the training.
        borrowed: whether it is in the table only for comparison; alone it makes no table.
    """

    label: str
    experiment: str
    tags: dict = field(default_factory=dict)
    tells_bound: bool = False
    borrowed: bool = False

    def matches(self, experiment, tags):
        """Whether a run of ``experiment`` with these tags is of this system."""
        return experiment == self.experiment and all(
            tags.get(name) == value for name, value in self.tags.items()
        )


@dataclass(frozen=True)
class Layout:
    """One table of the paper.

    Args:
        name: "Table 1".
        caption: what the numbers are.
        columns, systems: tuples of ``Column`` and ``System``, in the paper's order. A run belongs
            to the first system that matches it.
        datasets: data sets of the table; empty for all that ``others`` do not claim.
        notes: sentences below it.
    """

    name: str
    caption: str
    columns: tuple
    systems: tuple
    datasets: tuple = ()
    others: tuple = ()
    notes: tuple = ()

    def is_for(self, dataset):
        """Whether rows on ``dataset`` are shown in this table."""
        return dataset in self.datasets if self.datasets else dataset not in self.others


_MLP = "probe/mlp/accuracy"
_SECOND = ("tiny-imagenet-200", "stl10")


def _accuracy(name, features, metric=_MLP, spread=None):
    return Column(name, metric, "test", features, 100.0, 2, spread)


def _estimator(name, metric):
    """Columns of standardised codes, and of codes as they are, which have other values."""
    return (
        Column(f"{name}{of}, {images} images", metric, split, "global", raw_codes=raw_codes)
        for raw_codes, of in ((False, ""), (True, " of raw codes"))
        for images, split in (("training", "train"), ("test", "test"))
    )


_CONV, _FC, _Y = (
    _accuracy(*place) for place in (("conv", "conv"), ("fc", "fc"), ("Y", "global"))
)
# Trained with labels from the first layer on, through "fc".
_NETWORK = _accuracy("network", "fc", "fine_tuning/accuracy")
_CLASSIFICATION = (
    System("fully supervised, early stopping", "dim_supervised_reference"),
    System("fully supervised", "dim_supervised"),
    System("untrained (not in the paper)", "dim_untrained"),
    System("VAE", "dim_vae"),
    System("AE", "dim_autoencoder"),
    System("beta-VAE", "dim_beta_vae"),
    System("AAE", "dim_aae"),
    System("BiGAN", "dim_bigan"),
    System("NAT", "dim_nat"),
    System("DIM(G)", "dim_global"),
    System("DIM(L) DV", "dim_local", {"bound": "donsker_varadhan"}),
    System("DIM(L) JSD", "dim_local", {"bound": "jsd"}),
    System("DIM(L) infoNCE", "dim_local", {"bound": "infonce"}),
    System("DIM(L)", "dim_local", tells_bound=True),
)
_PROBE = "Test accuracy [%] of the MLP probe on endpoints of the frozen encoder"

LAYOUTS = (
    Layout(
        "Table 1",
        f"{_PROBE}; network: trained with labels, as a whole",
        (_CONV, _FC, _Y, _NETWORK),
        _CLASSIFICATION,
        others=_SECOND,
    ),
    Layout(
        "Table 2",
        f"{_PROBE}; SS: of the whole network, fine-tuned with the labels; network: trained with "
        "labels, as a whole",
        (_CONV, _FC, _Y, _accuracy("SS", "conv", "fine_tuning/accuracy"), _NETWORK),
        _CLASSIFICATION,
        datasets=_SECOND,
    ),
    Layout(
        "Table 3",
        f"{_PROBE}; encoders of folded crops, trained without prior",
        (_CONV, _Y),
        (
            System("DIM(L), single global", "dim_single_global_cifar10"),
            System("DIM(L), single global", "dim_single_global"),
            System("CPC", "dim_cpc_cifar10"),
            System("CPC", "dim_cpc"),
            System("DIM(L), multiple globals", "dim_multiple_globals"),
        ),
    ),
    Layout(
        "Table 4",
        "SVM: test accuracy [%] on endpoints, \u00b1 over the fits to one encoder; MS-SSIM of "
        "reconstructions from Y; MINE: information of image and Y [nats]; NDM and Gaussian total "
        "correlation: dependence of the entries of Y [nats]; MINE and NDM read standardised codes "
        "unless noted",
        (
            *(
                _accuracy(f"SVM, {name}", features, "probe/svm/accuracy", "probe/svm/accuracy_sd")
                for name, features in (("conv", "conv"), ("fc", "fc"), ("Y", "global"))
            ),
            Column("MS-SSIM", "reconstruction/ms_ssim", "test", "global", decimals=3),
            *_estimator("MINE", "dependence/mine"),
            *_estimator("NDM", "dependence/ndm"),
            *(
                Column(
                    f"Gaussian total correlation, {name} images",
                    "dependence/gaussian_total_correlation",
                    split,
                    "global",
                )
                for name, split in (("training", "train"), ("test", "test"))
            ),
        ),
        (
            System("untrained (not in the paper)", "dim_untrained", borrowed=True),
            System("VAE", "dim_vae"),
            System("AAE", "dim_aae"),
            System("BiGAN", "dim_bigan"),
            System("NAT", "dim_nat"),
            System("DIM(G)", "dim_global"),
            System("DIM(L+G)", "dim_local_global"),
            System("DIM(L)", "dim_local", tells_bound=True),
        ),
    ),
    Layout(
        "Table 5",
        f"{_PROBE}, in the order of columns of the paper",
        (_Y, _FC, _CONV),
        (
            System("DIM", "dim_local", {"bound": "infonce"}, borrowed=True),
            System("DIM (coord)", "dim_coordinates"),
            System("DIM (occlude)", "dim_occlusion"),
            System("DIM (coord + occlude)", "dim_coordinates_occlusion"),
        ),
    ),
)
