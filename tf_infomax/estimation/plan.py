"""The plan of a fit: every "auto" decided, and how much work is worth doing for so many pairs."""

import dataclasses
import math
import numbers
import os

import numpy as np

from tf_infomax.estimation.schedule import Schedule
from tf_infomax.naming.arguments import integer

__all__ = ["Plan", "check_epochs", "check_jobs", "plan_of"]

# Training pairs up to which an epoch passes over all of them, and a cycle of the learning rate has
# so many epochs. With more pairs, steps are larger, and their number in an epoch and in a cycle is
# limited: what limits an estimate then is not the number of passes.
_FEW_PAIRS, _CYCLE, _CYCLES = 20_000, 40, 10
_MOST_STEPS, _CYCLE_PAIRS = 50, 600_000
# Beyond so many pairs the shortfall is small, and costs too much to estimate.
_MOST_PAIRS_WITH_HALVES = 50_000
# Scores of all held-out pairs together, if the bound has no ceiling that depends on the negatives,
# and the fewest negatives of each.
_HELD_OUT_SCORES, _FEWEST_PARTNERS = 6_000_000, 32


@dataclasses.dataclass(frozen=True)
class Plan:
    """What a fit does.

    Attributes:
        schedule: ``Schedule`` of the training of one critic.
        halves: folds in which a critic is trained on half of the pairs, too.
        partners: negatives of each held-out x, at most.
        jobs: folds trained at a time.
    """

    schedule: Schedule
    halves: int
    partners: int
    jobs: int


def plan_of(options, num_pairs, num_train, *, is_table, has_ceiling):
    """The ``Plan`` of a fit.

    Args:
        options: the estimator's, a dict that ``check_options`` has accepted.
        num_pairs: of all pairs.  num_train: training pairs of a fold.
        is_table: whether both sides are discrete, so that nothing is trained.
        has_ceiling: whether the number of negatives limits the bound.

    Raises:
        ValueError: if the batch size does not fit the pairs.
    """
    batch_size = _batch_size(options["batch_size"], options["negatives"], num_train)
    steps = num_train // batch_size
    is_auto = isinstance(options["epochs"], str)
    epochs, cycles = (_CYCLE, _CYCLES) if is_auto else (int(options["epochs"]), 1)
    if is_auto and num_train > _FEW_PAIRS:
        steps = min(steps, _MOST_STEPS)
        epochs = math.ceil(_CYCLE_PAIRS / (steps * batch_size))
    schedule = Schedule(
        0 if is_table else epochs,
        options["patience"],
        batch_size,
        options["negatives"],
        options["learning_rate"],
        steps,
        cycles,
        closed_form=is_auto,
    )
    partners = options["held_out_partners"]
    if not has_ceiling:
        partners = min(partners, max(_FEWEST_PARTNERS, _HELD_OUT_SCORES // num_pairs))
    has_halves = not is_table and num_pairs <= _MOST_PAIRS_WITH_HALVES
    return Plan(
        schedule, options["half_fits"] if has_halves else 0, partners, _jobs(options, num_train)
    )


def check_epochs(epochs):
    """Raises ``ValueError`` unless ``epochs`` is "auto" or an int of at least 0."""
    if not (isinstance(epochs, str) and epochs == "auto"):
        integer(epochs, "epochs", 0, wanted='"auto" or an integer of at least 0')


def check_jobs(jobs, n_jobs):
    """The number that was asked for, ``None`` for "as it pays"; ``ValueError`` on any other."""
    name, value = ("jobs", jobs) if n_jobs is None else ("n_jobs", n_jobs)
    if value is None:
        return None
    if isinstance(value, numbers.Integral) and value == -1:
        return os.cpu_count() or 1
    return integer(value, name, wanted="None, -1 or an integer of at least 1")


def _jobs(options, num_train):
    asked = check_jobs(options["jobs"], options["n_jobs"])
    # Every job compiles a training step of its own, for longer than few pairs take to train on.
    return asked or (1 if num_train <= _FEW_PAIRS else os.cpu_count() or 1)


def _batch_size(batch_size, negatives, num_train):
    """The number of pairs of a step; "auto": a power of two that leaves about 55 steps."""
    size = batch_size
    if isinstance(size, str) and size == "auto":
        size = int(np.clip(2 ** round(math.log2(num_train / 55)), 32, 128))
        if num_train > _FEW_PAIRS:
            size *= 4
        size = min(size, num_train)
    wanted = (
        f'"auto" or an integer above `negatives`, {negatives}, and at most the {num_train} '
        "training pairs of a fold"
    )
    size = integer(size, "batch_size", negatives + 1, wanted=wanted)
    if size > num_train:
        raise ValueError(f"`batch_size` must be {wanted}. Received: batch_size={batch_size!r}.")
    return size
