"""Deep InfoMax's encoders: both modes, gradients, statistics; full-size nets; crops; tails."""

import json
import re
import zlib

import numpy as np
import pytest
import tensorflow as tf

from tests.golden import ports
from tests.golden.dim_files import DimComparisons, cases, channels_last, groups
from tests.golden.dim_ports import (
    assign,
    encoder_weights,
    reduced_encoder,
    stored_under,
    tail_of,
    vector_from,
)
from tests.golden.golden_files import folder
from tf_infomax import encoders
from tf_infomax.encoders.configurations import CONFIGURATIONS
from tf_infomax.encoders.stages import FoldCrops, UnfoldCrops

# Full-size networks whose formula and pass take more than some three seconds.
_LARGE = 15_000_000
# Part of a running statistic that a batch leaves.
_KEPT = 0.9


def outputs_of(encoder, images, training):
    """Every layer's output, in the order of the layers."""
    endpoints = encoder.endpoints(images, training=training)
    return [endpoints[stage.name] for stage in encoder.stages]


def results_of(encoder, images, cotangent):
    """Name in the files -> what the encoder gives there, of both modes (this moves statistics)."""
    results = {
        f"eval/layer{number}": output
        for number, output in enumerate(outputs_of(encoder, images, False))
    }
    with tf.GradientTape() as tape:
        tape.watch(images)
        outputs = outputs_of(encoder, images, True)
        total = tf.reduce_sum(outputs[-1] * cotangent)
    results |= {f"train/layer{number}": output for number, output in enumerate(outputs)}
    results["train/grad_x"] = tape.gradient(total, images)
    return {name: np.asarray(array) for name, array in results.items()}


def statistics_of(variables):
    """Path -> running statistic of batch norm, an array."""
    return {
        path: variable.numpy()
        for path, (variable, _) in variables.items()
        if re.search(r"/bn/(mean|var)$", path)
    }


def rounding_noise(encoder, variables, images, cotangent, results, of_batch):
    """How far the results move when every input and weight moves by a float32 rounding.

    Batch norm of two examples divides by their difference, which may be next to nothing: what the
    release computed there in float32 is partly noise, and no port can be closer to it than that. So
    are the statistics of the layers after it, which is told for what they took over of the batch.
    """
    rng = np.random.default_rng(0)

    def rounded(array):
        return array * (1 + 2.0**-23 * rng.choice([-1, 1], array.shape)).astype(array.dtype)

    for variable, _ in variables.values():
        variable.assign(rounded(variable.numpy()))
    before = statistics_of(variables)
    moved = results_of(encoder, tf.constant(rounded(images.numpy())), cotangent)
    noise = {name: np.abs(array - results[name]).max() for name, array in moved.items()}
    for path, statistic in statistics_of(variables).items():
        noise[path] = np.abs(statistic - _KEPT * before[path] - of_batch[path]).max()
    return noise


@pytest.mark.parametrize("case", cases("encoder_*_small.npz"))
def test_reduced_encoder(case):
    with DimComparisons(case) as compare:
        golden = compare.golden
        name = re.fullmatch(r"encoder_(.*)_small", golden.name)[1]
        images, cotangent = (
            ports.tensor(channels_last(golden.input(array)), compare.precision)
            for array in ("x", "cotangent")
        )
        image_shape = tuple(images.shape[1:])
        encoder, variables = reduced_encoder(golden, name, image_shape, compare.precision)
        before = statistics_of(variables)
        results = results_of(encoder, images, cotangent)
        statistics = statistics_of(variables)
        after = {
            path.replace("/shortcut0/", "/shortcut/"): path
            for path in stored_under(golden, "after/")
        }
        assert set(after) == set(statistics)
        of_batch = {path: array - _KEPT * before[path] for path, array in statistics.items()}
        noise = rounding_noise(encoder, variables, images, cotangent, results, of_batch)
        for path, stored_path in after.items():
            compare.relative(
                f"after/{stored_path}", statistics[path], atol=1e-6 + 20 * noise[path]
            )
        layouts = _layouts(encoder, image_shape)
        for path, array in results.items():
            number = re.search(r"layer(\d+)", path)
            compare.relative(
                path,
                array,
                rtol=1e-4 if "grad" in path else 1e-5,
                atol=1e-6 + 20 * noise[path],
                to_stored=layouts[int(number[1])] if number else channels_last,
            )


def _layouts(encoder, image_shape):
    """Of every layer: function that brings its stored output into our layout."""
    layouts, before = [], image_shape
    for stage in encoder.stages:
        is_flatten = stage.name.startswith("flatten")
        layouts.append(vector_from(before) if is_flatten else channels_last)
        before = encoder.endpoint_shapes[stage.name]
    return layouts


def formula(name, size):
    """The README's pseudo-random numbers in [-1, 1) for a parameter, flat, float64."""
    with np.errstate(over="ignore"):
        x = np.arange(size, dtype=np.uint32) + np.uint32(zlib.crc32(name.encode("ascii")))
        x ^= x >> np.uint32(16)
        x *= np.uint32(0x85EBCA6B)
        x ^= x >> np.uint32(13)
        x *= np.uint32(0xC2B2AE35)
        x ^= x >> np.uint32(16)
    return x / 2.0**31 - 1.0


def parameter_by_formula(name, shape):
    """A parameter in the files' layout."""
    values = formula(name, int(np.prod(shape))).reshape(shape)
    kind = name.rpartition("/")[2]
    if kind == "weight":
        return (values * np.sqrt(6.0 / np.prod(shape[1:]))).astype(np.float32)
    scaled = {"gamma": 1.0 + 0.2 * values, "var": 1.0 + 0.5 * values}.get(kind, 0.2 * values)
    return scaled.astype(np.float32)


def described(path=None):
    """Name -> entry of the table of configurations; empty where there is no file."""
    path = folder("dim") / "encoders.json" if path is None else path
    return json.loads(path.read_text()) if path.is_file() else {}


def usable():
    """(our name, entry) of every configuration of the table that can be used.

    Names may carry a remark in brackets. What is noted to be broken as released is not ours.
    """
    for title, entry in described().items():
        is_broken = "as released" in entry.get("note", "")
        if not (is_broken or "as released" in title or "broken" in title):
            yield title.partition(" (")[0], entry


def table_cases():
    if not described():
        return [pytest.param(None, None, None, marks=pytest.mark.skip(reason="no table"))]
    found = []
    for name, entry in usable():
        for key in entry:
            match = re.fullmatch(r"output_units_(\d+)", key)
            if match:
                # Without the added layer a network is tested a second time: of large ones, seldom.
                twice = match[1] == "0" and entry[key]["n_parameters"] > _LARGE
                found.append(
                    pytest.param(
                        name,
                        entry,
                        int(match[1]),
                        id=f"{name}-{match[1]}",
                        marks=[pytest.mark.slow] if twice else [],
                    )
                )
    return found


@pytest.mark.parametrize(("name", "entry", "units"), table_cases())
def test_table_of_configurations(name, entry, units):
    build = entry[f"output_units_{units}"]
    channels, height, width = entry["input_shape_chw"]
    encoder = encoders.get(name, output_units=units)
    # In a graph of its own the weights are described, not made.
    with tf.Graph().as_default():
        encoder.build((None, height, width, channels))
    shapes = encoder.endpoint_shapes
    found = [shapes[stage.name] for stage in encoder.stages]
    expected = [layer["output_shape_for_batch_2"][1:] for layer in build["layers"]]
    assert found == [(*shape[1:], shape[0]) for shape in expected]
    assert sum(_size(v.shape) for v in encoder.trainable_variables) == build["n_parameters"]
    statistics = [v for v in encoder.non_trainable_variables if v.name.startswith("moving_")]
    assert sum(_size(v.shape) for v in statistics) == build["n_bn_statistics"]
    variables = encoder_weights(encoder, (height, width, channels))
    if "parameters" in build:
        stored = {path.replace("/shortcut0/", "/shortcut/"): s for path, s in build["parameters"]}
        ours = {path: _stored_shape(variable.shape) for path, (variable, _) in variables.items()}
        assert ours == {path: tuple(shape) for path, shape in stored.items()}
    chosen = {"local": build["local"]["index"], "global": build["global"]["resolved_index"]}
    for kind, classifier in build["classifier_inputs"].items():
        kind = {"glob": "global"}.get(kind, kind)
        assert chosen.setdefault(kind, classifier["resolved_index"]) == classifier["resolved_index"]
        assert _size(shapes[kind]) == classifier["features"]
    named = {"global": encoder.stages[-1].name, **CONFIGURATIONS[name].endpoints}
    assert named == {kind: encoder.stages[index].name for kind, index in chosen.items()}


def _size(shape):
    return int(np.prod(shape))


def _stored_shape(shape):
    """Shape of a parameter in the files' layout."""
    if len(shape) != 4:
        return tuple(reversed(shape))
    *kernel, inputs, outputs = shape
    return (outputs, inputs, *kernel)


def test_every_configuration_is_in_the_table():
    if not described():
        pytest.skip("no table")
    names = [name for name, _ in usable()]
    unknown = set(names) - set(encoders.names())
    assert not unknown and len(names) == len(set(names))


def full_size_cases():
    """Networks of the files of formulas; float32, as they are, since the stored ones are."""
    table = described()
    for param in cases("fullsize_formula*.npz", groups(r"[^/]+")):
        case = param.values[0]
        if case is None:
            yield param
        elif case.precision == "float32":
            entry = table.get(case.key, {}).get("output_units_64", {})
            large = entry.get("n_parameters", 0) > _LARGE
            marks = [pytest.mark.slow] if large else []
            yield pytest.param(case, id=param.id, marks=marks)


@pytest.mark.parametrize("case", list(full_size_cases()))
def test_full_size_encoder(case):
    with DimComparisons(case) as compare:
        golden, name = compare.golden, compare.key
        entry = dict(usable())[name]
        channels, height, width = entry["input_shape_chw"]
        # Of the network with several globals the one without the dense layer is stored.
        count = len(golden.input(f"{name}/layer_mean_and_meansquare"))
        units = 64 if len(entry["output_units_64"]["layers"]) == count else 0
        encoder = encoders.get(name, output_units=units)
        encoder.build((None, height, width, channels))
        shapes = {
            path: shape
            for path, shape in entry["output_units_64"]["parameters"]
            if int(re.match(r"layer(\d+)", path)[1]) < count
        }
        variables = encoder_weights(encoder, (height, width, channels))
        stored = {path: parameter_by_formula(path, shape) for path, shape in shapes.items()}
        assign(variables, stored, name)
        images = formula("input", 2 * channels * height * width).astype(np.float32)
        images = channels_last(images.reshape(2, channels, height, width))
        outputs = outputs_of(encoder, images, False)
        compare.relative(f"{name}/final", outputs[-1], rtol=1e-4, to_stored=channels_last)
        first = np.asarray(outputs[0])
        first = np.moveaxis(first, -1, 1) if first.ndim == 4 else first
        head = golden.input(f"{name}/first_layer_head")
        compare.relative(f"{name}/first_layer_head", first.ravel()[: len(head)], rtol=1e-4)
        moments = np.array(
            [[np.mean(one), np.mean(np.square(one))] for one in map(_as_float64, outputs)]
        )
        stored_moments = golden.input(f"{name}/layer_mean_and_meansquare")
        # Layers differ by orders of magnitude: each moment is held to its own layer's size.
        size = np.sqrt(stored_moments[:, 1:].astype(np.float64))
        compare.close(
            f"{name}/layer_mean_and_meansquare",
            moments,
            stored_moments,
            1e-4 * np.concatenate([size, size**2], axis=1) + 1e-6,
        )


def _as_float64(output):
    return np.asarray(output, np.float64)


@pytest.mark.parametrize("case", cases("fold.npz", groups("[uf].*")))
def test_crops(case):
    with DimComparisons(case) as compare:
        golden, group = compare.golden, compare.key
        x = channels_last(golden.input(f"{group}/x").astype(compare.precision))
        per_side = int(golden.input(f"{group}/n_locs"))
        if f"{group}/crop" in golden:
            unfold = UnfoldCrops(int(golden[f"{group}/crop"]), dtype=compare.precision)
            crops = unfold(x)
            assert len(crops) == len(x) * per_side**2
            compare.relative(f"{group}/y", crops, rtol=0.0, atol=0.0, to_stored=channels_last)
            # The inverse arrangement gives every image its own crops back, in rows.
            ours = FoldCrops(per_side, dtype=compare.precision)(crops)
            mine = np.moveaxis(np.asarray(crops), -1, 1)
            mine = mine.reshape(len(x), per_side, per_side, -1)
            compare.close("folded again", ours, mine, 0.0)
        else:
            folded = FoldCrops(per_side, dtype=compare.precision)(x)
            compare.relative(f"{group}/y", folded, rtol=0.0, atol=0.0, to_stored=channels_last)


@pytest.mark.parametrize(
    "case", cases("global_dim*.npz", lambda golden: golden.prefixes(r"([^/]+)/local_net/.*"))
)
def test_tail(case):
    with DimComparisons(case) as compare:
        golden, name = compare.golden, compare.key
        local = channels_last(golden.input(f"{name}/local_in"))
        stored = stored_under(golden, f"{name}/local_net/")
        tail = tail_of(name, stored, local.shape, compare.precision)
        outputs = tail(ports.tensor(local, compare.precision), training=True)
        compare.relative(
            f"{name}/L", outputs[..., np.newaxis], to_stored=lambda array: array, rtol=2e-5
        )


def test_formula_by_integers_of_any_size():
    def finalised(value):
        value ^= value >> 16
        value = value * 0x85EBCA6B % 2**32
        value ^= value >> 13
        value = value * 0xC2B2AE35 % 2**32
        return value ^ value >> 16

    start = zlib.crc32(b"layer0/conv/weight")
    expected = [2 * finalised((i + start) % 2**32) / 2**32 - 1 for i in range(9)]
    np.testing.assert_array_equal(formula("layer0/conv/weight", 9), expected)
