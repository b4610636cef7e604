"""``RepresentationModel``: encoders of views, trained with a sum of terms."""

import keras
import tensorflow as tf

from tf_infomax.encoders.symbolic import build_model
from tf_infomax.models.base import SelfSupervisedModel
from tf_infomax.models.batches import FACTS, ViewsForm
from tf_infomax.models.draws import evaluation_seed, load_counts, save_counts
from tf_infomax.models.players import log_names, optimizers_of, players_of
from tf_infomax.models.shared_encoders import encoders_of, serialized_encoders
from tf_infomax.naming.arguments import callable_layer, positive_integer, seed_or_none
from tf_infomax.numerics import replicas
from tf_infomax.numerics.tensors import wide
from tf_infomax.objectives.encoded_views import EncodedViews
from tf_infomax.objectives.features import Features
from tf_infomax.objectives.player import part_rows
from tf_infomax.objectives.term import checked_terms
from tf_infomax.training.step import gradient_step

__all__ = ["RepresentationModel"]


@keras.saving.register_keras_serializable(package="tf_infomax")
class RepresentationModel(SelfSupervisedModel):
    """Learns representations of views from a weighted sum of terms; some terms add players.

    Every view is encoded once a step, and only if a term reads it. ``fit`` takes views as a dict,
    ``{view: [N, ...]}``, or in their order, and perhaps labels: ``fit((x, y), labels)``. In a step
    a batch is a dict: "views", a dict of view -> tensor ``[K, ...]``; optionally "labels", int
    ``[K]``, -1 = unlabelled; optionally "seed", int ``[2]``, of everything random in the step, and
    ``models.batches.FACTS``.

    Args:
        encoders: dict of view -> Keras model; the first view is the main one. One encoder may serve
            several views.
        terms: ``objectives.Term`` layers, at least one.
        seed: of random draws under ``fit`` and ``evaluate``, or ``None``. A saved model continues
            with new draws after loading; it does not repeat those of its seed.
        encoder_chunk: rows that an encoder takes at a time in training, for batches whose
            activations do not fit in memory (``encode_in_chunks``: the same gradient for a second
            forward pass); ``None`` takes the whole batch.

    Attributes:
        encoded: ``EncodedViews``, once the model is built.

    Raises:
        ValueError: if there is no term or encoder, or an encoder lacks what a term needs.
    """

    call_names: tuple[str, ...] = ("code",)

    def __init__(self, encoders, terms, seed=None, encoder_chunk=None, **kwargs):
        super().__init__(**kwargs)
        wanted = "a Keras model of a view, such as encoders.MLP((300, 100))"
        for view, encoder in encoders.items():
            callable_layer(encoder, self._argument_of(view), wanted)
        if encoder_chunk is not None:
            positive_integer(encoder_chunk, "encoder_chunk")
        self.encoders = dict(encoders)
        self.objectives = checked_terms(terms)
        self.seed = seed_or_none(seed)
        self.encoder_chunk = encoder_chunk
        if self.form is None:
            self.form = ViewsForm(self.encoders)
        self._seeds = keras.random.SeedGenerator(self.seed)
        # Of its own, so that evaluations do not change what training draws.
        self._evaluations = keras.random.SeedGenerator(0, name="evaluation_draws")
        self.player_optimizers = {}
        self.encoded = None

    def _argument_of(self, view):
        """Name of the constructor's argument that is the encoder of a view."""
        return f"encoders[{view!r}]"

    def build(self, input_shape):
        shapes = self._view_shapes(input_shape)
        for view, encoder in self.encoders.items():
            if view in shapes and not encoder.built:
                build_model(encoder, shapes[view])
        self.encoded = EncodedViews(self.encoders, shapes, self.encoder_chunk)
        for term in self.objectives:
            term.connect(self.encoded)
        # Created here, because Keras does not allow state to be added later.
        self.make_means()
        self.built = True

    def _view_shapes(self, input_shape):
        """Dict of view -> its shape, from the shapes of the inputs of ``fit``."""
        return dict(input_shape)

    def call(self, inputs, training=False):
        """Code ``[K, D]`` of the main view; ``inputs`` are all views, a dict or in their order."""
        view, encoder = next(iter(self.encoders.items()))
        x = inputs[view] if isinstance(inputs, dict) else tf.nest.flatten(inputs)[0]
        return encoder(x, training=training)

    # What is trained.

    @property
    def representation_variables(self):
        """Trainable variables of the encoders and of what is trained with them."""
        found = [v for encoder in self.encoders.values() for v in encoder.trainable_variables]
        found += [v for term in self.objectives for v in term.representation_variables]
        return list({id(variable): variable for variable in found}.values())

    @property
    def players(self):
        """The players besides the representation: a tuple of ``Player``."""
        return players_of(self.objectives, log_names(self.objectives))

    @property
    def batches_per_step(self):
        """Batches that a step takes: one for the representation, and the players' own batches."""
        return 1 + sum(player.batches for player in self.players)

    @property
    def metric_units(self):
        """Name -> unit of everything that ``step`` reports except the loss."""
        names = log_names(self.objectives)
        units = {
            own[metric]: unit
            for term, own in zip(self.objectives, names, strict=True)
            for metric, unit in term.metric_units.items()
        }
        return {**units, **{player.metric: player.unit for player in self.players}}

    @property
    def row_metrics(self):
        """Name of everything that ``step`` reports except the loss -> the metric of its rows."""
        found = {name: f"train/{name}" for name in self.metric_units}
        for term, names in zip(self.objectives, log_names(self.objectives), strict=True):
            for metric, row in term.row_metrics.items():
                found[names.get(metric, metric)] = row
        return found

    @property
    def needs_labels(self):
        """Whether a term learns from labels."""
        return any(term.needs_labels for term in self.objectives)

    @property
    def checkpoint_variables(self):
        """All variables except the optimizers', in the order in which checkpoints hold them.

        The state of random draws under ``fit`` is not among them: runs seed every step.
        """
        states = {id(self._seeds.state), id(self._evaluations.state)}
        return [variable for variable in self.variables if id(variable) not in states]

    # How it is trained.

    def compile(self, optimizer="adam", player_optimizers=None, *args, **kwargs):
        """As ``keras.Model.compile``.

        Args:
            optimizer: of the encoders and all that is trained with them.
            player_optimizers: dict of the name of a player -> its optimizer; by default each is a
                copy of ``optimizer``.
            *args, **kwargs: as ``keras.Model.compile``; there is no ``loss`` to give.
        """
        super().compile(optimizer, *args, **kwargs)
        self.player_optimizers = optimizers_of(
            self.players, player_optimizers or {}, self.optimizer
        )

    def optimized(self):
        return [
            (self.optimizer, self.representation_variables),
            *((self.player_optimizers[one.name], one.variables) for one in self.players),
        ]

    @property
    def metric_names(self):
        return ("loss", *self.metric_units)

    @property
    def least_rows(self):
        return max(term.least_rows for term in self.objectives)

    def check_parts(self, rows):
        """Raises ``ValueError`` if so many rows are too few for the parts of a training step."""
        parts, number = self.batches_per_step, self.distribute_strategy.num_replicas_in_sync
        if parts > 1:
            part_rows(rows // number, parts, self.least_rows, number)

    def features(self, batch, training=False):
        """``Features`` of a batch, which the terms read."""
        facts = {name: batch[name] for name in FACTS if name in batch}
        seed, labels = batch.get("seed"), batch.get("labels")
        return Features(self.encoded, batch["views"], seed, labels, training, facts)

    def step(self, batch):
        """One training step of all players: the step of ``fit`` and of the experiments.

        Players with batches of their own are updated first; then the representation; then the other
        players, on the features from before the representation was updated.

        Args:
            batch: dict, of ``batches_per_step`` batches one after the other.

        Returns:
            Dict of scalars from before each update: "loss" and what the terms report.
        """
        players = self.players
        reports, batch = self._own_batches(batch, [p for p in players if p.own_batches])
        features = self.features(batch, training=True)
        results = gradient_step(
            lambda: self._sum_of_terms(features), self.representation_variables, self.optimizer
        )
        for player in players:
            if not player.own_batches:
                reports.update(self._player_step(player, features))
        return {**results, **reports}

    def _player_step(self, player, features):
        results = gradient_step(
            lambda: player.loss(features), player.variables, self.player_optimizers[player.name]
        )
        results[player.metric] = results.pop("loss")
        return results

    def _own_batches(self, batch, players):
        """The steps of players with batches of their own: (means of their reports, the last batch).

        The encoders do not change meanwhile, so all these batches are encoded in one pass: the same
        numbers, from larger matrix products.
        """
        if not players:
            return {}, batch
        number = sum(player.batches for player in players)
        own, rest, size = _split(batch, number, self.least_rows)
        features = self.features(own)
        reports, position = {}, 0
        for player in players:
            steps = []
            for _ in range(player.steps):
                part = features.rows(position * size, (position + 1) * size, position)
                steps.append(self._player_step(player, part))
                position += 1
            for name in steps[0]:
                reports[name] = tf.reduce_mean(tf.stack([found[name] for found in steps]))
        return reports, rest

    def warm_up(self, batch):
        """One step of every player that has warm-up steps, on one batch; returns their reports.

        "loss" is the sum of these reports, which is finite only if all of them are.
        """
        features = self.features(batch)
        reports = {}
        for player in self.players:
            if player.warmup_steps:
                reports.update(self._player_step(player, features))
        return {"loss": tf.add_n(list(reports.values())), **reports}

    def _sum_of_terms(self, features):
        """(sum of the terms' losses, all metrics by their names in the log)."""
        losses, metrics = [], {}
        for term, names in zip(self.objectives, log_names(self.objectives), strict=True):
            loss, found = term.loss(features)
            losses.append(wide(loss))
            metrics.update({names[metric]: value for metric, value in found.items()})
        return tf.add_n(losses), metrics

    def loss_of(self, batch, training=False):
        """(loss, dict of metrics) of a batch; changes only state that a forward pass updates."""
        return self._sum_of_terms(self.features(batch, training))

    def evaluation(self, batch):
        """What ``step`` would report, in inference mode and without moving anything."""
        loss, metrics = self.loss_of(batch)
        return {"loss": loss, **metrics}

    # Hooks that Keras calls.

    def train_on(self, batch):
        return self.step(self._as_dict(batch, self._seeds.next()))

    def test_on(self, batch):
        seed = evaluation_seed(self._seeds, self._evaluations)
        return self.evaluation(self._as_dict(batch, seed))

    def predict_on(self, batch):
        views = dict(zip(self.encoders, batch.inputs, strict=True))
        return {view: self.encoders[view](x, training=False) for view, x in views.items()}

    def _as_dict(self, batch, seed):
        """A ``Batch`` of ``fit`` as ``step`` takes it, with the seed ``[2]`` of its draws."""
        found = {"views": dict(zip(self.encoders, batch.inputs, strict=True))}
        if batch.labels is not None:
            found["labels"] = batch.labels
        found.update(batch.facts)
        return {**found, "seed": tf.cast(seed, tf.int32)}

    # Saving.

    def save_own_variables(self, store):
        super().save_own_variables(store)
        save_counts(store, self._seeds, self._evaluations)

    def load_own_variables(self, store):
        own = {name: store[name] for name in store.keys()}  # noqa: SIM118 - no dict
        load_counts(own, self._seeds, self._evaluations)
        super().load_own_variables(own)

    def get_compile_config(self):
        config = super().get_compile_config()
        if config is None:
            return None
        serialize = keras.saving.serialize_keras_object
        others = {name: serialize(one) for name, one in self.player_optimizers.items()}
        return {**config, "player_optimizers": others}

    def get_config(self):
        return {
            **super().get_config(),
            "encoders": serialized_encoders(self.encoders),
            "terms": [keras.saving.serialize_keras_object(term) for term in self.objectives],
            "seed": self.seed,
            "encoder_chunk": self.encoder_chunk,
        }

    @classmethod
    def from_config(cls, config):
        terms = [keras.saving.deserialize_keras_object(term) for term in config["terms"]]
        return cls(**{**config, "encoders": encoders_of(config["encoders"]), "terms": terms})


def _split(batch, number, least_rows):
    """(the first ``number`` batches as one, the last batch, rows of a batch)."""
    first = next(iter(batch["views"].values()))
    rows = first.shape[0] if first.shape[0] is not None else tf.shape(first)[0]
    size = part_rows(rows, number + 1, least_rows, replicas.number())

    def part(cut):
        views = {view: cut(x) for view, x in batch["views"].items()}
        others = {name: cut(batch[name]) for name in ("labels", *FACTS) if name in batch}
        return {**batch, "views": views, **others}

    cut = number * size
    return part(lambda x: x[:cut]), part(lambda x: x[cut:]), size
