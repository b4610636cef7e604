"""Dependence: among the entries of a code, and between images and codes."""

from tf_infomax import evaluation
from tf_infomax.evaluation.dependence import MEASURES
from tf_infomax.evaluators import needs
from tf_infomax.evaluators.common import RATE, curve, decay_epochs
from tf_infomax.evaluators.facts import checked_by
from tf_infomax.naming.option_kinds import Integer, Name, OneOf, Real, Switch
from tf_infomax.naming.options import options_of
from tf_infomax.results.measurements import EVALUATORS, Measurement

__all__ = ["measure_mine", "measure_ndm"]


_NDM = options_of(evaluation.ndm)


@EVALUATORS.register("ndm")
@checked_by(needs.need_columns)
def measure_ndm(
    snapshot,
    endpoint: Name() = "global",
    measure: OneOf(MEASURES) = _NDM["measure"],
    epochs: Integer(1) = _NDM["epochs"],
    # Fewer rows are one batch.
    batch_size: Integer(2) = _NDM["batch_size"],
    learning_rate: RATE = _NDM["learning_rate"],
    standardize: Switch() = _NDM["standardize"],
):
    """Total correlation of the code's entries: the neural dependency measure, see ``ndm``.

    It also gives the closed form for Gaussian codes, ``dependence/gaussian_total_correlation``. If
    the correlation matrix is singular, that is infinite and replaced by the row
    ``dependence/singular_correlation``, the number of directions without variance.
    """
    endpoint = snapshot.name_of(endpoint)
    train, test = snapshot.features(endpoint)
    result = evaluation.ndm(
        train,
        test_codes=test,
        measure=measure,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        decay_epochs=decay_epochs(epochs, 0.5, 0.75),
        standardize=standardize,
        seed=snapshot.seed("ndm"),
    )
    tags = {"features": endpoint, "epochs": epochs, "standardized": standardize}
    with_curve = {**tags, "values": curve(result.curve)}
    yield Measurement("dependence/ndm", "train", result.train_nats, "nats", with_curve)
    yield Measurement("dependence/ndm", "test", result.test_nats, "nats", tags)
    for split, codes in (("train", train), ("test", test)):
        yield total_correlation_row(codes, split, endpoint)


def total_correlation_row(codes, split, endpoint, kind="gaussian", singular="singular"):
    """The row ``dependence/<kind>_total_correlation`` of some codes, in closed form.

    If it is infinite: ``dependence/<singular>_correlation``, the directions without variance.
    """
    found = evaluation.gaussian_total_correlation(codes)
    tags = {"features": endpoint, "constant": found.constant}
    if found.missing:
        metric = f"dependence/{singular}_correlation"
        return Measurement(metric, split, found.missing, "1", tags)
    return Measurement(f"dependence/{kind}_total_correlation", split, found.nats, "nats", tags)


# Three convolutions halve the sides of an image.
_SMALLEST_SIDE = 8


def _need_large_images(facts, options):
    del options
    if min(facts.image_shape[:2]) < _SMALLEST_SIDE:
        raise ValueError(
            f"Its network halves images thrice, which need sides of {_SMALLEST_SIDE} or more. "
            f"Received: images of shape {facts.image_shape}."
        )


_MINE = options_of(evaluation.mine)


@EVALUATORS.register("mine")
@checked_by(needs.need_rows, needs.need_test_pairs, _need_large_images)
def measure_mine(
    snapshot,
    endpoint: Name() = "global",
    epochs: Integer(1) = _MINE["epochs"],
    # Each image has four negatives in its batch.
    batch_size: Integer(5) = _MINE["batch_size"],
    learning_rate: RATE = _MINE["learning_rate"],
    average_rate: Real(0.0, 1.0) = _MINE["average_rate"],
    standardize: Switch() = _MINE["standardize"],
):
    """MINE's estimate of the MI of image and code: for ranking, not a bound; see ``mine``."""
    endpoint = snapshot.name_of(endpoint)
    train, test = snapshot.features(endpoint)
    images = snapshot.images
    result = evaluation.mine(
        images[0],
        train,
        images[1],
        test,
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        average_rate=average_rate,
        decay_epochs=decay_epochs(epochs, 0.5, 0.8),
        standardize=standardize,
        seed=snapshot.seed("mine"),
    )
    tags = {"features": endpoint, "epochs": epochs, "standardized": standardize}
    for split, value, values in (
        ("train", result.train_nats, result.train_curve),
        ("test", result.test_nats, result.test_curve),
    ):
        yield Measurement(
            "dependence/mine", split, value, "nats", {**tags, "values": curve(values)}
        )
