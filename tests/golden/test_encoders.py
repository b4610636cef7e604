"""Encoders: outputs, results on the way, inverses, log-determinants, gradients."""

import math

import numpy as np
import pytest
import tensorflow as tf

from tests.golden import ports
from tests.golden.golden_files import Comparisons, cases
from tf_infomax import encoders

MLPS = ("encoder_mlp*.npz", "encoder_skip_mlp*.npz")
CONVNETS = "encoder_convnet*.npz"
FLOWS = "encoder_realnvp*.npz"


def _output_and_gradients(compare, encoder, variables, x):
    """Compares ``out`` and the gradients of ``sum(cotangent * out)``; returns the output."""
    cotangent = ports.tensor(compare.golden.input("cotangent"), compare.precision)
    with tf.GradientTape() as tape:
        tape.watch(x)
        out = encoder(x)
        total = tf.reduce_sum(cotangent * out)
    gradients = tape.gradient(total, {"x": x, **variables})
    compare("out", out, "array")
    for name, gradient in gradients.items():
        compare(f"grad_{name}", gradient, "array")
    return out


def check_mlp(compare):
    golden = compare.golden
    encoder, variables = ports.mlp(
        golden, "dense", compare.precision, shortcuts="skip" in golden.name
    )
    x = ports.tensor(golden.input("x"), compare.precision)
    _output_and_gradients(compare, encoder, variables, x)
    for index, hidden in enumerate(encoder.layer_outputs(x)):
        compare(f"after_layer_{index}", hidden, "array")


@pytest.mark.parametrize("case", cases(MLPS))
def test_mlp(case):
    with Comparisons(case) as compare:
        check_mlp(compare)


def image_shape(num_values, halved=None, channels=1):
    """``(height, width, channels)`` of flattened images, which the files do not state.

    A convolution of stride 2 with "same" padding halves height and width, rounding up, so that its
    output ``halved`` leaves two candidates for each; their product decides. Where two are left,
    or there is no ``halved``, the image is the upper half of a square one, as in the paper.
    """
    pixels = num_values // channels
    fitting = []
    if halved is not None:
        height, width = (int(size) for size in halved)
        fitting = [
            (h, w)
            for h in (2 * height, 2 * height - 1)
            for w in (2 * width, 2 * width - 1)
            if h * w == pixels
        ]
    height = math.isqrt(pixels // 2)
    fitting += [(height, 2 * height)] if 2 * height * height == pixels else []
    if not fitting:
        pytest.skip(f"height and width of images of {pixels} pixels are not known")
    return (*min(fitting, key=lambda shape: shape[0] > shape[1]), channels)


def check_convnet(compare):
    golden, precision = compare.golden, compare.precision
    x = ports.tensor(golden.input("x"), precision)
    kernel, projection = golden.inputs("conv_0_kernel", "dense_kernel")
    channels = kernel.shape[2]
    shape = x.shape[1:]
    if x.shape.rank == 2:
        halved = golden["conv_0_shape"][1:3] if "conv_0_shape" in golden else None
        shape = image_shape(x.shape[1], halved, channels)
    encoder = encoders.ConvNet(
        channels=kernel.shape[3],
        kernel_size=kernel.shape[0],
        output_dim=projection.shape[1],
        image_shape=tuple(shape) if x.shape.rank == 2 else None,
        dtype=precision,
    )
    encoder.build(x.shape)
    variables = {
        "layernorm_scale": encoder.normalization.scale,
        "layernorm_bias": encoder.normalization.bias,
        "dense_kernel": encoder.projection.kernel,
        "dense_bias": encoder.projection.bias,
    }
    for index, layer in enumerate(encoder.convolutions):
        variables |= {f"conv_{index}_kernel": layer.kernel, f"conv_{index}_bias": layer.bias}
    ports.assign(golden, variables)
    out = _output_and_gradients(compare, encoder, variables, x)

    hidden = tf.reshape(x, (-1, *shape))
    for index, layer in enumerate(encoder.convolutions):
        hidden = layer(hidden)
        compare.exact(f"conv_{index}_shape", np.array(hidden.shape))
        compare(f"conv_{index}_mean", np.mean(hidden, axis=(1, 2, 3)), "array")
        compare(f"conv_{index}_std", np.std(hidden, axis=(1, 2, 3)), "array")
    hidden = encoder.normalization(hidden)
    compare("after_layernorm", hidden, "array")
    hidden = tf.reduce_mean(hidden, axis=(1, 2))
    compare("after_gap", hidden, "array")
    # These stages are the encoder's own, or comparing them would tell nothing about it.
    tolerance = 1e-12 if precision == "float64" else 1e-5
    compare.close("out of the stages", encoder.projection(hidden), out, tolerance)


@pytest.mark.parametrize("case", cases(CONVNETS))
def test_convnet(case):
    with Comparisons(case) as compare:
        check_convnet(compare)


def check_flow(compare):
    golden, precision = compare.golden, compare.precision
    x = ports.tensor(golden.input("x"), precision)
    encoder, variables = ports.real_nvp(golden, "", x.shape[1], precision)
    out = _output_and_gradients(compare, encoder, variables, x)
    _check_trace(compare, encoder.trace(x), encoder.num_couplings)

    inverse = encoder.inverse(x)
    compare("inverse_of_x", inverse, "array")
    compare("inverse_of_out", encoder.inverse(out), "array")
    # Both round trips end where they began, whatever the file says: the float64 and float32
    # rows of the README's table.
    tolerance = 1e-9 if precision == "float64" else 1e-5 * np.abs(x).max() + 3e-7
    compare.close("inverse(forward(x))", encoder.inverse(out), x, tolerance)
    if precision == "float64":
        compare.close("forward(inverse(x))", encoder(inverse), x, tolerance)

    log_det = encoder.log_det(x)
    if encoder.scale == "none":
        compare.close("log_det of shifts", log_det, np.zeros(len(x)), 0.0)
    with tf.GradientTape() as tape:
        tape.watch(x)
        codes = encoder(x)
    jacobian = tape.batch_jacobian(codes, x)
    log_abs_det = np.linalg.slogdet(jacobian)[1]
    tolerance = 1e-9 if precision == "float64" else 1e-5 * max(1.0, np.abs(log_abs_det).max())
    compare.close("log_det and slogdet", log_det, log_abs_det, tolerance)


def _check_trace(compare, trace, num_couplings):
    """``trace_<t>_<step>_<k>``: permutation and coupling K-1, ..., permutation and coupling 0."""
    ours = {
        (time, ("permute", "coupling")[time % 2], num_couplings - 1 - time // 2): value
        for time, value in enumerate(trace)
    }
    for name in compare.golden.prefixes(r"(trace_.*)_f(?:32|64)"):
        _, time, step, k = name.split("_")
        if (int(time), step, int(k)) in ours:
            compare(name, ours[int(time), step, int(k)], "array")
        else:
            compare.failures.append(f"{name}: our flow has no such step")


@pytest.mark.parametrize("case", cases(FLOWS))
def test_flow(case):
    with Comparisons(case) as compare:
        check_flow(compare)
