"""Malformed calls of public functions, each with the words that the error must have."""

import numpy as np

from tf_infomax import bounds, critics, data, encoders, evaluation, results, scores
from tf_infomax.estimation import MutualInformationEstimator
from tf_infomax.evaluation import conditioning, dependence
from tf_infomax.numerics import randomness
from tf_infomax.results import Row

__all__ = ["CALLS"]

_RNG = np.random.default_rng(0)
K = 6
SCORES = _RNG.normal(size=(K, K)).astype(np.float32)
LOG = _RNG.normal(size=K).astype(np.float32)
CODES = _RNG.normal(size=(K, 4)).astype(np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2])
IMAGES = _RNG.random((K, 8, 8, 1)).astype(np.float32)
LARGE = _RNG.random((2, 32, 32, 1)).astype(np.float32)
JACOBIANS = _RNG.normal(size=(3, 4, 4)).astype(np.float32)

# What is no array of numbers at all.
NO_ARRAYS = {
    "None": None, "text": "abc", "dict": {"a": 1}, "ragged": [[1.0, 2.0], [3.0]], "class": int,
    "objects": np.array([[None] * K] * K), "strings": np.array([["a"] * K] * K),
}  # fmt: skip
# Arrays of numbers that are not floating, and shapes that are no matrix of scores.
NO_SCORES = {
    "integers": np.ones((K, K), int), "complex": SCORES.astype(np.complex64),
    "a vector": LOG, "a number": 1.5, "three axes": np.zeros((K, K, 2), np.float32),
    "not square": SCORES[:, :4], "one pair": SCORES[:1, :1], "empty": np.zeros((0, 0), np.float32),
}  # fmt: skip
OF_SCORES = [name for name in bounds.names() if bounds.info(name).reads == "scores"]

_IS_ARRAY = r"must be an array of numbers\. Received: .*"

CALLS = []


def _add(what, words, function, *arguments, **options):
    CALLS.append((what, words, function, arguments, options))


for _name in OF_SCORES:
    for _what, _value in NO_ARRAYS.items():
        _words = r"(array of numbers|must be floating).*Received: "
        _add(f"{_name}({_what})", _words, bounds.get(_name), _value)
    for _what, _value in NO_SCORES.items():
        _add(f"{_name}({_what})", r"Received: ", bounds.get(_name), _value)

for _what, _value in NO_ARRAYS.items():
    if _what != "None":  # no baseline
        _add(f"tuba(log_baseline={_what})", r"`log_baseline` must.*Received: ",
             bounds.tuba, SCORES, _value)
    _add(f"singular_values({_what})", _IS_ARRAY, conditioning.singular_values, _value)
    _add(f"log_condition_numbers({_what})", _IS_ARRAY, conditioning.log_condition_numbers, _value)
    _add(f"jacobian(inputs={_what})", _IS_ARRAY, conditioning.jacobian, lambda x: x, _value)
    _add(f"multi_scale_ssim({_what})", _IS_ARRAY, evaluation.multi_scale_ssim, _value, LARGE)
    _add(f"released_ssim({_what})", _IS_ARRAY, evaluation.released_ssim, LARGE, _value)
    _add(f"gaussian_total_correlation({_what})", _IS_ARRAY,
         evaluation.gaussian_total_correlation, _value)
    _add(f"nearest({_what})", _IS_ARRAY, evaluation.nearest, _value, CODES, 1)
    _add(f"linear_probe({_what})", _IS_ARRAY,
         evaluation.linear_probe, _value, LABELS, CODES, LABELS)
    _add(f"linear_probe(labels={_what})", r"array of numbers|one integer label",
         evaluation.linear_probe, CODES, _value, CODES, LABELS)
    _add(f"one_of_each({_what})", _IS_ARRAY, evaluation.one_of_each, _value)
    _add(f"halves({_what})", _IS_ARRAY, data.halves, _value)
    _add(f"random_flips({_what})", r"array of numbers|must have shape", data.random_flips, _value,
         (0, 1))
    _add(f"centre_crop({_what})", r"array of numbers|must have shape", data.centre_crop, _value, 4)
    _add(f"to_pixels({_what})", _IS_ARRAY, data.to_pixels, _value, 255)
    _add(f"barber_agakov_lower({_what})", r"`log_marginal` must be.*Received: ",
         bounds.barber_agakov_lower, LOG, _value)

_NO_INTEGERS = {"None": None, "text": "abc", "list": [], "a fraction": 1.5, "zero": 0,
                "negative": -1, "an array": LOG, "true": True}  # fmt: skip
for _what, _value in _NO_INTEGERS.items():
    _add(f"nearest(k={_what})", r"`k` must be from 1 to.*Received: k=",
         evaluation.nearest, CODES, CODES, _value)
    _add(f"nearest_within(k={_what})", r"`k` must be from 1 to.*Received: k=",
         evaluation.nearest_within, CODES, [0], _value)
    _add(f"encode(batch_size={_what})", r"`batch_size` must be.*Received: batch_size=",
         evaluation.encode, lambda x: x, CODES, None, _value)
    _add(f"mean_bound(batch_size={_what})", r"`batch_size` must be.*Received: batch_size=",
         evaluation.mean_bound, bounds.infonce, critics.get("inner_product"), CODES, CODES, _value)
    _add(f"mlp_probe(epochs={_what})", r"`epochs` must be.*Received: epochs=",
         evaluation.mlp_probe, CODES, LABELS, CODES, LABELS, epochs=_value, batch_size=2)
    _add(f"mlp_probe(batch_size={_what})", r"`batch_size` must be.*Received: batch_size=",
         evaluation.mlp_probe, CODES, LABELS, CODES, LABELS, batch_size=_value, epochs=1)
    _add(f"released_ssim(window={_what})", r"`window` must be odd.*Received: window=",
         evaluation.released_ssim, LARGE, LARGE, _value)
    _add(f"random_crops(side={_what})", r"A crop must be.*Received: crop=",
         data.random_crops, IMAGES, _value, (0, 1))
    _add(f"occlude(block={_what})", r"`block` must be.*Received: block=",
         data.occlude, IMAGES, _value, (0, 1))
    _add(f"column_permutation({_what})", r"`shape` must be.*Received: shape=",
         dependence.column_permutation, _value, (0, 1))
    _add(f"BatchIndex(batch_size={_what})", r"atch.*Received: batch_size=",
         data.BatchIndex, 10, _value, (0, 1))
    _add(f"separable(hidden_dim={_what})", r"`hidden_dim` must be.*Received: hidden_dim=",
         critics.get, "separable", hidden_dim=_value)

_NO_SEEDS = {"None": None, "text": "abc", "one number": 3, "three": (1, 2, 3), "floats": (0.5, 1.0)}
for _what, _value in _NO_SEEDS.items():
    _words = r"`seed` must be.*Received: "
    _add(f"random_flips(seed={_what})", _words, data.random_flips, IMAGES, _value)
    _add(f"random_crops(seed={_what})", _words, data.random_crops, IMAGES, 4, _value)
    _add(f"occlude(seed={_what})", _words, data.occlude, IMAGES, 2, _value)
    _add(f"add_noise(seed={_what})", _words, data.add_noise, CODES, 0.1, _value)
    _add(f"column_permutation(seed={_what})", _words, dependence.column_permutation, (4, 3), _value)
    _add(f"BatchIndex(seed={_what})", _words, data.BatchIndex, 10, 2, _value)

_NO_NUMBERS = {"None": None, "text": "abc", "NaN": np.nan, "huge": 10**400, "list": []}
for _what, _value in _NO_NUMBERS.items():
    _add(f"js_nwj(shift={_what})", r"`shift` must be a finite number.*Received: shift=",
         bounds.js_nwj, SCORES, _value)
    _add(f"to_pixels(pixel_max={_what})", r"`pixel_max` must be positive.*Received: pixel_max=",
         data.to_pixels, IMAGES, _value)
    _add(f"add_noise(sd={_what})", r"`sd` must be 0 or more.*Received: sd=",
         data.add_noise, CODES, _value, (0, 1))
    _add(f"stream({_what})", r"`seed` must be an integer of at least 0.*Received: seed=",
         randomness.stream, _value if _what != "huge" else -1, "x")

_ROW = {"experiment": "e", "variant": "v", "seed": 0, "step": 0, "split": "test", "metric": "m",
        "value": 1.0, "unit": "1"}  # fmt: skip
for _what, _changed in {
    "value=text": {"value": "abc"}, "value=None": {"value": None}, "value=huge": {"value": 10**400},
    "seed=half": {"seed": 0.5}, "step=text": {"step": "1"}, "tags=None": {"tags": None},
    "tags=text": {"tags": "abc"}, "tags=list": {"tags": [1]}, "experiment=None":
    {"experiment": None}, "unit=1": {"unit": 1}, "a tag like a field": {"tags": {"step": 1}},
    "values=number": {"tags": {"values": 3}},
}.items():  # fmt: skip
    _add(f"Row({_what})", r"Received: ", Row, **{**_ROW, **_changed})

for _what, _value in {"None": None, "list": [], "a number": 3, "text": "abc"}.items():
    _add(f"to_frame({_what})", r"`rows` must be `Row` objects", results.to_frame,
         _value if _value != [] else [1])
    _add(f"final_values({_what})", r"`frame` must be a DataFrame", results.final_values, _value)
    _add(f"read_rows({_what})", r"Received: path=", results.read_rows, _value)
    _add(f"half_shape({_what})", r"`image_shape` must be three known.*Received: ",
         data.half_shape, _value)
    _add(f"load({_what})", r"Received: (name=|load)|not here", data.load,
         _value if _value != "abc" else "/nowhere/abc")

_MEAN = (bounds.infonce, critics.get("inner_product"), CODES, CODES)
for _what, _value in {"None": None, "text": "abc", "list": [], "an array": LOG}.items():
    _add(f"mean_bound(bound={_what})", r"`bound` must be a function of scores",
         evaluation.mean_bound, _value, *_MEAN[1:], 2)
    _add(f"mean_bound(critic={_what})", r"`critic` must be a function of two",
         evaluation.mean_bound, _MEAN[0], _value, *_MEAN[2:], 2)
    _add(f"encode(encoder={_what})", r"`encoder` must be a Keras model or a function",
         evaluation.encode, _value, CODES)
    _add(f"jacobian(encoder={_what})", r"`encoder` must be a Keras model or a function",
         conditioning.jacobian, _value, CODES)

for _what, _words, _function, _arguments in (
    ("bounds.get(class)", r"Unknown bound", bounds.get, (int,)),
    ("bounds.get(misspelt)", r"Did you mean 'infonce'", bounds.get, ("infonec",)),
    ("critics.get(misspelt)", r"Did you mean 'bilinear'", critics.get, ("bilinaer",)),
    ("encoders.get(unknown)", r"Unknown encoder", encoders.get, ("abc",)),
    ("nearest_within(rows=float)", r"`rows` must be indices", evaluation.nearest_within,
     (CODES, [0.5], 1)),
    ("nearest_within(rows=beyond)", r"`rows` must be indices", evaluation.nearest_within,
     (CODES, [K], 1)),
    ("nearest(metric=array)", r"`metric` must be", evaluation.nearest, (CODES, CODES, 1)),
    ("linear_probe(one class)", r"two classes or more", evaluation.linear_probe,
     (CODES, LABELS * 0, CODES, LABELS)),
    ("singular_values(bool)", r"must be numbers", conditioning.singular_values,
     (JACOBIANS > 0,)),
    ("singular_values(NaN)", r"must be finite", conditioning.singular_values,
     (JACOBIANS * np.nan,)),
    ("jacobian(no inputs)", r"`inputs` must be a floating batch", conditioning.jacobian,
     (lambda x: x, CODES[:0])),
    ("linear_probe(seed=text)", r"`seed` must be", evaluation.linear_probe,
     (CODES, LABELS, CODES, LABELS, "abc")),
    ("linear_probe(seed=huge)", r"less than 2 \*\* 32", evaluation.linear_probe,
     (CODES, LABELS, CODES, LABELS, 10**400)),
    ("multi_scale_ssim(range=text)", r"`data_range` must be", evaluation.multi_scale_ssim,
     (LARGE, LARGE, "abc")),
    ("multi_scale_ssim(range=three)", r"`data_range` must be", evaluation.multi_scale_ssim,
     (LARGE, LARGE, (0, 1, 2))),
    ("MutualInformationEstimator(folds=1)", r"Received: ",
     lambda: MutualInformationEstimator(folds=1).fit(CODES, CODES), ()),
    ("MutualInformationEstimator(bound)", r"bound",
     lambda: MutualInformationEstimator(bound="abc").fit(CODES, CODES), ()),
    ("PairScores(marginal=vector)", r"Received: ", scores.PairScores, (LOG, LOG)),
):  # fmt: skip
    _options = {"metric": LOG} if _what.startswith("nearest(metric") else {}
    _add(_what, _words, _function, *_arguments, **_options)
