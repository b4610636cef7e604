"""The benchmark: its classical estimates, its rows, its tables and its figure."""

import math
import types

import numpy as np
import pytest
from scipy import special
from sklearn.cross_decomposition import CCA
from sklearn.feature_selection import mutual_info_regression

import tf_infomax
from benchmarks import known_information, known_information_report
from benchmarks.classical_estimators import cca, ksg
from tf_infomax import distributions
from tf_infomax.distributions import Gaussian
from tf_infomax.results.rows import Row

pytest.importorskip("normi")


def test_ksg_by_brute_force():
    x, y = Gaussian.dense(2, 3, 0.5).sample(60, seed=0)
    scaled = [(z - np.mean(z, axis=0)) / np.std(z, axis=0) for z in (x, y)]
    near_x, near_y = (
        np.max(np.abs(z[:, np.newaxis] - z), axis=-1) + np.diag(np.full(60, np.inf)) for z in scaled
    )
    radius = np.sort(np.maximum(near_x, near_y), axis=1)[:, 3, np.newaxis]
    counts = np.sum(near_x < radius, axis=1), np.sum(near_y < radius, axis=1)
    expected = special.digamma(60) + special.digamma(4)
    expected -= sum(np.mean(special.digamma(count + 1)) for count in counts)
    assert math.isclose(ksg(x, y, neighbours=4, workers=1), expected, abs_tol=1e-10)


def test_ksg_is_that_of_scikit_learn_in_one_dimension():
    x, y = Gaussian.bivariate(0.8).sample(800, seed=0)
    (expected,) = mutual_info_regression(x, y[:, 0], n_neighbors=3, random_state=0)
    # scikit-learn adds noise of 1e-10 standard deviations.
    assert math.isclose(ksg(x, y, neighbours=3), expected, abs_tol=5e-3)


def test_ksg_reports_negative_estimates():
    found = [
        ksg(*distributions.get("independent").sample(100, seed), neighbours=5) for seed in range(8)
    ]
    assert min(found) < 0 < max(found)
    assert abs(np.mean(found)) < 4 * np.std(found, ddof=1) / math.sqrt(8)


def test_cca_is_the_gaussian_information_of_the_sample():
    x, y = Gaussian.dense(3, 2, 0.5).sample(300, seed=0)
    plug_in = Gaussian(np.cov(np.hstack([x, y]).T), 3).mutual_information
    assert math.isclose(cca(x, y), plug_in, rel_tol=1e-9)
    fitted = CCA(n_components=2, max_iter=5_000, tol=1e-12).fit(x, y)
    pairs = zip(*(scores.T for scores in fitted.transform(x, y)), strict=True)
    rho = np.array([np.corrcoef(a, b)[0, 1] for a, b in pairs])
    assert math.isclose(cca(x, y), -0.5 * np.sum(np.log(1 - rho**2)), abs_tol=1e-6)


@pytest.mark.parametrize("estimate", [cca, ksg])
def test_normal_scores_see_only_ranks(estimate):
    x, y = Gaussian.sparse(2, 2, 1).sample(300, seed=0)
    plain = estimate(x, y, margins="normal_scores")
    assert estimate(np.exp(x), y**3, margins="normal_scores") == pytest.approx(plain, abs=1e-12)
    assert estimate(np.exp(x), y**3) != pytest.approx(plain, abs=1e-3)


@pytest.mark.parametrize(
    ("estimate", "message"),
    [
        (lambda x, y: cca(x[:-1], y), r"same N.*x of shape \(5, 3\)"),
        (lambda x, y: cca(x[:, 0], y), r"x of shape \(6,\)"),
        (lambda x, y: cca(x, y), "more than dim_x .* = 6 rows.*Received: N=6"),
        (lambda x, y: ksg(x, y * np.nan), "`y` must be finite. Received: 18"),
        (lambda x, y: ksg(x * [1, 0, 1], y), r"`x` must not have constant.*columns \[1\]"),
        (lambda x, y: ksg(x, y, neighbours=6), "N - 1 = 5. Received: neighbours=6"),
        (lambda x, y: ksg(x, y, margins="ranks"), "Received: margins='ranks'"),
    ],
)
def test_bad_samples_are_refused(estimate, message):
    x, y = Gaussian.dense(3, 3).sample(6, seed=0)
    with pytest.raises(ValueError, match=message):
        estimate(x, y)


def run(output, estimators=("cca",), sizes=(50,), seeds=(0,), match="1x1 normal"):
    lines = []
    rows = known_information.run(output, estimators, sizes, seeds, match, report=lines.append)
    return rows, lines


def test_rows_are_kept_and_only_the_missing_are_measured(tmp_path):
    first, lines = run(tmp_path)
    assert len(first) == len(lines) == 1
    (row,) = first
    x, y = Gaussian.bivariate(0.75).sample(50, seed=0)
    assert row.value == cca(x, y) and row.unit == "nats"
    assert row.tags["truth"] == Gaussian.bivariate(0.75).mutual_information
    assert row.tags["lower"] is None and row.tags["cpu_seconds"] >= 0
    content = (tmp_path / "rows.jsonl").read_bytes()
    # Half a line, as a killed run leaves it, is not in the way.
    (tmp_path / "rows.jsonl").write_bytes(content + content[:20])
    more, lines = run(tmp_path, estimators=("cca", "ksg"), sizes=(50, 60))
    assert len(more) == 4 and len(lines) == 3 and more[0] == row
    assert (tmp_path / "rows.jsonl").read_bytes().startswith(content)
    assert run(tmp_path, estimators=("cca", "ksg"), sizes=(50, 60))[1] == []


def fake_estimator(fit):
    """Stands in for ``tf_infomax.MutualInformationEstimator``."""

    class Estimator:
        def __init__(self, seed, bound="chosen by the package"):
            self.seed, self.bound = seed, bound

    Estimator.fit = fit
    return Estimator


def test_the_estimator_gives_value_interval_and_seed(tmp_path, monkeypatch):
    made = []

    def fit(self, x, y):
        made.append((self.bound, self.seed, len(x)))
        return types.SimpleNamespace(
            mutual_information_=0.5, standard_error_=0.1, confidence_interval_=(0.3, 0.7)
        )

    # In the module's dictionary: asking the module for its attribute would load TensorFlow.
    monkeypatch.setitem(vars(tf_infomax), "MutualInformationEstimator", fake_estimator(fit))
    monkeypatch.setattr(known_information, "_check_estimators", lambda names: None)
    rows, _ = run(tmp_path, estimators=("default", "nwj"), seeds=(7,))
    assert made == [("chosen by the package", 7, 50), ("nwj", 7, 50)]
    for row in rows:
        tags = row.tags
        assert (row.value, tags["standard_error"], tags["lower"], tags["upper"]) == (
            0.5,
            0.1,
            0.3,
            0.7,
        )


def test_a_failure_is_a_row_and_is_tried_again(tmp_path, monkeypatch):
    def fails(x, y):
        raise RuntimeError("no luck")

    monkeypatch.setitem(known_information.CLASSICAL, "cca", fails)
    (row,), _ = run(tmp_path)
    assert math.isnan(row.value) and row.tags["error"] == "RuntimeError: no luck"
    assert "failed" in known_information_report.tables([row])
    monkeypatch.undo()
    (row,), lines = run(tmp_path)
    assert math.isfinite(row.value) and len(lines) == 1 and "error" not in row.tags


def test_unknown_names_are_refused_before_any_work(tmp_path):
    with pytest.raises(ValueError, match=r"`match` must occur.*Received: match='cauchy'"):
        run(tmp_path, match="cauchy")
    assert not list(tmp_path.iterdir())


def example(estimator, distribution, size, value, dimensions=1, truth=1.0, lower=None, upper=None):
    tags = {
        "distribution": distribution,
        "dimensions": dimensions,
        "size": size,
        "estimator": estimator,
        "truth": truth,
        "standard_error": None,
        "lower": lower,
        "upper": upper,
        "seconds": 2.0,
    }
    return Row("known_information", "v", 0, 0, "test", "mi", value, "nats", tags)


EXAMPLES = [
    example("default", "1x1 a", 100, 1.25, lower=1.0, upper=1.5),
    example("cca", "1x1 a", 100, 0.5),
    example("default", "1x1 b", 100, 0.75),
    example("default", "9x9 c", 100, 3.0, dimensions=9),
    example("default", "1x1 a", 1000, 1.0),
]


def test_tables_say_what_was_measured():
    text = known_information_report.tables(EXAMPLES)
    assert (
        "| 1x1 a | 1.000 | 1.250 [1.000, 1.500] (+0.250; 2.0 s) | 0.500 (-0.500; 2.0 s) |" in text
    )
    assert "| 9x9 c | 1.000 | 3.000 (+2.000; 2.0 s) |  |" in text
    # The second estimator lacks a distribution: its mean must not look like the same thing.
    assert "| 1 to 5 dimensions, N = 100 | 0.250 | 0.500 (1 of 2) |" in text
    assert known_information_report.mean_errors(EXAMPLES) == [
        ("1 to 5 dimensions", 100, [(0.25, 2), (0.5, 1)]),
        ("more", 100, [(2.0, 1), (None, 0)]),
        ("1 to 5 dimensions", 1000, [(0.0, 1), (None, 0)]),
    ]


def test_the_figure_has_a_panel_a_size_and_a_line_a_distribution(tmp_path):
    figure = known_information_report.draw(EXAMPLES)
    assert [panel.get_title() for panel in figure.axes] == ["N = 100", "N = 1,000"]
    labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert labels == ["1x1 a", "1x1 b", "9x9 c"]
    known_information_report.write_figure(EXAMPLES, tmp_path / "errors.png")
    assert (tmp_path / "errors.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="at least one row"):
        known_information_report.write_figure([], tmp_path / "none.png")
