"""``InfoMax``: two encoders and a critic as one Keras model, trained on one's own pairs."""

import math

import keras
import tensorflow as tf

from tf_infomax import bounds, replicas
from tf_infomax.arguments import callable_layer, number, positive_integer
from tf_infomax.blocked_scores import scores_of_pairs
from tf_infomax.bounds.moving_average import RATE, updated_log_average
from tf_infomax.chunked_encoding import encode_in_chunks
from tf_infomax.objectives import mutual_information_loss
from tf_infomax.pair_model import PairModel

__all__ = ["InfoMax"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class InfoMax(PairModel):
    """Learns codes of two views by maximising a bound on their mutual information.

    ``max over encoders and critic of bound( critic(encoder_1(x), encoder_2(y)) )``

    Train with plain ``compile(optimizer)`` and ``fit`` on a ``tf.data`` set of pairs ``(x, y)``;
    the log has "loss" and "bound", in ``bound_unit``. The experiments of this package take the same
    step::

        model = InfoMax(MLP((300, 300, 100)), MLP((300, 300, 100)), BilinearCritic(100), "infonce")
        model.compile(optimizers.Adam(1e-4))
        model.fit(pairs.batch(128, drop_remainder=True), epochs=10)
        codes = model.encoder_1.predict(images)

    Args:
        encoder_1: Keras model of the first view, ``[K, ...] -> [K, D1]``.
        encoder_2: of the second view, ``-> [K, D2]``; ``None`` means ``encoder_1`` for both.
        critic: Keras layer, ``critic(codes_1, codes_2) -> [K, K]`` scores.
        bound: name of a registered bound, one with options, ``bounds.get("smile", clip=1.0)``, or
            a function from scores to a scalar in nats. "mine" is corrected by a moving average, of
            weight 0.01 a batch, which is part of the model and only training changes.
        target: nats, or ``None``: train ``|bound - target|`` in place of ``-bound``.
        baseline: Keras layer, ``baseline(codes_1) -> [K]``, the log a(x) of bounds that take one
            ("tuba", "interpolated"), ``critics.LearnedBaseline``; or ``None``. Trained with the
            rest.
        encoder_chunk: rows that an encoder takes at a time in training, for batches whose
            activations do not fit in memory (``encode_in_chunks``: the same gradient for a second
            forward pass); ``None`` takes the whole batch.

    Under a ``tf.distribute`` strategy (``fit`` under ``MirroredStrategy``) a batch is split over
    the replicas, and every pair has the pairs of all replicas as negatives: the numbers are those
    of one device.

    Of batches whose size is known (``drop_remainder=True``) and whose matrix of scores would be
    large, fit and evaluate compute the scores in blocks (``BlockedScores``).

    Call arguments:
        inputs: the pair ``(x, y)``, K >= 2 of each.  Returns the scores, ``[K, K]``.

    Raises:
        ValueError: on unknown bounds, a baseline for a bound that takes none, data that are not
            pairs, or codes the critic cannot score.

    Reference: Tschannen et al. (2020), arXiv:1907.13625, section 2.
    """

    call_names = ("scores",)

    def __init__(
        self,
        encoder_1,
        encoder_2,
        critic,
        bound="infonce",
        target=None,
        baseline=None,
        encoder_chunk=None,
        **kwargs,
    ):
        super().__init__(encoder_1, encoder_2, ("bound",), **kwargs)
        self.critic = callable_layer(
            critic, "critic", "a critic, such as critics.BilinearCritic(100)"
        )
        if not (isinstance(bound, str) or callable(bound)):
            raise ValueError(
                "`bound` must be the name of a bound, or a function of scores. "
                f"Received: bound={bound!r}."
            )
        if target is not None:
            target = number(target, "target")
        if baseline is not None:
            wanted = "None or a baseline, such as critics.LearnedBaseline()"
            callable_layer(baseline, "baseline", wanted)
        self.bound = bound
        self.target = target
        self.baseline = baseline
        if encoder_chunk is not None:
            positive_integer(encoder_chunk, "encoder_chunk")
        self.encoder_chunk = encoder_chunk
        bounds.check_reads_scores(bound)
        self._bound_function = bounds.get(bound)
        if baseline is not None and not bounds.takes_baseline(bound):
            takers = [name for name in bounds.names() if bounds.takes_baseline(name)]
            raise ValueError(
                f"Only bounds with a free `log_baseline` take a baseline: {', '.join(takers)}. "
                f"Received: bound={bound!r} with baseline={baseline!r}."
            )
        self._is_registered = bounds.is_registered(bound)
        # MINE's gradient needs a moving average, whose state is the model's.
        self._averages = bounds.takes_average(bound)

    def _build_on_codes(self, input_shape):
        shape_1, shape_2 = input_shape
        if not self.critic.built:
            self.critic.build(
                tuple(self.encoder_1.compute_output_shape(shape_1)),
                tuple(self.encoder_2.compute_output_shape(shape_2)),
            )
        if self.baseline is not None and not self.baseline.built:
            self.baseline.build(tuple(self.encoder_1.compute_output_shape(shape_1)))
        if self._averages:
            self.log_average = self.add_weight(
                shape=(), initializer=keras.initializers.Constant(-math.inf), trainable=False,
                dtype="float32", aggregation="mean", name="log_average",
            )
            self.num_averaged = self.add_weight(
                shape=(), initializer="zeros", trainable=False, dtype="float32",
                aggregation="mean", name="num_averaged",
            )

    def call(self, inputs, training=False):
        return self.critic(*self._codes(*inputs, training))

    def _codes(self, x, y, training):
        chunk = self.encoder_chunk if training else None
        return tuple(
            encoder(view, training=training)
            if chunk is None
            else encode_in_chunks(encoder, view, chunk, training)
            for encoder, view in ((self.encoder_1, x), (self.encoder_2, y))
        )

    @property
    def bound_unit(self):
        """Unit of "loss" and "bound": "nats", or "1" where the bound is another divergence."""
        return bounds.info(self.bound).unit if self._is_registered else "nats"

    def bound_of(self, scores, log_baseline=None):
        """The bound on ``scores``, a scalar in nats.

        Args:
            scores: ``[K, K]``, or ``PairScores``.
            log_baseline: what ``baseline`` gave for the codes of the rows, ``[K]``, or another
                that fits these scores. Without effect on a model that has no baseline.

        Raises:
            ValueError: if the model has a baseline and ``log_baseline`` is not given.
        """
        if self.baseline is None:
            return self._bound_function(scores)
        if log_baseline is None:
            raise ValueError(
                "This model's bound needs the baseline of the rows, bound_of(scores, "
                "baseline(codes_1)). Received: log_baseline=None."
            )
        return self._bound_function(scores, log_baseline=log_baseline)

    def _bound_of_pairs(self, x, y, training):
        codes_1, codes_2 = self._codes(x, y, training)
        if self._is_registered:
            scores = scores_of_pairs(self.critic, codes_1, codes_2)
        else:
            # The user's own bound reads a matrix.
            scores = self.critic(replicas.gathered(codes_1), replicas.gathered(codes_2))
        if self._averages and training:
            return self._bound_function(scores, log_average=self._updated_average(scores))
        baseline = None if self.baseline is None else replicas.gathered(self.baseline(codes_1))
        return self.bound_of(scores, baseline)

    def _updated_average(self, scores):
        """The moving average of ``mean exp`` over the marginal scores, in logarithms."""
        log_mean = tf.stop_gradient(scores.log_mean_exp())
        kept, log_average = updated_log_average(
            self.log_average.value, tf.cast(log_mean, tf.float32), RATE,
            self.num_averaged.value,
        )
        self.log_average.assign(kept)
        self.num_averaged.assign_add(1.0)
        return log_average

    def loss_and_metrics(self, x, y, training):
        """The loss and "bound", both in ``bound_unit``, of the pairs (x, y)."""
        bound = self._bound_of_pairs(x, y, training)
        return mutual_information_loss(bound, self.target), {"bound": bound}

    def compute_output_shape(self, input_shape):
        shape_1, shape_2 = input_shape
        return (shape_1[0], shape_2[0])

    def get_config(self):
        serialize = keras.saving.serialize_keras_object
        # Keras could not find the package's functions; it finds what users register with it.
        bound = (bounds.serialize if self._is_registered else serialize)(self.bound)
        return {
            **super().get_config(),
            "critic": serialize(self.critic),
            "bound": bound,
            "target": self.target,
            "baseline": None if self.baseline is None else serialize(self.baseline),
            "encoder_chunk": self.encoder_chunk,
        }

    @classmethod
    def from_config(cls, config):
        parts = {}
        for key in ("critic", "bound", "baseline"):
            value = config.get(key)
            if isinstance(value, dict) and set(value) == {"name", "options"}:
                parts[key] = bounds.deserialize(value)
            elif isinstance(value, dict):
                parts[key] = keras.saving.deserialize_keras_object(value)
        return super().from_config({**config, **parts})
