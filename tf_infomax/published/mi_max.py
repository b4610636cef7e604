"""Claims of Tschannen et al. (2020), and readings of their figures.

The paper has no tables of results: a "recalled, unverified" range is a reading of a curve from
memory, not a reference number.
"""

import math

from tf_infomax.published.entries import (
    DERIVED,
    OFFICIAL_CODE,
    PAPER,
    RECALLED,
    Claim,
    Paper,
    Published,
)

__all__ = ["CLAIMS", "SOURCE", "VALUES"]

SOURCE = Paper(
    "Tschannen, Djolonga, Rubenstein, Gelly, Lucic: On Mutual Information Maximization for "
    "Representation Learning, ICLR 2020, arXiv:1907.13625v2",
    "The paper on mutual information maximisation has no tables of results; \u201crecalled, "
    "unverified\u201d is a reading of its curves from memory, \u201cofficial code\u201d is stated "
    "in the official notebook, \u201cderived\u201d is computed from it or from theory.",
)

CLAIMS = (
    Claim(
        "invertible",
        "Bijective encoders",
        "Figure 1a, b",
        "section 3.1",
        "Bijective encoders keep the mutual information of the views constant whatever their "
        "weights, yet maximising the estimate raises both the estimate and the accuracy of a "
        "linear classifier.",
    ),
    Claim(
        "adversarial",
        "Bijective encoders trained against the classifier",
        "Figure 1c",
        "section 3.1",
        "Bijective encoders of the same architecture exist whose codes a linear classifier reads "
        "significantly worse than raw pixels, although the mutual information is the same.",
    ),
    Claim(
        "non_invertible",
        "Bias towards hard-to-invert encoders",
        "Figure 2",
        "section 3.1",
        "Encoders that may be non-invertible but start near the identity become ever more "
        "ill-conditioned in training, while the accuracy rises.",
    ),
    Claim(
        "critic_impact",
        "Critic architectures",
        "Figure 3",
        "section 3.2",
        "Critics of higher capacity give tighter bounds but can give worse representations: "
        "bilinear and separable critics beat the MLP (concat) critic.",
    ),
    Claim(
        "encoder_impact",
        "Encoder architectures at a matched bound",
        "Figure 4a, b",
        "section 3.3",
        "At the same value of the bound a ConvNet encoder clearly beats an MLP encoder: the "
        "architecture matters more than the estimator.",
    ),
    Claim(
        "dependent_samples",
        "Dependent samples in a batch",
        "Figure 4c",
        "on negative sampling",
        "If the pairs of a batch are not drawn independently, InfoNCE and NWJ may exceed the true "
        "mutual information and are no longer lower bounds.",
    ),
)

_ACCURACY = ("probe/linear/accuracy", "test")
_MNIST = {"dataset": "mnist", "features": "code"}
_PIXELS = {"dataset": "mnist", "features": "pixels"}

VALUES = (
    Published("invertible", *_ACCURACY, 0.87, 0.90, RECALLED, _MNIST, "read off Fig. 1b"),
    Published("invertible", *_ACCURACY, 0.85, 0.85, RECALLED, _PIXELS, "approximate"),
    Published(
        "invertible", "bound", "test", -5.0, 8.0, OFFICIAL_CODE,
        {"dataset": "mnist"}, "the axis",
    ),
    Published(
        "adversarial", *_ACCURACY, 0.75, 0.82, RECALLED, _MNIST, "read off Fig. 1c, low confidence"
    ),
    Published("adversarial", *_ACCURACY, 0.85, 0.85, RECALLED, _PIXELS, "approximate"),
    Published("non_invertible", *_ACCURACY, 0.83, 0.90, OFFICIAL_CODE, _MNIST, "the axis"),
    Published(
        "non_invertible", *_ACCURACY, 0.835, 0.835, OFFICIAL_CODE, _PIXELS, "noise of sd 0.05"
    ),
    Published(
        "non_invertible", "log_condition_number", "train", 0.0, 8.0, OFFICIAL_CODE,
        {"dataset": "mnist"}, "the axis",
    ),
    Published(
        "critic_impact", *_ACCURACY, 0.88, 0.90, RECALLED,
        {**_MNIST, "critic": "bilinear"}, "read off Fig. 3",
    ),
    Published(
        "critic_impact", *_ACCURACY, 0.87, 0.89, RECALLED,
        {**_MNIST, "critic": "separable"}, "read off Fig. 3",
    ),
    Published(
        "critic_impact", *_ACCURACY, 0.84, 0.86, RECALLED,
        {**_MNIST, "critic": "concat"}, "read off Fig. 3",
    ),
    Published("critic_impact", *_ACCURACY, 0.85, 0.85, RECALLED, _PIXELS, "approximate"),
    Published(
        "encoder_impact", *_ACCURACY, 0.90, 0.91, RECALLED,
        {**_MNIST, "encoder": "convnet", "target": 4}, "read off Fig. 4a, b",
    ),
    Published(
        "encoder_impact", *_ACCURACY, 0.86, 0.88, RECALLED,
        {**_MNIST, "encoder": "mlp", "target": 4}, "read off Fig. 4a, b",
    ),
    Published("encoder_impact", *_ACCURACY, 0.85, 0.85, RECALLED, _PIXELS, "approximate"),
    Published(
        "encoder_impact", "bound", "train", 2.0, 2.0, OFFICIAL_CODE, {"target": 2}, "the target"
    ),
    Published(
        "encoder_impact", "bound", "train", 4.0, 4.0, OFFICIAL_CODE, {"target": 4}, "the target"
    ),
    Published("dependent_samples", "mutual_information", "test", 0.0204, 0.0204, DERIVED),
    Published(
        "dependent_samples", "train/bound", "train", 0.0204, math.inf, PAPER,
        {"sampling": "dependent"}, "above the true value; InfoNCE near 0.2 (derived)",
    ),
    Published(
        "dependent_samples", "train/bound", "train", -math.inf, 0.0204, DERIVED,
        {"sampling": "independent"}, "in expectation",
    ),
)
