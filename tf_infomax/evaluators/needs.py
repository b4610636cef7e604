"""Requirements on data and codes that several evaluators share; see ``facts.checked_by``."""

import numpy as np

__all__ = [
    "need_classes",
    "need_classifier",
    "need_columns",
    "need_encoder",
    "need_endpoints",
    "need_inverse",
    "need_neighbours",
    "need_rows",
    "need_test_pairs",
    "of_labels",
]


def need_encoder(facts, options):
    """An encoder of images."""
    del options
    if facts.images is None or not facts.shapes:
        raise ValueError("It needs images and an encoder. Received: pairs without an encoder.")


def need_endpoints(facts, options):
    """An encoder with named endpoints, since it trains the layers up to one of them."""
    del options
    if not hasattr(facts.encoder, "endpoints"):
        raise ValueError(
            "It needs an encoder with named endpoints, such as 'basic32x32'. "
            f"Received: {type(facts.encoder).__name__}."
        )


def need_inverse(facts, options):
    """An encoder that has an inverse."""
    need_encoder(facts, options)
    if not hasattr(facts.encoder, "forward_and_log_det"):
        raise ValueError(
            "Invertibility is measured on encoders that have an inverse, such as 'realnvp'. "
            f"Received: encoder={type(facts.encoder).__name__}."
        )


def need_rows(facts, options):
    """An evaluator that trains on all images needs one batch of them."""
    need_encoder(facts, options)
    number = len(facts.images.train_images)
    if options["batch_size"] > number:
        raise ValueError(
            f"A batch must not exceed the training images. Received: "
            f"batch_size={options['batch_size']}, and {number} images."
        )


def of_labels(check):
    """Decorator of a requirement: nothing without labels can meet it."""
    check.is_of_labels = True
    return check


@of_labels
def need_classes(facts, options):
    """A classifier needs labels of two classes, a labelled test image, and rows for a batch."""
    if facts.images is None:
        raise ValueError("It needs images with labels. Received: pairs without images.")
    train, test = (
        labels[labels >= 0] for labels in (facts.images.train_labels, facts.images.test_labels)
    )
    if len(np.unique(train)) < 2 or not len(test):
        raise ValueError(
            "It needs training labels of two classes or more, and labelled test images. Received: "
            f"{facts.images.name} with {len(np.unique(train))} classes in training and {len(test)} "
            "labelled test images."
        )
    if options.get("batch_size", 1) > len(train):
        raise ValueError(
            "A batch must not exceed the labelled training images. Received: "
            f"batch_size={options['batch_size']}, and {len(train)} images."
        )


@of_labels
def need_neighbours(facts, options):
    """As many labelled training images as neighbours, and other test images for the figure."""
    need_classes(facts, options)
    for name, number, those in (
        ("k", int(np.sum(facts.images.train_labels >= 0)), "labelled training images"),
        ("columns", len(facts.images.test_images) - 1, "other test images"),
    ):
        if max(np.atleast_1d(options[name])) > number:
            raise ValueError(
                f"There are no more neighbours than {those}. "
                f"Received: {name}={options[name]}, and {number} images."
            )


def need_columns(facts, options):
    """Codes of two numbers or more, which may depend on each other, and two images."""
    need_encoder(facts, options)
    rows = min(len(facts.images.train_images), len(facts.images.test_images))
    if facts.width(options["endpoint"]) < 2 or rows < 2:
        raise ValueError(
            "Dependence is that of two numbers or more, in two training and test images or more. "
            f"Received: endpoint={options['endpoint']!r} of width "
            f"{facts.width(options['endpoint'])}, {rows} images."
        )


def need_test_pairs(facts, options):
    """Two pairs of test images and codes, so that each has a negative."""
    del options
    if len(facts.images.test_images) < 2:
        raise ValueError("It needs two test images or more. Received: 1.")


@of_labels
def need_classifier(facts, options):
    """A classifier that is trained with the encoder."""
    need_classes(facts, options)
    if "classification" not in facts.terms:
        raise ValueError(
            f"It is for runs with the term classification. Received: {', '.join(facts.terms)}."
        )
