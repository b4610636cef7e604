"""The reconstruction term: the ELBO against probabilistic PCA, limits of beta, who is moved."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from tests.stored_endpoints import StoredEndpoints
from tf_infomax import DeepInfoMax, RepresentationModel, critics, encoders
from tf_infomax.decoders import Decoder
from tf_infomax.layers.optimizers import Adam
from tf_infomax.objectives import LocalInformation, PriorMatching, Reconstruction, gaussian_kl

RNG = np.random.default_rng(0)
N, D = 6, 2


def principal_components(data, noise_sd):
    """(loadings W, mean, true mean log-likelihood) of probabilistic PCA at a given noise."""
    mean = data.mean(axis=0)
    values, vectors = np.linalg.eigh(np.cov(data, rowvar=False, bias=True))
    values, vectors = values[::-1][:D], vectors[:, ::-1][:, :D]
    weights = vectors * np.sqrt(values - noise_sd**2)
    covariance = weights @ weights.T + noise_sd**2 * np.eye(N)
    centred = data - mean
    squares = np.einsum("ki,ij,kj->k", centred, np.linalg.inv(covariance), centred)
    log_det = np.linalg.slogdet(covariance)[1]
    return weights, mean, -0.5 * np.mean(squares + log_det + N * math.log(2 * math.pi))


def linear_vae(data, noise_sd, **options):
    """A model whose encoder and decoder are linear, in float64, and the term."""
    encoder = keras.Sequential([keras.layers.Dense(D, dtype="float64")])
    decoder = keras.layers.Dense(N, dtype="float64")
    term = Reconstruction(
        noise_sd=noise_sd, endpoint="code", decoder=decoder, dtype="float64", seed=1, **options
    )
    model = RepresentationModel({"view": encoder}, [term], seed=2)
    model.build({"view": (None, N)})
    return model, term


def data_of(count=400):
    # The same whichever tests ran before: the rotation that a diagonal posterior needs is found
    # slowly, of other data within 10,000 steps and not within 2,500.
    rng = np.random.default_rng(0)
    loadings = np.linalg.qr(rng.normal(size=(N, D)))[0] * np.array([4.0, 2.0])
    return rng.normal(size=(count, D)) @ loadings.T + 0.5 * rng.normal(size=(count, N)) + 1.0


def batch_of(data, draw=0):
    return {"views": {"view": tf.constant(data)}, "seed": tf.constant([draw, 3])}


def elbos(model, term, data, draws=15):
    """The ELBO of each draw."""
    batches = [batch_of(data, draw) for draw in range(draws)]
    return np.array([float(term.loss(model.features(batch))[1]["elbo"]) for batch in batches])


def test_the_elbo_of_a_linear_vae_is_the_likelihood_of_probabilistic_pca():
    data, noise_sd = data_of(), 0.6
    weights, mean, exact = principal_components(data, noise_sd)
    model, term = linear_vae(data, noise_sd)
    # The true posterior: precision I + W'W / sd^2 is diagonal, as W's columns are orthogonal.
    precision = np.eye(D) + weights.T @ weights / noise_sd**2
    kernel = np.linalg.solve(precision, weights.T / noise_sd**2).T
    model.encoders["view"].layers[0].set_weights([kernel, -mean @ kernel])
    term.decoder.set_weights([weights.T, mean])
    log_variance = -np.log(np.diag(precision))
    term.head.set_weights([np.zeros((D, D)), log_variance])
    # The bound is tight; only the draws of z are left, of which we know the standard error.
    many = np.tile(data, (20, 1))
    elbo = elbos(model, term, many)
    error = elbo.std() / math.sqrt(len(elbo))
    assert error < 0.01 and abs(elbo.mean() - exact) < 5 * error
    # Any other posterior gives less: by KL(q || p), here of variances twice too large.
    term.head.set_weights([np.zeros((D, D)), log_variance + math.log(2.0)])
    lower = elbos(model, term, many).mean()
    assert lower == pytest.approx(exact - D * 0.5 * (1 - math.log(2.0)), abs=0.03)


@pytest.mark.slow
def test_a_trained_linear_vae_reaches_the_likelihood_of_probabilistic_pca():
    data, noise_sd = data_of(), 0.6
    *_, exact = principal_components(data, noise_sd)
    model, _ = linear_vae(data, noise_sd)
    model.compile(keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.03, 2500)))
    model.build_optimizers()
    step = tf.function(lambda draw: model.step(
        {"views": {"view": tf.constant(data)}, "seed": tf.stack([draw, 3])}
    ))
    found = [float(step(tf.constant(draw))["elbo"]) for draw in range(2500)]
    assert np.mean(found[-200:]) == pytest.approx(exact, abs=0.03)


def test_the_kl_part_is_that_of_normal_distributions():
    from scipy.stats import norm

    mean, log_variance = RNG.normal(size=(3, D)), RNG.normal(size=(3, D))
    places = np.linspace(-14, 14, 40_001)[:, None, None]
    density = norm.logpdf(places, mean, np.exp(log_variance / 2))
    integrand = np.exp(density) * (density - norm.logpdf(places))
    expected = np.trapezoid(integrand, places[:, 0, 0], axis=0).sum(axis=1)
    np.testing.assert_allclose(gaussian_kl(mean, log_variance), expected, rtol=1e-6)


def term_on(images, codes, fc=None, **options):
    """A small term, and given endpoints in place of the encoder."""
    endpoints = {"global": tf.constant(codes)}
    if fc is not None:
        endpoints["fc"] = tf.constant(fc)
    encoder = StoredEndpoints(images=images, **endpoints)
    term = Reconstruction(**{"base_channels": 8, "seed": 0, **options})
    term.connect(encoder.encoded())
    return term, encoder


def numbers(loss, metrics):
    return float(loss), {name: float(value) for name, value in metrics.items()}


IMAGES = RNG.uniform(-1, 1, size=(5, 8, 8, 1)).astype(np.float32)
CODES = RNG.normal(size=(5, 3)).astype(np.float32)
FC = RNG.normal(size=(5, 4)).astype(np.float32)


def test_losses_by_hand():
    term, encoder = term_on(IMAGES, CODES, FC, beta=3.0, noise_sd=0.5, weight=0.25)
    features = encoder.features(training=False)
    # Variances so small that the code is the mean.
    term.head.set_weights([term.head.kernel.numpy(), np.full(3, -60.0)])
    log_variance = FC @ term.head.kernel.numpy() - 60.0
    decoded = term.decode(CODES).numpy()
    errors = ((IMAGES - decoded) ** 2).reshape(5, -1).sum(axis=1)
    log_likelihood = np.mean(-errors / (2 * 0.25) - 32 * math.log(2 * math.pi * 0.25))
    kl = np.mean(0.5 * np.sum(CODES**2 + np.exp(log_variance) - 1 - log_variance, axis=1))
    loss, metrics = numbers(*term.loss(features))
    assert metrics["reconstruction_mse"] == pytest.approx(errors.mean() / 64, rel=1e-5)
    assert metrics["reconstruction_log_likelihood"] == pytest.approx(log_likelihood, rel=1e-5)
    assert metrics["reconstruction_kl"] == pytest.approx(kl, rel=1e-5)
    # The ELBO is that of beta 1.
    assert metrics["elbo"] == pytest.approx(log_likelihood - kl, rel=1e-5)
    assert loss == pytest.approx(0.25 * (3 * kl - log_likelihood), rel=1e-5)
    assert set(metrics) == set(term.metric_units)


def test_an_autoencoder_has_neither_head_nor_kl():
    term, encoder = term_on(IMAGES, CODES, beta=None)
    loss, metrics = numbers(*term.loss(encoder.features(training=False)))
    assert term.head is None and set(metrics) == {
        "reconstruction_mse", "reconstruction_log_likelihood"
    }
    assert loss == -metrics["reconstruction_log_likelihood"]
    mse = np.mean((IMAGES - term.decode(CODES).numpy()) ** 2)
    assert metrics["reconstruction_mse"] == pytest.approx(mse, rel=1e-5)


def test_the_head_reads_the_first_that_the_encoder_has_or_what_is_asked():
    assert term_on(IMAGES, CODES, FC)[0].head.kernel.shape == (4, 3)
    assert term_on(IMAGES, CODES)[0].head.kernel.shape == (3, 3)
    assert term_on(IMAGES, CODES, FC, variance_endpoint="global")[0].head.kernel.shape == (3, 3)


def test_a_learned_noise_reaches_the_root_of_the_error():
    term, encoder = term_on(IMAGES, CODES, beta=None, noise_sd=None)
    decoded = term.decode(CODES).numpy()
    best = math.log(np.sqrt(np.mean((IMAGES - decoded) ** 2)))
    term.log_noise_sd.assign(best)
    variable = term.log_noise_sd.value
    with tf.GradientTape() as tape:
        loss, metrics = term.loss(encoder.features(training=False))
    assert abs(float(tape.gradient(loss, variable))) < 1e-3
    assert float(metrics["reconstruction_noise_sd"]) == pytest.approx(math.exp(best))


def small_model(*terms):
    encoder = encoders.get("basic28x28", widths=(8, 16, 32), output_units=8, seed=0)
    model = DeepInfoMax(encoder, terms, seed=1)
    model.compile(Adam(3e-3))
    return model


@pytest.fixture(scope="module")
def digits():
    from sklearn.datasets import load_digits

    images = np.kron(load_digits().images[:256] / 8.0 - 1.0, np.ones((1, 3, 3)))
    return np.pad(images, ((0, 0), (2, 2), (2, 2)), constant_values=-1)[..., None].astype("float32")


def trained(digits, *terms, epochs=15):
    model = small_model(*terms)
    # In one order, so that it ends where it ended before; Keras draws another each time.
    history = model.fit(digits, batch_size=64, epochs=epochs, shuffle=False, verbose=0).history
    return model, history


@pytest.mark.slow
def test_it_trains_down_on_real_images_beside_other_terms(digits):
    terms = [
        Reconstruction(base_channels=16, seed=1),
        LocalInformation(critics.DotMapCritic(16, seed=2), "infonce"),
        PriorMatching("normal", hidden_units=(8,), seed=3),
    ]
    model = small_model(*terms)
    model.build((None, 28, 28, 1))
    # Without a graph, which takes longer to make than these steps.
    steps = [model.update(tf.constant(digits[:48]), None, tf.constant([1, k])) for k in range(12)]
    history = {name: [float(step[name]) for step in steps] for name in steps[0]}
    assert history["reconstruction_mse"][-1] < 0.8 * history["reconstruction_mse"][0]
    assert history["elbo"][-1] > history["elbo"][0] + 20
    assert history["local_information"][-1] > history["local_information"][0]
    assert np.isfinite(list(history.values())).all()


@pytest.mark.slow
def test_the_limits_of_beta(digits):
    found = {}
    for beta in (None, 0.0, 1.0, 1e4):
        _, history = trained(digits, Reconstruction(beta, base_channels=16, seed=1), epochs=40)
        found[beta] = {name: values[-1] for name, values in history.items()}
    # Without a KL term the variances vanish, and it is the autoencoder.
    assert found[0.0]["reconstruction_mse"] == pytest.approx(
        found[None]["reconstruction_mse"], rel=0.25
    )
    assert found[0.0]["reconstruction_kl"] > 2 * found[1.0]["reconstruction_kl"]
    # With a very large weight codes tell nothing: the best is the mean image.
    assert found[1e4]["reconstruction_kl"] < 0.05
    mean_image = np.mean(np.var(digits, axis=0))
    assert found[1e4]["reconstruction_mse"] == pytest.approx(mean_image, rel=0.1)
    assert found[1.0]["elbo"] > max(found[0.0]["elbo"], found[1e4]["elbo"])


def test_all_of_it_is_trained_with_the_encoder():
    term, _ = term_on(IMAGES, CODES, noise_sd=None)
    assert term.players == ()
    names = {v.path.split("/")[-2] for v in term.representation_variables}
    assert {"head", "pixels", "dense"} <= names
    assert any(v is term.log_noise_sd for v in term.representation_variables)


@pytest.mark.parametrize(
    "policy", [pytest.param("mixed_float16", marks=pytest.mark.slow), "mixed_bfloat16"]
)
def test_mixed_precision(policy):
    wide, encoder = term_on(IMAGES, CODES)
    dtype = policy.removeprefix("mixed_")
    term, half = term_on(IMAGES, tf.cast(CODES, dtype), dtype=policy)
    assert {v.dtype for v in term.trainable_variables} == {"float32"}
    ours, theirs = (
        one.loss(given.features())[0] for one, given in ((term, half), (wide, encoder))
    )
    assert ours.dtype == tf.float32
    np.testing.assert_allclose(ours, theirs, rtol=0.03)


def test_config_makes_the_same_term():
    term = Reconstruction(None, "laplace", 0.3, 0.5, "conv", "fc", 64, 5, Decoder((8, 8, 1), 4))
    copy = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(term))
    assert copy.get_config() == term.get_config()
    assert copy.decoder.image_shape == (8, 8, 1) and copy.beta is None


def test_what_does_not_fit():
    with pytest.raises(ValueError, match=r"own. Received: views of shape \(6,\)"):
        model = RepresentationModel(
            {"view": keras.Sequential([keras.layers.Dense(2)])}, [Reconstruction(endpoint="code")]
        )
        model.build({"view": (None, 6)})
    with pytest.raises(ValueError, match=r"shape \(8, 8, 1\). Received: .* \(8, 8, 3\)"):
        term_on(IMAGES, CODES, decoder=Decoder((8, 8, 3), 4))
    with pytest.raises(ValueError, match="no endpoint 'local'"):
        term_on(IMAGES, CODES, variance_endpoint="local")
