"""A bound with its options, its baseline, its moving average and its form in JSON."""

import keras

from tf_infomax import bounds

__all__ = ["ScoredBound"]


class ScoredBound:
    """A bound that a critic is trained with.

    Args:
        bound: name of a registered bound, one with options, ``bounds.get("smile", clip=1.0)``, what
            ``serialize`` gave, or a function from scores to a scalar in nats.
        has_baseline: whether a baseline will be given for the anchors of the scores.

    Attributes:
        bound: as it was given.
        is_registered: whether it is one of ``bounds`` rather than a user's own function.
        averages: whether a moving average corrects its gradient (MINE).
        unit: "nats", or "1" if it bounds another divergence.

    Raises:
        ValueError: on unknown bounds, bounds of densities, or a baseline for a bound that does
            not accept one.
    """

    def __init__(self, bound, has_baseline=False):
        if isinstance(bound, dict) and set(bound) == {"name", "options"}:
            bound = bounds.deserialize(bound)
        elif isinstance(bound, dict):
            bound = keras.saving.deserialize_keras_object(bound)
        if not (isinstance(bound, str) or callable(bound)):
            raise ValueError(
                "`bound` must be the name of a bound, or a function of scores. "
                f"Received: bound={bound!r}."
            )
        bounds.check_reads_scores(bound)
        self._function = bounds.get(bound)
        if has_baseline and not bounds.takes_baseline(bound):
            takers = [name for name in bounds.names() if bounds.takes_baseline(name)]
            raise ValueError(
                f"Only bounds with a free `log_baseline` take a baseline: {', '.join(takers)}. "
                f"Received: bound={bound!r} with a baseline."
            )
        self.bound = bound
        self.has_baseline = has_baseline
        self.is_registered = bounds.is_registered(bound)
        self.averages = bounds.takes_average(bound)
        self.unit = bounds.info(bound).unit if self.is_registered else "nats"

    def __call__(self, scores, log_baseline=None, log_average=None):
        """The bound, a scalar in ``unit``.

        Args:
            scores: ``[K, K]``, or ``PairScores``.
            log_baseline: what the baseline gave for the anchors, ``[K]``.
            log_average: MINE's moving average, a scalar; without it the gradient is that of the
                batch's own value.

        Raises:
            ValueError: if there is a baseline and ``log_baseline`` is not given.
        """
        if log_average is not None:
            return self._function(scores, log_average=log_average)
        if not self.has_baseline:
            return self._function(scores)
        if log_baseline is None:
            raise ValueError(
                "This bound needs the baseline of the rows, bound_of(scores, baseline(codes_1)). "
                "Received: log_baseline=None."
            )
        return self._function(scores, log_baseline=log_baseline)

    def serialize(self):
        """The bound as JSON; the constructor reads it back."""
        # Keras finds functions that users have registered with it, but not those of this package.
        if self.is_registered:
            return bounds.serialize(self.bound)
        return keras.saving.serialize_keras_object(self.bound)
