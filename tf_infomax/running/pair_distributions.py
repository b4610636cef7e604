"""The laws of pairs whose mutual information is known: from their names to batches."""

from tf_infomax.data.gaussians import DependentGaussians
from tf_infomax.data.pairs import GaussianPairs, GaussianStairs
from tf_infomax.naming.options import check_options, options_of
from tf_infomax.naming.registry import Registry

__all__ = ["check_law", "names", "pairs_of", "tags_of_law", "width"]

# Name -> function(experiment, seed, **options) -> source of pairs.
_LAWS = Registry("law of pairs")


@_LAWS.register("correlated")
def _correlated(experiment, seed, dim=20, levels=(2.0,), transform="identity"):
    levels = levels if isinstance(levels, tuple) else (levels,)
    train = experiment.train
    return GaussianStairs(dim, levels, train.steps, train.batch_size, seed, transform)


@_LAWS.register("dependent")
def _dependent(
    experiment, seed, share=0.5, correlation=0.2, shared_correlation=-0.5, variance=2.0
):
    law = DependentGaussians.from_share(share, correlation, shared_correlation, variance)
    return GaussianPairs(law, experiment.train.batch_size, experiment.data.dependent, seed)


def names():
    """All registered laws."""
    return _LAWS.names()


def pairs_of(experiment, seed):
    """The source of an experiment's pairs: ``GaussianStairs`` or ``GaussianPairs``.

    Raises:
        ValueError: on an unknown law or option, or values that it refuses.
    """
    if experiment.data.law is None:
        # Not by its share: the covariances of Fig. 4c as they are written, to the last bit.
        law = DependentGaussians()
        return GaussianPairs(law, experiment.train.batch_size, experiment.data.dependent, seed)
    law = experiment.data.law
    make = _LAWS.get(law.name)
    known = _options(law.name)
    check_options("law", law.name, law.options, known)
    try:
        return make(experiment, seed, **law.options)
    except TypeError as error:
        raise ValueError(f"The law {law.name!r} cannot be made: {error}.") from error


def check_law(experiment):
    """Raises ``ValueError`` if the law of an experiment on Gaussian pairs cannot be made.

    So it does where exact values are measured so seldom that levels would be missed.
    """
    source = pairs_of(experiment, seed=0)
    levels = len(getattr(source, "laws", ())) or 1
    steps = experiment.train.steps // levels
    for entry in experiment.evaluate:
        needs = levels > 1 and entry.name == "exact_mutual_information" and steps
        if needs and (not entry.every or steps % entry.every):
            raise ValueError(
                "evaluate.exact_mutual_information.every must divide the steps of a level, "
                f"train.steps / {levels} = {steps}. Received: every={entry.every}."
            )


def width(experiment):
    """Coordinates of one view."""
    return getattr(pairs_of(experiment, seed=0), "dim", 1)


def tags_of_law(data):
    """What rows say of the law: its name and options, flat; nothing for that of Fig. 4c."""
    if data.law is None:
        return {}
    options = {**_options(data.law.name), **data.law.options}
    if data.law.name == "dependent":
        options["sampling"] = "dependent" if data.dependent else "independent"
    # Several levels are told by the rows of the exact value, step by step.
    levels = options.pop("levels", ())
    levels = levels if isinstance(levels, tuple) else (levels,)
    level = {"level": levels[0]} if len(levels) == 1 else {}
    return {"law": data.law.name, **options, **level}


def _options(name):
    return options_of(_LAWS.get(name), without=("experiment", "seed"))
