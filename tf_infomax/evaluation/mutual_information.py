"""A bound on given pairs, at a given batch size."""

import tensorflow as tf

from tf_infomax.naming import arguments
from tf_infomax.numerics.tensors import tensor

__all__ = ["mean_bound"]


def mean_bound(bound, critic, codes_1, codes_2, batch_size, baseline=None):
    """Mean of a bound over consecutive batches of pairs, in nats.

    InfoNCE depends on the batch size (its ceiling is log K), so held-out pairs are measured at the
    training batch size; a last, smaller batch is left out.

    Args:
        bound: function from scores to a scalar.
        critic: ``critic(x, y) -> [K, K]`` scores.
        codes_1, codes_2: ``[N, D1]``, ``[N, D2]``; row i of both is one pair.
        batch_size: pairs in a batch, K.
        baseline: ``baseline(x) -> [K]``, the ``log_baseline`` of the bound, or ``None``.

    Returns:
        Scalar tensor, in nats.

    Raises:
        ValueError: if there are fewer pairs than a batch, or unequal numbers of codes.
    """
    arguments.function(bound, "bound", "a function of scores; see bounds.get")
    arguments.function(critic, "critic", "a function of two batches of codes")
    batch_size = arguments.positive_integer(batch_size, "batch_size")
    if baseline is not None:
        arguments.function(baseline, "baseline", "a function of a batch of codes, or None")
    codes_1, codes_2 = (
        tensor(codes, name)
        for name, codes in (("codes_1", codes_1), ("codes_2", codes_2))
    )
    if not codes_1.shape.rank or not codes_2.shape.rank:
        raise ValueError(
            "Codes must have shape [N, D]. "
            f"Received: shapes {codes_1.shape} and {codes_2.shape}."
        )
    if len(codes_1) != len(codes_2) or len(codes_1) < batch_size:
        raise ValueError(
            f"At least {batch_size} pairs (one batch) of codes are needed. "
            f"Received: {len(codes_1)} and {len(codes_2)} codes."
        )
    values = []
    for start in range(0, len(codes_1) - batch_size + 1, batch_size):
        x, y = (codes[start : start + batch_size] for codes in (codes_1, codes_2))
        own = {} if baseline is None else {"log_baseline": baseline(x)}
        values.append(bound(critic(x, y), **own))
    return tf.reduce_mean(tf.stack(values))
