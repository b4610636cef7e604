"""``InfoMax``: two encoders and a critic as one Keras model, trained on pairs of views."""

import keras

from tf_infomax.models.pairs import PairModel
from tf_infomax.objectives import ViewInformation

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
            a function from scores to a scalar in nats. The gradient of "mine" is corrected by a
            moving average (weight of a batch: 0.01), which belongs to the model and changes in
            training only.
        target: nats, or ``None``: train ``|bound - target|`` in place of ``-bound``.
        baseline: Keras layer, ``baseline(codes_1) -> [K]``, the log a(x) of bounds that accept a
            baseline ("tuba", "interpolated"), such as ``critics.LearnedBaseline``; or ``None``.
            It is trained with the rest.
        encoder_chunk: rows that an encoder takes at a time in training, for batches whose
            activations do not fit in memory (``encode_in_chunks``: the same gradient for a second
            forward pass); ``None`` takes the whole batch.

    Under a ``tf.distribute`` strategy (``fit`` under ``MirroredStrategy``) a batch is split over
    the replicas, and every pair has the pairs of all replicas as negatives: the numbers are those
    of one device. Batches that the replicas cannot divide evenly are refused.

    ``fit`` and ``evaluate`` compute the scores in blocks (``BlockedScores``) if the batch size is
    known (``drop_remainder=True``) and the matrix of scores would be large.

    Call arguments:
        inputs: the pair ``(x, y)``, K >= 2 of each.  Returns the scores, ``[K, K]``.

    Raises:
        ValueError: on unknown bounds, a baseline for a bound that does not accept one, data that
            are not pairs, or codes that the critic cannot score.

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
        term = ViewInformation(
            critic, bound, endpoint="code", views=self.VIEWS, metric="bound",
            target=target, baseline=baseline,
        )
        super().__init__(encoder_1, encoder_2, term, encoder_chunk, **kwargs)

    @classmethod
    def of_term(cls, encoder_1, encoder_2, term, **kwargs):
        """The model with a ``ViewInformation`` term on "view_1.code" and "view_2.code"."""
        return cls(
            encoder_1, encoder_2, term.critic, term.bound, term.target, term.baseline, **kwargs
        )

    @property
    def critic(self):
        """The critic."""
        return self.term.critic

    @property
    def baseline(self):
        """The learned baseline of the bound, or ``None``."""
        return self.term.baseline

    @property
    def bound(self):
        """The bound as it was given."""
        return self.term.bound

    @property
    def target(self):
        """Target value of the bound in nats, or ``None``."""
        return self.term.target

    @property
    def bound_unit(self):
        """Unit of "loss" and "bound": "nats", or "1" where the bound is another divergence."""
        return self.term.scored_bound.unit

    def bound_of(self, scores, log_baseline=None):
        """The bound on ``scores``, a scalar in ``bound_unit``.

        Args:
            scores: ``[K, K]``, or ``PairScores``.
            log_baseline: output of ``baseline`` for the codes of the rows, ``[K]``, or another
                baseline of these scores. Ignored by a model without a baseline.

        Raises:
            ValueError: if the model has a baseline and ``log_baseline`` is not given.
        """
        return self.term.scored_bound(scores, log_baseline)

    def call(self, inputs, training=False):
        views = dict(zip(self.VIEWS, self._both(inputs), strict=True))
        features = self.features({"views": views}, training)
        return self.critic(*(features.own(f"{view}.code") for view in self.VIEWS))

    def compute_output_shape(self, input_shape):
        shape_1, shape_2 = input_shape
        return (shape_1[0], shape_2[0])

    @property
    def checkpoint_variables(self):
        # In earlier versions MINE's average belonged to the model and came first.
        averages = [v for v in (self.term.log_average, self.term.num_averaged) if v is not None]
        first = {id(variable) for variable in averages}
        rest = [v for v in super().checkpoint_variables if id(v) not in first]
        return [*averages, *rest]

    def load_own_variables(self, store):
        own = {name: store[name] for name in store.keys()}  # noqa: SIM118 - no dict
        # As above: older files hold it as the model's own variable.
        if "0" in own:
            self.term.log_average.assign(own.pop("0"))
            self.term.num_averaged.assign(own.pop("1"))
        super().load_own_variables(own)

    def get_config(self):
        term = self.term.get_config()
        return {
            **super().get_config(),
            **{key: term[key] for key in ("critic", "bound", "target", "baseline")},
            "encoder_chunk": self.encoder_chunk,
        }
