"""The measurements that experiments list by name: a frozen trial at one step -> measurements."""

import inspect

import numpy as np

from tf_infomax.evaluation import linear_probe
from tf_infomax.evaluators.facts import check_facts, checked_by, facts_of
from tf_infomax.evaluators.image_evaluators import IMAGE_EVALUATORS
from tf_infomax.evaluators.image_snapshot import ImageSnapshot
from tf_infomax.evaluators.needs import need_classes
from tf_infomax.evaluators.pair_evaluators import PAIR_EVALUATORS, PairSnapshot
from tf_infomax.naming.option_kinds import Names
from tf_infomax.naming.registry import unknown_option
from tf_infomax.numerics import randomness
from tf_infomax.results.measurements import EVALUATORS, INVERSE_TOLERANCE, Measurement, several

__all__ = [
    "PAIR_EVALUATORS",
    "check",
    "check_facts",
    "check_listed",
    "facts_of",
    "get",
    "names",
    "snapshot",
]


def get(name):
    """The evaluator ``name``: (snapshot, **options) -> iterable of ``Measurement``."""
    return EVALUATORS.get(name)


def names():
    """All registered names."""
    return EVALUATORS.names()


def snapshot(trial, step, entries):
    """``trial`` at one step: what the evaluators of ``entries`` look at."""
    if trial.experiment.data.views == "image":
        return ImageSnapshot(trial, step, tuple(entries))
    return PairSnapshot(trial, step)


def check(entry, views):
    """Raises ``ValueError`` on an evaluator that is unknown or for other views, or its options.

    What it demands of data and encoder is checked by ``check_facts``.

    Args:
        entry: ``spec.Evaluation``.
        views: of the experiment's data, "halves" or "image".
    """
    parameters = inspect.signature(get(entry.name)).parameters
    known = [name for name in parameters if name != "snapshot"]
    for option in entry.options:
        if option not in known:
            raise unknown_option("evaluator", entry.name, option, known, near=["every"])
        value, kind = entry.options[option], parameters[option].annotation
        if value is None and parameters[option].default is None:
            continue
        if not getattr(kind, "accepts", lambda _: True)(value):
            raise ValueError(
                f"The option {option} of the evaluator {entry.name!r} must be {kind}. "
                f"Received: {entry.name}.{option}={value!r}."
            )
    of_others = PAIR_EVALUATORS if views == "image" else IMAGE_EVALUATORS
    if entry.name in of_others:
        raise ValueError(
            f"The evaluator {entry.name!r} is not for views={views!r}. "
            f"Those are: {', '.join(name for name in names() if name not in of_others)}."
        )


def check_listed(entries):
    """Raises ``ValueError`` if an evaluator is listed twice and both would write the same rows.

    Args:
        entries: of ``spec.Evaluation``. One evaluator may occur several times if no endpoint does.
    """
    seen = set()
    for entry in entries:
        parameters = inspect.signature(get(entry.name)).parameters
        option = next((name for name in ("endpoint", "endpoints") if name in parameters), None)
        chosen = entry.options.get(option, parameters[option].default) if option else None
        for endpoint in several(chosen) or (None,):
            if {(entry.name, endpoint), (entry.name, None)} & seen or (
                endpoint is None and any(name == entry.name for name, _ in seen)
            ):
                raise ValueError(
                    "An evaluator may be listed twice only for other endpoints, or a seed counts "
                    f"twice. Received: {', '.join(one.name for one in entries)}, with "
                    f"{entry.name!r} twice for {endpoint or 'the same features'}."
                )
        seen |= {(entry.name, endpoint) for endpoint in several(chosen) or (None,)}


def _need_every_label(facts, options):
    if facts.images is not None and not facts.images.is_labelled:
        raise ValueError(
            "It needs a label for every image. "
            f"Received: {facts.images.name}, which has unlabelled images."
        )
    need_classes(facts, options)


@EVALUATORS.register("linear_probe")
@checked_by(_need_every_label)
def measure_linear_probe(snapshot, endpoints: Names() = None):
    """Accuracy of the linear probe of MI-max; of halves at step 0 on the pixels, too.

    Codes of a flow whose inverse is off by more than ``INVERSE_TOLERANCE`` have no accuracy: it
    would be read as that of an invertible map. The row ``flow/not_invertible`` stands in its place
    and holds the error of the inverse.
    """
    features = list(several(endpoints) or snapshot.default_features)
    if endpoints is None and snapshot.step == 0 and isinstance(snapshot, PairSnapshot):
        features.append("pixels")
    images = snapshot.trial.source.images
    for name in features:
        if name == "code" and snapshot.has_lost_its_inverse:
            tags = {"features": name, "tolerance": INVERSE_TOLERANCE}
            error = snapshot.inverse_check[0]
            yield Measurement("flow/not_invertible", "test", error, "1", tags)
            continue
        train, test = snapshot.features(name)
        accuracy = linear_probe(
            train,
            images.train_labels,
            test,
            images.test_labels,
            seed=randomness.stream_seed(snapshot.trial.seed, "linear_probe"),
            # Whatever the run's precision: accuracies are comparable within one type only.
            dtype=np.float32,
        )
        yield Measurement("probe/linear/accuracy", "test", accuracy, "fraction", {"features": name})
