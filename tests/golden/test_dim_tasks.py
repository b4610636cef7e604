"""Deep InfoMax's other tasks: coordinates of local features, and matching the code to a prior."""

import re

import numpy as np
import pytest
import tensorflow as tf

from tests.golden import ports
from tests.golden.dim_files import DimComparisons, cases, channels_last, groups
from tests.golden.dim_ports import (
    MEASURES,
    assign,
    dense_weights,
    mi_stored,
    mi_weights,
    stored_endpoints,
    stored_under,
)
from tf_infomax.bounds import divergences
from tf_infomax.objectives import Coordinates, EncodedViews, PriorMatching
from tf_infomax.objectives.coordinates import coordinate_accuracies, coordinate_loss
from tf_infomax.objectives.prior_matching import gradient_penalty, squash

FILES = "tasks*.npz"


def grids(logits):
    """Row and column of every place, ``[K, H, W]``, of logits ``[K, H, W, H + W]``."""
    return tf.meshgrid(*(tf.range(size) for size in logits.shape[:3]), indexing="ij")[1:]


def compare_logits(compare, logits):
    """Loss, its gradient and the accuracies of logits ``[K, H, W, H + W]``."""
    group = compare.key
    rows, columns = grids(logits)
    with tf.GradientTape() as tape:
        tape.watch(logits)
        loss = coordinate_loss(logits, rows, columns)
    compare.relative(f"{group}/loss", loss)
    gradient = tape.gradient(loss, logits)
    compare.relative(f"{group}/grad_logits", gradient, rtol=1e-4, to_stored=channels_last)
    accuracies = coordinate_accuracies(logits, rows, columns)
    for axis, accuracy in zip("xy", accuracies, strict=True):
        compare.relative(f"{group}/{axis}_accuracy", 100.0 * accuracy)
    compare.relative(f"{group}/total_accuracy", 100.0 * np.mean(accuracies))


@pytest.mark.parametrize("case", cases(FILES, groups(r"coord\d*")))
def test_coordinates(case):
    with DimComparisons(case) as compare:
        golden, group = compare.golden, compare.key
        if f"{group}/L" not in golden:
            stored = channels_last(golden.input(f"{group}/logits"))
            compare_logits(compare, ports.tensor(stored, compare.precision))
            return
        names = {"local": f"{group}/L", "global": f"{group}/G"}
        encoder = stored_endpoints(compare, **names)
        term = Coordinates(network="released", dtype=compare.precision)
        term.connect(EncodedViews({"image": encoder}))
        (network,) = term.layers_
        assign(mi_weights(network), mi_stored(golden, f"{group}/w/"), group)
        local, code = encoder.tensors()
        with tf.GradientTape() as tape:
            tape.watch([local, code])
            loss, metrics = term.loss(encoder.features())
        compare.relative(f"{group}/loss", loss)
        compare.relative(f"{group}/total_accuracy", 100.0 * metrics["coordinates_accuracy"])
        for name, gradient in zip("LG", tape.gradient(loss, [local, code]), strict=True):
            compare.relative(
                f"{group}/grad_{name}", gradient, rtol=1e-4, to_stored=channels_last
            )
        tiled = tf.broadcast_to(code[:, None, None], [*local.shape[:3], code.shape[1]])
        logits = term.logits(tf.concat([local, tiled], -1), training=True)
        compare.relative(f"{group}/logits", logits, to_stored=channels_last)
        rows, columns = grids(logits)
        sizes = local.shape[1:3]
        labels = tf.concat([tf.one_hot(rows, sizes[0]), tf.one_hot(columns, sizes[1])], -1)
        if f"{group}/labels" in golden:
            expected = np.moveaxis(golden[f"{group}/labels"], 0, -1)
            compare.close(f"{group}/labels", labels[0], expected, 0.0)
        compare_logits(compare, logits)


def prior_term(compare, codes, **options):
    """``PriorMatching`` with the stored discriminator, and its variables by the files' names.

    Args:
        compare: of a group of a file.
        codes: name of the array that tells the width of a code.
        **options: of the term.
    """
    golden, group = compare.golden, compare.key
    stored = stored_under(golden, f"{group}/w/")
    count = len([name for name in stored if name.endswith("/weight")])
    *hidden_units, one = (len(stored[f"layer{index}/fc/weight"]) for index in range(count))
    assert one == 1, "the last layer gives the score"
    encoder = stored_endpoints(compare, **{"global": f"{group}/{codes}"})
    term = PriorMatching(hidden_units=hidden_units, dtype=compare.precision, **options)
    term.connect(EncodedViews({"image": encoder}))
    variables = {}
    for index, layer in enumerate(term.discriminator.stages):
        variables |= dense_weights(layer, f"layer{index}")
    assign(variables, stored, group)
    return term, encoder, variables


def compare_penalties(compare, term, name, inputs):
    group = compare.key
    for suffix, form in (("", "last_sample"), ("_all_samples", "all_samples")):
        penalty = gradient_penalty(term.discriminate, inputs, form)
        compare.relative(f"{group}/gp_{name}{suffix}", penalty)
    each = [gradient_penalty(term.discriminate, row[tf.newaxis]) for row in inputs]
    compare.relative(f"{group}/gp_{name}_per_sample", each)


@pytest.mark.parametrize("case", cases(FILES, groups(r"prior_[^/]+")))
def test_prior_matching(case):
    with DimComparisons(case) as compare:
        golden, group = compare.golden, compare.key
        measure, prior = re.fullmatch(r"prior_([^_]+)_([^_]+)", group).groups()
        term, encoder, variables = prior_term(
            compare,
            "z_raw",
            prior=prior,
            measure=MEASURES[measure],
            penalty_form="last_sample",
        )
        (raw,) = encoder.tensors()
        draws = ports.tensor(golden.input(f"{group}/prior"), compare.precision)
        codes = squash(raw, prior)
        compare.relative(f"{group}/z_q", codes)
        divergence = divergences.get(MEASURES[measure])
        scores = {"prior": term.discriminate(draws), "z": term.discriminate(codes)}
        for name, values in scores.items():
            compare.relative(f"{group}/score_{name}", values)
        compare.relative(f"{group}/E_pos", tf.reduce_mean(divergence.positive(scores["prior"])))
        compare.relative(f"{group}/E_neg", tf.reduce_mean(divergence.negative(scores["z"])))

        with tf.GradientTape() as tape:
            tape.watch(raw)
            loss, metrics = term.loss(encoder.features())
        compare.relative(f"{group}/enc_loss", loss)
        compare.relative(f"{group}/enc_loss", metrics["prior_encoder_loss"])
        gradient = tape.gradient(loss, raw)
        compare.relative(f"{group}/grad_enc_loss_z_raw", gradient, rtol=1e-4)

        values = [variable.value for variable, _ in variables.values()]
        with tf.GradientTape() as tape:
            loss, metrics = term.discriminator_loss(draws, codes)
        compare.relative(f"{group}/disc_loss", loss)
        compare.relative(f"{group}/measure_est", 0.5 * metrics["prior_divergence"])
        gradients = tape.gradient(loss, values)
        for (name, (_, to_ours)), gradient in zip(variables.items(), gradients, strict=True):
            compare.relative(
                f"{group}/grad_disc_loss/{name}", gradient, rtol=1e-4, to_stored=to_ours
            )
        for name, inputs in (("prior", draws), ("z", codes)):
            compare_penalties(compare, term, name, inputs)
        mean = np.mean([
            gradient_penalty(term.discriminate, inputs, "last_sample") for inputs in (draws, codes)
        ])
        compare.relative(f"{group}/gradient_penalty_mean", mean)


@pytest.mark.parametrize("case", cases(FILES, groups(r"gp_list[^/]*")))
def test_penalty_of_all_samples(case):
    with DimComparisons(case) as compare:
        term, encoder, _ = prior_term(compare, "x")
        (inputs,) = encoder.tensors()
        penalty = gradient_penalty(term.discriminate, inputs)
        compare.relative(f"{compare.key}/penalty", penalty)
