"""The options of every term with their defaults, as frozen data that experiments list.

They are defined here only: the Keras classes of ``objectives``, experiment files and ``--set`` take
them from here. An annotation has the registry or the words of an option that is chosen by name. A
field that is not an argument of the class of the same name says so. Needs no TensorFlow.
"""

import dataclasses
from typing import Annotated

from tf_infomax.bounds.catalog import BOUNDS
from tf_infomax.bounds.divergence_names import DIVERGENCES
from tf_infomax.critics import CRITICS
from tf_infomax.critics.baseline_names import BASELINES
from tf_infomax.decoders.likelihood_names import LIKELIHOODS
from tf_infomax.naming.option_kinds import OneOf
from tf_infomax.naming.pick import Pick
from tf_infomax.objectives.view_losses import VIEW_LOSSES

__all__ = [
    "GAMES",
    "NEGATIVES",
    "NETWORKS",
    "PENALTIES",
    "PRIORS",
    "TERMS",
    "AttributeClassification",
    "BiGAN",
    "Classification",
    "Coordinates",
    "GlobalInformation",
    "LabelConfusion",
    "LocalInformation",
    "MutualInformation",
    "NoiseAsTargets",
    "PredictiveCoding",
    "PriorMatching",
    "Reconstruction",
    "RelativeCoordinates",
    "TwoViews",
]

# The words of options.
PRIORS = ("uniform", "normal", "ball", "sphere")
PENALTIES = ("all_samples", "last_sample")
NETWORKS = ("mlp", "released")
GAMES = ("non_saturating", "minimax")
NEGATIVES = ("images", "places")
_PRIOR = OneOf(PRIORS, {"gaussian": ("normal",)})


@dataclasses.dataclass(frozen=True)
class MutualInformation:
    """Maximise a bound on the mutual information of the two views' codes (``ViewInformation``).

    Attributes:
        critic: how pairs of codes are scored.
        bound: name of a registered bound, or with options, ``pick("smile", clip=1.0)``.
        target: nats to hold the bound at, or ``None`` to maximise it.
        baseline: ``pick("learned")`` for bounds that accept a baseline ("tuba",
            "interpolated"); or ``None``.
    """

    critic: Annotated[Pick, CRITICS]
    bound: Annotated[str | Pick, BOUNDS] = "infonce"
    target: float | None = None
    baseline: Annotated[Pick | None, BASELINES] = None
    name: str = "mutual_information"


@dataclasses.dataclass(frozen=True)
class LabelConfusion:
    """Hide the labels from a linear classifier that is trained in turns with the encoder.

    Attributes:
        warmup_steps: steps of the classifier before the first round.
        classifier_steps: steps of the classifier in each round, before the encoder's step.
        classifier_learning_rate: of its own Adam; not an argument of the class. The encoder's is
            ``train.learning_rate``.
        endpoint: the code that the classifier reads.
    """

    warmup_steps: int = 1000
    classifier_steps: int = 10
    classifier_learning_rate: float = 1e-3
    endpoint: str = "code"
    name: str = "label_confusion"


@dataclasses.dataclass(frozen=True)
class LocalInformation:
    """Maximise the information of the code and every local feature; see ``objectives``."""

    critic: Annotated[Pick, CRITICS]
    bound: Annotated[str | Pick, BOUNDS] = "jsd"
    weight: float = 1.0
    occluded: bool = False
    local_samples: int | None = None
    global_samples: int | None = None
    negative_images: int | None = None
    self_score: float | None = None
    activation_penalty: float = 0.0
    target: float | None = None
    baseline: Annotated[Pick | None, BASELINES] = None
    name: str = "local_information"


@dataclasses.dataclass(frozen=True)
class GlobalInformation:
    """Maximise the information of the code and a whole map; see ``objectives``."""

    critic: Annotated[Pick, CRITICS]
    bound: Annotated[str | Pick, BOUNDS] = "jsd"
    weight: float = 1.0
    endpoint: str = "conv"
    occluded: bool = False
    self_score: float | None = None
    activation_penalty: float = 0.0
    target: float | None = None
    baseline: Annotated[Pick | None, BASELINES] = None
    name: str = "global_information"


@dataclasses.dataclass(frozen=True)
class PriorMatching:
    """Match the distribution of the code to a prior, against a discriminator; see ``objectives``.

    ``learning_rate`` is the discriminator's, and not an argument of the class; ``None`` means the
    encoder's.
    """

    prior: Annotated[str, _PRIOR] = "uniform"
    measure: Annotated[str, DIVERGENCES] = "gan"
    weight: float = 1.0
    hidden_units: tuple = (1000, 200)
    penalty_weight: float = 1.0
    penalty_form: Annotated[str, OneOf(PENALTIES)] = "all_samples"
    learning_rate: float | None = None
    endpoint: str = "global"
    name: str = "prior"


@dataclasses.dataclass(frozen=True)
class Coordinates:
    """Predict the place of every local feature; see ``objectives``."""

    weight: float = 1.0
    occluded: bool = False
    network: Annotated[str, OneOf(NETWORKS)] = "mlp"
    hidden_units: tuple = (512, 512)
    name: str = "coordinates"


@dataclasses.dataclass(frozen=True)
class RelativeCoordinates:
    """Predict the offset between two local features; see ``objectives``."""

    weight: float = 1.0
    occluded: bool = False
    network: Annotated[str, OneOf(NETWORKS)] = "mlp"
    hidden_units: tuple = (512, 512)
    name: str = "relative_coordinates"


@dataclasses.dataclass(frozen=True)
class Classification:
    """Learn with labels, by a linear classifier on an endpoint; see ``objectives``."""

    endpoint: str = "global"
    weight: float = 1.0
    name: str = "classification"


@dataclasses.dataclass(frozen=True)
class Reconstruction:
    """Decode the image from its code: AE (``beta=None``), VAE or beta-VAE; see ``objectives``."""

    beta: float | None = 1.0
    likelihood: Annotated[str, LIKELIHOODS] = "gaussian"
    noise_sd: float | None = 1.0
    weight: float = 1.0
    endpoint: str = "global"
    variance_endpoint: str | None = None
    base_channels: int = 512
    name: str = "reconstruction"


@dataclasses.dataclass(frozen=True)
class BiGAN:
    """Encoder and generator against a discriminator of pairs; see ``objectives``.

    The learning rates are those of the two further players, and not arguments of the class;
    ``None`` means the encoder's.
    """

    prior: Annotated[str, _PRIOR] = "normal"
    game: Annotated[str, OneOf(GAMES)] = "non_saturating"
    measure: Annotated[str, DIVERGENCES] = "gan"
    weight: float = 1.0
    widths: tuple = (64, 128, 256)
    hidden_units: tuple = (1024,)
    penalty_weight: float = 10.0
    base_channels: int = 512
    discriminator_learning_rate: float | None = None
    generator_learning_rate: float | None = None
    endpoint: str = "global"
    name: str = "bigan"


@dataclasses.dataclass(frozen=True)
class AttributeClassification:
    """Learn with attributes, by a linear classifier on an endpoint; see ``objectives``."""

    endpoint: str = "global"
    weight: float = 1.0
    name: str = "attributes"


@dataclasses.dataclass(frozen=True)
class PredictiveCoding:
    """Predict the rows of a local map from the rows above them (CPC); see ``objectives``.

    ``critic`` scores the predictions; ``offsets`` is the number of rows that are predicted, each by
    a critic of its own. Neither is an argument of the class, which takes the critics.
    """

    critic: Annotated[Pick, CRITICS]
    bound: Annotated[str | Pick, BOUNDS] = "infonce"
    weight: float = 1.0
    offsets: int = 3
    endpoint: str = "local"
    columns: int = 3
    hidden_units: int | None = None
    negatives: Annotated[str, OneOf(NEGATIVES)] = "images"
    name: str = "predictive_coding"


@dataclasses.dataclass(frozen=True)
class NoiseAsTargets:
    """Draw every example to a fixed random point of the sphere (NAT); see ``objectives``."""

    endpoint: str = "global"
    weight: float = 1.0
    name: str = "noise_as_targets"


@dataclasses.dataclass(frozen=True)
class TwoViews:
    """Learn from two random views of every image; see ``objectives.two_views``.

    ``loss`` is one of "contrastive", "alignment_uniformity", "triplet", "supervised", "nt_xent",
    "barlow_twins", "vicreg" and "multi_scale", with its options; the other fields say how views are
    made. ``views`` names two given views, which then take the place of random ones.
    """

    loss: Annotated[Pick, VIEW_LOSSES]
    weight: float = 1.0
    endpoint: str = "global"
    crop_area: float = 0.25
    flip: bool = True
    colour_jitter: float = 0.4
    grey: float = 0.2
    views: tuple | None = None
    name: str = "two_views"


# By the name under which an experiment lists them.
TERMS = {
    term.name: term
    for term in (
        MutualInformation,
        LabelConfusion,
        LocalInformation,
        GlobalInformation,
        PriorMatching,
        Coordinates,
        RelativeCoordinates,
        Classification,
        Reconstruction,
        BiGAN,
        AttributeClassification,
        PredictiveCoding,
        NoiseAsTargets,
        TwoViews,
    )
}
