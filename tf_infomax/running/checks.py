"""Checks of an experiment before data are read or weights are made."""

import math

import numpy as np

from tf_infomax import bounds, critics, encoders
from tf_infomax.evaluators import catalog as evaluators
from tf_infomax.experiments.given_views import GAUSSIAN_PAIRS, GIVEN_VIEWS
from tf_infomax.experiments.spec import (
    Data,
    LabelConfusion,
    Pick,
    check_distinct,
    check_seeds,
    described,
)
from tf_infomax.experiments.vocabulary import check_names
from tf_infomax.naming.options import REQUIRED, check_options, options_of
from tf_infomax.naming.pick import as_pick
from tf_infomax.objectives import two_views
from tf_infomax.running import pair_distributions
from tf_infomax.running.build_terms import views_read

__all__ = ["GAUSSIAN_PAIRS", "check"]

# With a learning rate of their own, besides the prior's adversary.
_PLAYERS = ("classifier", "discriminator", "generator")


def check(experiment):
    """Raises ``ValueError`` on mistakes that can be detected without data or weights."""
    check_names(experiment)
    train = experiment.train
    at_least = {
        "train.steps": (train.steps, 0),
        "train.batch_size": (train.batch_size, 2),
        "train.log_every": (train.log_every, 1),
        "train.checkpoint_every": (train.checkpoint_every, 1),
        **{f"evaluate.{entry.name}.every": (entry.every, 0) for entry in experiment.evaluate},
    }
    rates = {"train.learning_rate": train.learning_rate}
    for term in experiment.objectives:
        if isinstance(term, LabelConfusion):
            at_least["warmup_steps"] = (term.warmup_steps, 0)
            at_least["classifier_steps"] = (term.classifier_steps, 1)
        for field in ("learning_rate", *(f"{name}_learning_rate" for name in _PLAYERS)):
            if getattr(term, field, None) is not None:
                path = f"{term.name}.{field}" if field == "learning_rate" else field
                rates[path] = getattr(term, field)
    for path, (value, smallest) in at_least.items():
        if value < smallest:
            raise ValueError(f"{path} must be {smallest} or more. Received: {value}.")
    for path, rate in rates.items():
        if not 0 < rate < float("inf"):
            raise ValueError(f"{path} must be positive. Received: {rate}.")
    _check_data(experiment)
    check_seeds(experiment)
    if experiment.encoder is not None:
        _check_options("encoder", experiment.encoder, encoders)
    for term in experiment.objectives:
        negatives = getattr(term, "negative_images", None)
        if negatives is not None and not 1 <= negatives < train.batch_size:
            raise ValueError(
                "negative_images must be from 1 to the batch size less 1. "
                f"Received: negative_images={negatives}, train.batch_size={train.batch_size}."
            )
        if hasattr(term, "critic"):
            _check_bound(term.bound, getattr(term, "baseline", None))
            _check_options("critic", term.critic, critics)
        if hasattr(term, "loss"):
            _check_options("loss", term.loss, two_views)
    check_distinct(experiment)
    for entry in experiment.evaluate:
        evaluators.check(entry)
    evaluators.check_listed(experiment.evaluate)
    _check_finite(experiment.to_dict(), "")


def _check_finite(plain, path):
    """The experiment is stored as JSON, which has neither infinity nor NaN."""
    if isinstance(plain, dict | list):
        items = plain.items() if isinstance(plain, dict) else enumerate(plain)
        for key, value in items:
            key = value["name"] if isinstance(value, dict) and "name" in value else key
            _check_finite(value, f"{path}.{key}" if path else str(key))
    elif isinstance(plain, float) and not math.isfinite(plain):
        raise ValueError(f"{path} must be finite. Received: {plain}.")


def _check_data(experiment):
    data, terms = experiment.data, experiment.objectives
    if not 0 <= data.noise_sd < float("inf"):
        raise ValueError(f"data.noise_sd must be 0 or more. Received: {data.noise_sd}.")
    if (experiment.encoder is None) != (data.name == GAUSSIAN_PAIRS):
        raise ValueError(
            f"Images need an encoder, and only data={GAUSSIAN_PAIRS!r} has none. "
            f"Received: data={data.name!r}, encoder={experiment.encoder}."
        )
    if data.law is not None and data.name != GAUSSIAN_PAIRS:
        raise ValueError(f"data.law, a distribution of pairs, needs data={GAUSSIAN_PAIRS!r}. "
            f"Received: data={data.name!r}.")
    if data.name == GAUSSIAN_PAIRS:
        pair_distributions.check_law(experiment)
    names = [term.name for term in terms]
    if not terms:
        raise ValueError("At least one term is needed to train. Received: objectives=().")
    given = data.given_views
    _check_options_of_views(data)
    for term in terms:
        read = views_read(term, given.names[0])
        lacking = [view for view in read if view not in given.names]
        if lacking:
            raise ValueError(
                f"The term {term.name!r} reads the views {', '.join(lacking)}, but data.views="
                f"{data.views!r} gives {', '.join(given.names)}. Received: {names}."
            )
        if term.name == "two_views" and term.views is None and given.is_paired:
            raise ValueError(
                "Random views are made of whole images, data.views=image; of halves the term "
                "two_views reads both, two_views.views=(view_1,view_2). Received: views=None."
            )
    if data.name == GAUSSIAN_PAIRS and not given.is_paired:
        raise ValueError(f"Whole images need a data set of images. Received: {data.name!r}.")


def _check_options_of_views(data):
    """Refuses what changes only other kinds of views: noise on whole images, crops of halves."""
    plain = Data()
    for kind in GIVEN_VIEWS.values():
        for option in kind.options:
            value = getattr(data, option)
            if option not in data.given_views.options and value != getattr(plain, option):
                raise ValueError(
                    f"Only {kind.what} have the option data.{option}. "
                    f"Received: data.{option}={value!r}, data.views={data.views!r}."
                )


def _check_bound(choice, baseline):
    name, options = as_pick(choice).name, as_pick(choice).options
    entry = bounds.info(name, **options)
    if any(isinstance(value, float) and not math.isfinite(value) for value in options.values()):
        raise ValueError(
            f"JSON knows no infinity; none says the same. Received: bound={described(choice)}."
        )
    # Called on two pairs, so that the bound itself checks its options.
    entry.function(np.zeros((2, 2), np.float32))
    if baseline is not None:
        _check_options("baseline", baseline, critics.baseline)
        if not entry.takes_baseline:
            takers = [taker for taker in bounds.names() if bounds.takes_baseline(taker)]
            raise ValueError(
                f"Only these bounds take a baseline, unless it is an option: {', '.join(takers)}. "
                f"Received: bound={described(choice)} with baseline={baseline.name!r}."
            )


def _check_options(kind, choice: Pick, family):
    factory = family.class_of(choice.name)
    known = options_of(factory, without=("seed",))
    check_options(kind, choice.name, choice.options, known)
    for option, default in known.items():
        if default is REQUIRED and option not in choice.options:
            raise ValueError(
                f"The {kind} {choice.name!r} needs the option {option}, "
                f"as in --set={kind}.{option}=... Received: none."
            )
