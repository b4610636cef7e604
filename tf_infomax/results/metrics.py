"""Names and formats of every metric in tables, in the summary and in progress lines.

A metric is described once, here; units are in the rows, where they are produced. Everything that
shows numbers reads this table, and shows them in its order.
"""

import dataclasses
import functools
import re
from typing import Any

__all__ = [
    "INPUTS_CHANGED",
    "METRICS",
    "NON_FINITE",
    "OF_STANDARDIZED",
    "PICTURE",
    "Metric",
    "described",
    "value_with_unit",
]

# The step at which a loss was not finite, and the run was stopped.
NON_FINITE = "run/non_finite_loss_step"
# The step from which on a run had other inputs: data, versions, threads.
INPUTS_CHANGED = "run/inputs_changed_step"
# Suffix of rows that carry a picture: their number describes it, and is left out of tables.
PICTURE = "/figure"
# Estimators of standardised codes (tag ``standardized``), or else of codes as they are: values of
# the two are never averaged or compared. Rows without the tag are older, and of raw codes.
OF_STANDARDIZED = ("dependence/mine", "dependence/ndm")


@dataclasses.dataclass(frozen=True)
class Metric:
    """One metric, of one split, of some features.

    Attributes:
        name: regular expression for the metric of the rows.
        heading: in tables of final values; "{features}" and "{0}" (the expression's group) are
            filled in. ``None`` keeps it out of them.
        split: "train" or "test".
        features: one name, ``None`` for metrics without features, or ``...`` for any.
        short: in progress lines, filled in likewise; ``None`` keeps it out of them.
        digits: format of its value in progress lines.
        column: of the summary, filled in likewise; ``None`` keeps it out. If several metrics
            share a column, the first that a run has is shown.
    """

    name: str
    heading: str | None
    split: str = "test"
    features: object = None
    short: str | None = None
    digits: str = ".3f"
    column: str | None = None


_PROBE: dict[str, Any] = {"features": ..., "digits": ".4f"}
_IN_TRAINING: dict[str, Any] = {"split": "train"}

METRICS = (
    Metric("probe/linear/accuracy", "accuracy, codes", features="code", short="accuracy",
           digits=".4f", column="accuracy"),
    Metric("probe/linear/accuracy", "accuracy, raw pixels", features="pixels",
           short="pixel accuracy", digits=".4f"),
    Metric("probe/linear/accuracy_over_orders",
           "accuracy, mean over orders of the examples, {features}", features=...),
    Metric("probe/linear/accuracy_sd_over_orders", "its sd over the orders, {features}",
           features=...),
    Metric("probe/linear/converged_accuracy", "accuracy, converged linear probe, codes",
           features="code", short="converged", digits=".4f", column="converged probe"),
    Metric("probe/linear/converged_accuracy", "accuracy, converged linear probe, {features}",
           short="converged {features}", **_PROBE),
    Metric("flow/not_invertible", None, features=..., digits=".1e",
           short="not invertible, so no accuracy: inverse error"),
    Metric("flow/inverse_error", None, short="inverse error", digits=".1e"),
    Metric("bound", "bound, test pairs", short="test bound", column="test bound"),
    Metric("bound", "bound, training pairs", short="train bound", column="train bound",
           **_IN_TRAINING),
    # Runs without an evaluation of the bound show the bound of their training steps.
    Metric("train/bound", "bound in training", short="bound", column="train bound",
           **_IN_TRAINING),
    Metric("mutual_information", "true mutual information"),
    Metric("estimate", "estimate"),
    Metric("estimate/standard_error", "its standard error"),
    Metric("estimate/low", "lower end of its interval"),
    Metric("estimate/high", "upper end of its interval"),
    Metric("estimate/gaussian", "from the correlations alone"),
    Metric("classifier/cross_entropy", None, short="classifier loss", **_IN_TRAINING),
    Metric("log_condition_number", "median log condition number", short="log condition",
           digits=".2f", column="median log condition number", **_IN_TRAINING),
    Metric("probe/mlp/accuracy", "accuracy, MLP probe on {features}", short="MLP {features}",
           column="MLP probe, {features}", **_PROBE),
    Metric("probe/svm/accuracy", "accuracy, SVM on {features}", short="SVM {features}", **_PROBE),
    Metric("probe/svm/accuracy_sd", "its sd over fits, SVM on {features}", features=...),
    Metric("probe/linear/accuracy", "accuracy, linear probe on {features}",
           short="linear {features}", **_PROBE),
    Metric(r"probe/neighbours_(\d+)/accuracy", "accuracy, {0} nearest in {features}",
           features=...),
    Metric("fine_tuning/accuracy", "accuracy, fine-tuned at {features}",
           short="fine-tuned {features}", **_PROBE),
    Metric(r"fine_tuning/percent_(\d+)/accuracy",
           "accuracy, fine-tuned at {features} with {0} % of the labels", features=...),
    Metric("probe/attributes/accuracy", "accuracy of attributes, MLP probe on {features}",
           short="attributes {features}", **_PROBE),
    Metric("probe/attributes/balanced_accuracy",
           "balanced accuracy of attributes, MLP probe on {features}", features=...),
    Metric("reconstruction/ms_ssim", "MS-SSIM, decoded from {features}", features=...),
    Metric("reconstruction/mse", "MSE, decoded from {features}", features=...),
    Metric("dependence/mine", "MINE of image and {features}, training images", features=...,
           **_IN_TRAINING),
    Metric("dependence/mine", "MINE of image and {features}, test images", features=...,
           short="MINE"),
    Metric("dependence/ndm", "NDM of {features}, training images", features=..., **_IN_TRAINING),
    Metric("dependence/ndm", "NDM of {features}, test images", features=..., short="NDM"),
    Metric("dependence/gaussian_total_correlation",
           "Gaussian total correlation of {features}, training images", features=...,
           **_IN_TRAINING),
    Metric("dependence/gaussian_total_correlation",
           "Gaussian total correlation of {features}, test images", features=...,
           short="Gaussian TC"),
    Metric("dependence/drawn_total_correlation",
           "Gaussian total correlation of drawn {features}, test images", features=...,
           short="drawn TC"),
    Metric("rank/rankme", "effective rank (RankMe) of {features}", features=..., short="RankMe",
           digits=".1f"),
    Metric("rank/lidar", "effective rank (LiDAR) of {features}", features=..., short="LiDAR",
           digits=".1f"),
    Metric("alignment", "alignment of two views, {features}", features=..., short="alignment"),
    Metric("uniformity", "uniformity of two views, {features}", features=..., short="uniformity"),
    Metric("train/local_information", "local information in training", short="local",
           column="local information", **_IN_TRAINING),
    Metric("train/global_information", "global information in training", short="global",
           column="global information", **_IN_TRAINING),
    Metric("train/prior_divergence", "divergence from the prior", short="prior divergence",
           **_IN_TRAINING),
    Metric("train/coordinates_accuracy", "accuracy of coordinates in training",
           short="coordinates", **_IN_TRAINING),
    Metric("train/relative_coordinates_accuracy", "accuracy of offsets in training",
           short="offsets", **_IN_TRAINING),
    Metric("elbo", "ELBO, test images", short="test ELBO", digits=".1f", column="test ELBO"),
    Metric("elbo/log_likelihood", "log-likelihood of the decoder, test images"),
    Metric("elbo/kl", "KL of code and prior, test images"),
    Metric("decoder/mse", "MSE, own decoder on {features}", features=...),
    Metric("samples/spread", "spread of samples"),
    Metric("traversals/change", "change along an entry of {features}", features=...),
    Metric("pairing/encoded", "images scored above with their own code, BiGAN's discriminator"),
    Metric("pairing/generated", "generated images scored below with their own draw"),
    Metric("pairing/unpaired", "AUC of images against generated ones, codes of others"),
    Metric("train/elbo", "ELBO in training", short="ELBO", digits=".1f", column="ELBO",
           **_IN_TRAINING),
    Metric("train/reconstruction_kl", "KL of code and prior in training", short="KL",
           digits=".1f", **_IN_TRAINING),
    Metric("train/reconstruction_mse", "MSE of reconstructions in training", short="MSE",
           digits=".4f", column="training MSE", **_IN_TRAINING),
    Metric("train/bigan_value", "value of BiGAN's game in training", short="BiGAN value",
           column="BiGAN value", **_IN_TRAINING),
    Metric("train/classification_accuracy", "accuracy of classes in training", short="classes",
           column="training accuracy", **_IN_TRAINING),
    Metric("train/attributes_accuracy", "accuracy of attributes in training", short="attributes",
           **_IN_TRAINING),
    Metric("train/predictive_coding", "information of predicted rows in training",
           short="predictive", **_IN_TRAINING),
    Metric("train/noise_as_targets_loss", "squared distance to the targets in training",
           short="to targets", **_IN_TRAINING),
    Metric("train/noise_as_targets_reassigned", None, short="reassigned", **_IN_TRAINING),
    Metric("train/nt_xent_loss", "NT-Xent in training", short="NT-Xent", **_IN_TRAINING),
    Metric("train/barlow_twins_loss", "Barlow Twins loss in training", short="Barlow Twins",
           **_IN_TRAINING),
    Metric("train/vicreg_loss", "VICReg loss in training", short="VICReg", **_IN_TRAINING),
    Metric("train/multi_scale", "multi-scale information in training", short="multi-scale",
           **_IN_TRAINING),
)


@functools.cache
def described(metric, split, features=None):
    """(place in the order, ``Metric`` with its names filled in), or ``None`` if unknown.

    Args:
        metric, split: of a row.
        features: its tag, or ``None``.
    """
    for place, one in enumerate(METRICS):
        match = re.fullmatch(one.name, metric)
        if match is None or split != one.split or one.features not in (..., features):
            continue
        if one.features is ... and features is None:
            continue
        filled = {
            field: getattr(one, field) and getattr(one, field).format(
                *match.groups(), features=features
            )
            for field in ("heading", "short", "column")
        }
        return place, dataclasses.replace(one, **filled)
    return None


def value_with_unit(text, unit):
    """``text`` with its unit; fractions and numbers without a unit (JSD, for one) stand alone."""
    return text if unit in ("1", "fraction") else f"{text} {unit}"
