"""Deep InfoMax's networks with the weights of a golden file.

Layers are matched by the files' names, ``layer3/block0/layer1/conv/weight``; every array under a
prefix must find its variable, and every variable its array.
"""

import re

from tests.golden import ports
from tests.golden.dim_files import channels_last, conv_kernel, dense_kernel, flatten_order
from tests.stored_endpoints import StoredEndpoints
from tf_infomax import encoders
from tf_infomax.encoders.configurations import CONFIGURATIONS
from tf_infomax.layers.mi_network import MINetwork

__all__ = [
    "MEASURES",
    "all_weights",
    "assign",
    "dense_weights",
    "encoder_weights",
    "matrix",
    "mi_network",
    "mi_stored",
    "mi_weights",
    "reduced_encoder",
    "stored_endpoints",
    "stored_under",
    "tail_of",
    "vector_from",
]

# The release's name of a measure -> that of ``bounds.divergences``.
MEASURES = {
    "GAN": "gan",
    "JSD": "jsd",
    "X2": "chi_squared_released",
    "KL": "kl",
    "RKL": "reverse_kl",
    "H2": "squared_hellinger",
    "W1": "wasserstein",
    "DV": "donsker_varadhan",
}

_NORMS = {"gamma": "gamma", "beta": "beta", "mean": "moving_mean", "var": "moving_variance"}


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
                found[f"{path}/ln/{name}"] = (getattr(part, name), vector_from(map_shape))
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


def vector_from(map_shape):
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


def stored_endpoints(compare, **names):
    """``StoredEndpoints``: endpoint -> name of its array, in the file of a comparison."""
    return StoredEndpoints(**{
        endpoint: ports.tensor(channels_last(compare.golden.input(name)), compare.precision)
        for endpoint, name in names.items()
    })


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


def reduced_encoder(golden, name, image_shape, precision, prefix="w/"):
    """The encoder ``name`` at the widths of a file, with its weights, and these by name."""
    stored = stored_under(golden, prefix)
    widths, units = widths_of(stored, positions_with_widths(name))
    encoder = encoders.get(name, output_units=units, widths=widths, dtype=precision)
    encoder.build((None, *image_shape))
    variables = encoder_weights(encoder, image_shape)
    assign(variables, stored, golden.name)
    return encoder, variables


def tail_of(name, stored, local_shape, precision):
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


def matrix(weight):
    """A stored weight, dense or 1 x 1 convolution, as a matrix ``(in, out)``."""
    return conv_kernel(weight)[0, 0] if weight.ndim == 4 else dense_kernel(weight)


def dense_weights(layer, path):
    """As ``weights_of``, of a single dense layer."""
    return {
        f"{path}/fc/weight": (layer.kernel, dense_kernel),
        f"{path}/fc/bias": (layer.bias, _same),
    }


def mi_weights(network):
    """Name -> (variable, function from stored to ours) of a built ``MINetwork``.

    Names are those of ``mi_stored``.
    """
    found = {
        f"block/bn/{name}": (getattr(network.batch_norm, ours), _same)
        for name, ours in _NORMS.items()
    }
    if network.norm is not None:
        found |= {f"ln/{name}": (getattr(network.norm, name), _same) for name in ("gamma", "beta")}
    for layer, path in (
        (network.dense_0, "block/fc0"),
        (network.dense_1, "block/fc1"),
        (network.shortcut, "shortcut"),
    ):
        found[f"{path}/weight"] = (layer.kernel, matrix)
        if layer.use_bias:
            found[f"{path}/bias"] = (layer.bias, _same)
    return found


def mi_stored(golden, prefix):
    """As ``stored_under``, of an MI network: its 1 x 1 convolutions are named as dense layers."""
    return {
        name.replace("conv", "fc"): array for name, array in stored_under(golden, prefix).items()
    }


def mi_network(golden, prefix, precision, layer_norm=True):
    """``MINetwork`` with the weights under ``prefix``."""
    stored = mi_stored(golden, prefix)
    if not layer_norm:
        # The files hold the norm of nets that do not apply it, too.
        stored = {name: array for name, array in stored.items() if not name.startswith("ln/")}
    width, units = matrix(stored["block/fc0/weight"]).shape
    network = MINetwork(
        units, layer_norm=layer_norm, shortcut_bias="shortcut/bias" in stored, dtype=precision
    )
    network.build((None, width))
    assign(mi_weights(network), stored, f"{golden.name} {prefix}")
    return network
