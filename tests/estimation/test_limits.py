"""Warnings: each at its limit and not before, with its numbers."""

import math
import re

import numpy as np
import pandas as pd
import pytest

from tf_infomax.estimation import certifiable
from tf_infomax.estimation.limits import (
    _pairs_by_chance,
    below_zero,
    folds_disagree,
    limits_reached,
    out_of_epochs,
    repeated_pairs,
)


@pytest.mark.parametrize(
    ("num_pairs", "nats"), [(64, 13.3), (128, 14.7), (10_000, 23.4), (50_000, 26.6)]
)
def test_certifiable_at_published_sizes(num_pairs, nats):
    assert certifiable(num_pairs) == pytest.approx(nats, abs=0.05)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((1.0, 0.01, 10_000, math.inf), []),
        ((5.4, 0.01, 10_000, math.log(513)), ["6.24 nats: the mutual information may be"]),
        ((5.2, 0.01, 10_000, math.log(513)), []),
        # exp(4.7) - 1 = 109 over 10,000 is 0.0109, its root 0.104.
        ((4.7, 0.01, 10_000, math.inf), ["at least 0.10 "]),
        ((4.5, 0.01, 10_000, math.inf), []),
        ((22.5, 0.01, 10_000, math.inf), ["2 ln N \\+ 5 = 23.42 nats", "relative standard"]),
        ((0.4, 0.15, 100, math.log(50)), ["standard error, 0.15 nats, is large"]),
        ((0.02, 0.05, 100, math.log(50)), []),
        ((-800.0, 0.01, 100, math.inf), []),
        ((1e6, 1.0, 100, math.inf), ["certify from 100 pairs", "relative standard"]),
    ],
)
def test_limits(arguments, words):
    found = limits_reached(*arguments)
    assert len(found) == len(words), found
    for sentence, part in zip(found, words, strict=True):
        assert re.search(part, sentence), sentence


def test_repeated_pairs():
    x, y = np.random.default_rng(0).normal(size=(2, 100, 1))
    assert repeated_pairs(x, y) == []
    twice = np.append(x, x[:7], axis=0), np.append(y, y[:7], axis=0)
    (sentence,) = repeated_pairs(*twice)
    assert sentence.startswith("7 of 107 pairs")
    # Seven measurements of the same x are no copies.
    assert repeated_pairs(twice[0], np.append(y, y[:7] + 1.0, axis=0)) == []
    digits = np.arange(100).reshape(-1, 1) % 5
    assert repeated_pairs(digits, digits % 2) == []


@pytest.mark.parametrize("copies", [3, 5])
@pytest.mark.parametrize("is_binary", [False, True])
def test_pairs_that_occur_many_times_on_either_side(copies, is_binary):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(200, 1)), rng.normal(size=(200, 2))
    x = x > 0 if is_binary else x
    pairs = [np.repeat(side, copies, axis=0).astype(float) for side in (x, y)]
    for first, second in (pairs, pairs[::-1]):
        (sentence,) = repeated_pairs(first, second)
        assert sentence.startswith(f"{200 * (copies - 1)} of {200 * copies} pairs")


@pytest.mark.parametrize("decimals", [0, 1])
def test_rounded_values_recur_without_being_copies(decimals):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(1_000, 1))
    y = np.round(0.6 * x + 0.8 * rng.normal(size=x.shape), decimals)
    assert repeated_pairs(np.round(x, decimals), y) == []


def test_number_of_different_pairs_that_chance_gives():
    rng = np.random.default_rng(0)
    x, y = np.repeat(np.arange(30), 10), np.repeat(np.arange(20), 15)
    drawn = [
        len({*zip(rng.choice(x, 300), rng.choice(y, 300), strict=True)}) for _ in range(400)
    ]
    mean, deviation = _pairs_by_chance(np.full(30, 10), np.full(20, 15))
    assert mean == pytest.approx(np.mean(drawn), abs=4 * np.std(drawn) / math.sqrt(400))
    assert np.std(drawn) < 1.1 * deviation


def test_folds_that_disagree_beyond_their_errors():
    rng = np.random.default_rng(0)
    groups = [rng.normal(1.0, 0.2, size=16) for _ in range(5)]  # errors of 0.2 / 4 = 0.05
    assert folds_disagree([one.mean() for one in groups], groups) == []
    (sentence,) = folds_disagree([1.0, 1.02, 0.98, 1.6, 1.0], groups)
    assert "0.98 to 1.60 nats" in sentence and re.search(r"of 0\.27 .* explain 0\.05", sentence)
    # Hundredths of a nat matter to nobody, however small the errors.
    assert folds_disagree([0.0, 0.0, 0.04], [np.zeros(4)] * 3) == []


def curve(*values):
    rows = [(fold, epoch, v) for fold, one in enumerate(values) for epoch, v in enumerate(one)]
    return pd.DataFrame(rows, columns=["fold", "epoch", "validation_nats"])


def test_training_that_validation_did_not_end():
    rising, settled = np.linspace(0, 1, 21), np.append(np.linspace(0, 1, 15), np.full(6, 0.99))
    (sentence,) = out_of_epochs(curve(rising, rising, settled), 20)
    assert "in 2 of 3 folds" in sentence and "of 20 epochs, by 0.25 nats" in sentence
    assert out_of_epochs(curve(rising, settled, settled), 20) == []
    # Ended by patience, or not trained at all.
    assert out_of_epochs(curve(rising, rising), 40) == []
    assert out_of_epochs(curve([0.5], [0.5]), 0) == []


def test_values_below_zero_are_told_with_their_error():
    assert "-0.310 nats with standard error 0.052" in below_zero(-0.31, 0.052)
