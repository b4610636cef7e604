"""Codes of the sides: what becomes one-hot, what stays a number, and that nothing is lost."""

import numpy as np
import pandas as pd
import pytest

from tf_infomax.estimation.encoding import Encoding, check_discrete
from tf_infomax.estimation.samples import pairs_of

RNG = np.random.default_rng(0)


def encoded(values, discrete="auto"):
    sample, _ = pairs_of(values, np.arange(len(values)), (discrete is not False, False))
    encoding = Encoding("normal_scores", discrete).fit(sample)
    return encoding, encoding.transform(sample)


@pytest.mark.parametrize(
    ("values", "levels"),
    [
        (RNG.integers(5, size=200), 5),
        (RNG.random(200) < 0.5, 2),
        (pd.Series(list("abcd") * 50), 4),
        (pd.Series(list("abcd") * 50, dtype="category"), 4),
        (np.array(list("ab") * 100), 2),
        (pd.DataFrame({"a": list("ab") * 100, "b": [0, 0, 1, 1] * 50}), 4),
        (RNG.normal(size=200), None),
        (RNG.integers(100, size=200), None),
        (np.ones(200), None),
    ],
)
def test_which_sides_are_discrete(values, levels):
    encoding, codes = encoded(values)
    assert encoding.levels == levels
    if levels:
        assert codes.shape == (200, levels) and (codes.sum(axis=1) == 1).all()
        # Equal codes exactly where rows are equal.
        rows = pd.DataFrame(values).apply(tuple, axis=1)
        assert pd.factorize(rows)[0].tolist() == pd.factorize(codes.argmax(axis=1))[0].tolist()


def test_mixed_columns_and_spikes():
    amount = np.where(np.arange(300) % 3 == 0, 0.0, np.arange(300.0))
    _, codes = encoded(pd.DataFrame({"amount": amount, "kind": list("uvw") * 100}))
    # A rank, three levels, and an indicator of the 100 zeros.
    assert codes.shape == (300, 5)
    assert any((column == (amount == 0)).all() for column in codes.T)
    assert encoded(amount, discrete=False)[1].shape == (300, 1)
    encoding, codes = encoded(np.arange(300) % 150, discrete=True)
    assert encoding.levels == 150


def test_new_levels_are_refused():
    encoding, _ = encoded(list("abab") * 5)
    sample, _ = pairs_of(["a", "c"], [0, 1], (True, False))
    with pytest.raises(ValueError, match=r"among those of `fit`. Received: \('c',\) in row 1"):
        encoding.transform(sample)
    mixed = pd.DataFrame({"kind": list("ab") * 10, "size": np.arange(20.0)})
    encoding, _ = encoded(mixed)
    for wrong, words in (
        (mixed.assign(kind=list("ab") * 9 + ["a", "c"]), "'c' in row 19 of column 'kind'"),
        (mixed.assign(kind=1.5), "1.5 in row 0 of column 'kind'"),
        (mixed.assign(size=list("ab") * 10), "must hold numbers.* 'a' in row 0 of column 'size'"),
    ):
        sample, _ = pairs_of(wrong, np.arange(20), (True, False))
        with pytest.raises(ValueError, match=words):
            encoding.transform(sample)
    with pytest.raises(ValueError, match=r"levels must recur.* 20 levels in 20 rows of column 0"):
        encoded([f"name {row}" for row in range(20)])
    for wrong in ("yes", (True,), None, 1):
        with pytest.raises(ValueError, match=r"`discrete` must be .* Received: discrete="):
            check_discrete(wrong)
