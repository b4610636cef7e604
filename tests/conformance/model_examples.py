"""One example of every registered model: what the conformance tests of models loop over.

A new class of model needs a new entry here, and no new test.
"""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np
import tensorflow as tf

from tf_infomax import AlignedViews, DeepInfoMax, InfoMax, RepresentationModel, encoders
from tf_infomax.critics import BilinearCritic, DotMapCritic
from tf_infomax.encoders import MLP
from tf_infomax.objectives import (
    BiGAN,
    LocalInformation,
    PriorMatching,
    Reconstruction,
    ViewInformation,
)

__all__ = ["MODELS", "WITH_DECODERS", "ModelExample"]


@dataclasses.dataclass(frozen=True)
class ModelExample:
    """A small model and data for it.

    Attributes:
        make: () -> a new model with the same weights each time, neither built nor compiled.
        make_data: (rows, seed) -> the arrays of that many rows, a tuple.
        inputs: names of what a call takes, as in an exported signature.
        outputs: names of what it returns.
        logged: names in the log of ``fit``.
        evaluated: names in the log of ``evaluate``.
        steady: one of them that has no random draws; ``None`` where none has.
    """

    make: Callable
    make_data: Callable
    inputs: tuple
    outputs: tuple
    logged: set
    evaluated: set
    steady: str | None = None

    def compiled(self, optimizer=None, **options):
        """A new model, compiled."""
        model = self.make()
        model.compile(optimizer or keras.optimizers.Adam(1e-2), **options)
        return model

    def arrays(self, rows=12, seed=0):
        """What one batch holds: a tuple, or the array itself where there is one."""
        arrays = self.make_data(rows, seed)
        return arrays if len(arrays) > 1 else arrays[0]

    def data(self, rows=12, size=6, seed=0, drop_remainder=True):
        """A tf.data set of batches."""
        slices = tf.data.Dataset.from_tensor_slices(self.arrays(rows, seed))
        return slices.batch(size, drop_remainder=drop_remainder)

    def outputs_of(self, model, rows=6):
        """What a call returns, as a list of arrays."""
        outputs = model(self.arrays(rows))
        return [np.asarray(part) for part in tf.nest.flatten(outputs)]


def _pairs(rows, seed):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 4)).astype(np.float32)
    return x, (x[:, :3] + 0.3 * rng.normal(size=(rows, 3))).astype(np.float32)


def _images(rows, seed):
    images = np.random.default_rng(seed).uniform(-1, 1, size=(rows, 28, 28, 1))
    return (images.astype(np.float32),)


def _deep_infomax():
    encoder = encoders.get("basic28x28", widths=(3, 4, 5), output_units=4, seed=0)
    local = LocalInformation(DotMapCritic(6, seed=1), "infonce")
    return DeepInfoMax(encoder, [local, PriorMatching(hidden_units=(5, 4), seed=2)], seed=3)


def _with(make_term):
    def make():
        encoder = encoders.get("basic28x28", widths=(3, 4, 5), output_units=4, seed=0)
        return DeepInfoMax(encoder, [make_term()], seed=3)

    return make


def _views_and_prior():
    """Pairs of views with a bound and, on the second view's code, a prior."""
    views = ("view_1", "view_2")
    terms = [
        ViewInformation(BilinearCritic(4, seed=2), views=views, endpoint="code"),
        PriorMatching(hidden_units=(5, 4), seed=3, endpoint="view_2.code"),
    ]
    encoders_of = {view: MLP((5, 4), seed=k) for k, view in enumerate(views)}
    return RepresentationModel(encoders_of, terms, seed=4)


_DEEP = {"loss", "local_information", "prior_encoder_loss"}
MODELS = {
    InfoMax: ModelExample(
        lambda: InfoMax(MLP((5, 4), seed=0), MLP((5, 4), seed=1), BilinearCritic(4, seed=2)),
        _pairs,
        ("view_1", "view_2"),
        ("scores",),
        {"loss", "bound"},
        {"loss", "bound"},
    ),
    AlignedViews: ModelExample(
        lambda: AlignedViews(MLP((5, 4), seed=0), MLP((5, 4), seed=1)),
        _pairs,
        ("view_1", "view_2"),
        ("code_1", "code_2"),
        {"loss", "alignment", "uniformity"},
        {"loss", "alignment", "uniformity"},
    ),
    RepresentationModel: ModelExample(
        _views_and_prior,
        _pairs,
        ("view_1", "view_2"),
        ("code",),
        {"loss", "view_information", "prior_encoder_loss", "prior_divergence", "adversary_loss"},
        {"loss", "view_information", "prior_encoder_loss"},
    ),
    DeepInfoMax: ModelExample(
        _deep_infomax,
        _images,
        ("images",),
        ("code",),
        {*_DEEP, "prior_divergence", "adversary_loss"},
        _DEEP,
    ),
}

# Deep InfoMax with terms that decode: layers made once the images are known, and three players.
_RECONSTRUCTION = {
    "loss", "reconstruction_mse", "reconstruction_log_likelihood", "reconstruction_kl", "elbo"
}
_GAME = {"loss", "bigan_encoder_loss"}
WITH_DECODERS = {
    "Reconstruction": ModelExample(
        _with(lambda: Reconstruction(base_channels=8, seed=1)),
        _images,
        ("images",),
        ("code",),
        _RECONSTRUCTION,
        _RECONSTRUCTION,
        "reconstruction_kl",
    ),
    "BiGAN": ModelExample(
        _with(lambda: BiGAN(widths=(3,), hidden_units=(5,), base_channels=8, seed=1)),
        _images,
        ("images",),
        ("code",),
        {*_GAME, "bigan_value", "discriminator_loss", "generator_loss"},
        _GAME,
    ),
}
