"""Subclassed Keras models as encoders: weights and shapes that only a call shows."""

import warnings

import keras
import numpy as np
import pytest

from tf_infomax import AlignedViews, InfoMax
from tf_infomax.critics import BilinearCritic
from tf_infomax.encoders.symbolic import build_model, code_shape

X, Y = np.random.default_rng(0).normal(size=(2, 16, 6)).astype(np.float32)


@keras.saving.register_keras_serializable(package="tests.test_symbolic")
class Net(keras.Model):
    """What Keras' guide to subclassing shows: neither ``build`` nor ``compute_output_shape``."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.dense = keras.layers.Dense(4)

    def call(self, x):
        return self.dense(x)


class Named(Net):
    def call(self, x):
        return {"a": self.dense(x)}


class Twice(Net):
    def call(self, x):
        return [self.dense(x), self.dense(x)]


def functional(outputs):
    inputs = keras.Input((6,))
    code = keras.layers.Dense(4)(inputs)
    return keras.Model(inputs, outputs(code))


MODELS = {
    "infomax": lambda net: InfoMax(net, None, BilinearCritic(4, seed=0)),
    "two": lambda net: InfoMax(net, Net(), BilinearCritic(4, seed=0)),
    "chunks": lambda net: InfoMax(net, None, BilinearCritic(4, seed=0), encoder_chunk=3),
    "aligned": AlignedViews,
}


@pytest.mark.parametrize("make", MODELS.values(), ids=MODELS)
def test_a_subclass_is_trained_and_saved(make, tmp_path):
    model = make(Net())
    model.compile(keras.optimizers.SGD(0.1))
    with warnings.catch_warnings():
        # Keras warns of a model that is only marked as built.
        warnings.simplefilter("error", UserWarning)
        model.build((X.shape, Y.shape))
    before = model.encoder_1.dense.kernel.numpy()
    model.fit(X, Y, batch_size=8, verbose=0)
    assert not np.array_equal(before, model.encoder_1.dense.kernel)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    np.testing.assert_array_equal(loaded.encoder_1(X), model.encoder_1(X))


def test_shapes_are_those_of_the_codes():
    for make in (Net, lambda: functional(lambda code: code)):
        encoder = make()
        build_model(encoder, (None, 6))
        assert [tuple(weight.shape) for weight in encoder.weights] == [(6, 4), (4,)]
        assert code_shape(encoder, (None, 6)) == tuple(encoder(X).shape[1:]) == (4,)


@pytest.mark.parametrize("chunk", [None, 3])
@pytest.mark.parametrize(
    "make",
    [
        Named,
        Twice,
        lambda: functional(lambda code: {"a": code}),
        lambda: functional(lambda code: [code, code]),
    ],
    ids=["subclass, dict", "subclass, list", "functional, dict", "functional, list"],
)
def test_one_code_is_expected(make, chunk):
    model = InfoMax(make(), None, BilinearCritic(4), encoder_chunk=chunk)
    with pytest.raises(ValueError, match=r"One code per view is .* Received: .*\(16, 4\)"):
        model.build((X.shape, Y.shape))
