"""What decoders and generators make: the ELBO, own reconstructions, samples, traversals.

For runs with a term that decodes codes (reconstruction, bigan), whose model is available. Of a
BiGAN also what its discriminator has learnt.
"""

import numpy as np
import tensorflow as tf
from sklearn.metrics import roc_auc_score

from tf_infomax.evaluators import needs
from tf_infomax.evaluators.common import png
from tf_infomax.evaluators.dependence import total_correlation_row
from tf_infomax.evaluators.facts import checked_by
from tf_infomax.naming.option_kinds import Integer, Real
from tf_infomax.numerics.randomness import stream
from tf_infomax.objectives.prior_matching import sample_prior, squash
from tf_infomax.objectives.reconstruction import posterior_draw
from tf_infomax.results.measurements import EVALUATORS, Measurement

__all__ = [
    "measure_decoder",
    "measure_elbo",
    "measure_pairing",
    "measure_samples",
    "measure_traversals",
]

_AT_ONCE = 250


def _need_term(*names):
    """A check that one of these terms is trained, and its model available."""
    listed = f"{'one of the terms' if names[1:] else 'the term'} {', '.join(names)}"

    def need(facts, options):
        del options
        if not facts.views or not {*names} & {*facts.terms}:
            raise ValueError(
                f"It is for runs with {listed}, and needs the whole model. "
                f"Received: {', '.join(facts.terms)}{'' if facts.views else ', an export'}."
            )

    return need


_need_decoding = _need_term("reconstruction", "bigan")


def _term(snapshot):
    """The first term of the model that decodes codes."""
    return next(term for term in snapshot.trial.model.objectives if hasattr(term, "decode"))


def _in_parts(function, *arrays):
    """``function(*arrays)``, some rows at a time."""
    starts = range(0, len(arrays[0]), _AT_ONCE)
    return np.concatenate(
        [function(*(one[k : k + _AT_ONCE] for one in arrays)).numpy() for k in starts]
    )


@EVALUATORS.register("elbo")
@checked_by(needs.need_encoder, _need_term("reconstruction"))
def measure_elbo(snapshot, draws: Integer(1, 1_000) = 1):
    """Mean ELBO of the test images and its two parts, in nats an image; see ``Reconstruction``.

    The KL part is exact, the log-likelihood a mean over ``draws`` codes an image. The ELBO is of
    beta 1 whatever beta was trained with. An autoencoder has a log-likelihood only.

    Where there is a posterior, also the Gaussian total correlation of one code drawn for each
    image, ``dependence/drawn_total_correlation``. It is what the KL part bounds: means of entries
    that carry nothing are small, and may depend on one another, which draws do not show.
    """
    model, images = snapshot.trial.model, snapshot.images[1]
    term = next(t for t in model.objectives if hasattr(t, "posterior"))
    sums, posteriors, seed = {}, [], snapshot.seed("elbo")
    for draw in range(draws):
        for start in range(0, len(images), _AT_ONCE):
            part = tf.constant(images[start : start + _AT_ONCE])
            batch = {"views": {model.encoded.main: part}, "seed": stream(seed, draw, start)}
            features = model.features(batch)
            _, metrics = term.loss(features)
            for name, value in metrics.items():
                sums[name] = sums.get(name, 0.0) + float(value) * len(part) / len(images) / draws
            if draw == 0 and "reconstruction_kl" in metrics:
                # Of the features that the loss has read: they are not encoded again.
                posteriors.append(term.posterior(features))
    tags = {"draws": draws, "likelihood": term.likelihood}
    for metric, name in (
        ("elbo", "elbo"),
        ("elbo/log_likelihood", "reconstruction_log_likelihood"),
        ("elbo/kl", "reconstruction_kl"),
    ):
        if name in sums:
            yield Measurement(metric, "test", sums[name], "nats", tags)
    if posteriors and len(images) > 1:
        mean, log_variance = (tf.concat(part, axis=0) for part in zip(*posteriors, strict=True))
        codes = posterior_draw(mean, log_variance, stream(seed, 0, len(images))).numpy()
        name = snapshot.name_of(term.endpoint)
        yield total_correlation_row(codes, "test", name, "drawn", "singular_drawn")


@EVALUATORS.register("decoder")
@checked_by(needs.need_encoder, _need_decoding)
def measure_decoder(snapshot, shown: Integer(1, 1_000) = 16):
    """The run's own decoder or generator on the test codes: mean squared error, and a figure."""
    term, images = _term(snapshot), snapshot.images[1]
    name = snapshot.name_of(term.endpoint)
    _, codes = snapshot.features(name)
    decoded = _in_parts(term.decode, codes)
    mse = float(np.mean((decoded - images) ** 2))
    tags = {"features": name}
    yield Measurement("decoder/mse", "test", mse, "1", tags)
    shown = min(shown, len(images))
    picture = png(np.concatenate([images[:shown], decoded[:shown]]), shown)
    yield Measurement("decoder/figure", "test", mse, "1", {**tags, "png": picture})


@EVALUATORS.register("samples")
@checked_by(needs.need_encoder, _need_decoding)
def measure_samples(snapshot, rows: Integer(1, 100) = 4, columns: Integer(1, 100) = 16):
    """Images decoded from draws of codes, and their spread: the mean over pixels of the sd.

    Codes are drawn from the prior that the decoder was trained on (VAE, BiGAN) or that a prior term
    matches the codes to (AAE); without one (an autoencoder), from a normal distribution with the
    mean and covariance of the training codes. The tag "codes" says which. Test images have the
    spread in the tag "images": a generator that has collapsed is far below it.
    """
    term, number = _term(snapshot), rows * columns
    codes, kind, decode = _drawn_codes(snapshot, term, number)
    made = _in_parts(decode, codes)
    spread, expected = (float(np.mean(np.std(one, axis=0))) for one in (made, snapshot.images[1]))
    tags = {"codes": kind, "images": expected}
    yield Measurement("samples/spread", "test", spread, "1", tags)
    yield Measurement("samples/figure", "test", spread, "1", {**tags, "png": png(made, columns)})


def _drawn_codes(snapshot, term, number):
    """(codes ``[number, D]``, what they are drawn from, the function that decodes them)."""
    train, _ = snapshot.features(snapshot.name_of(term.endpoint))
    seed = stream(snapshot.seed("samples"), "codes")
    shape = [number, train.shape[1]]
    if hasattr(term, "generate"):
        return sample_prior(term.code_prior, shape, seed).numpy(), term.code_prior, term.generate
    prior = term.code_prior
    for other in snapshot.trial.model.objectives:
        if prior is None and getattr(other, "endpoint", None) == term.endpoint:
            prior = getattr(other, "prior", None)
    # Other priors match squashed codes, and the decoder reads codes as they are.
    if prior == "normal":
        return sample_prior(prior, shape, seed).numpy(), prior, term.decode
    normal = sample_prior("normal", shape, seed).numpy()
    values, vectors = np.linalg.eigh(np.cov(train, rowvar=False).reshape(shape[1], shape[1]))
    codes = train.mean(axis=0) + normal * np.sqrt(np.maximum(values, 0.0)) @ vectors.T
    return codes.astype(np.float32), "normal, fitted to codes", term.decode


@EVALUATORS.register("traversals")
@checked_by(needs.need_encoder, _need_decoding)
def measure_traversals(
    snapshot,
    entries: Integer(1, 1_000) = 8,
    columns: Integer(2, 1_000) = 11,
    span: Real(0.0, 100.0) = 3.0,
):
    """Images decoded while one entry of a code moves, and by how much pixels change.

    Every row starts from the code of the first test image and sets one entry to values from
    ``-span`` to ``span`` standard deviations around its mean over the training codes. Of all
    entries those are shown that change the image most. The number is the mean over the shown
    entries of the pixels' root mean squared change from one end to the other.
    """
    term = _term(snapshot)
    name = snapshot.name_of(term.endpoint)
    train, test = snapshot.features(name)
    mean, sd = train.mean(axis=0), train.std(axis=0)
    width = len(mean)
    ends = np.repeat(test[:1], 2 * width, axis=0)
    for end, sign in enumerate((-1.0, 1.0)):
        ends[np.arange(width) * 2 + end, np.arange(width)] = mean + sign * span * sd
    low, high = (_in_parts(term.decode, ends)[end::2] for end in (0, 1))
    changes = np.sqrt(np.mean((high - low).reshape(width, -1) ** 2, axis=1))
    chosen = np.argsort(-changes, kind="stable")[:entries]
    places = np.linspace(-span, span, columns)
    codes = np.repeat(test[:1], len(chosen) * columns, axis=0)
    for row, entry in enumerate(chosen):
        codes[row * columns : (row + 1) * columns, entry] = mean[entry] + places * sd[entry]
    picture = png(_in_parts(term.decode, codes), columns)
    tags = {"features": name, "span": span, "entries": [int(one) for one in chosen]}
    value = float(np.mean(changes[chosen]))
    yield Measurement("traversals/change", "test", value, "1", tags)
    yield Measurement("traversals/figure", "test", value, "1", {**tags, "png": picture})


@EVALUATORS.register("pairing")
@checked_by(needs.need_encoder, _need_term("bigan"))
def measure_pairing(snapshot, pairs: Integer(2, 1_000_000) = 2_000):
    """Whether a BiGAN's discriminator knows which code belongs to which image; 0.5 is chance.

    Of the first ``pairs`` test images, the fraction of which it scores an image with its own code
    above the same image with the code of the next one ("encoded"), and of as many draws of the
    prior, the fraction of which it scores the generated image with its own draw below the same
    image with the next draw ("generated"). "Unpaired" is what it knows without pairs: the area
    under the ROC curve of images with the next code against generated images with the next draw.
    Where the first two are at chance, no gradient tells the encoder what is in an image.
    """
    term = next(t for t in snapshot.trial.model.objectives if t.label == "bigan")
    images = snapshot.images[1][:pairs]
    _, codes = snapshot.features(snapshot.name_of(term.endpoint))
    codes = squash(tf.constant(codes[: len(images)]), term.code_prior).numpy()
    seed = stream(snapshot.seed("pairing"), "codes")
    draws = sample_prior(term.code_prior, codes.shape, seed, codes.dtype).numpy()
    of_encoded = _own_and_next(term, images, codes)
    of_generated = _own_and_next(term, _in_parts(term.generate, draws), draws)
    kinds = np.repeat([1, 0], len(images))
    found = {
        "encoded": _fraction_above(*of_encoded),
        "generated": 1.0 - _fraction_above(*of_generated),
        "unpaired": float(roc_auc_score(kinds, np.append(of_encoded[1], of_generated[1]))),
    }
    for name, value in found.items():
        yield Measurement(f"pairing/{name}", "test", value, "fraction", {"pairs": len(images)})


def _own_and_next(term, views, codes):
    """Scores ``[K]`` of views with their own codes, and with those of the next view."""
    return [
        _in_parts(term.discriminate, views, of_views)[:, 0]
        for of_views in (codes, np.roll(codes, -1, axis=0))
    ]


def _fraction_above(scores, others):
    """How many scores are above the other of their pair; equal ones count as half."""
    return float(np.mean((scores > others) + 0.5 * (scores == others)))
