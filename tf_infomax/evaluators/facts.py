"""What is known of a run before any work, and what evaluators demand of it."""

import dataclasses
import inspect
import math

from tf_infomax.results.measurements import EVALUATORS, several

__all__ = ["Facts", "check_facts", "checked_by", "facts_of"]


@dataclasses.dataclass(frozen=True)
class Facts:
    """What evaluators will find.

    Attributes:
        images: ``ImageData``, or ``None`` for pairs that have a density.
        image_shape: ``(H, W, C)`` of whole images as the encoder sees them, or ``None``.
        shapes: name of features -> their shape, without the batch axis; empty without an encoder.
        terms: names of the terms that are trained.
        source: of the pairs, where there are no images; has their density as ``law`` or ``laws``.
        has_model: whether a model with a critic is trained, and there to be measured.
    """

    images: object
    image_shape: tuple | None
    shapes: dict
    terms: tuple
    source: object
    has_model: bool

    def width(self, name):
        """Numbers in the features ``name`` of one example."""
        return math.prod(self.shapes[name])


def facts_of(experiment, images, view_shape, encoder, source=None):
    """``Facts`` of an experiment (one variant, one seed).

    Args:
        experiment: the experiment.
        images: its ``ImageData``, or ``None``.
        view_shape: of what the encoder sees, without the batch axis.
        encoder: the encoder that will be evaluated, built; or ``None``.
        source: of the pairs, where there are no images.
    """
    whole = experiment.data.views == "image"
    shapes = {}
    if encoder is not None:
        width = math.prod(view_shape)
        shapes = (
            {name: tuple(shape) for name, shape in encoder.endpoint_shapes.items()}
            if whole
            else {"code": tuple(encoder.compute_output_shape((None, width))[1:])}
        )
        shapes["pixels"] = (width,)
    terms = tuple(term.name for term in experiment.objectives)
    return Facts(
        images,
        tuple(view_shape) if whole else None,
        shapes,
        terms,
        source,
        "label_confusion" not in terms,
    )


def checked_by(*checks):
    """Decorator of an evaluator: what it demands of a run.

    Args:
        checks: functions ``(facts, options)`` that raise ``ValueError`` with a sentence; the
            options are complete, defaults included.
    """

    def decorated(evaluator):
        evaluator.checks = checks
        return evaluator

    return decorated


def check_facts(experiment, facts):
    """Raises ``ValueError``, naming the evaluator, if one of an experiment cannot do its work."""
    for entry in experiment.evaluate:
        evaluator = EVALUATORS.get(entry.name)
        parameters = inspect.signature(evaluator).parameters.items()
        options = {name: one.default for name, one in parameters if name != "snapshot"}
        options.update(entry.options)
        try:
            _check_features(facts, options)
            for check in getattr(evaluator, "checks", ()):
                check(facts, options)
        except ValueError as error:
            raise ValueError(
                f"The evaluator {entry.name!r} cannot measure this run. {error}"
            ) from None


def _check_features(facts, options):
    """Endpoints that are named must be there; of a default tuple, one of them."""
    named = {}
    for option in ("endpoint", "endpoints"):
        if options.get(option) is not None:
            named[option] = several(options[option])
    for option, names in named.items():
        known = [name for name in names if name in facts.shapes]
        # Of several endpoints those are left out that this encoder is known to do without.
        unknown = set(names) - {*known, *(("conv", "fc", "global") if len(names) > 1 else ())}
        if unknown or not known:
            raise ValueError(
                f"The encoder's endpoints are {', '.join(facts.shapes) or 'none'}. "
                f"Received: {option}={names if option == 'endpoints' else names[0]!r}."
            )
