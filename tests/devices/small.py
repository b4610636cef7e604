"""Every training experiment of the catalogue in small, on images of noise."""

import numpy as np

from tests.running.test_deep_infomax_builds import SMALL as SMALL_BUILDS
from tests.tiny import TINY, TINY_IMAGES
from tf_infomax.data.image_data import ImageData
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.experiments.spec import Experiment

__all__ = ["NAMES", "images_of", "small"]

# Without their data sets and evaluations, which others need.
_TINY = {
    name: tuple(one for one in settings if not one.startswith(("data=", "evaluate")))
    for name, settings in {**TINY, **TINY_IMAGES}.items()
}
_BASIC = "encoder.widths=(4,8,8,8)"
_WIDE = "encoder.widths=(4,4,8,8,8)"
_PROJECTION = "two_views.loss.projection=(8,8)"
_SMALL = {
    **_TINY,
    **{name: settings[1:] for name, settings in SMALL_BUILDS.items()},
    **{
        name: (*(one for one in _TINY[name] if not one.startswith("encoder")), _BASIC)
        for name in (
            "dim_local", "dim_global", "dim_coordinates_occlusion", "dim_supervised", "dim_nat",
        )
    },
    "vicreg": (_BASIC, _PROJECTION),
    "dim_cpc": (
        "encoder.widths=(4,4,8,8,8,8,16)", "predictive_coding.critic.units=8",
        "predictive_coding.offsets=2",
    ),
    "dim_cpc_cifar10": (
        "encoder.widths=(4,4,4,4,4,4,8)", "data.crop=24", "predictive_coding.critic.units=8",
        "predictive_coding.offsets=2",
    ),
    "dim_single_global_cifar10": ("encoder.widths=(4,4,4,4,4,4,8)", "critic.units=12"),
    "dim_untrained": (_BASIC,),
    "dim_supervised_reference": (_BASIC,),
    "dim_semi_supervised": SMALL_BUILDS["dim_occlusion"][1:],
    "dim_semi_supervised_untrained": (_BASIC,),
    "dim_weights_attributes": (_WIDE, *SMALL_BUILDS["dim_weights"][2:]),
    "dim_attributes_supervised": (_WIDE,),
    "simclr": (_BASIC, _PROJECTION),
    "barlow_twins": (_BASIC, _PROJECTION),
    "amdim": (_BASIC, "two_views.loss.units=8"),
    "alignment_uniformity": (_BASIC,),
    "circle": (_BASIC,),
    "dim_negatives": (*SMALL_BUILDS["dim_negatives"][1:], "negative_images=3"),
    "staircase": (), "staircase_baseline": (), "infonce_ceiling": (), "dependent_negatives": (),
}  # fmt: skip
# Multiples of 2, 3 and 4 replicas.
_COMMON = ("train.batch_size=12", "train.steps=20", "evaluate=none")


def _experiments():
    found = {}
    # Collections last: their members may have settings of their own.
    for name in sorted(catalog.names(), key=lambda one: len(catalog.get(one))):
        for experiment in catalog.get(name):
            if isinstance(experiment, Experiment):
                found.setdefault(experiment.name, experiment)
    return found


NAMES = tuple(_experiments())


def small(name, *settings):
    """The first variant of an experiment of the catalogue, with a batch of 12 and few units."""
    experiment = override(_experiments()[name], [*_SMALL[name], *_COMMON, *settings])
    return next(iter(experiment.runs()))[2]


def images_of(experiment):
    """Images for ``small``, with labels and attributes; ``None`` where pairs are drawn."""
    if experiment.data.name == "gaussian_pairs":
        return None
    wide = experiment.data.name in ("stl10", "celeb_a")
    shape = (64, 64, 3) if wide else (28, 28, 1) if experiment.data.name == "mnist" else (32, 32, 3)
    rng = np.random.default_rng(0)

    def drawn(number):
        return rng.integers(256, size=(number, *shape), dtype=np.uint8)

    def of(number):
        return drawn(number), np.arange(number) % 10

    (train, labels), (test, test_labels) = of(48), of(24)
    return ImageData(
        "noise", train, labels, test, test_labels, 255.0, 10, tuple("0123456789"),
        attribute_names=tuple("abcde"),
        train_attributes=rng.integers(2, size=(48, 5), dtype=np.uint8),
        test_attributes=rng.integers(2, size=(24, 5), dtype=np.uint8),
    )  # fmt: skip
