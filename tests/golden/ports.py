"""Our networks with the weights of a golden file, for the groups that share them.

Every function returns the network and its variables under the names the file gives them.
"""

import numpy as np
import tensorflow as tf

from tests.golden.golden_files import layer_count
from tf_infomax import critics, encoders

__all__ = ["assign", "mlp", "one_critic", "real_nvp", "tensor"]


def tensor(array, precision):
    """``array`` as a float tensor: stored as float32, cast up unchanged for float64."""
    return tf.constant(np.asarray(array).astype(precision))


def assign(golden, variables):
    """Gives every variable the array of its name."""
    for name, variable in variables.items():
        variable.assign(golden.input(name))
    return variables


def _stack_names(prefix, layers):
    return {
        f"{prefix}_{index}_{part}": getattr(layer, part)
        for index, layer in enumerate(layers)
        for part in ("kernel", "bias")
    }


def _widths(golden, prefix):
    count = layer_count(golden, prefix)
    return [golden.input(f"{prefix}_{index}_kernel").shape[1] for index in range(count)]


def mlp(golden, prefix, precision, shortcuts=False):
    """``MLP`` with layers ``<prefix>_<i>_{kernel,bias}``."""
    network = encoders.MLP(_widths(golden, prefix), shortcuts=shortcuts, dtype=precision)
    network.build((None, golden.input(f"{prefix}_0_kernel").shape[0]))
    return network, assign(golden, _stack_names(prefix, network.dense))


def real_nvp(golden, prefix, dim, precision):
    """``RealNVP`` of dimension ``dim`` with conditioners ``<prefix>coupling_<k>_dense_<i>_*``.

    Its scale is told by the width of the conditioners' last layer: they give the shift of the
    entries that move, and with a scale as many numbers again.
    """
    num_couplings = layer_count(golden, f"{prefix}coupling", suffix=r"_dense_\d+_kernel")
    stacks = [f"{prefix}coupling_{k}_dense" for k in range(num_couplings)]
    *hidden, outputs = _widths(golden, stacks[0])
    moved = dim - dim // 2
    assert outputs in (moved, 2 * moved), (
        f"{golden.name}: a conditioner of {outputs} outputs fits no coupling of dimension {dim}"
    )
    network = encoders.RealNVP(
        hidden_units=hidden,
        scale="none" if outputs == moved else "softplus",
        permutations=np.stack(golden.inputs(*(f"permutation_{k}" for k in range(num_couplings)))),
        dtype=precision,
    )
    network.build((None, dim))
    variables = {}
    for stack, conditioner in zip(stacks, network.conditioners, strict=True):
        variables |= assign(golden, _stack_names(stack, conditioner.dense))
    return network, variables


def one_critic(golden, kind, precision, x_dim, y_dim, prefix=""):
    """The critic called ``kind`` in file names, for codes of the given widths."""
    make = {
        "innerprod": _inner_product,
        "bilinear": _bilinear,
        "concat": _concat,
        "separable": _separable,
    }[kind]
    # Unbuilt, and the function that names its variables once they exist.
    network, names = make(golden, prefix, precision)
    network.build((None, x_dim), (None, y_dim))
    return network, assign(golden, names(network))


def _inner_product(golden, prefix, precision):
    del golden, prefix
    return critics.InnerProdCritic(dtype=precision), lambda network: {}


def _bilinear(golden, prefix, precision):
    name = f"{prefix}W_kernel"
    network = critics.BilinearCritic(golden.input(name).shape[1], dtype=precision)
    return network, lambda network: {name: network.kernel}


def _concat(golden, prefix, precision):
    hidden_dim, *_, one = _widths(golden, f"{prefix}f")
    assert one == 1, f"{golden.name}: a concat critic has one output, not {one}"
    layers = layer_count(golden, f"{prefix}f") - 1
    network = critics.ConcatCritic(hidden_dim, layers, dtype=precision)
    return network, lambda network: _stack_names(f"{prefix}f", network.f)


def _separable(golden, prefix, precision):
    hidden_dim, *_, output_dim = _widths(golden, f"{prefix}fx")
    layers = layer_count(golden, f"{prefix}fx") - 1
    network = critics.SeparableCritic(hidden_dim, output_dim, layers, dtype=precision)
    return network, lambda network: (
        _stack_names(f"{prefix}fx", network.fx) | _stack_names(f"{prefix}fy", network.fy)
    )
