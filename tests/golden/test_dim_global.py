"""The released global objective, and the local one in its wiring: from endpoints to losses."""

import math
import re

import pytest
import tensorflow as tf

from tests.golden.dim_files import DimComparisons, cases
from tests.golden.dim_ports import (
    assign,
    dense_weights,
    mi_stored,
    mi_weights,
    stored_endpoints,
    stored_under,
    tail_of,
)
from tf_infomax.critics import DotMapCritic, EncoderTailCritic
from tf_infomax.objectives import EncodedViews, GlobalInformation, LocalInformation

FILES = "global_dim*.npz"


def encoders_of(prefix):
    """Function from a file to the encoders that it has a network ``prefix`` for."""
    return lambda golden: golden.prefixes(rf"([^/]+)/{prefix}/.*")


def both_endpoints(compare):
    group = compare.key
    names = {"local": f"{group}/local_in", "global": f"{group}/global_in"}
    return stored_endpoints(compare, **names)


def loss_names(golden, group, pattern):
    """(full name, match) of the losses of a group whose names match ``pattern``."""
    return [(match[0], match) for match in golden.match(rf"{re.escape(group)}/{pattern}")]


def tail_critic(compare, encoder):
    """The released global critic with the stored weights, built."""
    golden, group = compare.golden, compare.key
    shapes = encoder.endpoint_shapes
    stored = stored_under(golden, f"{group}/local_net/")
    tail = tail_of(group, stored, (None, *shapes["local"]), compare.precision)
    critic = EncoderTailCritic(tail.units, tail, dtype=compare.precision)
    critic.build((None, *shapes["global"]), (None, *shapes["local"]))
    # A code as wide as the embeddings is taken as it is.
    variables = {} if critic.dense is None else dense_weights(critic.dense, "layer0")
    assign(variables, stored_under(golden, f"{group}/global_net/"), group)
    return critic


@pytest.mark.parametrize("case", cases(FILES, encoders_of("local_net")))
def test_global_objective(case):
    with DimComparisons(case) as compare:
        golden, group = compare.golden, compare.key
        encoder = both_endpoints(compare)
        critic = tail_critic(compare, encoder)
        local, code = encoder.tensors()
        embedded = critic.embed_globals(code, training=True)
        compare.relative(f"{group}/G", embedded[..., tf.newaxis])
        outputs = critic.tail(local, training=True)
        compare.relative(f"{group}/L", outputs[..., tf.newaxis], rtol=2e-5)

        def loss(**options):
            term = GlobalInformation(critic, endpoint="local", **options)
            term.connect(EncodedViews({"image": encoder}))
            return term.loss(encoder.features())[0]

        compare.relative(f"{group}/loss_fd", loss(bound="jsd"), rtol=2e-5)
        # The release's cross-entropy lacks the constant that makes InfoNCE a bound, and puts a
        # score of -10 in the place of the own image's marginal one.
        rivals = math.log(len(code))
        nce = rivals + loss(bound="infonce", self_score=-10.0)
        compare.relative(f"{group}/loss_nce", nce, rtol=2e-5)
        for name, match in loss_names(golden, group, r"loss_fd_scale([\d.]+)_act([\d.]+)"):
            scaled = loss(
                bound="jsd", weight=float(match[1]), activation_penalty=float(match[2])
            )
            compare.relative(name, scaled, rtol=2e-5)


@pytest.mark.parametrize("case", cases(FILES, encoders_of("localdim_local_net")))
def test_local_objective(case):
    with DimComparisons(case) as compare:
        golden, group = compare.golden, compare.key
        encoder = both_endpoints(compare)
        local, code = encoder.tensors()
        units = len(golden.input(f"{group}/localdim_G")[0])
        critic = DotMapCritic(units, dtype=compare.precision)
        critic.build(code.shape, local.shape)
        for network, name in ((critic.local_net, "local_net"), (critic.global_net, "global_net")):
            assign(mi_weights(network), mi_stored(golden, f"{group}/localdim_{name}/"), group)
        embedded = critic.embed_globals(code, training=True)
        compare.relative(f"{group}/localdim_G", embedded[..., tf.newaxis], rtol=2e-5)
        outputs = tf.reshape(critic.local_net(local, training=True), [len(local), -1, units])
        outputs = tf.transpose(outputs, [0, 2, 1])
        compare.relative(f"{group}/localdim_L", outputs, rtol=2e-5)
        losses = loss_names(golden, group, r"localdim_loss_jsd_scale([\d.]+)_act([\d.]+)")
        for name, match in losses:
            term = LocalInformation(
                critic, "jsd", weight=float(match[1]), activation_penalty=float(match[2])
            )
            term.connect(EncodedViews({"image": encoder}))
            compare.relative(name, term.loss(encoder.features())[0], rtol=2e-5)
