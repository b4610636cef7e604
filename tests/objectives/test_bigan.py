"""BiGAN: the value of its game in closed form, both directions of it, and who moves whom."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.stored_endpoints import StoredEndpoints
from tf_infomax import DeepInfoMax, RepresentationModel, encoders
from tf_infomax.layers.optimizers import Adam
from tf_infomax.objectives import BiGAN
from tf_infomax.objectives.bigan import GAMES
from tf_infomax.objectives.prior_matching import PRIORS, sample_prior, squash
from tf_infomax.training.step import gradient_step

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(-1, 1, size=(6, 8, 8, 1)).astype(np.float32)
CODES = RNG.normal(size=(6, 3)).astype(np.float32)


def term_on(images=IMAGES, codes=CODES, **options):
    """A small term, and given endpoints in place of the encoder."""
    encoder = StoredEndpoints(images=images, **{"global": tf.constant(codes)})
    small = {"widths": (3, 4), "hidden_units": (5,), "base_channels": 8, "seed": 0}
    small["penalty_weight"] = 0.0
    term = BiGAN(**{**small, **options})
    term.connect(encoder.encoded())
    return term, encoder


def sigmoid(scores):
    return 1 / (1 + np.exp(-scores))


@pytest.mark.parametrize("prior", PRIORS)
@pytest.mark.parametrize("game", GAMES)
def test_losses_by_hand(game, prior):
    term, encoder = term_on(game=game, prior=prior, weight=0.25)
    features = encoder.features(training=False)
    draws = sample_prior(prior, CODES.shape, features.seed("bigan"))
    real = term.discriminate(IMAGES, squash(CODES, prior)).numpy().astype(float)
    made = term.discriminate(term.generate(draws), draws).numpy().astype(float)
    value = np.mean(np.log(sigmoid(real))) + np.mean(np.log(1 - sigmoid(made)))
    loss, metrics = term.loss(features)
    generator, _ = term.generator_loss(features)
    discriminator, found = term.discriminator_loss(features)
    np.testing.assert_allclose(found["bigan_value"], value, rtol=1e-5)
    np.testing.assert_allclose(discriminator, -value, rtol=1e-5)
    np.testing.assert_allclose(loss, 0.25 * metrics["bigan_encoder_loss"], rtol=1e-6)
    if game == "minimax":
        halves = np.mean(np.log(sigmoid(real))), np.mean(np.log(1 - sigmoid(made)))
        # What one side wins the others lose.
        total = metrics["bigan_encoder_loss"] + generator + discriminator
        np.testing.assert_allclose(total, 0.0, atol=1e-6)
    else:
        halves = -np.mean(np.log(1 - sigmoid(real))), -np.mean(np.log(sigmoid(made)))
    np.testing.assert_allclose([metrics["bigan_encoder_loss"], generator], halves, rtol=1e-5)


class Table(keras.layers.Layer):
    """A score for each of the four signs of (x, y), and a constant for gradients by them."""

    def build(self, x_shape, y_shape):
        self.scores = self.add_weight(shape=(4,), initializer="zeros", name="scores")

    def call(self, x, y):
        place = 2 * tf.cast(x[:, 0] > 0, tf.int32) + tf.cast(y[:, 0] > 0, tf.int32)
        return tf.gather(tf.convert_to_tensor(self.scores), place)[:, tf.newaxis]


class Sign(keras.layers.Layer):
    """Generates the sign of the code."""

    def call(self, z):
        return tf.sign(z)


def test_the_best_discriminator_reads_the_jensen_shannon_divergence():
    """With a score for every state the optimum is 2 JSD - 2 log 2 of the two joints."""
    count = 1_000
    views = np.where(np.arange(count) < 700, 1.0, -1.0)[:, None].astype(np.float32)
    # An encoder that is wrong on a tenth of each sign.
    codes = views * np.where(np.arange(count) % 10 == 0, -1, 1)[:, None].astype(np.float32)
    term, encoder = term_on(views, codes, discriminator=Table(), generator=Sign())
    features = encoder.features()
    draws = sample_prior("normal", (count, 1), features.seed("bigan")).numpy()
    encoded = np.array([0.27, 0.03, 0.07, 0.63])
    generated = np.array([np.mean(draws <= 0), 0.0, 0.0, np.mean(draws > 0)])
    optimizer = keras.optimizers.Adam(0.1)
    variables = term.player("discriminator").variables
    step = tf.function(
        lambda: gradient_step(lambda: term.discriminator_loss(features), variables, optimizer)
    )
    for _ in range(300):
        found = step()
    middle = (encoded + generated) / 2

    def kl(p):
        return np.sum(p[p > 0] * np.log(p[p > 0] / middle[p > 0]))

    expected = kl(encoded) + kl(generated) - 2 * np.log(2)
    assert float(found["bigan_value"]) == pytest.approx(expected, abs=2e-3)
    # Its score is the log of the densities' ratio, where both have mass.
    both = [0, 3]
    scores, ratio = term.discriminator.scores.numpy()[both], encoded[both] / generated[both]
    np.testing.assert_allclose(scores, np.log(ratio), atol=0.02)


@pytest.mark.parametrize("game", GAMES)
def test_encoder_and_generator_are_pushed_towards_each_other(game):
    """Scores' derivatives: s or 1 - s, so that E lowers its pairs' scores and G raises its own."""
    term, encoder = term_on(game=game)
    scores = tf.constant([[-3.0], [0.5], [2.0]])
    term.discriminate = lambda views, codes: scores
    found = []
    for loss in (term.loss, term.generator_loss):
        with tf.GradientTape() as tape:
            tape.watch(scores)
            value, _ = loss(encoder.features())
        found.append(tape.gradient(value, scores).numpy())
    share = sigmoid(scores.numpy())
    expected = {
        "minimax": [(1 - share) / 3, -share / 3], "non_saturating": [share / 3, -(1 - share) / 3],
    }[game]
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_penalty_is_that_of_the_gradient_by_image_and_code():
    class Linear(keras.layers.Layer):
        def build(self, x_shape, y_shape):
            self.kernel = self.add_weight(shape=(x_shape[-1] + y_shape[-1], 1), name="kernel")

        def call(self, x, y):
            return tf.concat([x, y], axis=1) @ tf.convert_to_tensor(self.kernel)

    views, generator = RNG.normal(size=(6, 2)).astype(np.float32), keras.layers.Dense(2)
    losses = []
    for weight in (0.0, 3.0):
        term, encoder = term_on(
            views, discriminator=Linear(), generator=generator, penalty_weight=weight
        )
        term.discriminator.kernel.assign(np.arange(5.0)[:, None])
        losses.append(float(term.discriminator_loss(encoder.features())[0]))
    assert losses[1] - losses[0] == pytest.approx(3 * 30.0, rel=1e-5)


def model_of(**options):
    encoder = encoders.get("basic28x28", widths=(3, 4, 5), output_units=4, seed=0)
    term = BiGAN(widths=(3,), hidden_units=(5,), base_channels=8, seed=1, **options)
    model = DeepInfoMax(encoder, [term], seed=2)
    model.build((None, 28, 28, 1))
    return model


def test_each_player_moves_its_own_variables_only():
    images = tf.constant(RNG.uniform(-1, 1, size=(4, 28, 28, 1)), tf.float32)
    for mover in ("encoder", "discriminator", "generator"):
        model = model_of()
        rates = {name: 0.1 if name == mover else 0.0
                 for name in ("encoder", "discriminator", "generator")}
        optimizers = {name: keras.optimizers.SGD(rate) for name, rate in rates.items()}
        model.compile(optimizers.pop("encoder"), player_optimizers=optimizers)
        term = model.objectives[0]
        sides = {
            "encoder": model.encoder.trainable_variables,
            "discriminator": term.discriminator.trainable_variables,
            "generator": term.generator.trainable_variables,
        }
        assert {id(v) for v in model.trainable_variables} == {
            id(v) for variables in sides.values() for v in variables
        }
        before = {name: [v.numpy() for v in variables] for name, variables in sides.items()}
        model.update(images, None, tf.constant([1, 2]))
        for name, variables in sides.items():
            moved = [not np.array_equal(v, old)
                     for v, old in zip(variables, before[name], strict=True)]
            assert any(moved) == (name == mover), (mover, name)
    assert term.representation_variables == []


@pytest.mark.slow
def test_a_linear_game_ends_where_the_encoder_inverts_the_generator():
    """x ~ N(0, 4) and linear players: at the optimum |g| = 2 and e g = 1."""

    class Quadratic(keras.layers.Layer):
        def build(self, x_shape, y_shape):
            self.kernel = self.add_weight(shape=(4, 1), initializer="zeros", name="kernel")

        def call(self, x, y):
            found = tf.concat([x * x, x * y, y * y, tf.ones_like(x)], axis=1)
            return found @ tf.convert_to_tensor(self.kernel)

    encoder = keras.Sequential([keras.layers.Dense(1, use_bias=False)])
    generator = keras.layers.Dense(1, use_bias=False)
    term = BiGAN(
        endpoint="code", generator=generator, discriminator=Quadratic(), penalty_weight=1.0
    )
    model = RepresentationModel({"view": encoder}, [term], seed=0)
    model.build({"view": (None, 1)})
    encoder.layers[0].set_weights([np.array([[1.0]], np.float32)])
    generator.set_weights([np.array([[0.5]], np.float32)])
    model.compile(Adam(3e-3), player_optimizers={"discriminator": Adam(2e-2)})
    model.build_optimizers()

    def batch(t):
        seed = tf.stack([t, 7])
        x = 2.0 * tf.random.stateless_normal([512, 1], seed)
        return {"views": {"view": x}, "seed": seed}

    step = tf.function(lambda t: model.step(batch(t)))
    last = []
    for t in range(4000):
        value = step(tf.constant(t))["bigan_value"]
        if t >= 3500:
            e, g = encoder.layers[0].kernel.numpy().item(), generator.kernel.numpy().item()
            last.append((e * g, abs(g), float(value)))
    product, size, value = np.mean(last, axis=0)
    assert product == pytest.approx(1.0, abs=0.1) and size == pytest.approx(2.0, rel=0.1)
    assert value == pytest.approx(-2 * np.log(2), abs=0.03)


@pytest.mark.slow
@pytest.mark.parametrize("game", GAMES)
def test_it_trains_on_real_images(game):
    from sklearn.datasets import load_digits

    images = np.kron(load_digits().images[:512] / 8.0 - 1.0, np.ones((1, 3, 3)))
    images = np.pad(images, ((0, 0), (2, 2), (2, 2)), constant_values=-1)[..., None]
    images = images.astype(np.float32)
    encoder = encoders.get("basic28x28", widths=(8, 16, 32), output_units=8, seed=0)
    term = BiGAN(
        game=game, widths=(8, 16), hidden_units=(64,), base_channels=32, seed=1, penalty_weight=1.0
    )
    model = DeepInfoMax(encoder, [term], seed=2)
    model.compile(Adam(1e-3))

    def distances():
        draws = sample_prior("normal", (256, 8), (3, 4))
        made = term.generate(draws).numpy()
        return [np.mean((f(made, axis=0) - f(images, axis=0)) ** 2) for f in (np.mean, np.std)]

    model.build((None, 28, 28, 1))
    before = distances()
    history = model.fit(images, batch_size=64, epochs=40, verbose=0).history
    after = distances()
    # Mean and spread of the generated images approach those of the digits.
    assert after[0] < 0.3 * before[0] and after[1] < 0.5 * before[1]
    # The discriminator tells them apart, but not always.
    assert -1.45 < history["bigan_value"][-1] < -0.05


@pytest.mark.parametrize(
    "policy", [pytest.param("mixed_float16", marks=pytest.mark.slow), "mixed_bfloat16"]
)
def test_mixed_precision(policy):
    wide, encoder = term_on(penalty_weight=1.0)
    codes = tf.cast(CODES, policy.removeprefix("mixed_"))
    term, half = term_on(codes=codes, dtype=policy, penalty_weight=1.0)
    assert {v.dtype for v in term.trainable_variables} == {"float32"}
    for name in ("loss", "generator_loss", "discriminator_loss"):
        ours, theirs = (
            getattr(one, name)(given.features())[0]
            for one, given in ((term, half), (wide, encoder))
        )
        assert ours.dtype == tf.float32
        np.testing.assert_allclose(ours, theirs, rtol=0.03)


def test_config_makes_the_same_term():
    term = BiGAN("sphere", "minimax", "jsd", 0.5, (4,), (5, 6), 2.0, 16, 3, "conv",
                 generator=keras.layers.Dense(2))
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(term))
    assert copy.get_config() == term.get_config()
    assert copy.generator.units == 2 and copy.discriminator.widths == (4,)


def test_images_that_are_too_small():
    with pytest.raises(ValueError, match=r"need larger images. Received: widths=\(2, 2, 2, 2\)"):
        term_on(widths=(2, 2, 2, 2))
    with pytest.raises(ValueError, match=r"reads images \[K, H, W, C\]. Received: shape"):
        term_on(RNG.normal(size=(6, 4)), generator=keras.layers.Dense(4))
