"""The catalogue of bounds: what each entry says, options, names, and what is refused."""

import functools
import json
import math

import numpy as np
import pytest
import tensorflow as tf

from tf_infomax import bounds

SCORES = np.random.default_rng(0).normal(scale=3.0, size=(5, 5))
LOWER = (
    "infonce", "nwj", "tuba", "donsker_varadhan", "interpolated", "js_nwj", "mine",
    "minibatch_lower", "barber_agakov_lower",
)
UPPER = ("minibatch_upper", "barber_agakov_upper")
ESTIMATES = ("smile", "difference_of_entropies")


def test_the_catalog_says_what_each_bound_is():
    for name in bounds.names(None):
        info = bounds.info(name)
        assert info.name == name
        kinds = {"lower": LOWER, "upper": UPPER, "estimate": ESTIMATES}
        assert info.kind == next((k for k, known in kinds.items() if name in known), "divergence")
        assert info.bounds_mi == (name in (*LOWER, *UPPER))
        # Nobody shall add a divergence to nats of mutual information.
        assert info.unit == ("1" if info.kind == "divergence" else "nats")
        assert ("no bound" in info.summary) == (name in (*ESTIMATES, "chi_squared_released"))
        assert info.function is bounds.get(name) is getattr(bounds, name)
        assert info.summary and info.reference
        assert bounds.name_of(name) == bounds.name_of(info.function) == name


def test_what_bounds_read():
    by_reader = [bounds.names(reads) for reads in ("scores", "log_conditional", "log_densities")]
    assert by_reader[0] == bounds.names() and "infonce" in bounds.names()
    assert by_reader[1] == ("minibatch_upper", "minibatch_lower")
    assert by_reader[2] == ("barber_agakov_upper", "barber_agakov_lower", "difference_of_entropies")
    assert sorted(sum(by_reader, ())) == sorted(bounds.names(None))


def test_published_ceilings():
    # log K of 64, 128, 256 and 512 pairs, to three digits.
    for size, nats in ((64, 4.159), (128, 4.852), (256, 5.545), (512, 6.238)):
        for name in ("infonce", "minibatch_lower"):
            assert abs(bounds.info(name).ceiling(size) - nats) < 6e-4
    assert bounds.info("nwj").ceiling(128) == math.inf


def test_ceilings_know_the_options():
    assert bounds.info("interpolated").ceiling(4) == 1 + math.log(3 / 0.01)
    assert bounds.info("interpolated", alpha=0.5).ceiling(4) == 1 + math.log(3 / 0.5)
    assert bounds.info("interpolated", alpha=1.0).ceiling(4) == math.log(3)
    assert bounds.info("interpolated", alpha=0.0).ceiling(4) == math.inf
    assert bounds.info("smile", clip=1.0).ceiling(4) == math.inf


@pytest.mark.parametrize(
    ("name", "options", "candidates", "received"),
    [
        ("infonce", {}, 0, "candidates=0"),
        ("minibatch_lower", {}, -1, "candidates=-1"),
        ("interpolated", {}, 1, "candidates=1"),
        ("interpolated", {"alpha": 1.5}, 8, "alpha=1.5"),
        ("interpolated", {"alpha": -1}, 8, "alpha=-1"),
    ],
)
def test_there_is_no_ceiling_of_too_few_candidates_or_of_no_bound(
    name, options, candidates, received
):
    with pytest.raises(ValueError, match=rf"must be .*\. Received: {received}\.$"):
        bounds.info(name, **options).ceiling(candidates)


def test_options_are_bound():
    bound = bounds.get("smile", clip=1.0)
    assert bound(SCORES) == bounds.smile(SCORES, clip=1.0) != bounds.smile(SCORES)
    assert bounds.get(bound) is bound
    assert bounds.get(bounds.smile, clip=1.0)(SCORES) == bound(SCORES)
    # A later value of an option takes the place of an earlier one.
    assert bounds.info(bound, clip=2.0).function(SCORES) == bounds.smile(SCORES, clip=2.0)
    assert bounds.info("smile").options == {"clip": 5.0}
    assert bounds.info("nwj").options == {}


@pytest.mark.parametrize(
    ("name", "options"), [("smile", {"clip": 1.0}), ("interpolated", {"alpha": 0.5}), ("nwj", {})]
)
def test_json_and_back(name, options):
    bound = bounds.get(name, **options)
    plain = json.loads(json.dumps(bounds.serialize(bound)))
    assert plain == ({"name": name, "options": options} if options else name)
    back = bounds.get(bounds.deserialize(plain))
    assert back(SCORES) == bound(SCORES)
    assert bounds.serialize(back) == plain == bounds.serialize(plain if not options else bound)


@pytest.mark.parametrize("make", [np.array, tf.constant, np.float32, list])
def test_a_fixed_baseline_is_json_and_comes_back(make):
    baseline = [0.5, -0.25, 1.0, 0.125, 2.0]
    given = make(baseline) if make is not np.float32 else make(0.5)
    bound = bounds.get("tuba", log_baseline=given)
    plain = json.loads(json.dumps(bounds.serialize(bound)))
    assert plain["options"]["log_baseline"] == (baseline if make is not np.float32 else 0.5)
    np.testing.assert_array_equal(bounds.deserialize(plain)(SCORES), bound(SCORES))


def test_arrays_in_the_form_of_earlier_versions():
    config = {"value": [0.5] * 5, "dtype": "float32"}
    options = {"log_baseline": {"class_name": "__numpy__", "config": config}}
    found = bounds.deserialize({"name": "tuba", "options": options})
    assert found(SCORES) == bounds.tuba(SCORES, log_baseline=0.5)


def test_unknown_options_name_the_known_ones():
    message = r"'smile' has no option 'clap'\. Nearest: clip\. Options: clip\."
    for lookup in (bounds.get, bounds.info):
        with pytest.raises(ValueError, match=message):
            lookup("smile", clap=1.0)
    with pytest.raises(ValueError, match=r"'smile' has no option 'clap'"):
        bounds.get(bounds.smile, clap=1.0)
    with pytest.raises(ValueError, match=r"'nwj' has no option 'alpha'\. Options: none\."):
        bounds.get("nwj", alpha=0.5)
    # What comes with every batch is no option.
    with pytest.raises(ValueError, match="no option 'scores'"):
        bounds.get("nwj", scores=SCORES)


def test_a_name_does_not_lose_options():
    with pytest.raises(ValueError, match=r"without options.*'smile' with options \{'clip': 1\.0\}"):
        bounds.name_of(bounds.get("smile", clip=1.0))


def own_bound(scores, log_baseline=0.0):
    return tf.reduce_mean(scores) - log_baseline


def test_who_takes_a_baseline():
    takers = [name for name in bounds.names(None) if bounds.takes_baseline(name)]
    assert takers == ["tuba", "interpolated"]
    assert [name for name in bounds.names(None) if bounds.info(name).takes_baseline] == takers
    assert bounds.takes_baseline(bounds.get("interpolated", alpha=0.5))
    assert not bounds.takes_baseline(bounds.get("tuba", log_baseline=1.0))
    assert bounds.takes_baseline(own_bound) and not bounds.takes_baseline(tf.reduce_mean)


def test_any_function_of_scores_is_a_bound():
    partial = functools.partial(own_bound, log_baseline=1.0)
    for bound in (own_bound, partial):
        assert bounds.get(bound) is bound
        for lookup in (bounds.info, bounds.name_of, bounds.serialize):
            with pytest.raises(ValueError, match="Unknown bound <function own_bound"):
                lookup(bound)


def test_an_unknown_bound_names_the_nearest():
    for lookup in (bounds.get, bounds.info, bounds.name_of, bounds.serialize):
        with pytest.raises(ValueError, match=r"Unknown bound 'info_nce'. Did you mean 'infonce'"):
            lookup("info_nce")
