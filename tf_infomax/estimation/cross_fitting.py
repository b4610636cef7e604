"""Cross-fitting: a critic for each fold, evaluated on its held-out pairs; each is held out once."""

import dataclasses
import math
from concurrent.futures import ThreadPoolExecutor

import keras
import numpy as np

from tf_infomax.estimation.fold_training import FoldTraining, TrainedCritic
from tf_infomax.estimation.training_pool import borrowed
from tf_infomax.numerics.randomness import stream_seed

__all__ = ["FoldResult", "cross_fit"]

# Groups of held-out pairs, whose spread gives the standard error: large enough that their values
# behave like the whole's, and enough of them to estimate the spread.
_SMALLEST_GROUP = 50
_MOST_GROUPS = 20


@dataclasses.dataclass(frozen=True)
class FoldResult:
    """The result of one fold.

    Attributes:
        critic: trained on the other folds.
        trained: how it was trained.
        value: the bound on the pairs of this fold, nats.
        groups: the bound on disjoint groups of them, nats.
        pointwise: log-density ratio of each of them by the critic, nats: its score minus the
            logarithm of the mean exponential score of the negatives.
        shortfall: by how much a critic trained on half of the pairs is below this one on the same
            held-out pairs, nats; NaN where that was not tried.
    """

    critic: keras.layers.Layer
    trained: TrainedCritic
    value: float
    groups: np.ndarray
    pointwise: np.ndarray
    shortfall: float = math.nan


def cross_fit(x, y, folds, bound, new_critic, plan, *, seed, kind=None):
    """Trains and reads a critic for every fold.

    Args:
        x, y: floating ``[N, Dx]``, ``[N, Dy]``.
        folds: ``Folds``.
        bound: ``PairScores`` -> scalar, nats.
        new_critic: function from the index of a fold to its built, untrained critic.
        plan: ``Plan``; its jobs are threads of this process, each of which compiles its own step.
        seed: int.
        kind: hashable key of everything that determines critic and bound, except seeds; a later
            call with the same key reuses the compiled steps. ``None`` keeps none.

    Returns:
        List of ``FoldResult``; the same for any number of jobs.
    """
    num_folds = len(folds.held_out)
    critics = [new_critic(fold) for fold in range(num_folds)]
    initial = [critic.get_weights() for critic in critics]
    workers, partners = min(plan.jobs, num_folds), plan.partners

    def trained_on(training, fold, rows, *names, trains=None):
        return training.run(
            x,
            y,
            rows,
            folds.validation[fold],
            initial[fold],
            stream_seed(seed, "estimation", *names, fold),
            partners=partners,
            held_out=len(folds.held_out[fold]),
            trains=trains,
        )

    def fit(training, fold):
        held_out = [values[folds.held_out[fold]] for values in (x, y)]
        trained = trained_on(training, fold, folds.train[fold], "fold")
        critics[fold].set_weights(trained.weights)
        value, pointwise = training.reader.value_and_ratios(*held_out, partners, trained.limits)
        number = max(min(_MOST_GROUPS, len(held_out[0]) // _SMALLEST_GROUP), 2)
        groups = training.reader.group_values(*held_out, number, trained.limits)
        shortfall = math.nan
        if fold < plan.halves:
            # Twice the same half: the compiled step serves it, too.
            rows = folds.train[fold]
            rows = np.resize(rows[: len(rows) // 2], len(rows))
            # Half of the pairs may need the training that all of them do not, never the reverse.
            trains = True if len(trained.curve) > 1 else None
            half = trained_on(training, fold, rows, "half", trains=trains)
            # Below zero beyond its error it would be read as the null critic, as the estimate is.
            lowest = min(value, 0.0) - groups.std(ddof=1) / math.sqrt(number)
            value_of_half = training.reader.value(*held_out, partners, half.limits)
            shortfall = value - max(value_of_half, lowest)
        return FoldResult(critics[fold], trained, value, groups, pointwise, shortfall)

    def work(worker):
        num_train = len(folds.train[worker])
        key = None if kind is None else (kind, x.shape[1], y.shape[1], plan.schedule, num_train)
        with borrowed(
            key, lambda: FoldTraining(new_critic(worker), bound, plan.schedule)
        ) as training:
            return {fold: fit(training, fold) for fold in range(worker, num_folds, workers)}

    with ThreadPoolExecutor(workers) as pool:
        done = {fold: one for part in pool.map(work, range(workers)) for fold, one in part.items()}
    return [done[fold] for fold in range(num_folds)]
