"""What decoders make: pictures and numbers of decoders that are known, and the ELBO by hand."""

import base64
import math
import types

import numpy as np
import pytest
import tensorflow as tf

from tests.tiny import Killed, determinism_undone, killed_at, tiny_images, write_images
from tf_infomax import DeepInfoMax, encoders
from tf_infomax.evaluators import catalog as evaluators
from tf_infomax.evaluators import snapshot
from tf_infomax.experiments import catalog
from tf_infomax.experiments.overrides import override
from tf_infomax.objectives import PriorMatching, Reconstruction
from tf_infomax.results.rows import read_rows
from tf_infomax.running import sweep
from tf_infomax.running.evaluate import evaluate
from tf_infomax.running.run import FINISHED, execute

RNG = np.random.default_rng(0)
SIDE, D = 2, 4


class Term:
    """Decodes a code of four entries as an image of 2 x 2 pixels, a quarter of the entry each."""

    endpoint, code_prior = "global", None

    def decode(self, codes):
        return tf.reshape(tf.constant(codes, tf.float32) / 4.0, [-1, SIDE, SIDE, 1])


class Snapshot(snapshot.Snapshot):
    """Codes and images that are given."""

    images = None

    def __init__(self, terms, codes, images):
        self.__dict__.update(images=images, step=0, entries=(), codes=codes)
        model = types.SimpleNamespace(objectives=terms)
        encoder = types.SimpleNamespace(endpoint_shapes={"global": codes[0].shape[1:]})
        self.__dict__["trial"] = types.SimpleNamespace(encoder=encoder, model=model)

    def features(self, name):
        assert name == "global"
        return self.codes

    def seed(self, name):
        return 0


def snapshot_of(*terms):
    scales = np.array([1.0, 0.0, 2.0, 0.5])
    codes = [(scales * RNG.normal(size=(n, D)) + 0.3).astype(np.float32) for n in (300, 20)]
    images = [np.zeros((n, SIDE, SIDE, 1), np.float32) for n in (300, 20)]
    return Snapshot(list(terms) or [Term()], codes, images)


def measured(name, given, **options):
    found = list(evaluators.get(name)(given, **options))
    pictures = [one for one in found if one.metric.endswith("/figure")]
    grey = None
    if pictures:
        png = base64.b64decode(pictures[0].tags["png"])
        grey = tf.io.decode_png(png).numpy()[..., 0] / 127.5 - 1.0
    return {one.metric: one for one in found}, grey


def test_own_reconstructions_stand_below_the_images():
    given = snapshot_of()
    found, grey = measured("decoder", given, shown=3)
    codes = given.codes[1] / 4
    assert found["decoder/mse"].value == pytest.approx(np.mean(codes**2), rel=1e-5)
    assert grey.shape == (2 * SIDE, 3 * SIDE)
    np.testing.assert_allclose(grey[:SIDE], 0, atol=0.01)
    expected = np.concatenate(list(codes[:3].reshape(3, SIDE, SIDE)), axis=1)
    np.testing.assert_allclose(grey[SIDE:], np.clip(expected, -1, 1), atol=0.01)


def test_traversals_move_the_entries_that_matter_most():
    given = snapshot_of()
    found, grey = measured("traversals", given, entries=2, columns=3, span=1.0)
    # Entry 2 has the largest spread, then 0; entry 1 does not vary at all.
    assert found["traversals/change"].tags["entries"] == [2, 0]
    train, code = given.codes[0], given.codes[1][0]
    rows = []
    for entry in (2, 0):
        mean, sd = train[:, entry].mean(), train[:, entry].std()
        for value in (mean - sd, mean, mean + sd):
            rows.append(np.where(np.arange(D) == entry, value, code) / 4)
    tiles = np.clip(rows, -1, 1).reshape(2, 3, SIDE, SIDE).swapaxes(1, 2).reshape(4, 6)
    np.testing.assert_allclose(grey, tiles, atol=0.01)
    # One pixel of four moves by 2 sd / 4.
    expected = np.mean([np.sqrt((2 * train[:, k].std() / 4) ** 2 / 4) for k in (2, 0)])
    assert found["traversals/change"].value == pytest.approx(expected, rel=1e-5)


def test_samples_are_drawn_from_the_prior_or_from_the_codes_own_distribution():
    given = snapshot_of()
    found, grey = measured("samples", given, rows=5, columns=100)
    assert grey.shape == (5 * SIDE, 100 * SIDE)
    tags = found["samples/spread"].tags
    assert tags["codes"] == "normal, fitted to codes" and tags["images"] == 0.0
    # Standard deviations of the entries are those of the codes, over sqrt(2 n) uncertain.
    spread = np.mean(given.codes[0].std(axis=0)) / 4
    assert found["samples/spread"].value == pytest.approx(spread, rel=0.1)
    for terms in ([Term(), PriorMatching("normal")], [types.SimpleNamespace(
        endpoint="global", code_prior="normal", decode=Term().decode
    )]):
        found, _ = measured("samples", snapshot_of(*terms), rows=5, columns=100)
        assert found["samples/spread"].tags["codes"] == "normal"
        assert found["samples/spread"].value == pytest.approx(1 / 4, rel=0.1)


class Game(Term):
    """Generates what it decodes; its discriminator is a function of pixel 0 and entry 0."""

    label, code_prior, generate = "bigan", "normal", Term.decode

    def __init__(self, score):
        self.score = score

    def discriminate(self, views, codes):
        assert len(views) == len(codes)
        return tf.cast(self.score(views[:, 0, 0, :], codes[:, :1]), tf.float32)


def _matches(pixels, codes):
    """Highest for an image with its code, lowest for a generated one with its draw."""
    # Images are 10 brighter than what is generated of their codes.
    return tf.where(pixels > 5, -tf.abs(pixels - 10 - codes / 4), tf.abs(pixels - codes / 4))


@pytest.mark.parametrize(
    ("score", "expected"),
    [
        (_matches, {"encoded": 1.0, "generated": 1.0}),
        (lambda pixels, codes: -_matches(pixels, codes), {"encoded": 0.0, "generated": 0.0}),
        # Images alone, and codes alone.
        (lambda pixels, codes: pixels, {"encoded": 0.5, "generated": 0.5, "unpaired": 1.0}),
        # Every code but the last is below the next one.
        (lambda pixels, codes: codes, {"encoded": 1 / 600}),
    ],
)
def test_what_a_discriminator_knows_of_pairs(score, expected):
    codes = np.repeat(np.linspace(1, 4, 600, dtype=np.float32)[:, np.newaxis], D, axis=1)
    images = 10 + codes.reshape(-1, SIDE, SIDE, 1) / 4
    # A term before it that has a discriminator, too: of codes alone.
    given = Snapshot([PriorMatching(), Game(score)], [codes[:1], codes], [images[:1], images])
    found, _ = measured("pairing", given)
    values = {name: found[f"pairing/{name}"].value for name in expected}
    assert values == pytest.approx(expected, abs=1e-12)
    assert {one.tags["pairs"] for one in found.values()} == {600}


def test_the_elbo_of_all_test_images():
    encoder = encoders.get("basic28x28", widths=(3, 4, 5), output_units=4, seed=0)
    term = Reconstruction(beta=4.0, base_channels=8, noise_sd=0.5, seed=1)
    model = DeepInfoMax(encoder, [term])
    model.build((None, 28, 28, 1))
    term.head.set_weights([np.zeros((5, 4)), np.full(4, -40.0)])
    images = RNG.uniform(-1, 1, (270, 28, 28, 1)).astype(np.float32)
    given = Snapshot([term], [np.zeros((1, 4))] * 2, [images[:1], images])
    given.trial.model = model
    codes = encoder(images).numpy()
    errors = np.sum((images - term.decode(codes).numpy()) ** 2, axis=(1, 2, 3))
    log_likelihood = np.mean(-errors / 0.5 - 392 * math.log(2 * math.pi * 0.25))
    kl = np.mean(0.5 * np.sum(codes**2 + math.exp(-40) - 1 + 40, axis=1))
    found, _ = measured("elbo", given)
    values = {name: one.value for name, one in found.items()}
    # Draws without variance are the means.
    drawn = "dependence/drawn_total_correlation"
    correlation = -0.5 * np.linalg.slogdet(np.corrcoef(codes, rowvar=False))[1]
    assert values == pytest.approx(
        {"elbo": log_likelihood - kl, "elbo/log_likelihood": log_likelihood, "elbo/kl": kl,
         drawn: correlation},
        rel=1e-5,
    )
    assert {one.unit for one in found.values()} == {"nats"}
    # Draws that are all noise are independent: D (D - 1) / (4 N) nats, the bias of 270 of them.
    term.head.set_weights([np.zeros((5, 4)), np.full(4, 20.0)])
    assert correlation > 0.5 > 5 * 4 * 3 / (4 * 270) > measured("elbo", given)[0][drawn].value > 0


_SMALL = (
    "train.batch_size=16", "train.steps=12", "train.log_every=4", "train.checkpoint_every=4",
    "encoder=basic28x28", "encoder.widths=(4,8,16)", "encoder.output_units=8",
)
_PICTURES = "evaluate=decoder,samples,traversals"


def test_pairs_are_for_runs_with_a_discriminator_of_pairs(tmp_path):
    path = write_images(tmp_path / "digits28.npz")
    with pytest.raises(ValueError, match=r"with the term bigan.*Received: reconstruction"):
        plan(tmp_path / "work", "dim_vae", path, "evaluate=pairing")


def plan(workdir, name, path, *settings):
    (experiment,) = catalog.get(name)
    own = {
        "dim_bigan": ("bigan.base_channels=8", "bigan.widths=(4,)", "bigan.hidden_units=(8,)"),
        "dim_aae": ("reconstruction.base_channels=8", "prior.hidden_units=(8,)"),
    }.get(name, ("reconstruction.base_channels=8",))
    settings = (*_SMALL, *own, f"data={path}", *settings)
    return sweep.plan([override(experiment, settings)], workdir)


def test_a_run_without_a_decoder_is_refused(tmp_path):
    path = write_images(tmp_path / "digits28.npz")
    for name in ("decoder", "samples", "traversals", "elbo"):
        with pytest.raises(ValueError, match=r"terms? reconstruction.*Received: local_information"):
            sweep.plan([tiny_images("dim_local", path, f"evaluate={name}")], tmp_path / "work")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["dim_vae", "dim_bigan"])
def test_runs_are_resumed_bit_for_bit_and_evaluated(name, tmp_path, monkeypatch):
    from tf_infomax.export import export_model
    path = write_images(tmp_path / "digits28.npz")
    evaluators_of = _PICTURES + (",elbo" if name == "dim_vae" else "")
    (whole,), (run,) = (
        plan(tmp_path / place, name, path, evaluators_of) for place in ("whole", "part")
    )
    with determinism_undone():
        assert execute(whole) == FINISHED
        with killed_at(monkeypatch, 8), pytest.raises(Killed):
            execute(run)
        assert execute(run) == FINISHED
        expected, rows = (read_rows(one.directory) for one in (whole, run))
        assert rows == expected
        again, _ = evaluate(run.directory, ["samples"], note=lambda _: None)
        if name == "dim_bigan":
            found, _ = evaluate(run.directory, ["pairing"], note=lambda _: None)
            assert all(0.0 <= row.value <= 1.0 for row in found) and len(found) == 3
        export = export_model(run.directory, tmp_path / "export")
    figures = {row.metric for row in rows if "png" in row.tags}
    assert figures == {"decoder/figure", "samples/figure", "traversals/figure"}
    assert {row.value for row in again} == {row.value for row in rows if "samples" in row.metric}
    kinds = {row.tags["codes"] for row in rows if row.metric == "samples/spread"}
    assert kinds == {"normal"}
    # An export holds the encoder alone.
    with pytest.raises(ValueError, match=r"needs the whole model.*an export"):
        evaluate(export, ["samples"], note=lambda _: None)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("dim_vae", ["reconstruction.beta=-1"], "`beta` must be 0 or more, or None"),
        ("dim_vae", ["reconstruction.likelihood=gausian"], "Did you mean 'gaussian'"),
        ("dim_vae", ["reconstruction.noise_sd=0"], "`noise_sd` must be positive"),
        ("dim_bigan", ["bigan.game=both"], "`game` must be one of"),
        ("dim_bigan", ["bigan.generator_learning_rate=0"], "generator_learning_rate must be pos"),
        ("dim_autoencoder", ["evaluate=classifier"], "for runs with the term classification"),
    ],
)
def test_what_cannot_be_is_refused_before_any_work(name, settings, message, tmp_path):
    path = write_images(tmp_path / "digits28.npz")
    with pytest.raises(ValueError, match=message) as raised:
        plan(tmp_path / "work", name, path, _PICTURES, *settings)
    assert len(str(raised.value).splitlines()) == 1
