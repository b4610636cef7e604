"""Verdicts on rows whose differences are known, and on the committed rows."""

import math
import pathlib
from types import SimpleNamespace

import numpy as np
import pytest

from tf_infomax.published import Check, Rows, all_checks
from tf_infomax.results.rows import Row, read_rows, to_frame
from tf_infomax.tables import verdict_tables
from tf_infomax.tables.intervals import accuracy_variance, confidence_interval, interval
from tf_infomax.tables.verdicts import DOES_NOT_HOLD, HOLDS, NOT_DECIDED, verdicts

RESULTS = pathlib.Path(__file__).parents[2] / "results"
METRIC = "probe/linear/accuracy"
CONVERGED = "probe/linear/converged_accuracy"


def side(critic, **fields):
    tags = {"features": "code", "critic": critic}
    return Rows(("critic_impact",), METRIC, "test", tags, label=critic, **fields)


def check(comparison=">", tolerance=0.0, **fields):
    sides = {"left": side("bilinear"), "right": side("concat"), **fields}
    return Check("C", "A claim.", "Fig. 0", "paper", comparison=comparison, tolerance=tolerance,
                 **{"run_sd": 0.006, "steps": 1_000, **sides})


def row(critic, value, seed=0, step=1_000, metric=METRIC, split="test", **tags):
    tags = {"dataset": "mnist", "features": "code", "critic": critic, "bound": "infonce", **tags}
    variant = f"{critic}-{tags['bound']}"
    return Row("critic_impact", variant, seed, step, split, metric, value, "fraction", tags)


def pairs(differences, base=0.85, **fields):
    """Rows of both critics, one pair a seed."""
    return [
        one
        for seed, difference in enumerate(differences)
        for one in (row("bilinear", base + difference, seed, **fields),
                    row("concat", base, seed, **fields))
    ]


def only(rows, one=None):
    (found,) = verdicts(to_frame(rows), [one or check()])
    return found


def test_the_t_interval_by_hand():
    # Mean 2, sd 1, three seeds: 2 -+ 4.302653 / sqrt(3).
    low, high = confidence_interval([1.0, 2.0, 3.0])
    assert math.isclose(low, 2 - 2.484138, abs_tol=1e-5)
    assert math.isclose(high, 2 + 2.484138, abs_tol=1e-5)


@pytest.mark.parametrize(
    ("differences", "comparison", "tolerance", "expected"),
    [
        # Three seeds: half-widths are 2.484 sd, so 0.0025 for an sd of 0.001.
        ((0.009, 0.010, 0.011), ">", 0.0, HOLDS),
        ((-0.009, -0.010, -0.011), ">", 0.0, DOES_NOT_HOLD),
        ((0.0, 0.001, 0.002), ">", 0.0, NOT_DECIDED),
        ((0.0, 0.001, 0.002), ">", 0.005, DOES_NOT_HOLD),
        ((-0.002, -0.001, 0.0), ">=", 0.005, HOLDS),
        ((-0.009, -0.010, -0.011), "<", 0.0, HOLDS),
        ((0.0, 0.001, 0.002), "<=", 0.005, HOLDS),
        ((0.0, 0.001, 0.002), "=", 0.005, HOLDS),
        ((0.009, 0.010, 0.011), "=", 0.005, DOES_NOT_HOLD),
        ((-0.1, 0.0, 0.1), "=", 0.005, NOT_DECIDED),
    ],
)
def test_paired_differences_decide(differences, comparison, tolerance, expected):
    found = only(pairs(differences), check(comparison, tolerance))
    assert (found.verdict, found.seeds, found.text()) == (expected, 3, expected)
    assert math.isclose(found.difference, sum(differences) / 3, abs_tol=1e-12)


def test_differences_are_taken_seed_by_seed():
    # Levels of the seeds differ by 0.1; their differences by 0.001.
    rows = [
        one
        for seed in range(3)
        for one in (row("bilinear", 0.6 + 0.1 * seed + 0.010 + 0.001 * seed, seed),
                    row("concat", 0.6 + 0.1 * seed, seed))
    ]
    assert only(rows).verdict == HOLDS
    # A seed of one side only has no partner.
    assert only([*rows, row("concat", 0.1, 7)]).seeds == 3


def test_one_seed_has_the_binomial_error_and_that_of_runs():
    # sd^2 = 0.87 * 0.13 / 10,000 + 0.85 * 0.15 / 10,000 + 2 * 0.006^2; times 1.959964: 0.019216.
    found = only(pairs([0.02]))
    assert math.isclose(found.difference - found.low, 0.019216, abs_tol=1e-5)
    assert found.verdict == HOLDS and only(pairs([0.019])).verdict == NOT_DECIDED
    # Of 100 test examples the binomial error is ten times as large.
    assert only(pairs([0.02], examples=100)).verdict == NOT_DECIDED
    unknown = only(pairs([0.3], base=0.5, dataset="mine"))
    assert unknown.verdict == NOT_DECIDED and "test examples is unknown" in unknown.note
    assert only(pairs([0.3], base=0.5, dataset="mine", examples=100)).verdict == HOLDS


def test_accuracies_of_all_or_none_are_not_exact():
    # Of 60 images with all right the posterior is Beta(60.5, 0.5).
    expected = 60.5 * 0.5 / (61**2 * 62)
    assert math.isclose(accuracy_variance(1.0, 60.0), expected)
    assert math.isclose(accuracy_variance(0.0, 60.0), expected)
    # With many images it is what is in every textbook.
    assert math.isclose(accuracy_variance(0.85, 1e6), 0.85 * 0.15 / 1e6, rel_tol=1e-5)


def test_accuracies_in_percent_decide_nothing():
    found = only(pairs([2.0, 2.1, 2.2], base=85.0))
    assert found.verdict == NOT_DECIDED
    assert found.note.startswith("accuracies are fractions from 0 to 1, not 87 and 85")


def test_seeds_of_earlier_versions_without_a_tag_count_as_the_others():
    checked = Check(
        "C", "A claim.", "Fig. 0", "paper", Rows(("invertible",), "flow/inverse_error", "test"),
        0.002, "<", run_sd=0.0, steps=10,
    )  # fmt: skip
    rows = [
        Row("invertible", "nwj", seed, 10, "test", "flow/inverse_error", 1e-7 * (1 + seed), "1",
            {"dataset": "mnist", **({"tolerance": 0.002} if seed else {})})
        for seed in range(3)
    ]  # fmt: skip
    found = only(rows, checked)
    assert (found.verdict, found.seeds) == (HOLDS, 3)
    assert math.isclose(found.left, 2e-7)


def test_a_single_seed_of_unknown_spread_decides_nothing():
    found = only(pairs([0.1]), check(run_sd=None))
    assert found.verdict == NOT_DECIDED and "spread between runs is unknown" in found.note
    # A spread that was measured on other data is none.
    elsewhere = check(run_sd_data=("cifar10",))
    assert only(pairs([0.1]), elsewhere).verdict == NOT_DECIDED
    assert only(pairs([0.1], dataset="cifar10"), elsewhere).verdict == HOLDS


def test_equal_differences_tell_no_spread():
    # As after two seeds on few test images: a t interval of width zero would decide anything.
    found = only(pairs([0.01, 0.01], examples=100))
    assert found.verdict == NOT_DECIDED and found.basis.startswith("2 equal differences: binomial")
    assert only(pairs([0.3, 0.3], base=0.5)).verdict == HOLDS
    # Equal but for rounding: 0.86 - 0.85 and 0.63 - 0.62 differ by 1e-17.
    rows = [*pairs([0.01], examples=100), *(
        row(critic, value, 1, examples=100)
        for critic, value in (("bilinear", 0.63), ("concat", 0.62))
    )]
    assert only(rows).basis.startswith("2 equal differences")


def test_two_seeds_rest_on_the_spread_that_is_known():
    # A t interval of these would be 0.011 -+ 0.0064 (12.706 sd / sqrt 2), and hold. The spread of
    # runs: (2 * 0.006^2 / 2 + 0.861 * 0.139 / 10,000 + 0.85 * 0.15 / 10,000)^1/2 * 1.959964.
    found = only(pairs([0.0105, 0.0115]))
    assert (found.seeds, found.verdict) == (2, NOT_DECIDED)
    assert math.isclose(found.difference - found.low, 0.015272, abs_tol=2e-6)
    assert found.basis.startswith("2 seeds: binomial, sd of runs 0.006")
    assert only(pairs([0.0255, 0.0265])).verdict == HOLDS
    # Without a known spread two seeds decide nothing; three do.
    unknown = only(pairs([0.0105, 0.0115]), check(run_sd=None))
    assert unknown.verdict == NOT_DECIDED and "2 seeds, and the spread" in unknown.note
    assert only(pairs([0.0105, 0.0115, 0.011]), check(run_sd=None)).verdict == HOLDS
    # A spread that is seen to be larger counts: sd 0.0707 of these, 1.959964 * 0.05 = 0.098.
    wide = only(pairs([0.0, 0.1]))
    assert math.isclose(wide.difference - wide.low, 0.098, abs_tol=2e-3)
    assert wide.verdict == NOT_DECIDED and "sd of their differences 0.071" in wide.basis


def test_intervals_of_two_seeds_cover_the_truth():
    """The known answer: 2,000 experiments without a difference, of runs with the named spread."""
    rng = np.random.default_rng(0)
    wrong = 0
    one = check("=", 0.0)
    side = SimpleNamespace(tags={}, dataset="mnist", examples=lambda: 1e12)
    for _ in range(2_000):
        values = 0.85 + rng.normal(scale=0.006, size=(2, 2))
        found = interval(one, side, side, (0, 1), values)
        wrong += not found.low < 0.0 < found.high
    # 95 % at least, since the larger of two spreads counts; 4 standard errors of 2,000 tries.
    assert wrong / 2_000 < 0.05 + 4 * math.sqrt(0.05 * 0.95 / 2_000)


def test_seeds_of_another_length_are_left_out():
    # Two finished seeds against the claim, one that has just begun for it.
    rows = [*pairs([-0.05, -0.051]),
            row("bilinear", 0.99, 2, step=10), row("concat", 0.5, 2, step=10)]
    found = only(rows)
    assert (found.seeds, found.verdict, found.budget) == (2, DOES_NOT_HOLD, "1,000 of 1,000 steps")
    assert "1 shorter seed left out" in found.note


def test_the_parts_of_one_run_are_those_of_the_seed_that_counts():
    values = [1.0 + 0.01 * (step % 2) for step in range(40)]
    rows = [row("bilinear", value, 1, step + 1) for step, value in enumerate(values)]
    rows += [row("bilinear", math.nan, 0, step + 1) for step in range(40)]
    found = only(rows, check(left=side("bilinear", at="tail"), right=0.5))
    assert (found.verdict, found.seeds) == (HOLDS, 1)


def test_data_that_the_paper_lacks_has_no_full_length():
    rows = pairs([0.3], base=0.5, batch_size=64)
    found = only(rows, check(steps=None))
    # 1,000 steps of 64 of MNIST's 60,000 images; Deep InfoMax has no MNIST.
    assert found.text() == "holds at this budget"
    assert found.budget == "1.1 epochs; the paper has no such data"


def test_a_short_training_is_told():
    short = only(pairs([0.009, 0.010, 0.011], step=100))
    assert (short.verdict, short.text()) == (HOLDS, "holds at this budget")
    assert short.budget == "100 of 1,000 steps"
    assert only(pairs([0.009, 0.010, 0.011], step=900)).text() == "holds"


def test_what_was_not_trained_decides_nothing():
    good = (0.009, 0.010, 0.011)
    assert "untrained" in only(pairs(good, step=0)).note
    fell = [row("bilinear", -3.0, s, metric="bound", split="train") for s in range(3)]
    assert "not trained" in only([*pairs(good), *fell]).note
    stopped = [row("concat", 7.0, s, metric="run/non_finite_loss_step", split="train")
               for s in range(3)]
    assert "not finite" in only([*pairs(good), *stopped]).note
    assert only([*pairs(good), *fell[:1]]).seeds == 2


def test_runs_of_different_length_or_setting_are_not_compared():
    rows = [row("bilinear", 0.9, step=1_000), row("concat", 0.5, step=500)]
    assert "different lengths" in only(rows).note
    # The last common step counts.
    rows += [row("bilinear", 0.6, step=500)]
    assert (only(rows).left, only(rows).right) == (0.6, 0.5)
    rows = [row("bilinear", 0.9, temperature=1.0), row("concat", 0.5, temperature=2.0)]
    assert "temperature" in only(rows).note and only(rows).verdict == NOT_DECIDED
    assert only([row("bilinear", 0.9), row("concat", 0.5, dataset="digits")]).note == "no rows"


def test_what_is_left_out_is_counted():
    rows = [
        *pairs([0.1, 0.1, 0.11]),
        *(row(critic, math.nan, seed) for critic in ("bilinear", "concat") for seed in (3, 4)),
        row("bilinear", 0.5, 5, step=0), row("concat", 0.5, 5, step=0),
    ]  # fmt: skip
    found = only(rows)
    assert found.seeds == 3 and found.note == (
        "2 seeds left out: non-finite values; 1 seed left out: the rows are of an untrained model"
    )


def test_every_bound_and_data_set_is_a_comparison_of_its_own():
    rows = [*pairs([0.1]), *pairs([0.1], bound="nwj"), *pairs([0.1], dataset="digits")]
    found = verdicts(to_frame(rows), [check()])
    assert {(one.dataset, one.setting) for one in found} == {
        ("mnist", "infonce"), ("mnist", "nwj"), ("digits", "infonce")
    }


def test_a_bound_must_be_at_its_target():
    matched = check(matched=0.2)
    at = [row(critic, 3.9, metric="bound", split="train", target=4.0)
          for critic in ("bilinear", "concat")]
    rows = pairs([0.1], target=4.0)
    assert only([*rows, *at], matched).verdict == HOLDS
    off = [at[0], row("concat", 2.6, metric="bound", split="train", target=4.0)]
    assert "within 0.2 nats of its target" in only([*rows, *off], matched).note
    assert only(rows, matched).verdict == NOT_DECIDED, "the bound was not measured"


def test_first_half_and_tail():
    values = {0: 0.1, 500: 0.5, 1_000: 0.9}
    rows = [row("bilinear", value, step=step) for step, value in values.items()]
    for place, expected in (("first", 0.1), ("half", 0.5)):
        found = only(rows, check(right=side("bilinear", at=place), same_length=False))
        assert (found.left, found.right) == (0.9, expected)
    # 1, 2, ..., 40: the last ten have the mean 35.5.
    rows = [row("bilinear", float(step), step=step) for step in range(1, 41)]
    found = only(rows, check(left=side("bilinear", at="tail"), right=35.5))
    assert found.left == 35.5 and found.verdict == NOT_DECIDED


def test_every_check_has_a_valid_form():
    for one in all_checks():
        least, most = one.interval()
        assert least < most and one.tolerance >= 0.0 and one.statement.endswith(".")
        assert one.left.label and one.place and one.source
    assert {f"C{number}" for number in range(1, 8)} <= {one.claim for one in all_checks()}
    assert {"Table 1", "Table 3", "Table 4", "Table 5", "A.1", "A.3", "A.5", "A.6"} <= {
        one.claim for one in all_checks()
    }


def committed(*patterns):
    files = sorted(file for pattern in patterns for file in RESULTS.glob(f"{pattern}/rows.jsonl"))
    return verdicts(to_frame([one for file in files for one in read_rows(file)]))


def by_labels(found):
    return {
        (one.check.claim, one.check.left.label, one.check.right.label, one.metric,
         one.check.left.tags.get("features")): one
        for one in found if one.has_rows
    }


def test_a_bound_that_diverged_is_compared_with_nothing():
    # Of NWJ with the bilinear critic on CIFAR-10, at the rate of MNIST: -162 nats in the end.
    compared = {
        (one.check.left.label, one.check.right.label, one.setting)
        for one in committed("mi_max/critic_impact_cifar10/paper_rate")
        if one.has_rows and one.metric == METRIC
    }
    pairs_of_critics = {("bilinear", "separable"), ("bilinear", "concat"), ("separable", "concat")}
    assert compared == {
        *((*pair, "infonce") for pair in pairs_of_critics), ("separable", "concat", "nwj"),
    }


def test_the_committed_rows():
    found = committed("*/*")
    by = {}
    for one in found:
        labels = (one.check.left.label, getattr(one.check.right, "label", ""))
        by[one.check.claim, *labels, one.metric, one.dataset, one.setting] = one
    # Fig. 3 on MNIST at full length, five seeds of InfoNCE: 0.8797, 0.8788, 0.8821, 0.8823, 0.8799
    # (mean 0.88056) and 0.8530, 0.8557, 0.8520, 0.8600, 0.8568 (0.8555).
    nce = by["C4", "bilinear", "concat", METRIC, "mnist", "infonce"]
    assert nce.text() == HOLDS and math.isclose(nce.difference, 0.02506, abs_tol=1e-5)
    # At most half a point below separable.
    equal = by["C4", "bilinear", "separable", METRIC, "mnist", "infonce"]
    assert (equal.verdict, equal.seeds) == (HOLDS, 5)
    # By the converged probe half a point is left, and nothing with NWJ.
    converged = by["C4", "bilinear", "concat", CONVERGED, "mnist", "infonce"]
    assert (converged.verdict, converged.seeds) == (HOLDS, 5)
    assert math.isclose(converged.difference, 0.0052, abs_tol=1e-4)
    assert by["C4", "separable", "concat", CONVERGED, "mnist", "nwj"].difference < 0.0
    # On CIFAR-10, three seeds: 0.3516, 0.3523, 0.3490 and 0.3118, 0.3140, 0.3163; by the converged
    # probe 0.3562, 0.3608, 0.3523 and 0.3353, 0.3304, 0.3278; with NWJ 0.3283, 0.3380, 0.3381 and
    # 0.3142, 0.3240, 0.3170. NWJ has 2.864, 1.222, 1.635 nats with the bilinear critic, 5.622,
    # 1.978, 5.976 with concat.
    nce = by["C4", "bilinear", "concat", METRIC, "cifar10", "infonce"]
    assert (nce.verdict, nce.seeds) == (HOLDS, 3)
    assert math.isclose(nce.difference, 0.03693, abs_tol=1e-4)
    converged = by["C4", "bilinear", "concat", CONVERGED, "cifar10", "infonce"]
    assert math.isclose(converged.difference, 0.02527, abs_tol=1e-4)
    nwj = by["C4", "bilinear", "concat", METRIC, "cifar10", "nwj"]
    assert nwj.verdict == HOLDS and math.isclose(nwj.difference, 0.01640, abs_tol=1e-4)
    # One run of NWJ with separable ended below 0 nats: what does not train is not compared.
    assert by["C4", "separable", "concat", METRIC, "cifar10", "nwj"].seeds == 2
    (tight,) = (one for key, one in by.items()
                if key[1:3] == ("NWJ, concat", "bilinear") and "cifar10" in key)
    assert tight.verdict == NOT_DECIDED and math.isclose(tight.difference, 2.618, abs_tol=1e-3)
    # Ten of 1,000 epochs: 55 against 45 %, and half a point between two bounds.
    local = by["Table 1", "DIM(L) JSD", "DIM(G)", "probe/mlp/accuracy", "cifar10", ""]
    assert local.text() == "holds at this budget" and local.budget == "10 of 1,000 epochs"
    # Three seeds of both: differences of 1.86, 2.17, 1.35 points at conv.
    bounds = {one.check.statement.split(":")[0]: one for one in found
              if one.check.claim == "Table 1" and "infoNCE" in one.check.left.label
              and one.check.right.label == "DIM(L) JSD"}
    assert {place: one.verdict for place, one in bounds.items()} == {
        "conv": HOLDS, "fc": HOLDS, "Y": NOT_DECIDED
    }
    assert math.isclose(bounds["conv"].difference, 0.0179, abs_tol=1e-4)
    assert {one.text() for one in found if one.check.claim == "C7"} == {HOLDS}
    # Fig. 2 at full length and Fig. 4c: InfoNCE ends at 4.67, 4.59, 4.87, untrained 0.01.
    conditions = by["C3", "end", "untrained", "log_condition_number", "mnist", "infonce"]
    assert conditions.text() == HOLDS and math.isclose(conditions.difference, 4.70, abs_tol=0.01)
    for claim, seeds in (("C3", 3), ("C6", 5)):
        of_claim = {(one.text(), one.seeds) for one in found
                    if one.check.claim == claim and one.metric != CONVERGED}
        assert of_claim == {(HOLDS, seeds)}


def test_the_committed_rows_of_all_systems_at_one_small_budget():
    # Table 4 with the paper's critic, SVM on Y: DIM(L) 0.4285, 0.4280, 0.4266; DIM(L+G) 0.3957,
    # 0.3803, 0.4000; AAE 0.3818, 0.3817, 0.3925; DIM(G) 0.3766, 0.3570, 0.3742.
    svm = ("probe/svm/accuracy", "global")
    by = by_labels(committed("deep_infomax/table_4/*"))
    for left, right, difference in (
        ("DIM(L)", "DIM(L+G)", 0.0357), ("DIM(L)", "AAE", 0.0423), ("DIM(L)", "DIM(G)", 0.0584),
    ):
        one = by["Table 4", left, right, *svm]
        assert (one.text(), one.seeds) == ("holds at this budget", 3)
        assert math.isclose(one.difference, difference, abs_tol=1e-4)
    # The paper has it the other way round.
    assert by["Table 4", "DIM(G)", "DIM(L+G)", *svm].verdict == DOES_NOT_HOLD
    # Table 5, MLP probe on Y: 0.4076, 0.4096, 0.4212 with coordinates; 0.4020, 0.4008, 0.4090.
    by = by_labels(committed("deep_infomax/table_1/*", "deep_infomax/table_5/*"))
    one = by["Table 5", "DIM (coord)", "DIM", "probe/mlp/accuracy", "global"]
    assert one.verdict == HOLDS and math.isclose(one.difference, 0.0089, abs_tol=1e-4)
    assert {one.seeds for one in by.values()} == {3}


def test_the_table_says_verdict_budget_and_interval():
    found = [only(pairs([0.009, 0.010, 0.011], step=100))]
    table = verdict_tables.table(found)
    (row,) = table.rows
    # A wide table scrolls on a page: the verdict is seen without that.
    assert table.head[0].lines[0].text == "verdict"
    assert row.cells[0].lines[0].text == "holds at this budget"
    of_cells = " ".join(line.text for cell in row.cells for line in cell.lines)
    for text in (verdict_tables.text(found), verdict_tables.markdown(found), of_cells):
        assert "holds at this budget" in text.lower() and "100 of 1,000 steps" in text
        assert "0.0100 [0.0075, 0.0125]" in text
    assert verdict_tables.markdown([]) == "" and verdict_tables.table([]) is None


def test_examples_that_are_no_number_are_those_of_the_data_set():
    (odd, plain) = (only(pairs([0.1], **tags)) for tags in ({"examples": "many"}, {}))
    assert (odd.low, odd.high) == (plain.low, plain.high)
    assert math.isfinite(odd.low)
