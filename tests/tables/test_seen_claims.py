"""Verdicts on claims, from rows whose answer is known by construction."""

import pytest

from tf_infomax.results.rows import Row
from tf_infomax.tables.html_tables import claims as claims_html
from tf_infomax.tables.seen_claims import claims_table, seen_claims


def accuracy(experiment, variant, step, value, features="code", dataset="mnist_sample"):
    return Row(experiment, variant, 0, step, "test", "probe/linear/accuracy", value, "fraction",
               {"dataset": dataset, "features": features})


def dim(local, other):
    rows = [accuracy("dim_local", "default", step, value, "global")
            for step, value in ((0, 0.5), (600, local))]
    return [*rows, accuracy("dim_global", "default", 600, other, "global")]


@pytest.mark.parametrize(
    ("local", "other", "verdict"),
    # On 2,000 images the error of an accuracy near 0.8 is 0.009, that of a difference 0.0126.
    [(0.83, 0.80, "seen"), (0.82, 0.80, "unclear"), (0.79, 0.80, "not seen")],
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
    # Without the number of test images there is no error.
    rows = [accuracy("critic_impact", f"{critic}-infonce", 10, 0.5, dataset="unknown")
            for critic in ("bilinear", "separable", "concat")]
    assert seen_claims(rows) == []
