"""The claims that a first run shows in small, with the numbers beside them: data.

Each is decided by ``Check``s as every other claim, here on the linear probe of short runs; the
statements are those of ``mi_max_checks`` and ``deep_infomax_checks`` put together.
"""

import dataclasses
from dataclasses import dataclass

from tf_infomax.published import deep_infomax_checks, mi_max_checks
from tf_infomax.published.checks import Check, Rows

__all__ = ["CLAIMS", "FirstRunClaim", "Shown"]

_LINEAR = "probe/linear/accuracy"
# The growth that counts: a nat of the bound, a factor e of the condition number.
_GROWTH = 1.0


@dataclass(frozen=True)
class Shown:
    """A number that is shown with a claim: its first and its last value.

    Args:
        name: in the table.
        rows: ``Rows``.
        unit: "fraction", "nats" or "1".
        ends: metrics of two quantiles that stand beside it, such as ("m/p20", "m/p80").
        has_start: whether its value at step 0 says anything.
    """

    name: str
    rows: Rows
    unit: str = "fraction"
    ends: tuple = ()
    has_start: bool = True


@dataclass(frozen=True)
class FirstRunClaim:
    """A claim of several statements: seen if all of them hold.

    Args:
        claim: one sentence.
        place: paper, and figure or table.
        shown: tuple of ``Shown``.
        checks: tuple of ``Check``.
    """

    claim: str
    place: str
    shown: tuple
    checks: tuple


def _accuracy(experiment, label, features="code", at="last", **tags):
    return Rows((experiment,), _LINEAR, "test", {"features": features, **tags}, at, label)


def _check(statement, left, right, source=mi_max_checks, comparison=">", **fields):
    """A ``Check`` of accuracies, with the spread between runs of its paper's checks."""
    return Check(
        "first run", statement, "", "ours, of short runs", left, right, comparison,
        **{"run_sd": source.ACCURACY_SD["run_sd"],
           "run_sd_source": source.ACCURACY_SD["run_sd_source"], **fields},
    )


def _critics():
    name = "critic_impact"
    bilinear, separable, concat = (
        _accuracy(name, critic, critic=critic, bound="infonce")
        for critic in ("bilinear", "separable", "concat")
    )
    bound = Rows((name,), "bound", "test", {"critic": "concat", "bound": "infonce"})
    pixels = _accuracy(name, "raw pixels", "pixels", "first", critic="concat", bound="infonce")
    yield FirstRunClaim(
        "The bilinear critic gives better features than the concat critic, which has the higher "
        "capacity (accuracy of a linear classifier).",
        "MI-max, Fig. 3",
        tuple(Shown(rows.label, rows) for rows in (bilinear, separable, concat)),
        (_check("Bilinear is above concat.", bilinear, concat),),
    )
    yield FirstRunClaim(
        "A high bound on mutual information does not make good features: the concat critic does "
        "not beat raw pixels.",
        "MI-max, section 3.2",
        (
            Shown("concat, InfoNCE", bound, "nats"), Shown("its accuracy", concat),
            Shown("raw pixels", pixels, has_start=False),
        ),
        (
            _check(
                "The bound rises by a nat.", bound, dataclasses.replace(bound, at="first"),
                tolerance=_GROWTH, run_sd=0.02, run_sd_source="assumed", same_length=False,
            ),
            _check("Concat is below pixels.", concat, pixels, comparison="<", same_length=False),
        ),
    )


def _conditioning():
    name = "non_invertible"
    metric = "log_condition_number"
    condition = Rows((name,), metric, "train", {"bound": "infonce"})
    accuracy = _accuracy(name, "trained", bound="infonce")
    yield FirstRunClaim(
        "Maximising the bound makes the encoder ill-conditioned, although it could stay "
        "invertible, while the accuracy rises.",
        "MI-max, Fig. 2",
        (
            Shown("median log condition number", condition, "1",
                  (f"{metric}/p20", f"{metric}/p80")),
            Shown("accuracy", accuracy),
        ),
        (
            _check(
                "The condition number grows.", condition,
                dataclasses.replace(condition, at="first"), tolerance=_GROWTH,
                same_length=False, **mi_max_checks.CONDITION_SD,
            ),
            _check(
                "The accuracy rises.", accuracy, dataclasses.replace(accuracy, at="first"),
                same_length=False,
            ),
        ),
    )


def _deep_infomax():
    local = _accuracy("dim_local", "DIM(L)", "global")
    for experiment, label, what in (
        ("dim_global", "DIM(G)", "global information"),
        ("dim_untrained", "untrained", "the untrained encoder"),
    ):
        other = _accuracy(experiment, label, "global")
        yield FirstRunClaim(
            f"Local information gives a better code than {what}.", "Deep InfoMax, Table 1",
            (Shown("DIM(L)", local), Shown(label, other)),
            (
                _check(
                    f"DIM(L) is above {label}.", local, other, deep_infomax_checks,
                    same_length=experiment != "dim_untrained",
                ),
            ),
        )


CLAIMS = (*_critics(), *_conditioning(), *_deep_infomax())
