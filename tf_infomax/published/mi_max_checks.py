"""The claims C1 to C7 of Tschannen et al. (2020) as comparisons of rows."""

import dataclasses

from tf_infomax.published.checks import Check, Rows
from tf_infomax.published.entries import DERIVED, OFFICIAL_CODE, PAPER
from tf_infomax.results.measurements import INVERSE_TOLERANCE

__all__ = ["ACCURACY_SD", "CHECKS", "CONDITION_SD"]

_STEPS = 21_000
_LINEAR = "probe/linear/accuracy"
_CONVERGED = ("probe/linear/converged_accuracy",)

# Spreads between runs, for comparisons that have one seed only.
ACCURACY_SD = {
    "run_sd": 0.006,
    "run_sd_source": "largest sd over 3 seeds in results/mi_max/critic_impact",
    "other_metrics": _CONVERGED,
}
# A bound's spread depends on the data and on the number of test batches.
_INFONCE_SD = {
    "run_sd": 0.02,
    "run_sd_source": "assumed",
    "run_sd_data": ("mnist",),
}
_NWJ_SD = {
    "run_sd": 0.17,
    "run_sd_source": "largest sd over 3 seeds in results/mi_max/critic_impact",
    "run_sd_data": ("mnist",),
}
CONDITION_SD = {"run_sd": 0.3, "run_sd_source": "assumed"}
_COMPUTED = {"run_sd": 0.0, "run_sd_source": "computed, not estimated"}


def _accuracy(experiment, at="last", label="", features="code", **tags):
    return Rows((experiment,), _LINEAR, "test", {"features": features, **tags}, at, label)


def _bound(experiment, at="last", label="", split="test", **tags):
    return Rows((experiment,), "bound", split, tags, at, label)


def _pixels(experiment):
    return dataclasses.replace(
        _accuracy(experiment, features="pixels", label="raw pixels"), at="first"
    )


def _c1():
    name, shared = "invertible", {"steps": _STEPS, "same_length": False}
    yield Check(
        "C1", "Training a bijective encoder raises the estimate.", "Fig. 1a", PAPER,
        _bound(name, label="InfoNCE, trained", bound="infonce"),
        _bound(name, "first", "untrained", bound="infonce"),
        **_INFONCE_SD, **shared,
    )
    # Untrained, NWJ is anything below 0 (-5, -201 and -16 nats of three seeds), so that an interval
    # of differences from it says nothing. A constant critic has 0.
    yield Check(
        "C1", "Training a bijective encoder raises the estimate.", "Fig. 1a", PAPER,
        _bound(name, label="NWJ, trained", bound="nwj"), 0.0, **_NWJ_SD, **shared,
    )
    yield Check(
        "C1", "Training a bijective encoder raises the linear accuracy.", "Fig. 1b", PAPER,
        _accuracy(name, label="trained"), _accuracy(name, "first", "untrained"),
        **ACCURACY_SD, **shared,
    )
    yield Check(
        "C1", "Its codes become more accurate than raw pixels.", "Fig. 1b", PAPER,
        _accuracy(name, label="trained"), _pixels(name), **ACCURACY_SD, **shared,
    )
    yield Check(
        "C1", "The encoder stays invertible, so that no information is lost.", "Fig. 1a, b", PAPER,
        Rows((name,), "flow/inverse_error", "test", label="inverse error"), INVERSE_TOLERANCE, "<",
        **_COMPUTED, **shared,
    )


def _c2():
    name, shared = "adversarial", {"steps": 4_001, "same_length": False}
    yield Check(
        "C2", "A bijective encoder's codes can be far less accurate than raw pixels.", "Fig. 1c",
        PAPER, _accuracy(name, label="trained"), _pixels(name), "<", **ACCURACY_SD, **shared,
    )
    yield Check(
        "C2", "That encoder is invertible.", "Fig. 1c", PAPER,
        Rows((name,), "flow/inverse_error", "test", label="inverse error"), INVERSE_TOLERANCE, "<",
        **_COMPUTED, **shared,
    )


def _c3():
    name, shared = "non_invertible", {"steps": _STEPS, "same_length": False}
    condition = Rows((name,), "log_condition_number", "train", label="end")
    for at, label in (("first", "untrained"), ("half", "half-way")):
        yield Check(
            "C3", "Encoders become ever more ill-conditioned.", "Fig. 2", PAPER,
            condition, dataclasses.replace(condition, at=at, label=label),
            **CONDITION_SD, **shared,
        )
    yield Check(
        "C3", "Meanwhile the linear accuracy rises.", "Fig. 2", PAPER,
        _accuracy(name, label="trained"), _accuracy(name, "first", "untrained"),
        **ACCURACY_SD, **shared,
    )


def _c4():
    name, shared = "critic_impact", {"steps": _STEPS}
    for better, worse, comparison, tolerance in (
        ("bilinear", "separable", ">=", 0.005),
        ("bilinear", "concat", ">", 0.0),
        ("separable", "concat", ">", 0.0),
    ):
        word = "at least as accurate as" if comparison == ">=" else "more accurate than"
        yield Check(
            "C4", f"Codes trained with the {better} critic are {word} with the {worse} critic.",
            "Fig. 3", PAPER,
            _accuracy(name, label=better, critic=better),
            _accuracy(name, label=worse, critic=worse),
            comparison, tolerance, **ACCURACY_SD, **shared,
        )
    for simple in ("bilinear", "separable"):
        yield Check(
            "C4", "NWJ is tightest for the MLP (concat) critic.", "Fig. 3", PAPER,
            _bound(name, label="NWJ, concat", critic="concat", bound="nwj"),
            _bound(name, label=simple, critic=simple, bound="nwj"),
            **_NWJ_SD, **shared,
        )
        yield Check(
            "C4", "InfoNCE hardly depends on the critic.", "Fig. 3", PAPER,
            _bound(name, label="InfoNCE, concat", critic="concat", bound="infonce"),
            _bound(name, label=simple, critic=simple, bound="infonce"),
            "=", 0.1, **_INFONCE_SD, **shared,
        )


def _c5():
    name, shared = "encoder_impact", {"steps": _STEPS, "same_length": False, "matched": 0.2}
    yield Check(
        "C5", "At the same bound a ConvNet encoder is more accurate than an MLP.", "Fig. 4a, b",
        PAPER, _accuracy(name, label="ConvNet", encoder="convnet"),
        _accuracy(name, label="MLP", encoder="mlp"), **ACCURACY_SD, **shared,
    )
    yield Check(
        "C5", "Within an architecture the larger bound is more accurate.", "Fig. 4a, b", PAPER,
        _accuracy(name, label="4 nats", target=4.0), _accuracy(name, label="2 nats", target=2.0),
        **ACCURACY_SD, **shared,
    )
    yield Check(
        "C5", "The ConvNet held at 2 nats is no less accurate than the MLP held at 4.",
        "Fig. 4a, b", DERIVED, _accuracy(name, label="ConvNet, 2 nats", encoder="convnet",
                                         target=2.0),
        _accuracy(name, label="MLP, 4 nats", encoder="mlp", target=4.0), ">=", 0.005,
        **ACCURACY_SD, **shared,
    )


def _c6():
    name = "dependent_samples"
    truth = Rows((name,), "mutual_information", "test", label="true MI")
    for sampling, comparison, tolerance, source, statement in (
        ("dependent", ">", 0.0, OFFICIAL_CODE,
         "With dependent pairs in a batch the estimate exceeds the true MI."),
        ("independent", "<=", 0.005, DERIVED,
         "With independent pairs it does not."),
    ):
        estimate = Rows(
            (name,), "train/bound", "train", {"sampling": sampling}, "tail", "estimate"
        )
        yield Check(
            "C6", statement, "Fig. 4c", source, estimate,
            dataclasses.replace(truth, tags={"sampling": sampling}),
            comparison, tolerance, steps=20_000, same_length=False,
        )


def _c7():
    yield Check(
        "C7",
        "InfoNCE with a symmetric separable critic and a shared encoder is log K minus the "
        "multi-class K-pair loss.",
        "section 4", DERIVED,
        Rows(("k_pair_identity",), "k_pair/difference", "test", label="largest difference"),
        1e-9, "<", steps=0, **_COMPUTED,
    )


CHECKS = (*_c1(), *_c2(), *_c3(), *_c4(), *_c5(), *_c6(), *_c7())
