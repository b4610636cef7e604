"""The critic of images: its start, what its features ignore, and shapes that move about."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf
from sklearn import datasets

from benchmarks.hard_and_real_pairs import moving_shapes
from tf_infomax.estimation import (
    CanonicalCritic,
    CategoricalCritic,
    ImageCritic,
    MutualInformationEstimator,
)
from tf_infomax.estimation.image_features import ImageFeatures

GRID = 6, 8, 1
RNG = np.random.default_rng(0)


def coded(count, codes=5):
    return RNG.normal(size=(count, codes + math.prod(GRID))).astype("float32")


def critic_of(grids=(GRID, GRID), shapes=None, base=None, **options):
    critic = ImageCritic(base or CanonicalCritic(hidden_dim=None), grids, seed=0, **options)
    critic.build(*(shapes or [(None, 5 + math.prod(GRID))] * 2))
    critic.built = True
    return critic


def trained(critic):
    """The critic with features that are not zero."""
    critic.set_weights([RNG.normal(size=one.shape) / 4 + one for one in critic.get_weights()])
    return critic


def test_it_starts_as_its_base_and_can_forget_it():
    x, y = coded(200), coded(200)
    y[:, :2] += x[:, :2]
    critic = critic_of()
    critic.adapt(x, y)
    alone = CanonicalCritic()
    alone.build((None, 5), (None, 5))
    alone.adapt(x[:, :5], y[:, :5])
    np.testing.assert_allclose(critic(x, y), alone(x[:, :5], y[:, :5]), rtol=1e-5, atol=1e-5)
    assert np.abs(critic(x, y)).max() > 1.0
    names = list(critic.adaptations(x, y))
    assert names[0] == "all coordinates" and names[-1] == "features alone"
    np.testing.assert_allclose(critic(x, y), 0.0, atol=1e-6)


def test_scores_of_partners_are_those_of_all_pairs(tmp_path):
    x, y = coded(30), coded(40)
    critic = trained(critic_of())
    every = critic(x, y).numpy()
    assert every.shape == (30, 40)
    partners = RNG.integers(40, size=(30, 7))
    chosen = critic(x, y, tf.constant(partners, tf.int32))
    np.testing.assert_allclose(chosen, np.take_along_axis(every, partners, 1), rtol=1e-4, atol=1e-4)
    inputs = [keras.Input(x.shape[1:]), keras.Input(y.shape[1:])]
    keras.Model(inputs, critic(*inputs)).save(tmp_path / "critic.keras")
    loaded = keras.models.load_model(tmp_path / "critic.keras")
    np.testing.assert_allclose(loaded([x, y]), every, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("grids", [(GRID, None), (None, GRID), (GRID, GRID)])
def test_every_side_gets_a_gradient_after_the_first_step(grids):
    widths = [5 + (math.prod(GRID) if grid else 0) for grid in grids]
    x, y = (RNG.normal(size=(20, width)).astype("float32") for width in widths)
    critic = critic_of(grids, [(None, width) for width in widths])
    for step in range(2):
        with tf.GradientTape() as tape:
            scores = critic(x, y)
            loss = tf.reduce_mean(tf.linalg.diag_part(tf.nn.log_softmax(scores)))
        if step == 0:
            variables = critic.trainable_variables
            gradients = tape.gradient(loss, variables)
            for variable, gradient in zip(variables, gradients, strict=True):
                variable.assign_add(0.1 * gradient)
        else:
            of_sides = [side.trainable_variables for side in critic.sides]
            for gradients in tape.gradient(loss, of_sides):
                assert all(float(tf.norm(one)) > 0.0 for one in gradients[-2:])


def test_features_do_not_depend_on_the_place():
    features = ImageFeatures((20, 20, 2), 6, seed=0)
    images = np.zeros((3, 20, 20, 2), "float32")
    shape = RNG.normal(size=(4, 4, 2))
    # Shifts by 4 pixels go with the strides of the last two convolutions, away from the edges.
    places = [(8, 8), (8, 12), (12, 8)]
    for image, (row, column) in zip(images, places, strict=True):
        image[row : row + 4, column : column + 4] += shape
    found = features(images.reshape(3, -1)).numpy()
    np.testing.assert_allclose(found[1], found[0], atol=1e-5)
    np.testing.assert_allclose(found[2], found[0], atol=1e-5)
    assert np.abs(found[0]).max() > 1e-3


def test_the_scale_of_pixels_does_not_matter():
    pixels = RNG.normal(size=(10, 64)).astype("float32")
    found = []
    for values in (pixels, 255.0 * pixels + 100.0):
        features = ImageFeatures((8, 8, 1), 3, seed=1)
        features.build((None, 64))
        features.adapt(values)
        found.append(features(values).numpy())
    np.testing.assert_allclose(*found, rtol=1e-3, atol=1e-4)


@pytest.mark.slow
def test_images_that_differ_in_place_show_what_they_show():
    x, y, truth = moving_shapes(700, classes=3, size=8, noise=0.1, flip=0.1)
    assert truth == pytest.approx(math.log(3) * 0.8, abs=0.12)
    options = {"folds": 2, "half_fits": 0, "jobs": 1}
    found = MutualInformationEstimator(**options).fit(x, y)
    assert 0.5 * truth < found.mutual_information_ < truth + 3.0 * found.standard_error_
    assert isinstance(found.critics_[0], ImageCritic)
    # New pairs of the same kind, and flattened, as the columns are.
    new_x, new_y, _ = moving_shapes(200, classes=3, size=8, noise=0.1, flip=0.1, seed=1)
    value = found.score(new_x, new_y)
    assert value == pytest.approx(found.mutual_information_, abs=0.35)
    assert found.score(new_x.reshape(200, -1), new_y.reshape(200, -1)) == value


@pytest.mark.slow
def test_more_classes_and_room():
    x, y, truth = moving_shapes(2_000, classes=6, size=12, noise=0.2, flip=0.1)
    found = MutualInformationEstimator().fit(x, y)
    assert 0.75 * truth < found.mutual_information_ < truth + 3.0 * found.standard_error_
    assert found.confidence_interval_[0] < truth < found.confidence_interval_[1]
    as_vectors = MutualInformationEstimator().fit(x.reshape(2_000, -1), y.reshape(2_000, -1))
    assert as_vectors.mutual_information_ < 0.2 * truth


@pytest.mark.slow
def test_independent_images_share_nothing():
    x, y = RNG.normal(size=(2, 300, 6, 6, 3))
    found = MutualInformationEstimator(folds=2, half_fits=0, jobs=1, epochs=3).fit(x, y)
    assert -3.0 * found.standard_error_ <= found.mutual_information_ < 0.1
    assert found.n_features_in_ == 108


def test_which_critic_images_get():
    digits = datasets.load_digits()
    images, labels = digits.images[:300], digits.target[:300]
    options = {"folds": 2, "half_fits": 0, "jobs": 1, "epochs": 1}
    found = MutualInformationEstimator(**options).fit(images, labels)
    critic = found.critics_[0]
    assert isinstance(critic, ImageCritic) and isinstance(critic.base, CategoricalCritic)
    assert critic.grids == ((8, 8, 1), None)
    codes = found.encoded(images, labels)[0]
    assert codes.shape == (300, 128)
    pixels = images.reshape(300, -1)
    np.testing.assert_allclose(codes[:, 64:], (pixels - pixels.mean()) / pixels.std(), rtol=1e-6)
    assert 1.0 < found.mutual_information_ < math.log(10)


@pytest.mark.slow
def test_which_pairs_get_which_critic():
    digits = datasets.load_digits()
    images, labels = digits.images[:300], digits.target[:300]
    options = {"folds": 2, "half_fits": 0, "jobs": 1, "epochs": 1}
    turned = MutualInformationEstimator(**options).fit(labels, images)
    assert turned.critics_[0].grids == (None, (8, 8, 1))
    # Vectors, and images that are too small for a convolution, are vectors.
    for x in (images.reshape(300, -1), images[:, 2:5]):
        found = MutualInformationEstimator(**options).fit(x, labels)
        assert isinstance(found.critics_[0], CategoricalCritic)
    # A critic that was asked for sees the columns and no more.
    found = MutualInformationEstimator(critic="separable", **options).fit(images, labels)
    assert found.encoded(images, labels)[0].shape == (300, 64)


@pytest.mark.parametrize(("scale", "offset"), [
    (1e-9, 0.0),
    pytest.param(2.0**70, 0.0, marks=pytest.mark.slow),
    pytest.param(1.0, 1e9, marks=pytest.mark.slow),
])
def test_units_of_pixels_do_not_matter(scale, offset):
    digits = datasets.load_digits()
    options = {"folds": 2, "half_fits": 0, "jobs": 1, "epochs": 0}
    codes = [
        MutualInformationEstimator(**options).fit(images, digits.target[:300]).encoded(
            images, digits.target[:300]
        )[0]
        for images in (digits.images[:300], offset + scale * digits.images[:300])
    ]
    np.testing.assert_allclose(*codes, rtol=1e-6, atol=1e-6)


def test_without_a_network():
    x, y = coded(100, 3)[:, :3], coded(100, 3)[:, :3]
    y += x
    critics = [CanonicalCritic(hidden_dim=width, closed_forms=True) for width in (None, 16)]
    for critic in critics:
        critic.build((None, 3), (None, 3))
        critic.adapt(x, y)
    np.testing.assert_allclose(*(critic(x, y) for critic in critics), rtol=1e-6)
    assert len(critics[0].trainable_variables) == 2
    with pytest.raises(ValueError, match="`hidden_dim`"):
        CanonicalCritic(hidden_dim=-2)
