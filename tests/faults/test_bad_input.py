"""Bad input gets one of this package's errors, never one from inside TensorFlow, Keras or Python.

A table of malformed calls with the words of each message; then properties over shapes, types and
values: what is accepted gives a right answer, all else an error of ours.
"""

import re

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from tests.faults.malformed import CALLS
from tf_infomax import bounds, data, evaluation
from tf_infomax.evaluation import conditioning
from tf_infomax.results import Row

# Of other libraries' messages; ours have none of these words.
INTERNAL = (
    "{{function_node", "Arguments received by", "in user code", "unsupported operand", "Traceback",
    "object has no attribute", "object is not", "inhomogeneous", "ambiguous",
)  # fmt: skip


def test_the_table_is_long_enough_and_has_no_call_twice():
    assert len(CALLS) >= 150
    assert len({what for what, *_ in CALLS}) == len(CALLS)


@pytest.mark.filterwarnings("ignore")
def test_malformed_calls_are_refused_in_our_words():
    wrong = []
    for what, words, function, positional, options in CALLS:
        try:
            function(*positional, **options)
        except (FileNotFoundError, TypeError, ValueError) as error:
            text = str(error)
            found = re.search(words, text, re.DOTALL)
            if found is None or any(word in text for word in INTERNAL):
                wrong.append(f"{what}: {type(error).__name__}: {text[:120]}")
        except Exception as error:
            wrong.append(f"{what}: {type(error).__name__}: {str(error)[:120]}")
        else:
            wrong.append(f"{what}: accepted")
    assert not wrong, "\n".join([f"{len(wrong)} of {len(CALLS)}", *wrong])


TYPES = st.sampled_from([np.float16, np.float32, np.float64, np.int32, np.bool_, np.complex64])
VALUES = st.sampled_from([0.0, 1.0, -1.0, 1e4, -1e4, 1e30, -1e30, np.inf, -np.inf, np.nan])


@st.composite
def anything(draw, ranks=(0, 4)):
    """An array of any type, of a small shape, of ordinary and of nasty values."""
    shape = draw(arrays.array_shapes(min_dims=ranks[0], max_dims=ranks[1], min_side=0, max_side=4))
    flat = draw(st.lists(VALUES, min_size=int(np.prod(shape)), max_size=int(np.prod(shape))))
    with np.errstate(all="ignore"):
        return np.array(flat, np.float64).reshape(shape).astype(draw(TYPES))


def answer(function, *positional):
    """The result as an array, or ``None`` where the input was refused in our words."""
    try:
        return np.asarray(function(*positional))
    except (TypeError, ValueError) as error:
        text = str(error)
        assert not any(word in text for word in INTERNAL), text
        assert "Received" in text, text
        return None


few = settings(max_examples=25, deadline=None)
many = settings(max_examples=400, deadline=None)


def _check_bound(name, scores):
    found = answer(bounds.get(name), scores)
    is_matrix = scores.ndim == 2 and scores.shape[0] == scores.shape[1] >= 2
    assert (found is not None) == (is_matrix and scores.dtype.kind == "f")
    if found is not None:
        assert found.shape == ()
        if np.isfinite(scores).all() and name == "infonce" and np.abs(scores).max() <= 1e4:
            assert found <= np.log(len(scores)) + 1e-3


def _check_spectra(matrices):
    found = answer(conditioning.singular_values, matrices)
    if found is not None:
        assert np.isfinite(matrices).all() and matrices.ndim == 3
        assert found.shape == (len(matrices), min(matrices.shape[1:]))
        assert (np.diff(found, axis=1) <= 0).all() and (found >= 0).all()


def _check_codes(codes):
    labels = np.arange(len(codes)) % 2 if codes.ndim else np.zeros(())
    found = answer(evaluation.nearest, codes, codes, 1)
    if found is not None:
        assert np.isfinite(codes).all() and codes.ndim >= 2
    accuracy = answer(evaluation.linear_probe, codes, labels, codes, labels)
    assert accuracy is None or 0.0 <= accuracy <= 1.0
    answer(evaluation.gaussian_total_correlation, codes)


def _check_images(images):
    found = answer(lambda: np.stack(data.halves(images)))
    assert (found is not None) == (
        images.ndim == 4 and 0 not in images.shape[1:] and images.shape[1] % 2 == 0
    )
    answer(data.random_flips, images, (0, 1))
    answer(data.centre_crop, images, 1)


def _check_row(value):
    scalar = value.ravel()[0] if value.size else value
    try:
        row = Row("e", "v", 0, 0, "test", "m", scalar, "1")
    except ValueError as error:
        assert "Received" in str(error)
        return
    again = Row.from_json(row.to_json())
    assert again.value == row.value or np.isnan(again.value)


ALL_BOUNDS = (
    "infonce", "nwj", "tuba", "donsker_varadhan", "interpolated", "js_nwj", "smile", "mine",
)  # fmt: skip


@few
@given(anything(), st.sampled_from(ALL_BOUNDS))
def test_scores_of_any_kind(scores, name):
    _check_bound(name, scores)


@pytest.mark.slow
@many
@given(anything(), st.sampled_from([*ALL_BOUNDS, "jsd"]))
def test_many_scores_of_any_kind(scores, name):
    _check_bound(name, scores)


@pytest.mark.slow
@many
@given(anything((2, 4)))
def test_matrices_of_any_kind(matrices):
    _check_spectra(matrices)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@many
@given(anything())
def test_codes_of_any_kind(codes):
    _check_codes(codes)


@pytest.mark.slow
@many
@given(anything())
def test_images_of_any_kind(images):
    _check_images(images)


@pytest.mark.slow
@many
@given(anything())
def test_row_values_of_any_kind(value):
    _check_row(value)


# ---- Degenerate, but well-formed. ----------------------------------------------------------------


@pytest.mark.parametrize("name", ALL_BOUNDS)
def test_scores_of_ten_thousand_are_finite_where_the_bound_is(name):
    """The bound of scores of +-1e4 and its gradient, against float64 by hand where it is finite."""
    scores = tf.constant(1e4 * np.sign(np.random.default_rng(0).normal(size=(6, 6))), tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(scores)
        value = bounds.get(name)(scores)
    assert not np.isnan(value.numpy())
    if name in ("infonce", "donsker_varadhan", "interpolated", "smile", "mine"):
        assert np.isfinite(value.numpy())
        assert not np.isnan(tape.gradient(value, scores).numpy()).any()
    if name == "infonce":
        exact = scores.numpy().astype(np.float64)
        largest = exact.max(axis=1, keepdims=True)
        logs = np.log(np.exp(exact - largest).sum(axis=1)) + largest[:, 0]
        np.testing.assert_allclose(value, np.mean(np.diag(exact) - logs) + np.log(6), rtol=1e-6)


def test_singular_jacobians_and_equal_images():
    zero = np.zeros((2, 3, 3), np.float32)
    np.testing.assert_array_equal(conditioning.singular_values(zero), np.zeros((2, 3)))
    # LAPACK has neither half precision nor integers.
    for kind in (np.float16, np.int32):
        found = conditioning.singular_values(np.diag([4, 3]).astype(kind)[np.newaxis])
        np.testing.assert_array_equal(found, [[4, 3]])
    numbers = conditioning.log_condition_numbers(zero)
    assert not np.isfinite(numbers).any()
    same = np.full((2, 32, 32, 1), 0.25, np.float32)
    np.testing.assert_allclose(evaluation.multi_scale_ssim(same, same), 1.0, atol=1e-6)
    # A dead encoder: all codes are equal, so that no classifier does better than a guess.
    dead, labels = np.ones((8, 3), np.float32), np.arange(8) % 2
    assert evaluation.linear_probe(dead, labels, dead, labels) == 0.5
