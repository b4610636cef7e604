"""Training of one critic, for one fold after the other."""

import dataclasses
import functools
import math

import numpy as np
import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.estimation.reading import Reader, partner_scores
from tf_infomax.estimation.score_limits import (
    FEW_LEVELS,
    MANY_LEVELS,
    best_limits,
    leaves_constants_open,
    null_limits,
)
from tf_infomax.layers.optimizers import Adam
from tf_infomax.numerics.randomness import stream
from tf_infomax.objectives.information import Information
from tf_infomax.scores.pairs import PairScores
from tf_infomax.training.step import gradient_step

__all__ = ["FoldTraining", "TrainedCritic"]

_AVERAGE_DECAY = 0.99
# Number of validation scores after an epoch. With fewer than these, clipped as they are, the best
# epoch is chosen worse; scoring them takes as long as training on 2,000 pairs.
_WATCHED_SCORES = 80_000
# Training pairs up to which weights decay fully. With more pairs critics overfit less, and a decay
# that large only biases them; where exactly it should end was not measured.
_DECAYING_PAIRS = 1_400
# Validation pairs that are scored, at most.
_MOST_WATCHED = 2_000
# By how many standard errors, on the validation pairs, a trained critic must be better than an
# untrained critic: the best of many epochs is better by chance alone.
_TRUSTED_ERRORS = 1.0
# The lowest validation value, in nats, at which an untrained critic may be read: few validation
# pairs show values below zero by chance.
_LOWEST_KEPT = 0.1
# Gain of the validation value over a cycle of the learning rate, in nats, that earns another cycle.
_WORTH_A_CYCLE = 0.01
# By how much all coordinates must be better than the informative ones alone, in nats: their network
# has less to be misled by.
_WORTH_ALL_COORDINATES = 0.02


@dataclasses.dataclass(frozen=True)
class TrainedCritic:
    """Weights of a critic at its best epoch, and its training curve.

    Attributes:
        weights: of the critic, NumPy arrays.
        curve: (epoch, mean value of the training batches, value on the validation pairs) of each
            epoch, nats; epoch 0 is the critic before any step, whose training value is NaN.
        best_epoch: the epoch of ``weights``.
        limits: (lowest, highest) score to read the critic with; equal for the null critic.
    """

    weights: list
    curve: tuple
    best_epoch: int
    limits: tuple


class _DrawnNegatives(Information):
    """The information of pairs of which each anchor has its own drawn negatives.

    What it reads are not endpoints of views, but (x ``[K, Dx]``, y ``[K, Dy]``, int ``[K, 1 + M]``:
    the rows of y with which each x is scored, its own first).
    """

    def scores(self, features):
        scores = partner_scores(self.critic, *features.pairs)
        return PairScores(scores[:, 0], scores[:, 1:]), None


@dataclasses.dataclass(frozen=True)
class _DrawnPairs:
    pairs: tuple
    training: bool = True


class FoldTraining:
    """One critic, trained from the start for every fold by the same compiled step.

    The moving average of the weights over about the last hundred steps is evaluated on the
    validation pairs, and kept at its best epoch.

    Args:
        critic: built Keras layer, ``critic(x, y) -> [K, M]``. If it has ``adapt``, or
            ``adaptations(x, y, only)`` (a generator), it is adapted to the training pairs of each
            fold, in the best of the ways but its ``rivals``; if it has ``suffices(x, y)``, that
            says whether training could add anything. A ``weight_decay`` is that of its matrices,
            per unit of learning rate; ``trains_with_xla`` says whether XLA compiles steps.
        bound: ``PairScores`` -> scalar in nats, maximised and read; of MINE the moving average is
            kept.
        schedule: ``Schedule``.
    """

    def __init__(self, critic, bound, schedule):
        self.critic = critic
        self.reader = Reader(critic, bound)
        self._bound = bound
        self._term = _DrawnNegatives(critic, bound)
        self._term.connect_to_critic()
        # Where the bound is best if the critic's Gaussian part is the log-density ratio.
        self._start = bounds.info(bound).best_shift
        # Tried once, on arbitrary scores.
        some = np.array([[1.0, 0.0], [0.5, -1.0]], np.float32)
        self._is_open = leaves_constants_open(bound, some)
        self._schedule = schedule
        self._may_suffice = schedule.closed_form and hasattr(critic, "suffices")
        self._steps = schedule.steps
        self._variables = critic.trainable_variables
        decay = getattr(critic, "weight_decay", None)
        if decay is not None:
            decay *= min(1.0, _DECAYING_PAIRS / (schedule.steps * schedule.batch_size))
        self._optimizer = Adam(schedule.learning_rates(), weight_decay=decay, name="adam")
        if decay:
            self._optimizer.exclude_from_weight_decay(
                var_list=[variable for variable in self._variables if len(variable.shape) < 2]
            )
        self._optimizer.build(self._variables)
        self._averages = [tf.Variable(variable.value) for variable in self._variables]
        # Scores of half precision are read in float32.
        self._dtype = "float64" if critic.compute_dtype == "float64" else "float32"
        # Other layers and bounds may have Python's control flow, and translating it takes time.
        is_plain = getattr(critic, "scores_partners", False) and bound is bounds.donsker_varadhan
        self._epoch = tf.function(
            self._run_epoch,
            jit_compile=getattr(critic, "trains_with_xla", True),
            autograph=not is_plain,
        )

    def run(
        self, x, y, train, validation, initial_weights, seed, *, partners, held_out, trains=None
    ):
        """Trains on some pairs, validates on others; a pure function of its arguments.

        Args:
            x, y: float32 ``[N, Dx]``, ``[N, Dy]``, all pairs.
            train, validation: int ``[n]``, rows of the pairs; those to train on may repeat.
            initial_weights: initial weights of the critic, a list of arrays.
            seed: int, of the order of pairs and the choice of negatives.
            partners: largest number of negatives of each x when the critic is read.
            held_out: number of pairs on which it will be read.
            trains: whether to train at all; ``None`` asks the critic, if the schedule says so.

        Returns:
            ``TrainedCritic``; the critic then has its weights.

        Raises:
            FloatingPointError: if not even the untrained critic has a finite value.
        """
        validation = validation[:_MOST_WATCHED]
        watched = x[validation], y[validation]
        generator = np.random.default_rng(stream(seed, "estimation", "batches"))
        limits_of = functools.partial(
            best_limits, self._bound, best_shift=self._start,
            num_negatives=held_out * min(partners, held_out - 1), is_open=self._is_open,
        )  # fmt: skip
        few = min(partners, max(64, _WATCHED_SCORES // len(validation)))
        self._restart(initial_weights)
        different = train[np.sort(np.unique(train, return_index=True)[1])]
        way, rivals = self._adapt(x[different], y[different], lambda: limits_of(
            self.reader.scores(*watched, few), FEW_LEVELS
        )[1])  # fmt: skip
        if trains is None:
            trains = not (self._may_suffice and self.critic.suffices(x[different], y[different]))
        epochs = self._schedule.epochs * self._schedule.cycles if trains else 0
        pairs = (tf.constant(x), tf.constant(y)) if epochs else ()
        best, weights, best_epoch, best_before = -math.inf, None, 0, -math.inf
        curve = []
        length = max(self._schedule.epochs, 1)
        for epoch in range(epochs + 1):
            mean = math.nan
            if epoch > 0:
                mean = float(self._epoch(*pairs, *self._draw(train, generator)))
            trained = [variable.numpy() for variable in self._variables]
            self._assign(self._averages)
            if epoch == 0:
                untrained = self.critic.get_weights()
            _, value = limits_of(self.reader.scores(*watched, few), FEW_LEVELS)
            curve.append((epoch, mean, value))
            if value > best:
                best, weights, best_epoch = value, self.critic.get_weights(), epoch
            ran_away = epoch > 0 and not math.isfinite(mean)
            if ran_away or epoch - best_epoch >= self._schedule.patience:
                break
            if epoch % length == 0 and epoch:
                if best_epoch <= epoch - length / 4 or best < best_before + _WORTH_A_CYCLE:
                    break
                self._optimizer.iterations.assign(0)
            if epoch % length == 0:
                best_before = best
            self._assign(trained)
        if weights is None:
            raise FloatingPointError(
                "Some epoch's critic must have a finite value on the validation pairs. "
                f"Received: {value} nats after {len(curve) - 1} epochs."
            )
        candidates = [(0, untrained), *([(best_epoch, weights)] if best_epoch else []), *rivals]
        chosen, weights, limits = self._trusted(candidates, watched, partners, limits_of)
        self.critic.set_weights(weights)
        if isinstance(chosen, str):
            way, chosen = chosen, 0
        if chosen == 0:
            # Nothing is chosen any more: the validation pairs serve the closed form, too.
            part = round(len(different) / len(train) * len(validation))
            rows = np.concatenate([different, validation[:part]])
            weights = self._adapted_again(way, x[rows], y[rows])
        return TrainedCritic(weights, tuple(curve), chosen, limits)

    def _adapted_again(self, way, x, y):
        """The critic's weights after it was adapted to pairs in the named way, if it can be."""
        before = self.critic.get_weights()
        # The search ends at the named way, to which the critic is adapted then.
        if way is not None and way not in self._ways(x, y, only=way):
            self.critic.set_weights(before)
        return self.critic.get_weights()

    def _ways(self, x, y, only=None):
        for name in self.critic.adaptations(x, y, only):
            self.critic.offset.assign(self._start)
            yield name

    def _trusted(self, candidates, watched, partners, limits_of):
        """The last candidate that is better than those before it: (epoch, weights, limits).

        The null critic comes first. The untrained critic was fitted without these pairs: it is kept
        unless they contradict it. A trained critic was selected on them, so it has to be better by
        more than the error of the difference; so has a rival, which has its name for the epoch.
        Errors are those of the mean positive score.
        """
        count = len(watched[0])
        chosen = *candidates[0], null_limits(self._start)
        value, positives = 0.0, np.zeros(count)
        for epoch, weights in candidates:
            self.critic.set_weights(weights)
            scores = self.reader.scores(*watched, partners)
            limits, new_value = limits_of(scores, MANY_LEVELS)
            new_positives = np.clip(scores[:, 0], *limits)
            error = (new_positives - positives).std(ddof=1) / math.sqrt(count)
            least = _TRUSTED_ERRORS * error if epoch else -min(error, _LOWEST_KEPT)
            if new_value - value > least:
                chosen, value, positives = (epoch, weights, limits), new_value, new_positives
                value = max(value, 0.0)
        return chosen

    def _adapt(self, x, y, validation_value):
        """Adapts the critic in the way that is best on the validation pairs.

        Returns:
            The name of the way, or ``None``; and (name, weights) of the critic's ``rivals``.
        """
        critic, candidates, rivals, way = self.critic, [], [], None
        if hasattr(critic, "adaptations"):
            for name in self._ways(x, y):
                is_rival = name in getattr(critic, "rivals", ())
                (rivals if is_rival else candidates).append((name, critic.get_weights()))
            way = candidates[0][0]
        elif hasattr(critic, "adapt"):
            critic.adapt(x, y)
            critic.offset.assign(self._start)
        if len(candidates) + len(rivals) > 1:
            best, chosen = -math.inf, None
            for name, weights in candidates:
                critic.set_weights(weights)
                value = validation_value()
                if value > best - _WORTH_ALL_COORDINATES * name.startswith("informative"):
                    best, chosen, way = value, weights, name
            critic.set_weights(chosen or candidates[0][1])
        for average, variable in zip(self._averages, self._variables, strict=True):
            average.assign(variable.value)
        return way, rivals

    def _restart(self, initial_weights):
        self.critic.set_weights(initial_weights)
        self._optimizer.iterations.assign(0)
        for moment in (*self._optimizer._momentums, *self._optimizer._velocities):
            moment.assign(tf.zeros_like(moment))
        self._term.restart_average()

    def _assign(self, values):
        for variable, value in zip(self._variables, values, strict=True):
            variable.assign(value)

    def _draw(self, rows, generator):
        """Rows of all batches of an epoch, and the shifts to the negatives in each."""
        batch_size, negatives = self._schedule.batch_size, self._schedule.negatives
        order = generator.permutation(rows)[: self._steps * batch_size]
        # The smallest of independent numbers lie at a uniformly random subset.
        keys = generator.random((self._steps, batch_size - 1))
        shifts = 1 + np.argpartition(keys, negatives - 1, axis=1)[:, :negatives]
        return (
            tf.constant(order.reshape(self._steps, batch_size), tf.int32),
            tf.constant(np.pad(shifts, ((0, 0), (1, 0))), tf.int32),
        )

    def _run_epoch(self, all_x, all_y, order, shifts):
        batch_size = self._schedule.batch_size

        def add_step(step, total):
            x, y = (tf.gather(values, order[step]) for values in (all_x, all_y))
            partners = (tf.range(batch_size)[:, tf.newaxis] + shifts[step]) % batch_size
            return step + 1, total + self._step(x, y, partners)

        _, total = tf.while_loop(
            lambda step, _: step < self._steps,
            add_step,
            (tf.constant(0), tf.zeros([], self._dtype)),
        )
        return total / tf.cast(self._steps, total.dtype)

    def _step(self, x, y, partners):
        batch = _DrawnPairs((x, y, partners))
        report = gradient_step(lambda: self._term.loss(batch), self._variables, self._optimizer)
        value = report[self._term.label]
        for average, variable in zip(self._averages, self._variables, strict=True):
            average.assign(average + (1.0 - _AVERAGE_DECAY) * (variable.value - average))
        return value
