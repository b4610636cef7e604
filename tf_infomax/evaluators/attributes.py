"""The probe of yes-or-no attributes, of data sets that have them."""

from tf_infomax import evaluation
from tf_infomax.evaluators import needs
from tf_infomax.evaluators.common import ALL, RATE, curve, decay_epochs
from tf_infomax.evaluators.facts import checked_by
from tf_infomax.naming.option_kinds import Integer, Names
from tf_infomax.naming.options import options_of
from tf_infomax.results.measurements import EVALUATORS, Measurement

__all__ = ["measure_attribute_probe"]


def _need_attributes(facts, options):
    del options
    if facts.images is None or len(facts.images.attribute_names) < 2:
        number = 0 if facts.images is None else len(facts.images.attribute_names)
        raise ValueError(
            "It needs images with two attributes or more, such as celeb_a. "
            f"Received: {number} attributes."
        )


_PROBE = options_of(evaluation.attribute_probe)


@EVALUATORS.register("attribute_probe")
@checked_by(needs.need_rows, _need_attributes)
def measure_attribute_probe(
    snapshot,
    endpoints: Names() = ALL,
    epochs: Integer(1) = _PROBE["epochs"],
    hidden_units: Integer(1, 100_000) = _PROBE["hidden_units"],
    batch_size: Integer(1) = _PROBE["batch_size"],
    learning_rate: RATE = _PROBE["learning_rate"],
):
    """Mean accuracy of all attributes on each endpoint; see ``attribute_probe``.

    ``values`` of the first row are the accuracies of the attributes, in the data set's order.
    """
    images = snapshot.trial.source.images
    for name in snapshot.names_of(endpoints):
        train, test = snapshot.features(name)
        result = evaluation.attribute_probe(
            train,
            images.train_attributes,
            test,
            images.test_attributes,
            hidden_units=hidden_units,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            decay_epochs=decay_epochs(epochs, 0.5, 0.8),
            seed=snapshot.seed("attribute_probe"),
        )
        tags = {"features": name, "epochs": epochs}
        with_all = {**tags, "values": curve(result.per_attribute)}
        for kind, value, own in (
            ("accuracy", result.accuracy, with_all),
            ("balanced_accuracy", result.balanced_accuracy, tags),
        ):
            yield Measurement(f"probe/attributes/{kind}", "test", value, "fraction", own)
