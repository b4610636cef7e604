"""The players of a model's terms, each with its optimizer."""

import contextlib
import dataclasses

import keras

from tf_infomax.objectives.player import merged

__all__ = ["finalized_apart", "log_names", "optimizers_of", "players_of"]

# Names that the model itself logs.
_TAKEN = "loss"


def log_names(terms):
    """One dict per term: its own names of metrics -> unique names in the log.

    Where two terms report the same name, as two of a kind do, the later term's is numbered in the
    order of the list: "local_information", "local_information_2".
    """
    taken = {_TAKEN, *(player.metric for term in terms for player in term.players)}
    result = []
    for term in terms:
        names = {}
        for metric in term.metric_units:
            candidates = (metric, *(f"{metric}_{k}" for k in range(2, len(taken) + 3)))
            names[metric] = next(name for name in candidates if name not in taken)
            taken.add(names[metric])
        result.append(names)
    return result


def players_of(terms, names):
    """All players of the terms, merged by name, with metrics named as in the log."""
    return merged(
        [
            dataclasses.replace(player, loss=_renamed(player.loss, own))
            for term, own in zip(terms, names, strict=True)
            for player in term.players
        ]
    )


def _renamed(loss, names):
    def renamed(features):
        value, metrics = loss(features)
        return value, {names[metric]: one for metric, one in metrics.items()}

    return renamed


def optimizers_of(players, given, own):
    """Name of a player -> its optimizer: the given one, or a copy of the representation's.

    Args:
        players: all players.
        given: dict of name -> optimizer; missing optimizers are made.
        own: the representation's optimizer.

    Raises:
        ValueError: on an optimizer for an unknown player, or one optimizer for two players.
    """
    names = [player.name for player in players]
    for name in given:
        if name not in names:
            raise ValueError(
                f"The players are: {', '.join(names) or 'none'}. "
                f"Received: an optimizer for {name!r}."
            )
    found = {}
    for name in names:
        optimizer = given.get(name)
        if optimizer is None:
            optimizer = type(own).from_config(own.get_config())
        found[name] = scaled_like(keras.optimizers.get(optimizer), own)
    everyone = [own, *found.values()]
    if len({id(optimizer) for optimizer in everyone}) < len(everyone):
        raise ValueError("Each player needs an optimizer of its own. Received: one for two.")
    return found


@contextlib.contextmanager
def finalized_apart(optimizers):
    """Within it ``keras.Model.fit`` ends with the averages of every optimizer, under ``use_ema``.

    Keras calls ``finalize_variable_values`` of the model's optimizer alone, with all trainable
    weights of the model, and matches these with its averages by position; but each optimizer has
    averages only of its own player's variables.

    Args:
        optimizers: of all players; the first one is the model's.
    """
    leaves = [leaf for optimizer in optimizers for leaf in _leaves(optimizer)]

    def finalize(variables):
        del variables
        for leaf in leaves:
            # An optimizer that has not moved yet has averages of zero.
            if leaf.iterations.numpy():
                type(leaf).finalize_variable_values(leaf, leaf._trainable_variables)

    optimizers[0].finalize_variable_values = finalize
    try:
        yield
    finally:
        del optimizers[0].finalize_variable_values


def _leaves(optimizer):
    """The optimizers that hold the averages: those inside a scaled or a multiple optimizer."""
    if hasattr(optimizer, "inner_optimizer"):
        return _leaves(optimizer.inner_optimizer)
    if hasattr(optimizer, "optimizers"):
        return [leaf for inner in optimizer.optimizers for leaf in _leaves(inner)]
    return [optimizer]


def scaled_like(optimizer, own):
    """``optimizer``, with loss scaling if the representation's has it, for mixed float16."""
    scaled = keras.optimizers.LossScaleOptimizer
    if isinstance(own, scaled) and not isinstance(optimizer, scaled):
        return scaled(optimizer)
    return optimizer
