"""Bounds on I(X; Y) where p(y | x) or p(y) is known, and an estimate where neither is.

They read log densities in place of a critic's scores. Log probabilities of discrete y and log
densities of continuous y will both do: a change of the variable y cancels.
"""

import tensorflow as tf

from tf_infomax.bounds.variational import infonce
from tf_infomax.numerics.tensors import tensor, wide
from tf_infomax.scores.pairs import PairScores

__all__ = [
    "barber_agakov_lower",
    "barber_agakov_upper",
    "difference_of_entropies",
    "minibatch_lower",
    "minibatch_upper",
]


def minibatch_upper(log_conditional):
    """Upper bound with p(y) estimated from the batch's other x: the leave-one-out mixture.

    ``mean_j( log p(y_j | x_j) - log mean_{i != j} p(y_j | x_i) )``

    The mixture runs over x, down the column of y_j: a mean of p(y_j | x_i) over independent x_i has
    the expectation p(y_j), and the mean of its logarithm lies below log p(y_j) (Jensen).

    Args:
        log_conditional: ``[K, K]``, ``log p(y_j | x_i)`` in row i and column j, exact, K >= 2.
            ``-inf`` off the diagonal is a density of 0.

    Returns:
        Scalar, in nats: above I(X; Y) in expectation, by about ``Var(r) / (2 (K - 1))`` once that
        is small; infinite if no other x could have produced some y_j.

    Raises:
        ValueError: if ``log_conditional`` is not square, floating, or has K < 2.

    Reference: Poole et al. (2019), arXiv:1905.06922, section 2.1, and its code.
    """
    pairs = _column_pairs(log_conditional)
    return tf.reduce_mean(pairs.joint) - tf.reduce_mean(pairs.marginal_log_mean_exp())


def minibatch_lower(log_conditional):
    """Lower bound with p(y) estimated from all x of the batch: InfoNCE with the optimal critic.

    ``mean_j( log p(y_j | x_j) - log mean_i p(y_j | x_i) )``

    The mixture runs over x, down the column of y_j, and includes the positive x_j: this is InfoNCE
    with the critic log p(y | x) and the y as anchors, ``infonce(transpose(log_conditional))``.

    Args:
        log_conditional: as for ``minibatch_upper``.

    Returns:
        Scalar, in nats: below I(X; Y) in expectation, and never above ``log K``.

    Raises:
        ValueError: if ``log_conditional`` is not square, floating, or has K < 2.

    Reference: Poole et al. (2019), arXiv:1905.06922, and its code (where it is called TNCE).
    """
    return infonce(_column_pairs(log_conditional))


def barber_agakov_upper(log_conditional, log_marginal):
    """Upper bound with a variational marginal: ``mean(log p(y | x)) - mean(log q(y))``.

    Args:
        log_conditional: ``[K]``, ``log p(y_i | x_i)``, exact.
        log_marginal: ``[K]``, ``log q(y_i)`` of any density q that was not fitted to these pairs.

    Returns:
        Scalar, in nats: in expectation ``I(X; Y) + KL(p(y) || q(y))``. Unbiased for its q.

    Raises:
        ValueError: if the shapes are not ``[K]`` twice, or the numbers not floating.

    Reference: Barber and Agakov (2003); Poole et al. (2019), arXiv:1905.06922, section 2.1.
    """
    return _mean_log_ratio(log_conditional, log_marginal)


def barber_agakov_lower(log_conditional, log_marginal):
    """Lower bound with a variational conditional: ``mean(log q(y | x)) - mean(log p(y))``.

    Args:
        log_conditional: ``[K]``, ``log q(y_i | x_i)`` of any conditional density q that was not
            fitted to these pairs.
        log_marginal: ``[K]``, ``log p(y_i)``, exact.

    Returns:
        Scalar, in nats: in expectation ``I(X; Y) - E_x KL(p(y | x) || q(y | x))``. Unbiased for
        its q.

    Raises:
        ValueError: if the shapes are not ``[K]`` twice, or the numbers not floating.

    Reference: Barber and Agakov (2003); Poole et al. (2019), arXiv:1905.06922, section 2.1.
    """
    return _mean_log_ratio(log_conditional, log_marginal)


def difference_of_entropies(log_conditional, log_marginal):
    """H(Y) - H(Y | X), each bounded by a cross entropy: **an estimate, not a bound**.

    ``mean(log q(y | x)) - mean(log q(y))``

    Each cross entropy lies above its entropy, so their difference may be biased either way. The
    formula is that of Barber and Agakov's bounds, which need one of the two densities exactly.

    Args:
        log_conditional: ``[K]``, ``log q(y_i | x_i)`` of a fitted density, at held-out pairs.
        log_marginal: ``[K]``, ``log q(y_i)`` of a fitted density, at the same pairs.

    Returns:
        Scalar, in nats: in expectation ``I(X; Y) + KL(p(y) || q(y)) - E_x KL(p(y | x) ||
        q(y | x))``.

    Raises:
        ValueError: if the shapes are not ``[K]`` twice, or the numbers not floating.

    Reference: McAllester and Stratos (2020), AISTATS.
    """
    return _mean_log_ratio(log_conditional, log_marginal)


def _column_pairs(log_conditional):
    """Anchors y, candidates x."""
    log_conditional = tensor(log_conditional, "log_conditional")
    shape = log_conditional.shape
    if shape.rank != 2 or not shape[:1].is_compatible_with(shape[1:]):
        raise ValueError(
            "`log_conditional` must have shape [K, K], log p(y_j | x_i) in row i and column j. "
            f"Received: an array of shape {shape}."
        )
    return PairScores.from_matrix(tf.transpose(log_conditional))


def _mean_log_ratio(log_conditional, log_marginal):
    densities = []
    for name, values in (("log_conditional", log_conditional), ("log_marginal", log_marginal)):
        values = tensor(values, name)
        if not values.dtype.is_floating or values.shape.rank != 1 or values.shape[0] == 0:
            raise ValueError(
                f"`{name}` must be floating, of shape [K], one log density a pair. "
                f"Received: {values.dtype.name} of shape {values.shape}."
            )
        densities.append(wide(values))
    conditional, marginal = densities
    if not conditional.shape.is_compatible_with(marginal.shape):
        raise ValueError(
            "`log_conditional` and `log_marginal` must be of the same pairs. "
            f"Received: shapes {conditional.shape} and {marginal.shape}."
        )
    marginal = tf.cast(marginal, conditional.dtype)
    # The mean of the differences: they vary less than either log density.
    return tf.reduce_mean(conditional - marginal)
