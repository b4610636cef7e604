"""Deep InfoMax's evaluations: dependence between coordinates, SSIM, and the probes' classifier."""

import re

import numpy as np
import pytest
import tensorflow as tf

from tests.golden.dim_files import DimComparisons, cases, channels_last, dense_kernel, groups
from tf_infomax.evaluation.classifier_head import (
    ClassifierHead,
    labelled_accuracy,
    labelled_cross_entropy,
)
from tf_infomax.evaluation.dependence import (
    ScoreNetwork,
    dependence_loss,
    dependence_readout,
    permute_columns,
)
from tf_infomax.evaluation.structural_similarity import released_ssim

PATTERN = "tasks*.npz"
MEASURES = {"KL": "kl", "DV": "donsker_varadhan", "JSD": "jsd"}


def tensor(array, precision):
    return tf.constant(np.asarray(array), precision)


def numbers(golden, pattern):
    """All integers that stand in the place of ``(\\d+)`` in names, sorted."""
    return sorted({int(match[1]) for match in golden.match(pattern)})


def score_network(golden, key, precision):
    """The discriminator with the file's weights, and its variables by their stored names."""
    layers = [
        f"{key}/w/layer{index}/fc" for index in numbers(golden, rf"{key}/w/layer(\d+)/fc/weight")
    ]
    kernels = [golden.input(f"{layer}/weight") for layer in layers]
    assert kernels[-1].shape[0] == 1, "the last layer gives the score"
    network = ScoreNetwork([len(kernel) for kernel in kernels[:-1]], dtype=precision)
    network.build((None, kernels[0].shape[1]))
    variables = {}
    for layer, kernel, stage in zip(layers, kernels, network.stages, strict=True):
        stage.kernel.assign(dense_kernel(kernel))
        stage.bias.assign(golden.input(f"{layer}/bias"))
        stored = layer.removeprefix(f"{key}/w/")
        variables |= {f"{stored}/weight": stage.kernel, f"{stored}/bias": stage.bias}
    return network, variables


def check_dependence(compare):
    golden, key, precision = compare.golden, compare.key, compare.precision
    codes = tensor(golden.input(f"{key}/z"), precision)
    shuffled_codes = permute_columns(codes, golden.input(f"{key}/perm"))
    compare.relative(f"{key}/z_shuffled", shuffled_codes, rtol=0.0, atol=0.0)
    network, variables = score_network(golden, key, precision)
    for stored in golden.prefixes(rf"{key}/(\w+)/loss"):
        values = [variable.value for variable in variables.values()]
        with tf.GradientTape() as tape:
            tape.watch(values)
            scores, shuffled = network(codes), network(shuffled_codes)
            loss = dependence_loss(scores, shuffled, MEASURES[stored])
        compare.relative(f"{key}/scores", scores)
        compare.relative(f"{key}/scores_shuffled", shuffled)
        compare.relative(f"{key}/{stored}/loss", loss)
        compare.relative(f"{key}/{stored}/ndm", dependence_readout(scores, shuffled))
        for name, gradient in zip(variables, tape.gradient(loss, values), strict=True):
            compare.relative(f"{key}/{stored}/grad/{name}", tf.transpose(gradient), rtol=1e-4)


@pytest.mark.parametrize("case", cases(PATTERN, groups(r"ndm[^/]*")))
def test_dependence(case):
    with DimComparisons(case) as compare:
        check_dependence(compare)


def check_similarity(compare):
    golden, key = compare.golden, compare.key
    a, b = (
        tensor(channels_last(golden.input(f"{key}/{name}")), compare.precision) for name in "ab"
    )
    per_image = released_ssim(a, b)
    compare.relative(f"{key}/per_image", per_image, rtol=1e-4)
    compare.relative(f"{key}/mean", tf.reduce_mean(per_image), rtol=1e-4)
    compare.relative(f"{key}/self", tf.reduce_mean(released_ssim(a, a)))
    for window in numbers(golden, rf"{key}/mean_window(\d+)"):
        mean = tf.reduce_mean(released_ssim(a, b, window))
        compare.relative(f"{key}/mean_window{window}", mean, rtol=1e-4)


@pytest.mark.parametrize("case", cases(PATTERN, groups(r"ssim[^/]*")))
def test_structural_similarity(case):
    with DimComparisons(case) as compare:
        check_similarity(compare)


def classifier(golden, key, map_shape, precision):
    weights = f"{key}/w/layer0"
    hidden, logits = (golden.input(f"{key}/w/layer{i}/fc/weight") for i in range(2))
    has_bias = f"{weights}/fc/bias" in golden
    head = ClassifierHead(
        len(logits), len(hidden), dropout=0.0, hidden_bias=has_bias, dtype=precision
    )
    head.build((None, *map_shape))
    head.hidden.kernel.assign(dense_kernel(hidden, map_shape if len(map_shape) == 3 else None))
    if has_bias:
        head.hidden.bias.assign(golden[f"{weights}/fc/bias"])
    head.logits.kernel.assign(dense_kernel(logits))
    head.logits.bias.assign(golden.input(f"{key}/w/layer1/fc/bias"))
    names = ("gamma", "beta", "mean", "var")
    norm = head.normalization
    variables = (norm.gamma, norm.beta, norm.moving_mean, norm.moving_variance)
    for name, variable in zip(names, variables, strict=True):
        variable.assign(golden.input(f"{weights}/bn/{name}"))
    return head


def check_classifier(compare):
    golden, key, precision = compare.golden, compare.key, compare.precision
    x = tensor(channels_last(golden.input(f"{key}/x")), precision)
    targets = tf.constant(golden.input(f"{key}/targets"), tf.int32)
    head = classifier(golden, key, tuple(x.shape[1:]), precision)
    logits = head(x, training=False)
    compare.relative(f"{key}/eval/logits", logits)
    compare.relative(f"{key}/eval/loss", labelled_cross_entropy(targets, logits))
    for k in numbers(golden, rf"{re.escape(key)}/eval/accuracy_top_(\d+)"):
        percent = 100.0 * labelled_accuracy(targets, logits, k)
        compare.relative(f"{key}/eval/accuracy_top_{k}", percent)
    compare.relative(f"{key}/train_nodropout/logits", head(x, training=True))
    norm = head.normalization
    compare.relative(f"{key}/after/layer0/bn/mean", norm.moving_mean)
    compare.relative(f"{key}/after/layer0/bn/var", norm.moving_variance)


@pytest.mark.parametrize("case", cases(PATTERN, groups(r"cls[^/]*")))
def test_classifier(case):
    with DimComparisons(case) as compare:
        check_classifier(compare)
