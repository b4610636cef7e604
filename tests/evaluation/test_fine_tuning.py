"""Fine-tuning: a copy of the encoder learns, the encoder itself stays."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tf_infomax.evaluation import fine_tune

FAST = {"epochs": 4, "batch_size": 25, "learning_rate": 0.01, "decay_epochs": (3,)}


@keras.saving.register_keras_serializable(package="tests")
class TinyEncoder(keras.Model):
    """A convolution with batch norm ("conv") and a dense output ("global")."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.convolution = keras.layers.Conv2D(4, 3, strides=2, padding="same")
        self.normalization = keras.layers.BatchNormalization()
        self.output_layer = keras.layers.Dense(3)
        self.endpoint_shapes = {}

    def build(self, input_shape):
        self.convolution.build(input_shape)
        shape = self.convolution.compute_output_shape(input_shape)
        self.normalization.build(shape)
        self.output_layer.build((None, int(np.prod(shape[1:]))))
        self.endpoint_shapes = {"conv": shape[1:], "global": (3,)}
        self.built = True

    def endpoints(self, images, training=False):
        conv = tf.nn.relu(self.normalization(self.convolution(images), training=training))
        flat = tf.reshape(conv, [-1, int(np.prod(conv.shape[1:]))])
        return {"conv": conv, "global": self.output_layer(flat)}

    def call(self, images, training=False):
        return self.endpoints(images, training)["global"]


def striped(count, seed):
    """Noise with horizontal or vertical stripes: a task for a convolution."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=count)
    stripes = np.where(np.arange(6) % 2, 60.0, -60.0)
    images = np.where(labels[:, None, None], stripes[:, None], stripes[None, :])
    images = images[..., None] + rng.uniform(60, 190, size=(count, 6, 6, 1))
    return np.clip(images, 0, 255).astype(np.uint8), labels


TRAIN, TEST = striped(200, 0), striped(100, 1)


@pytest.fixture
def encoder():
    keras.utils.set_random_seed(0)
    model = TinyEncoder()
    model.build((None, 6, 6, 1))
    return model


@pytest.mark.parametrize("endpoint", [
    None, "conv", pytest.param("global", marks=pytest.mark.slow),
])
def test_a_copy_learns_and_the_encoder_stays(encoder, endpoint, recwarn):
    before = [weight.numpy() for weight in encoder.weights]
    result = fine_tune(encoder, *TRAIN, *TEST, endpoint=endpoint, **FAST)
    for weight, old in zip(encoder.weights, before, strict=True):
        np.testing.assert_array_equal(weight, old)
    assert result.last > 0.9 and len(result.curve) == 4
    # Layers after the endpoint are left alone; Keras would warn of them.
    assert not [w for w in recwarn if "Gradients do not exist" in str(w.message)]


def test_the_encoder_itself_is_trained(encoder):
    # Its features are dead, and a head alone would stay at chance for ever.
    encoder.normalization.gamma.assign(tf.zeros([4]))
    encoder.normalization.beta.assign(tf.fill([4], 0.05))
    result = fine_tune(encoder, *TRAIN, *TEST, endpoint="conv", **{**FAST, "epochs": 8})
    assert result.last > 0.9


@pytest.mark.slow
def test_unlabelled_images_change_nothing(encoder):
    images = np.concatenate([TRAIN[0], 255 - TRAIN[0][:50]])
    labels = np.concatenate([TRAIN[1], np.full(50, -1)])
    options = {**FAST, "epochs": 1, "endpoint": "conv"}
    expected = fine_tune(encoder, *TRAIN, *TEST, **options)
    assert fine_tune(encoder, images, labels, *TEST, **options) == expected


def test_training_images_may_be_augmented(encoder):
    # Stripes turned by an augmentation are learnt the wrong way round.
    def turn(images):
        return tf.transpose(images, [0, 2, 1, 3])

    result = fine_tune(encoder, *TRAIN, *TEST, endpoint="conv", augment=turn, **FAST)
    assert result.last < 0.1


@pytest.mark.slow
def test_random_shifts_and_mirror_images(encoder):
    """A class that is told by the side of a bright column cannot be learnt from mirror images."""
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=200)
    images = rng.integers(0, 60, size=(200, 6, 6, 1))
    images[np.arange(200), :, np.where(labels, 5, 0)] = 250
    data = (images.astype(np.uint8), labels, images.astype(np.uint8), labels)
    options = {**FAST, "endpoint": "conv"}
    assert fine_tune(encoder, *data, **options).train_loss[-1] < 0.01
    mirrored = fine_tune(encoder, *data, flip=True, **options)
    assert mirrored.train_loss[-1] > 0.5
    # The same draws again.
    assert fine_tune(encoder, *data, flip=True, **options) == mirrored
    # Mirrored at the edges, a shift of 5 may bring the column of 0 to any place up to 5.
    assert fine_tune(encoder, *data, shift=5, **options).train_loss[-1] > 0.1
    with pytest.raises(ValueError, match=r"from 0 to 5 pixels.* Received: shift=6"):
        fine_tune(encoder, *data, shift=6, **options)


@pytest.mark.slow
def test_part_of_the_labels_and_an_epoch_chosen_on_held_out_images(encoder):
    options = {**FAST, "endpoint": "conv", "epochs": 12}
    few = fine_tune(encoder, *TRAIN, *TEST, labelled=0.05, **{**options, "epochs": 2})
    # Ten images make one step an epoch, whatever the size of a batch.
    assert len(few.curve) == 2 and few.last < 1.0
    chosen = fine_tune(encoder, *TRAIN, *TEST, held_out=0.2, patience=2, **options)
    best = int(np.argmax(chosen.held_out_curve))
    assert chosen.accuracy == chosen.curve[best]
    assert len(chosen.curve) == len(chosen.held_out_curve) == min(best + 3, 12) < 12
    for wrong in (
        {"patience": 2}, {"held_out": 1.0}, {"labelled": 0.0}, {"held_out": 0.999},
        {"held_out": 0.2, "patience": 0}, {"held_out": 0.2, "patience": 1.5},
    ):  # fmt: skip
        with pytest.raises(ValueError, match="Received: "):
            fine_tune(encoder, *TRAIN, *TEST, **wrong, **FAST)


def test_functional_models(encoder):
    model = keras.Sequential([keras.Input((6, 6, 1)), keras.layers.Conv2D(4, 3, strides=2)])
    assert fine_tune(model, *TRAIN, *TEST, **FAST).last > 0.9


def test_unknown_endpoint(encoder):
    with pytest.raises(ValueError, match=r"are conv, global\. Received: endpoint='fc'"):
        fine_tune(encoder, *TRAIN, *TEST, endpoint="fc", **FAST)


@pytest.mark.slow
def test_which_integers_classes_are_does_not_matter(encoder):
    options = {**FAST, "epochs": 1, "endpoint": "conv"}
    data = [(images[:60], labels[:60]) for images, labels in (TRAIN, TEST)]
    far = [(images, 5 + labels * 2**32) for images, labels in data]
    expected = fine_tune(encoder, *data[0], *data[1], **options)
    assert fine_tune(encoder, *far[0], *far[1], **options) == expected
