"""Deep InfoMax's encoders: both modes, gradients, statistics; full-size nets; crops; tails."""

import json
import re
import zlib

import numpy as np
import pytest
import tensorflow as tf

from tests.golden import ports
from tests.golden.dim_files import (
    DimComparisons,
    cases,
    channels_last,
    conv_kernel,
    dense_kernel,
    flatten_order,
    groups,
)
from tests.golden.golden_files import folder
from tf_infomax import encoders
from tf_infomax.encoders.configurations import CONFIGURATIONS
from tf_infomax.encoders.stages import FoldCrops, UnfoldCrops

_NORMS = {"gamma": "gamma", "beta": "beta", "mean": "moving_mean", "var": "moving_variance"}
# Full-size networks whose formula and pass take more than some three seconds.
_LARGE = 15_000_000


def weights_of(layer, path, map_shape=None):
    """Name -> (variable, function from stored to ours) of a layer, as the files name them.

    Args:
        layer: a stage of an encoder.
        path: its name in the files, ``layer3``.
        map_shape: ``(H, W, C)`` of the stage's input, if that is a map.
    """
    found = {}
    if hasattr(layer, "branch"):
        for number, unit in enumerate(_units(layer.branch.parts)):
            found |= _weights_of_parts(unit, f"{path}/layer{number}", map_shape)
        if layer.shortcut is not None:
            found |= _weights_of_parts(layer.shortcut.parts, f"{path}/shortcut", map_shape)
        return found
    parts = getattr(layer, "parts", [])
    if parts and hasattr(parts[0], "branch"):
        for number, block in enumerate(parts):
            found |= weights_of(block, f"{path}/block{number}", map_shape)
        return found
    return _weights_of_parts(parts, path, map_shape)


def _units(parts):
    """A chain's layers, cut before every convolution."""
    units = []
    for part in parts:
        if hasattr(part, "kernel"):
            units.append([])
        units[-1].append(part)
    return units


def _weights_of_parts(parts, path, map_shape):
    found = {}
    for part in parts:
        if hasattr(part, "moving_mean"):
            for name, ours in _NORMS.items():
                found[f"{path}/bn/{name}"] = (getattr(part, ours), _same)
        elif hasattr(part, "gamma"):
            # The norm of a flattened map: its entries are permuted with the map's.
            for name in ("gamma", "beta"):
                found[f"{path}/ln/{name}"] = (getattr(part, name), _vector_from(map_shape))
        elif hasattr(part, "kernel"):
            is_conv = len(part.kernel.shape) == 4
            kind = "conv" if is_conv else "fc"
            to_ours = conv_kernel if is_conv else _dense_from(map_shape)
            found[f"{path}/{kind}/weight"] = (part.kernel, to_ours)
            if part.use_bias:
                found[f"{path}/{kind}/bias"] = (part.bias, _same)
    return found


def _same(stored):
    return stored


def _vector_from(map_shape):
    """Function from stored flattened maps ``[..., C H W]`` to our ``[..., H W C]``."""
    return _same if map_shape is None else lambda stored: stored[..., flatten_order(map_shape)]


def _dense_from(map_shape):
    return lambda stored: dense_kernel(stored, map_shape)


def all_weights(stages, shapes, input_shape):
    """As ``weights_of``, of all stages in order; shapes are those of their outputs."""
    found, before, was_map = {}, input_shape, None
    for number, (stage, shape) in enumerate(zip(stages, shapes, strict=True)):
        # A vector that is a flattened map has its entries in another order.
        map_shape = before if len(before) == 3 else was_map
        found |= weights_of(stage, f"layer{number}", map_shape)
        was_map = before if stage.name.startswith("flatten") else None
        before = shape
    return found


def encoder_weights(encoder, image_shape):
    """As ``weights_of``, of a built encoder."""
    shapes = [encoder.endpoint_shapes[stage.name] for stage in encoder.stages]
    return all_weights(encoder.stages, shapes, image_shape)


def assign(variables, stored, what):
    """Gives all variables their stored arrays, and demands that these are the file's all."""
    # Given and automatic projections are told apart by the files only.
    stored = {name.replace("/shortcut0/", "/shortcut/"): array for name, array in stored.items()}
    assert set(variables) == set(stored), f"{what}: {sorted(set(variables) ^ set(stored))}"
    for name, (variable, to_ours) in variables.items():
        variable.assign(to_ours(stored[name]))


def stored_under(golden, prefix):
    """Name without prefix -> array."""
    return {
        name.removeprefix(prefix): golden[name] for name in golden.names if name.startswith(prefix)
    }


def widths_of(stored, layers):
    """(widths of all layers but an added dense one, width of that or 0) from stored weights.

    Args:
        stored: name -> array.
        layers: positions of the layers that a full encoder has a width for.
    """
    outputs = {}
    for name, array in stored.items():
        match = re.fullmatch(r"layer(\d+)/(?:block0/layer0/)?(?:conv|fc)/weight", name)
        if match:
            outputs[int(match[1])] = array.shape[0]
    last = max(outputs)
    return tuple(outputs[position] for position in layers), 0 if last in layers else outputs[last]


def positions_with_widths(name):
    """Positions of the layers that have a width."""
    layers = CONFIGURATIONS[name].layers
    return [number for number, (_, layer) in enumerate(layers) if hasattr(layer, "width")]


def reduced_encoder(golden, name, image_shape, precision):
    """The encoder ``name`` at the widths of a file, with its weights, and these by name."""
    stored = stored_under(golden, "w/")
    widths, units = widths_of(stored, positions_with_widths(name))
    encoder = encoders.get(name, output_units=units, widths=widths, dtype=precision)
    encoder.build((None, *image_shape))
    variables = encoder_weights(encoder, image_shape)
    assign(variables, stored, golden.name)
    return encoder, variables


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


def rounding_noise(encoder, variables, images, cotangent, results):
    """How far the results move when every input and weight moves by a float32 rounding.

    Batch norm of two examples divides by their difference, which may be next to nothing: what the
    release computed there in float32 is partly noise, and no port can be closer to it than that.
    """
    rng = np.random.default_rng(0)

    def rounded(array):
        return array * (1 + 2.0**-23 * rng.choice([-1, 1], array.shape)).astype(array.dtype)

    for variable, _ in variables.values():
        variable.assign(rounded(variable.numpy()))
    moved = results_of(encoder, tf.constant(rounded(images.numpy())), cotangent)
    return {name: np.abs(array - results[name]).max() for name, array in moved.items()}


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
        results = results_of(encoder, images, cotangent)
        after = {
            path.replace("/shortcut0/", "/shortcut/"): path
            for path in stored_under(golden, "after/")
        }
        assert set(after) == {path for path in variables if re.search(r"/bn/(mean|var)$", path)}
        for path, stored_path in after.items():
            compare.relative(f"after/{stored_path}", variables[path][0])
        noise = rounding_noise(encoder, variables, images, cotangent, results)
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
        layouts.append(_vector_from(before) if is_flatten else channels_last)
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
        # Names in the table may carry a remark; such networks are not in these files.
        entry = described()[name]
        build = entry["output_units_64"]
        if build["global"]["resolved_index"] != build["layers"][-1]["index"]:
            # With several globals the release stored the network without the dense layer.
            build = {**entry["output_units_0"], "parameters": build["parameters"]}
        units = 64 if build["n_parameters"] == entry["output_units_64"]["n_parameters"] else 0
        channels, height, width = entry["input_shape_chw"]
        encoder = encoders.get(name, output_units=units)
        encoder.build((None, height, width, channels))
        count = len(build["layers"])
        shapes = {
            path: shape
            for path, shape in build["parameters"]
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
        tail = _tail(name, stored, local.shape, compare.precision)
        outputs = tail(ports.tensor(local, compare.precision), training=True)
        compare.relative(
            f"{name}/L", outputs[..., np.newaxis], to_stored=lambda array: array, rtol=2e-5
        )


def _tail(name, stored, local_shape, precision):
    """The tail of an encoder at the widths of stored weights, with these weights."""
    configuration = CONFIGURATIONS[name]
    local = [layer for layer, _ in configuration.layers].index(configuration.endpoints["local"])
    positions = positions_with_widths(name)
    later = [number - local for number in positions if number >= local]
    widths, units = widths_of(stored, later)
    # What comes before the local map does not exist in the tail: any width will do.
    widths = (*[1] * (len(positions) - len(later)), *widths)
    model = encoders.get(name, widths=widths, dtype=precision).tail(units)
    model.build(local_shape)
    shapes = [tuple(local_shape[1:])]
    for stage in model.stages:
        shapes.append(tuple(stage.compute_output_shape((None, *shapes[-1])))[1:])
    assign(all_weights(model.stages, shapes[1:], shapes[0]), stored, name)
    return model


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
