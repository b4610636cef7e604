"""Checks of an estimator's options, before any training."""

import math
import numbers

import keras
import numpy as np

from tf_infomax import bounds, critics
from tf_infomax.estimation import margins

__all__ = ["batch_size_of", "check_options", "check_training_pairs", "cycles_of", "info_of",
           "jobs_of", "seed_of"]  # fmt: skip

_PAIRS_PER_FOLD = 10
# Of epochs="auto": epochs in a cycle, and the largest number of cycles.
_CYCLE, _CYCLES = 40, 10
# Training pairs up to which a cycle is that long; with more of them it is shorter, down to ...
_WHOLE_CYCLE, _SHORTEST_CYCLE = 20_000, 5
_INTEGERS = (
    ("folds", 2),
    ("patience", 1),
    ("negatives", 1),
    ("held_out_partners", 1),
    ("half_fits", 0),
)


def info_of(bound):
    """``BoundInfo`` of a bound that estimates mutual information from scores.

    Raises:
        ValueError: on any other bound.
    """
    info = bounds.info(bound)
    if _estimates_information(info):
        return info
    usable = [name for name in bounds.names() if _estimates_information(bounds.info(name))]
    raise ValueError(
        "`bound` must estimate mutual information, in nats, from scores: "
        f"{', '.join(usable)}. Received: bound={info.name!r}."
    )


def check_options(options, num_pairs):
    """Raises ``ValueError`` on options (a dict) of the estimator that do not fit N pairs."""
    for name, smallest in _INTEGERS:
        value = options[name]
        if not _is_integer(value) or value < smallest:
            raise ValueError(
                f"`{name}` must be an int of at least {smallest}. Received: {name}={value!r}."
            )
    cycles_of(options["epochs"])
    for name in ("validation_fraction", "confidence", "learning_rate"):
        value = options[name]
        if not isinstance(value, numbers.Real) or not 0.0 < value < 1.0:
            raise ValueError(f"`{name}` must be between 0 and 1. Received: {name}={value!r}.")
    jobs_of(options["jobs"], options["n_jobs"])
    critic = options["critic"]
    margins.get(options["margins"])
    if isinstance(critic, str):
        if critic != "canonical":
            critics.class_of(critic)
    elif not isinstance(critic, keras.layers.Layer) or critic.built:
        raise ValueError(
            "`critic` must be 'canonical', the name of a registered critic, or a Keras layer that "
            f"has not been built. Received: critic={critic!r}."
        )
    needed = _PAIRS_PER_FOLD * options["folds"]
    if num_pairs < needed:
        raise ValueError(
            f"At least {needed} pairs are needed, {_PAIRS_PER_FOLD} for each of "
            f"{options['folds']} folds. Received: {num_pairs} pairs."
        )


def jobs_of(jobs, n_jobs):
    """The number of folds trained at a time, ``None`` for one a processor."""
    name, value = ("jobs", jobs) if n_jobs is None else ("n_jobs", n_jobs)
    if value is None or (_is_integer(value) and value == -1):
        return None
    if not _is_integer(value) or value < 1:
        raise ValueError(
            f"`{name}` must be None, -1 or an int of at least 1. Received: {name}={value!r}."
        )
    return int(value)


def seed_of(seed, random_state):
    """The seed that both stand for; a new one for ``None``.

    Raises:
        ValueError: on a negative seed and on other types.
    """
    name, value = ("seed", seed) if random_state is None else ("random_state", random_state)
    if isinstance(value, np.random.RandomState):
        return int(value.randint(2**31 - 1))
    if isinstance(value, np.random.Generator):
        return int(value.integers(2**31 - 1))
    if value is None:
        return int(np.random.default_rng().integers(2**31 - 1))
    if not _is_integer(value) or value < 0:
        raise ValueError(
            f"`{name}` must be None or an int of at least 0. Received: {name}={value!r}."
        )
    return int(value)


def cycles_of(epochs, num_train=1):
    """(epochs in a cycle, most cycles) that ``epochs`` stands for; ``ValueError`` if invalid."""
    if isinstance(epochs, str) and epochs == "auto":
        length = round(_CYCLE * min(_WHOLE_CYCLE / num_train, 1.0))
        return max(length, _SHORTEST_CYCLE), _CYCLES
    if not _is_integer(epochs) or epochs < 0:
        raise ValueError(
            f'`epochs` must be "auto" or an int of at least 0. Received: epochs={epochs!r}.'
        )
    return int(epochs), 1


def check_training_pairs(num_train, negatives, validation_fraction):
    """Raises ``ValueError`` if the validation pairs leave a fold too few to train on."""
    if num_train <= negatives:
        raise ValueError(
            "`validation_fraction` must leave every fold more training pairs than `negatives`, "
            f"{negatives}. Received: validation_fraction={validation_fraction!r}, which leaves "
            f"{num_train}."
        )


def batch_size_of(batch_size, negatives, num_train):
    """The number of pairs that ``batch_size`` stands for; ``ValueError`` if it does not fit.

    Args:
        batch_size: an int, or "auto": a power of two that leaves about 55 steps in an epoch.
        negatives: number for each x, below the batch size.
        num_train: training pairs of a fold.
    """
    size = batch_size
    if isinstance(size, str) and size == "auto":
        size = int(np.clip(2 ** round(math.log2(num_train / 55)), 32, 128))
        if num_train > _WHOLE_CYCLE:
            size *= 4
        size = min(size, num_train)
    if not _is_integer(size) or not negatives < size <= num_train:
        raise ValueError(
            f"`batch_size` must be \"auto\" or an int above `negatives`, {negatives}, and at most "
            f"the {num_train} training pairs of a fold. Received: batch_size={batch_size!r}."
        )
    return int(size)


def _is_integer(value):
    return isinstance(value, numbers.Integral) and not isinstance(value, bool)


def _estimates_information(info):
    return info.unit == "nats" and info.reads == "scores" and info.kind != "upper"
