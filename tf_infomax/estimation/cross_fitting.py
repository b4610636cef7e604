"""Cross-fitting: a critic for each fold, evaluated on its held-out pairs; each is held out once."""

import dataclasses
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
    """

    critic: keras.layers.Layer
    trained: TrainedCritic
    value: float
    groups: np.ndarray


def cross_fit(x, y, folds, bound, new_critic, schedule, *, partners, jobs, seed, kind=None):
    """Trains and reads a critic for every fold.

    Args:
        x, y: floating ``[N, Dx]``, ``[N, Dy]``.
        folds: ``Folds``.
        bound: ``PairScores`` -> scalar, nats.
        new_critic: function from the index of a fold to its built, untrained critic.
        schedule: ``Schedule``.
        partners: negatives of each held-out x, at most.
        jobs: folds trained at a time, in threads of this process; each compiles its own step.
        seed: int.
        kind: hashable key of everything that determines critic and bound, except seeds; a later
            call with the same key reuses the compiled steps. ``None`` keeps none.

    Returns:
        List of ``FoldResult``; the same for any ``jobs``.
    """
    num_folds = len(folds.held_out)
    critics = [new_critic(fold) for fold in range(num_folds)]
    workers = min(jobs, num_folds)

    def fit(training, fold):
        trained = training.run(
            x,
            y,
            folds.train[fold],
            folds.validation[fold],
            critics[fold].get_weights(),
            stream_seed(seed, "estimation", "fold", fold),
            partners=partners,
            held_out=len(folds.held_out[fold]),
        )
        critics[fold].set_weights(trained.weights)
        held_out = [values[folds.held_out[fold]] for values in (x, y)]
        groups = min(_MOST_GROUPS, len(held_out[0]) // _SMALLEST_GROUP)
        return FoldResult(
            critics[fold],
            trained,
            training.reader.value(*held_out, partners, trained.limits),
            training.reader.group_values(*held_out, max(groups, 2), trained.limits),
        )

    def work(worker):
        num_train = len(folds.train[worker])
        key = None if kind is None else (kind, x.shape[1], y.shape[1], schedule, num_train)
        with borrowed(
            key, lambda: FoldTraining(new_critic(worker), bound, schedule, num_train)
        ) as training:
            return {fold: fit(training, fold) for fold in range(worker, num_folds, workers)}

    with ThreadPoolExecutor(workers) as pool:
        done = {fold: one for part in pool.map(work, range(workers)) for fold, one in part.items()}
    return [done[fold] for fold in range(num_folds)]
