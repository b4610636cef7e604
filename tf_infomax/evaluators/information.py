"""Information: trained bounds on held-out data, and the ground truth of pairs with a density."""

import numpy as np
import tensorflow as tf

from tf_infomax.evaluation import encode, mean_bound
from tf_infomax.evaluators.facts import checked_by
from tf_infomax.naming.option_kinds import Integer
from tf_infomax.numerics import randomness
from tf_infomax.objectives import Information, ViewInformation
from tf_infomax.results.measurements import EVALUATORS, Measurement
from tf_infomax.studies import dependent_pairs

__all__ = [
    "measure_bound",
    "measure_exact_mutual_information",
    "measure_in_batch_optimum",
    "measure_optimal_critic",
]


def _need_bound(facts, options):
    del options
    if facts.images is None or not facts.has_bound:
        raise ValueError(
            "It needs images and a critic that is trained on their features. "
            f"Received: {', '.join(facts.terms)}"
            f"{'' if facts.images else ' on pairs without images'}."
        )


def _need_density(facts, options):
    del options
    if facts.source is None:
        raise ValueError("It needs pairs whose density is known. Received: images.")


def _need_dependent_pairs(facts, options):
    _need_density(facts, options)
    if not hasattr(facts.source, "law"):
        raise ValueError(
            "It needs pairs whose batches share an offset, data.law=dependent or none. "
            f"Received: {type(facts.source).__name__}."
        )


@EVALUATORS.register("bound")
@checked_by(_need_bound)
def measure_bound(snapshot):
    """The trained bound on all test data and, for pairs of views, on 20 training batches.

    At the training batch size, on which bounds such as InfoNCE depend. The bound on pairs of views
    is called "bound"; that of another information term "bound/<term>".
    """
    model = snapshot.trial.model
    for term in model.objectives:
        if isinstance(term, ViewInformation) and term.pair.names is not None:
            yield from _bound_on_pairs(snapshot, term)
        elif isinstance(term, Information):
            value = _bound_on_test_batches(snapshot, term)
            yield Measurement(f"bound/{term.label}", "test", value, term.scored_bound.unit)


def _bound_on_pairs(snapshot, term):
    source, encoded = snapshot.trial.source, snapshot.trial.model.encoded
    measured = source.measured(snapshot.step)
    codes = {
        "test": [snapshot.codes_of(view) for view in term.pair.names],
        "train": [encode(encoded.encoder(v), measured[v].numpy()) for v in term.pair.names],
    }
    for split, pair in codes.items():
        value = mean_bound(
            term.scored_bound, term.critic, *pair, source.batch_size, term.baseline
        )
        yield Measurement("bound", split, float(value), term.scored_bound.unit)


def _bound_on_test_batches(snapshot, term):
    """Mean over consecutive batches of test data; a last, smaller one is left out."""
    source, model = snapshot.trial.source, snapshot.trial.model
    size = source.batch_size
    stored = {view: source.stored("test")[view] for view in model.encoders}
    seed = snapshot.seed("bound")

    @tf.function
    def value(views, start):
        batch = {"views": views, "seed": tf.stack([tf.constant(seed, tf.int32), start])}
        return term.loss(model.features(batch))[1][term.label]

    values = []
    for start in range(0, len(next(iter(stored.values()))) - size + 1, size):
        views = {
            view: source.clean_input(tf.constant(part[start : start + size]), start)
            for view, part in stored.items()
        }
        values.append(float(value(views, tf.constant(start, tf.int32))))
    return float(np.mean(values))


@EVALUATORS.register("exact_mutual_information")
@checked_by(_need_density)
def measure_exact_mutual_information(snapshot):
    """The closed form, where the distribution of the pairs has one."""
    value = snapshot.trial.source.mutual_information_at(snapshot.step)
    yield Measurement("mutual_information", "test", float(value), "nats")


@EVALUATORS.register("optimal_critic")
@checked_by(_need_density)
def measure_optimal_critic(snapshot, batches: Integer(1) = 20):
    """The trained bound with the optimal critic, log p(x, y) / p(x) p(y), on fresh batches.

    Computed on correlated Gaussians before their transform, which changes neither ratio nor bound.
    """
    source, bound = snapshot.trial.source, snapshot.trial.model.term.scored_bound
    law = source.law_at(snapshot.step)

    @tf.function
    def value(t):
        seed = randomness.stream_seed(snapshot.trial.seed, "optimal_critic", snapshot.step)
        pairs = law.sample(source.batch_size, tf.stack([tf.constant(seed, tf.int64), t]))
        # The optimal baseline is a(x) = 1.
        return bound(law.log_density_ratio(*pairs), log_baseline=0.0)

    values = np.array([value(tf.constant(t, tf.int64)) for t in range(batches)], np.float64)
    yield Measurement("bound/optimal_critic", "test", float(values.mean()), bound.unit)


@EVALUATORS.register("in_batch_optimum")
@checked_by(_need_dependent_pairs)
def measure_in_batch_optimum(snapshot):
    """Limits of the bounds on batches whose pairs share an offset, and I(X; Y | offset)."""
    law = snapshot.trial.source.law
    for name, value in (
        ("nwj", dependent_pairs.nwj_optimum(law)),
        ("infonce", dependent_pairs.infonce_optimum(law)),
        ("conditional", dependent_pairs.conditional_mutual_information(law)),
    ):
        yield Measurement(f"in_batch_optimum/{name}", "test", float(value), "nats")
