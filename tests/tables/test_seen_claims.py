"""Verdicts on claims, from rows whose answer is known by construction."""

import math

import pytest

from tf_infomax.results.rows import Row, to_frame
from tf_infomax.tables.html_tables import claims as claims_html
from tf_infomax.tables.seen_claims import claims_table, seen_claims
from tf_infomax.tables.verdicts import verdicts


def accuracy(experiment, variant, step, value, features="code", dataset="mnist_sample"):
    return Row(experiment, variant, 0, step, "test", "probe/linear/accuracy", value, "fraction",
               {"dataset": dataset, "features": features})


def dim(local, other):
    rows = [accuracy("dim_local", "default", step, value, "global")
            for step, value in ((0, 0.5), (600, local))]
    return [*rows, accuracy("dim_global", "default", 600, other, "global")]


@pytest.mark.parametrize(
    ("local", "other", "verdict"),
    # On 2,000 images the error of an accuracy near 0.8 is 0.009, that of a difference, with a
    # spread between runs of 0.01, (2 * 0.009^2 + 2 * 0.01^2)^1/2 = 0.019; 1.96 of these are 0.037.
    [(0.84, 0.80, "seen"), (0.83, 0.80, "unclear"), (0.79, 0.80, "unclear"),
     (0.75, 0.80, "not seen")],
)
def test_a_difference_is_held_against_its_error(local, other, verdict):
    (claim,) = seen_claims(dim(local, other))
    assert claim.verdict == verdict and "local information" in claim.claim.lower()
    assert [number.value for number in claim.numbers] == [local, other]
    assert claim.numbers[0].before == 0.5
    assert claim.numbers[1].error == pytest.approx(0.00894, abs=1e-5)
    text = claims_table([claim])
    assert text.splitlines()[2].startswith(f"{verdict} ") and "0.800 \u00b1 0.009" in text


def test_the_interval_of_an_estimate():
    def rows(high):
        values = {"mutual_information": 0.41, "estimate": 0.38, "estimate/low": 0.36,
                  "estimate/high": high, "estimate/standard_error": 0.01,
                  "estimate/gaussian": 0.0}
        return [Row("pair_estimate", "default", 0, 0, "test", name, value, "nats", {})
                for name, value in values.items()]

    (wide,), (narrow,) = seen_claims(rows(0.42)), seen_claims(rows(0.40))
    assert (wide.verdict, narrow.verdict) == ("seen", "not seen")
    assert wide.numbers[0].value_text() == "0.38 \u00b1 0.01 nats [0.36, 0.42]"


def test_a_claim_without_all_its_rows_is_left_out():
    assert seen_claims(dim(0.9, 0.8)[:2]) == []
    assert claims_table([]) == "" and claims_html([]) is None
    assert seen_claims(critics("mnist_sample", 0.9, 0.8)[:2]) == []


def critics(dataset, bilinear, concat, **tags):
    values = {"bilinear": bilinear, "separable": 0.8, "concat": concat}
    return [
        Row("critic_impact", f"{critic}-infonce", 0, 10, "test", "probe/linear/accuracy", value,
            "fraction", {"dataset": dataset, "features": "code", "critic": critic,
                         "bound": "infonce", **tags})
        for critic, value in values.items()
    ]


def test_own_data_count_by_their_number_of_test_images():
    (unknown,) = seen_claims(critics("mine", 0.9, 0.5))
    assert unknown.verdict == "unclear" and unknown.numbers[0].error is None
    (known,) = seen_claims(critics("mine", 0.9, 0.5, examples=100))
    # 90 right and 10 wrong of 100, each with half an observation more: Jeffreys' posterior.
    error = math.sqrt(90.5 * 10.5 / (101**2 * 102))
    assert known.verdict == "seen" and known.numbers[0].error == pytest.approx(error)


def test_a_claim_is_decided_as_everywhere_else():
    """The table at the end of a run and the verdicts of the papers' claims are of one mind."""
    words = {"holds": "seen", "does not hold": "not seen", "not decided at this budget": "unclear"}
    for bilinear in (0.70, 0.79, 0.80, 0.82, 0.90):
        rows = critics("mnist_sample", bilinear, 0.80)
        (seen,) = seen_claims(rows)
        (verdict,) = (one for one in verdicts(to_frame(rows)) if one.has_rows
                      and (one.check.left.label, one.check.right.label) == ("bilinear", "concat"))
        assert seen.verdict == words[verdict.verdict]
