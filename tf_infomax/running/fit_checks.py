"""Whether an experiment and its data fit together, before anything is trained."""

import tensorflow as tf

from tf_infomax.evaluators import catalog as evaluators
from tf_infomax.experiments.spec import described
from tf_infomax.running import pair_distributions
from tf_infomax.running.build import build_model, input_shape, sizes_of

__all__ = ["check_fit"]


def check_fit(experiment, images):
    """Builds the experiment's model on the data, in vain, and looks at what evaluators need.

    Args:
        experiment: one variant and one seed.
        images: ``ImageData``; ``None`` for pairs that are drawn from a distribution.

    Raises:
        ValueError: if they do not fit, saying what was expected and what was received.
    """
    view_shape = input_shape(experiment, images)
    if images is not None:
        for split, number in (
            ("training", len(images.train_images)),
            ("test", len(images.test_images)),
        ):
            if number < experiment.train.batch_size:
                raise ValueError(
                    f"{experiment.data.name} has {number} {split} images. "
                    f"Received: train.batch_size={experiment.train.batch_size}."
                )
    _check_labels(experiment, images)
    try:
        model = build_model(experiment, view_shape, **sizes_of(images))
        encoder = None if experiment.encoder is None else next(iter(model.encoders.values()))
        source = pair_distributions.pairs_of(experiment, seed=0) if images is None else None
        evaluators.check_facts(
            experiment, evaluators.facts_of(experiment, images, view_shape, model, encoder, source)
        )
    except (MemoryError, tf.errors.ResourceExhaustedError):
        raise ValueError(
            f"{experiment.name} cannot be built: its layers are larger than the memory. Received: "
            f"encoder={described(experiment.encoder)}, "
            f"objectives={[term.name for term in experiment.objectives]}."
        ) from None
    except (TypeError, AttributeError) as error:
        # An option of the wrong type: the message is that of the layer which received it.
        raise ValueError(f"{experiment.name} cannot be built: {error}.") from error


def _check_labels(experiment, images):
    has_term = any(term.name == "label_confusion" for term in experiment.objectives)
    if has_term and images is not None and not images.is_labelled:
        raise ValueError(
            f"The term label_confusion of {experiment.name} needs a label for every image. "
            f"Received: data={experiment.data.name!r}, which has unlabelled images."
        )
