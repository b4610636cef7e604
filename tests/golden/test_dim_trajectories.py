"""Recorded training runs of Deep InfoMax: losses and gradients of every step, and the weights."""

import math
import re

import numpy as np
import pytest
import tensorflow as tf

from tests.golden import ports
from tests.golden.dim_files import DimComparisons, cases, channels_last
from tests.golden.dim_ports import assign, mi_stored, mi_weights, reduced_encoder, stored_under
from tests.golden.golden_files import GoldenFile, folder
from tests.golden.test_trajectories import keras_floats
from tf_infomax import DeepInfoMax, encoders
from tf_infomax.critics import DotMapCritic
from tf_infomax.layers import optimizers
from tf_infomax.objectives import LocalInformation

FILES = "train_*_beta1_*.npz"
SHARED = "train_init_and_batches.npz"
# The release's mode -> options of the objective.
OBJECTIVES = {"jsd": {"bound": "jsd"}, "nce": {"bound": "infonce", "self_score": -10.0}}


class RecordingAdam(optimizers.Adam):
    """The package's Adam, which keeps the last gradients it was given."""

    def watch(self, variables):
        self.last = [tf.Variable(tf.zeros(v.shape, v.dtype)) for v in variables]

    def apply(self, grads, trainable_variables=None):
        for kept, gradient in zip(self.last, grads, strict=True):
            kept.assign(gradient)
        super().apply(grads, trainable_variables)


class ReleasedAdam(RecordingAdam):
    """Adam as PyTorch has it: epsilon is added to the root of the *corrected* second moment.

    In the first steps that is some thirty times less than epsilon before the correction, as in
    TensorFlow and here, which shows in weights whose gradient is below some 1e-6.
    """

    def update_step(self, gradient, variable, learning_rate):
        index = self._get_variable_index(variable)
        step = tf.cast(self.iterations + 1, variable.dtype)
        corrected = []
        for slots, beta, value in (
            (self._momentums, self.beta_1, gradient),
            (self._velocities, self.beta_2, gradient**2),
        ):
            beta = tf.constant(beta, variable.dtype)
            moment = slots[index].assign(beta * slots[index].value + (1 - beta) * value)
            corrected.append(moment / (1 - beta**step))
        mean, square = corrected
        learning_rate = tf.cast(learning_rate, variable.dtype)
        variable.assign_sub(learning_rate * mean / (tf.sqrt(square) + self.epsilon))


class Run:
    """The model of a file with its initial weights, and these by their stored names."""

    def __init__(self, compare, adam):
        self.compare = compare
        name = re.fullmatch(r"train_(\w+)_beta1_([\d.]+)", compare.golden.name)
        self.mode, beta_1 = name.groups()
        shared = folder("dim") / SHARED
        if not shared.is_file() or self.mode not in OBJECTIVES:
            pytest.skip(f"no {SHARED}, or unknown mode {self.mode!r}")
        shared = GoldenFile(shared)
        batches = [channels_last(batch) for batch in shared.input("batches")]
        self.batches = ports.tensor(np.stack(batches), compare.precision)
        self.variables = {}
        self.model = self._model(shared)
        self.optimizer = adam(1e-4, beta_1=float(beta_1), epsilon=1e-8)
        self.model.compile(self.optimizer, jit_compile=False)
        self.model.build_optimizers()
        self.optimizer.watch(self.model.representation_variables)

    def _model(self, shared):
        precision = self.compare.precision
        image_shape = tuple(self.batches.shape[2:])
        name = "basic{}x{}".format(*image_shape[:2])
        if name not in encoders.names():
            pytest.skip(f"no encoder is called {name!r}")
        encoder, variables = reduced_encoder(
            shared, name, image_shape, precision, prefix="init/encoder/"
        )
        self.variables |= {f"encoder/{path}": entry for path, entry in variables.items()}
        units = len(shared.input("init/local_net/block/conv0/weight"))
        critic = DotMapCritic(units, dtype=precision)
        term = LocalInformation(critic, **OBJECTIVES[self.mode], dtype=precision)
        model = DeepInfoMax(encoder, [term], dtype=precision)
        model.build((None, *image_shape))
        for path, network in (("local_net", critic.local_net), ("global_net", critic.global_net)):
            weights = mi_weights(network)
            assign(weights, mi_stored(shared, f"init/{path}/"), path)
            self.variables |= {f"{path}/{name}": entry for name, entry in weights.items()}
        return model

    def released_losses(self, bounds):
        """The release's losses of values of the bound; its cross-entropy has no constant."""
        if self.mode != "nce":
            return -np.asarray(bounds)
        images = self.batches.shape[1]
        local = self.model.encoder.endpoint_shapes["local"]
        return math.log((images - 1) * local[0] * local[1] + 1) - np.asarray(bounds)

    def gradients(self):
        """Stored name -> last gradient."""
        by_variable = {
            id(variable): kept.numpy()
            for variable, kept in zip(
                self.model.representation_variables, self.optimizer.last, strict=True
            )
        }
        return {
            name: by_variable[id(variable)]
            for name, (variable, _) in self.variables.items()
            if id(variable) in by_variable
        }

    def compare_embeddings(self):
        """Of the first batch, in training mode; this moves no weight but running means."""
        compare, critic = self.compare, self.model.objectives[0].critic
        endpoints = self.model.encoder.endpoints(self.batches[0], training=True)
        embedded = critic.embed_globals(endpoints["global"], training=True)
        compare.relative("step0/G", embedded[..., tf.newaxis], rtol=2e-5)
        local = critic.local_net(endpoints["local"], training=True)
        local = tf.transpose(tf.reshape(local, [len(local), -1, critic.units]), [0, 2, 1])
        compare.relative("step0/L", local, rtol=2e-5)

    def stored(self, prefix):
        """Our name -> stored array in our layout, of the arrays under ``prefix``."""
        stored = {}
        for name, array in stored_under(self.compare.golden, prefix).items():
            ours = name if name.startswith("encoder/") else name.replace("conv", "fc")
            assert ours in self.variables, f"{prefix}{name} is no weight of the model"
            # InfoNCE sees no shift that all local features share, and Adam turns the rounding
            # noise of its gradient into steps of full size.
            if (self.mode, name) != ("nce", "local_net/ln/beta"):
                stored[ours] = self.variables[ours][1](array)
        return stored

    def values(self):
        """Stored name -> value, of all variables."""
        return {name: variable.numpy() for name, (variable, _) in self.variables.items()}

    def compare_final_weights(self):
        """Entry by entry: README's float64 re-runs agree to 3e-6."""
        ours = self.values()
        for name, array in self.stored("final/").items():
            tolerance = 3e-6 + 1e-6 * np.abs(array).max()
            self.compare.close(f"final/{name}", ours[name], array, tolerance)

    def compare_movements(self, initial):
        """On the whole: all but a few entries of every array moved as the stored ones did.

        In float32 a unit next to the kink of its ReLU may be on the other side of it, at one place
        of one example, and then many gradients of that step are other ones, by a few percent.
        """
        ours = self.values()
        for name, array in self.stored("final/").items():
            moved = np.sqrt(np.mean((array - initial[name]) ** 2))
            apart = np.sqrt(np.mean((array - ours[name]) ** 2))
            self.compare.close(f"movement of {name}", apart, 0.0, 0.1 * moved + 1e-6)


def by_update(run):
    """``update``, compiled; (values of the bound, norms of the gradient, first gradients)."""
    update = tf.function(run.model.update)
    bounds, norms, first = [], [], None
    for batch in run.batches:
        bounds.append(update(batch, None, tf.constant([0, 0]))["local_information"])
        gradients = run.gradients()
        first = gradients if first is None else first
        squares = [np.sum(gradient.astype(np.float64) ** 2) for gradient in gradients.values()]
        norms.append(math.sqrt(sum(squares)))
    return bounds, norms, first


def by_fit(run):
    """Plain ``fit``; values of the bound. Epochs have one step, so their logs are the batches'."""
    dataset = tf.data.Dataset.from_tensor_slices(run.batches)
    log = run.model.fit(
        dataset, epochs=len(run.batches), steps_per_epoch=1, shuffle=False, verbose=0
    ).history
    np.testing.assert_allclose(log["loss"], np.negative(log["local_information"]), rtol=1e-6)
    return log["local_information"]


def training_cases():
    """All cases; plain ``fit``, which takes the same step, by default in one file only."""
    seen = 0
    for param in cases(FILES):
        (case,) = param.values
        is_fit = case is not None and case.precision == "float32"
        seen += is_fit
        marks = [*param.marks, pytest.mark.slow] if is_fit and seen > 1 else param.marks
        yield pytest.param(case, id=param.id, marks=marks)


@pytest.mark.parametrize("case", list(training_cases()))
def test_training(case):
    # Both ways take the same step, and compiling it is what costs: each way in one precision.
    is_exact = case.precision == "float64"
    with DimComparisons(case) as compare, keras_floats(case.precision):
        run = Run(compare, ReleasedAdam if is_exact else RecordingAdam)
        initial = run.values()
        run.compare_embeddings()
        for name, (variable, _) in run.variables.items():
            variable.assign(initial[name])
        if is_exact:
            bounds, norms, first = by_update(run)
            compare.relative("grad_norm", norms)
            for name, array in run.stored("grad_step0/").items():
                tolerance = 1e-6 + 1e-5 * np.abs(array).max()
                compare.close(f"grad_step0/{name}", first[name], array, tolerance)
            run.compare_final_weights()
        else:
            bounds = by_fit(run)
            run.compare_movements(initial)
        losses = run.released_losses(bounds)
        compare.relative("loss", losses, rtol=2e-6 if is_exact else 1e-3)
        codes = run.model.encoder(run.batches[0], training=False)
        compare.relative("final_eval/global_of_batch0", codes, rtol=1e-5 if is_exact else 1e-2)
