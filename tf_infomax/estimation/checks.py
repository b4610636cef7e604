"""Checks of an estimator's options, before any training."""

import numbers

import keras
import numpy as np

from tf_infomax.estimation import margins
from tf_infomax.estimation.named_options import check_names
from tf_infomax.estimation.plan import check_epochs, check_jobs
from tf_infomax.naming.arguments import integer, seed_or_none

__all__ = ["check_options", "check_training_pairs", "seed_of"]

_PAIRS_PER_FOLD = 10
_INTEGERS = (
    ("folds", 2),
    ("patience", 1),
    ("negatives", 1),
    ("held_out_partners", 1),
    ("half_fits", 0),
)


def check_options(options, num_pairs):
    """Raises ``ValueError`` on options (a dict) of the estimator that do not fit N pairs."""
    for name, smallest in _INTEGERS:
        integer(options[name], name, smallest)
    check_epochs(options["epochs"])
    for name in ("validation_fraction", "confidence", "learning_rate"):
        value = options[name]
        if not isinstance(value, numbers.Real) or not 0.0 < value < 1.0:
            raise ValueError(f"`{name}` must be between 0 and 1. Received: {name}={value!r}.")
    check_jobs(options["jobs"], options["n_jobs"])
    critic = options["critic"]
    margins.check(options["margins"])
    if isinstance(critic, str):
        check_names(critic=critic)
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
    return seed_or_none(value, name)


def check_training_pairs(num_train, negatives, validation_fraction):
    """Raises ``ValueError`` if the validation pairs leave a fold too few to train on."""
    if num_train <= negatives:
        raise ValueError(
            "`validation_fraction` must leave every fold more training pairs than `negatives`, "
            f"{negatives}. Received: validation_fraction={validation_fraction!r}, which leaves "
            f"{num_train}."
        )
