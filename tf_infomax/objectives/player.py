"""Players: who learns in a step, with which loss, and how often."""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

__all__ = ["Player", "merged", "part_rows"]


@dataclasses.dataclass(frozen=True)
class Player:
    """One side of a game: variables with a loss of their own, which moves no other player.

    The representation (encoders, critics, predictors) is a player, too; its loss is the sum of the
    terms. The players described here are those that terms add. Players with the same name are one
    player: their losses are summed, and one optimizer moves their variables.

    Attributes:
        name: "adversary", "classifier", ...
        variables: trainable variables.
        loss: function of ``Features`` -> (scalar loss, dict of metrics).
        metric: name under which the loss is reported, with its unit.
        unit: "nats", or "1".
        steps: per step of the representation.
        own_batches: ``False``: the player learns from the features of the representation's own
            step, as they were before it moved. ``True``: each of its steps takes a further batch,
            before the step of the representation.
        warmup_steps: steps before the first step of the representation.
    """

    name: str
    variables: list
    loss: Callable
    metric: str
    unit: str = "1"
    steps: int = 1
    own_batches: bool = False
    warmup_steps: int = 0

    def __post_init__(self):
        if self.steps > 1 and not self.own_batches:
            raise ValueError(
                "A player of several steps needs batches of its own. "
                f"Received: {self.name!r}, steps={self.steps}, own_batches=False."
            )

    @property
    def batches(self):
        """Batches that it takes in a step of the representation, besides that step's own batch."""
        return self.steps if self.own_batches else 0


def merged(players):
    """Players, those with the same name merged, in the order of their first appearance.

    Raises:
        ValueError: if players with the same name differ in their steps or batches.
    """
    groups = {}
    for player in players:
        groups.setdefault(player.name, []).append(player)
    return tuple(_one(group) for group in groups.values())


def part_rows(rows, parts, least_rows, replicas=1):
    """Rows of each part of a batch that several players' steps share.

    Args:
        rows: of the batch of one replica; an int, or a scalar tensor.
        parts: into how many parts a step divides it.
        least_rows: smallest part, of all replicas together, on which the losses are defined.
        replicas: number of replicas.

    Raises:
        ValueError: if the parts are too small; ``tf.errors.InvalidArgumentError`` from the graph
            if ``rows`` is a tensor. (XLA compiles no assertions.)
    """
    size, least = rows // parts, -(-least_rows // replicas)
    wanted = (
        f"A step divides its batch into {parts} parts, one for each step of a player with batches "
        "of its own (such as `classifier_steps` of them) and one for the encoders. These need "
        f"{replicas * least} or more rows each: use batches of {parts * replicas * least} or more, "
        "and `drop_remainder=True`."
    )
    if isinstance(size, int):
        if size < least:
            raise ValueError(f"{wanted} Received: a batch of {replicas * rows}.")
        return size
    with tf.control_dependencies([tf.debugging.assert_greater_equal(size, least, wanted)]):
        return tf.identity(size)


def _one(group):
    first = group[0]
    if len(group) == 1:
        return first
    for field in ("metric", "unit", "steps", "own_batches", "warmup_steps"):
        values = [getattr(player, field) for player in group]
        if len(set(values)) > 1:
            raise ValueError(
                f"Players of one name must agree in `{field}`. "
                f"Received: {first.name!r} with {field} of {values}."
            )

    def loss(features):
        losses, metrics = [], {}
        for player in group:
            value, found = player.loss(features)
            losses.append(value)
            metrics.update(found)
        return sum(losses[1:], losses[0]), metrics

    variables = [variable for player in group for variable in player.variables]
    return dataclasses.replace(first, variables=variables, loss=loss)
