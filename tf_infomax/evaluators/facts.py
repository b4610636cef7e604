"""What is known of a run before any work, and checks of evaluators' requirements on it."""

import dataclasses
import math

from tf_infomax.evaluators.snapshot import OPTIONAL
from tf_infomax.naming.options import complete, options_of
from tf_infomax.objectives.encoded_views import named
from tf_infomax.results.measurements import EVALUATORS, several

__all__ = ["Facts", "check_facts", "checked_by", "facts_of", "needs_labels"]


@dataclasses.dataclass(frozen=True)
class Facts:
    """What evaluators will have to measure.

    Attributes:
        images: ``ImageData``, or ``None`` for pairs that have a density.
        image_shape: ``(H, W, C)`` of the inputs of the main view's encoder, or ``None``.
        is_paired: whether the data are pairs of views.
        shapes: name of features of the main view -> their shape, without the batch axis; empty
            without an encoder.
        views: names of the views that are encoded.
        terms: names of the terms that are trained.
        source: the source of pairs, if there are no images; its attribute ``law`` or ``laws`` is
            their distribution.
        has_bound: whether a bound is trained and its model is available.
        encoder: the main view's, built; or ``None``.
    """

    images: object
    image_shape: tuple | None
    is_paired: bool
    shapes: dict
    views: tuple
    terms: tuple
    source: object
    has_bound: bool
    encoder: object

    def name_of(self, features):
        """The name under which this run has ``features``: "code" and "global" mean the output."""
        return named(features, self.shapes)

    def width(self, name):
        """Numbers in the features ``name`` of one example."""
        return math.prod(self.shapes[self.name_of(name)])


def facts_of(experiment, images, view_shape, model, encoder, source=None):
    """``Facts`` of an experiment (one variant, one seed).

    Args:
        experiment: the experiment.
        images: its ``ImageData``, or ``None``.
        view_shape: shape of the encoder's inputs, without the batch axis.
        model: the model, built; ``None`` if only the encoder is left.
        encoder: the encoder that will be evaluated, built; or ``None``.
        source: the source of pairs, if there are no images.
    """
    shapes = {}
    if encoder is not None:
        width = math.prod(view_shape)
        if hasattr(encoder, "endpoint_shapes"):
            shapes = {name: tuple(shape) for name, shape in encoder.endpoint_shapes.items()}
        else:
            shapes = {"code": tuple(encoder.compute_output_shape((None, width))[1:])}
        shapes["pixels"] = (width,)
    return Facts(
        images=images,
        image_shape=tuple(view_shape) if images is not None else None,
        is_paired=experiment.data.given_views.is_paired,
        shapes=shapes,
        views=() if model is None else tuple(model.encoders),
        terms=tuple(term.name for term in experiment.objectives),
        source=source,
        has_bound=model is not None and any(hasattr(t, "bound") for t in experiment.objectives),
        encoder=encoder,
    )


def checked_by(*checks):
    """Decorator of an evaluator that sets its requirements on a run.

    Args:
        checks: functions ``(facts, options)`` that raise ``ValueError`` with a sentence; the
            options are complete, defaults included.
    """

    def decorated(evaluator):
        evaluator.checks = checks
        return evaluator

    return decorated


def needs_labels(name):
    """Whether the evaluator ``name`` can measure nothing on unlabelled images."""
    checks = getattr(EVALUATORS.get(name), "checks", ())
    return any(getattr(check, "is_of_labels", False) for check in checks)


def check_facts(experiment, facts):
    """Raises ``ValueError``, naming the evaluator, if it cannot measure the experiment."""
    for entry in experiment.evaluate:
        evaluator = EVALUATORS.get(entry.name)
        options = complete(entry.options, options_of(evaluator, without=("snapshot",)))
        try:
            _check_features(facts, options)
            for check in getattr(evaluator, "checks", ()):
                check(facts, options)
        except ValueError as error:
            raise ValueError(
                f"The evaluator {entry.name!r} cannot measure this run. {error}"
            ) from None


def _check_features(facts, options):
    """Features that are named must exist; of a default tuple, at least one."""
    for option in ("endpoint", "endpoints"):
        names = several(options.get(option))
        known = [name for name in names if _is_known(facts, name)]
        # Among several endpoints, optional ones that the encoder lacks are left out.
        unknown = set(names) - {*known, *(OPTIONAL if len(names) > 1 else ())}
        if names and (unknown or not known):
            raise ValueError(
                f"The encoder's endpoints are {', '.join(facts.shapes) or 'none'}. "
                f"Received: {option}={options[option]!r}."
            )


def _is_known(facts, name):
    view, dot, endpoint = name.rpartition(".")
    if dot:
        return view in facts.views and facts.is_paired and endpoint in ("code", "global")
    try:
        facts.name_of(name)
    except ValueError:
        return False
    return True
