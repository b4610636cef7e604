"""Distributions of pairs with known mutual information (``data.law``): from names to batches."""

from tf_infomax.data.gaussians import DependentGaussians
from tf_infomax.data.pairs import GaussianPairs, GaussianStairs
from tf_infomax.experiments.given_views import PAIR_DISTRIBUTIONS
from tf_infomax.naming.options import check_options, options_of

__all__ = ["check_law", "names", "pairs_of", "tags_of_law", "width"]


@PAIR_DISTRIBUTIONS.register("correlated")
def _correlated(experiment, seed, dim=20, levels=(2.0,), transform="identity"):
    levels = levels if isinstance(levels, tuple) else (levels,)
    train = experiment.train
    return GaussianStairs(dim, levels, train.steps, train.batch_size, seed, transform)


@PAIR_DISTRIBUTIONS.register("dependent")
def _dependent(
    experiment, seed, share=0.5, correlation=0.2, shared_correlation=-0.5, variance=2.0
):
    pairs = DependentGaussians.from_share(share, correlation, shared_correlation, variance)
    return GaussianPairs(pairs, experiment.train.batch_size, experiment.data.dependent, seed)


def names():
    """Names of all registered distributions of pairs."""
    return PAIR_DISTRIBUTIONS.names()


def pairs_of(experiment, seed):
    """The source of an experiment's pairs: ``GaussianStairs`` or ``GaussianPairs``.

    Raises:
        ValueError: on an unknown distribution or option, or values out of range.
    """
    if experiment.data.law is None:
        # Not computed from the share: the covariances of Fig. 4c as published, to the last bit.
        pairs = DependentGaussians()
        return GaussianPairs(pairs, experiment.train.batch_size, experiment.data.dependent, seed)
    chosen = experiment.data.law
    make = PAIR_DISTRIBUTIONS.get(chosen.name)
    known = _options(chosen.name)
    check_options("distribution of pairs", chosen.name, chosen.options, known)
    try:
        return make(experiment, seed, **chosen.options)
    except TypeError as error:
        raise ValueError(
            f"The distribution of pairs {chosen.name!r} cannot be made: {error}."
        ) from error


def check_law(experiment):
    """Raises ``ValueError`` if the pairs of an experiment on Gaussian pairs cannot be made.

    Also if exact values are measured so rarely that levels would be missed.
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
    """Tags of rows for the distribution: its name and options, flat; none for that of Fig. 4c."""
    if data.law is None:
        return {}
    options = {**_options(data.law.name), **data.law.options}
    if data.law.name == "dependent":
        options["sampling"] = "dependent" if data.dependent else "independent"
    # Of several levels, the rows of the exact value say which was trained at each step.
    levels = options.pop("levels", ())
    levels = levels if isinstance(levels, tuple) else (levels,)
    level = {"level": levels[0]} if len(levels) == 1 else {}
    return {"law": data.law.name, **options, **level}


def _options(name):
    return options_of(PAIR_DISTRIBUTIONS.get(name), without=("experiment", "seed"))
