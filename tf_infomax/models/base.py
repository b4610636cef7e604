"""``SelfSupervisedModel``: Keras' interface, implemented once for all models without labels."""

import inspect
import warnings
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.layers.saved_model import write_call
from tf_infomax.models.data_check import (
    check_first_rows,
    check_rows,
    checked_batch,
    divided_evenly,
    doubts,
)
from tf_infomax.models.given_data import given_data
from tf_infomax.models.players import finalized_apart

__all__ = ["SelfSupervisedModel"]

_MEANINGLESS = ("loss", "loss_weights", "metrics", "weighted_metrics")


class SelfSupervisedModel(keras.Model):
    """A Keras model with a built-in loss and metrics: ``compile(optimizer)`` and ``fit``.

    It checks the data of ``fit``, ``evaluate`` and ``predict`` before the first step, builds the
    weights there (in the scope of the model's strategy, so that replicas and callbacks find
    them), weights every batch in the log by its rows, and exports with names. A subclass has a
    ``build``, a ``call``, and:

    Attributes:
        form: ``models.batches.PAIRS`` or ``IMAGES``: what a batch is, and the names of inputs.
        call_names: names of what ``call`` returns, for exports.
        least_rows: smallest number of rows of a batch for which the loss is defined.
        metric_names: names of everything ``train_on`` may report, "loss" first; known once built.
    """

    form: Any = None
    call_names: tuple[str, ...] = ()
    least_rows = 2
    metric_names = ("loss",)

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self._means = {}
        self._told = []
        self._variables_of_step = None

    def train_on(self, batch):
        """One step of all players on a ``Batch``; returns a dict of scalars, "loss" among them."""
        raise NotImplementedError

    def test_on(self, batch):
        """What ``train_on`` would report, in inference mode and without moving anything."""
        raise NotImplementedError

    def predict_on(self, batch):
        """Codes of a ``Batch``, row by row, in inference mode, which ``predict`` concatenates."""
        raise NotImplementedError

    def check_parts(self, rows):
        """Raises ``ValueError`` if a training step cannot divide so many rows as it needs to."""

    def optimized(self):
        """(optimizer, its trainable variables) of each player.

        No property: Keras looks into those for what it saves, and would find optimizers twice.
        """
        return [(self.optimizer, self.trainable_variables)]

    def build_optimizers(self):
        """Makes the optimizers' variables, which a checkpoint needs before the first step."""
        for optimizer, variables in self.optimized():
            if variables and not optimizer.built:
                optimizer.build(variables)

    def compile(self, optimizer="adam", *args, **kwargs):
        """As ``keras.Model.compile``, without losses and metrics, which are built in.

        Raises:
            ValueError: on ``loss``, ``loss_weights``, ``metrics`` or ``weighted_metrics``.
        """
        given = inspect.signature(keras.Model.compile).bind(self, optimizer, *args, **kwargs)
        for name in _MEANINGLESS:
            if given.arguments.get(name) is not None:
                raise ValueError(
                    f"{type(self).__name__} has a loss and metrics of its own, so that `{name}` "
                    f"means nothing: compile(optimizer). Received: {name}="
                    f"{given.arguments[name]!r}."
                )
        super().compile(optimizer, *args, **kwargs)
        self._variables_of_step = None

    def get_compile_config(self):
        if not self.compiled:
            return None
        return {
            "optimizer": keras.saving.serialize_keras_object(self.optimizer),
            "run_eagerly": self.run_eagerly,
            "jit_compile": self.jit_compile,
            "steps_per_execution": self.steps_per_execution,
        }

    def compile_from_config(self, config):
        parts = {name: keras.saving.deserialize_keras_object(part) for name, part in config.items()}
        # Files of earlier versions hold empty entries for them.
        self.compile(**{k: part for k, part in parts.items() if k not in _MEANINGLESS})
        if self.built:
            self.build_optimizers()

    def fit(self, x=None, y=None, batch_size=None, *args, **kwargs):
        """As ``keras.Model.fit``: see the class for what the data may be.

        Raises:
            ValueError: on data of another form, weights of classes, or batches with too few rows
                where their number is known; all before the first step.
        """
        call = inspect.signature(keras.Model.fit).bind(self, x, y, batch_size, *args, **kwargs)
        if call.arguments.get("class_weight") is not None:
            raise ValueError(
                f"{type(self).__name__} knows no weights of classes: draw some "
                f"{self.form.rows_are} more often instead. "
                f"Received: class_weight={call.arguments['class_weight']!r}."
            )
        if self.compiled:
            given = call.arguments
            weights, share = given.get("sample_weight"), 1.0 - given.get("validation_split", 0.0)
            x = self._prepared(x, y, weights, batch_size, share=share, trains=True)
            self._follow_trainable()
            validation, size = given.get("validation_data"), given.get("validation_batch_size")
            if validation is not None:
                self._check_validation(validation, size or batch_size)
            elif share < 1.0:
                self._check_validation((x, y, weights), size or batch_size, -share)
            with finalized_apart([optimizer for optimizer, _ in self.optimized()]):
                return super().fit(x, y, batch_size, *args, **kwargs)
        # Keras' own message.
        return super().fit(x, y, batch_size, *args, **kwargs)

    def evaluate(self, x=None, y=None, batch_size=None, *args, **kwargs):
        """As ``keras.Model.evaluate``; raises ``ValueError`` as ``fit`` does."""
        # Inside `fit` the data have been checked, and are not passed on.
        if self.compiled and x is not None and not kwargs.get("_use_cached_eval_dataset"):
            x = self._prepared(x, y, kwargs.get("sample_weight"), batch_size)
        return super().evaluate(x, y, batch_size, *args, **kwargs)

    def predict(self, x, batch_size=None, *args, **kwargs):
        """As ``keras.Model.predict``: the codes that ``predict_on`` gives, for all rows.

        Raises:
            ValueError: on data of another form.
        """
        if not isinstance(batch_size, int | np.integer | None):
            raise ValueError(
                "Pairs are one argument: predict((x, y)); the second is `batch_size`. "
                f"Received: batch_size of type {type(batch_size).__name__}."
            )
        x = self._prepared(x, None, None, batch_size, least_rows=1)
        return super().predict(x, batch_size, *args, **kwargs)

    def _prepared(
        self, x, y, sample_weight, batch_size, least_rows=None, share=1.0, trains=False
    ):
        """Checks the data and builds the model on them; returns what to pass to Keras as ``x``."""
        given = given_data(x, y, sample_weight, batch_size, share, peek=not self.built)
        batch = self._check(given, least_rows)
        # Unknown numbers of rows are checked in the graph.
        for rows in filter(None, (given.batch_rows, given.last_rows) if trains else ()):
            self.check_parts(rows)
        if sample_weight is not None:
            # Keras passes them on where labels may stand.
            raise ValueError(
                f"{type(self).__name__} knows no weights of {self.form.rows_are}: draw some of "
                "them more often instead. "
                f"Received: sample_weight of type {type(sample_weight).__name__}."
            )
        shape = None if batch is None else self.form.build_shape(batch)
        with self.distribute_strategy.scope():
            if not self.built and shape is not None:
                self.build(shape)
            if self.built and self.compiled:
                self.build_optimizers()
        return given.x

    def _check_validation(self, data, batch_size, share=1.0):
        parts = data if isinstance(data, (tuple, list)) else (data,)
        given = given_data(*parts[:3], batch_size=batch_size, share=share)
        self._check(given)

    def _check(self, given, least_rows=None):
        """The first batch of ``given`` as a ``Batch``, or ``None`` if it is not known."""
        number = self.distribute_strategy.num_replicas_in_sync
        # `predict` compares no rows.
        least = self.least_rows if least_rows is None else least_rows
        batch = checked_batch(given, self.form, type(self).__name__, least, number)
        if least_rows is None:
            check_first_rows(given, number)
        if batch is not None:
            for doubt in doubts(given, batch, self.form, least):
                self._tell_once(doubt)
        return batch

    def _tell_once(self, text):
        if text not in self._told:
            self._told.append(text)
            # The caller of `fit`.
            warnings.warn(text, stacklevel=5)

    def _follow_trainable(self):
        """Makes the step again if layers were frozen or unfrozen since it was made.

        Keras would keep training the earlier variables. For unfrozen variables that an optimizer
        was not built with, Keras raises and asks for another optimizer.
        """
        if not self.built:
            return
        found = [v for _, variables in self.optimized() for v in variables]
        if not found:
            warnings.warn("The model has no trainable weights: fit will not move it.", stacklevel=3)
        now = frozenset(map(id, found))
        if self._variables_of_step not in (None, now):
            self.train_function = None
        self._variables_of_step = now

    def train_step(self, data):
        batch = self._batch(data, self.least_rows)
        return self._report(self.train_on(batch), batch)

    def test_step(self, data):
        batch = self._batch(data, self.least_rows)
        return self._report(self.test_on(batch), batch)

    def predict_step(self, data):
        return self.predict_on(self._batch(data))

    def _batch(self, data, least_rows=None):
        batch = self.form.read(data, type(self).__name__)
        if not self.built:
            self.build(self.form.build_shape(batch))
        if least_rows is not None:
            # Codes are predicted row by row, whatever the rows of the other replicas.
            batch = divided_evenly(batch)
            check_rows(batch, self.form, least_rows)
        return batch

    @property
    def metrics(self):
        return list(self._means.values())

    def make_means(self):
        """Makes the running means for the log; called once ``metric_names`` are known."""
        for name in self.metric_names:
            if name not in self._means:
                self._means[name] = keras.metrics.Mean(name=name)

    def _report(self, values, batch):
        # Not every player reports under `evaluate`.
        rows = tf.shape(batch.inputs[0])[0]
        for name, value in values.items():
            self._means[name].update_state(value, sample_weight=tf.cast(rows, value.dtype))
        return {name: self._means[name].result() for name in values}

    def export(
        self, filepath, format="tf_saved_model", verbose=None, input_signature=None, **kwargs
    ):
        """As ``keras.Model.export``; a SavedModel has names, see ``write_call``.

        Args:
            filepath: folder to write to.
            format: "tf_saved_model", or another of Keras'.
            verbose: as Keras'.
            input_signature: ``tf.TensorSpec`` or ``keras.InputSpec`` of each input, in place of the
                shapes that the model was built on.
            **kwargs: as Keras'.

        Raises:
            ValueError: if the model is not built.
        """
        if not self.built:
            raise ValueError(
                "A model is exported once it is built, by `fit` or by `build`. "
                f"Received: {type(self).__name__} without weights."
            )
        specs = self._input_specs(input_signature)
        if format != "tf_saved_model":
            signature = [specs[0] if len(specs) == 1 else tuple(specs)]
            return super().export(filepath, format, verbose, signature, **kwargs)
        write_call(filepath, self, specs, self.call_names)
        if verbose or verbose is None:
            outputs = ", ".join(self.call_names)
            print(f"Saved at {filepath}: {', '.join(self.form.names)} -> {outputs}.")

    def _input_specs(self, given):
        if given is None:
            built_on = self.get_build_config()["input_shape"]
            shapes = [built_on] if len(self.form.names) == 1 else built_on
            if isinstance(built_on, dict):
                shapes = [built_on[name] for name in self.form.names]
            given = [tf.TensorSpec([None, *shape[1:]], self.variable_dtype) for shape in shapes]
        return [
            tf.TensorSpec(spec.shape, spec.dtype, name)
            for name, spec in zip(self.form.names, tf.nest.flatten(given), strict=True)
        ]
