"""Experiments as frozen data that convert to JSON and back, without TensorFlow."""

import dataclasses
import itertools
import pathlib
import re
import typing
from typing import Annotated

from tf_infomax.encoders import ENCODERS
from tf_infomax.evaluators.names import EVALUATORS
from tf_infomax.experiments.given_views import GIVEN_VIEWS, PAIR_DISTRIBUTIONS
from tf_infomax.naming.option_kinds import OneOf
from tf_infomax.naming.paths import short_name
from tf_infomax.naming.pick import Pick, frozen, pick
from tf_infomax.objectives.options import (
    TERMS,
    AttributeClassification,
    BiGAN,
    Classification,
    Coordinates,
    GlobalInformation,
    LabelConfusion,
    LocalInformation,
    MutualInformation,
    NoiseAsTargets,
    PredictiveCoding,
    PriorMatching,
    Reconstruction,
    RelativeCoordinates,
    TwoViews,
)
from tf_infomax.training.precision_choice import PRECISION

__all__ = [
    "AttributeClassification",
    "BiGAN",
    "Classification",
    "Coordinates",
    "Data",
    "Evaluation",
    "Experiment",
    "GlobalInformation",
    "LabelConfusion",
    "LocalInformation",
    "MutualInformation",
    "NoiseAsTargets",
    "Pick",
    "PredictiveCoding",
    "PriorMatching",
    "Reconstruction",
    "RelativeCoordinates",
    "Swept",
    "Train",
    "TwoViews",
    "check_distinct",
    "check_once",
    "check_seeds",
    "described",
    "evaluation",
    "pick",
]


@dataclasses.dataclass(frozen=True)
class Data:
    """The source of batches.

    Attributes:
        name: data set of images ("mnist", "digits", any of TFDS, a ``.npz`` or a folder), or
            "gaussian_pairs".
        label: for images with attributes ("celeb_a"): the attribute that probes predict
            ("Smiling").
        views: "halves": the upper and lower halves of the images are two views (MI-max);
            "image": the whole image is the only view (Deep InfoMax).
        noise_sd: for halves: sd of normal noise on the pixels (in [0, 1]). In training the same
            noise is added to both views; the probe's inputs have independent noise.
        dependent: only for "gaussian_pairs": whether the pairs of a batch share one offset.
        crop: for whole images: side of a random crop (in evaluation the central one), or ``None``.
        flip: for whole images: whether half of them are mirrored at random.
        law: only for "gaussian_pairs": the distribution of the pairs, see
            ``running.pair_distributions``; ``None`` is the distribution of MI-max's Fig. 4c.
    """

    name: str = "mnist"
    label: str | None = None
    views: Annotated[str, OneOf(tuple(GIVEN_VIEWS))] = "halves"
    noise_sd: float = 0.0
    dependent: bool = False
    crop: int | None = None
    flip: bool = False
    law: Annotated[Pick | None, PAIR_DISTRIBUTIONS] = None

    @property
    def given_views(self):
        """``GivenViews`` of every example."""
        return GIVEN_VIEWS[self.views]


@dataclasses.dataclass(frozen=True)
class Train:
    """Length and speed of the training.

    Attributes:
        steps: training steps (rounds, where players take turns); 0 leaves the model untrained.
        batch_size: pairs in a batch, K.
        learning_rate: of Adam.
        log_every: steps between rows of the mean training bound.
        checkpoint_every: steps between checkpoints.
        jit_compile: whether XLA compiles the step: "auto" (in trainings of 1,000 steps or more; in
            those of a minute or more whatever a measurement finds faster), "yes" or "no".
        precision: number format of models and optimizers: "float32", "float64",
            "mixed_bfloat16", or "auto" (what Keras is set to, which is float32 by default).
    """

    steps: int = 21_000
    batch_size: int = 128
    learning_rate: float = 1e-4
    log_every: int = 1_000
    checkpoint_every: int = 1_000
    jit_compile: Annotated[str, OneOf(("auto", "yes", "no"))] = "auto"
    precision: Annotated[str, PRECISION] = "auto"


@dataclasses.dataclass(frozen=True)
class Evaluation:
    """A measurement of the frozen encoder.

    Attributes:
        name: name of a registered evaluator.
        every: steps between measurements, from step 0; 0 means only at the end. The last step is
            always measured.
        options: of the evaluator.
    """

    name: Annotated[str, EVALUATORS]
    every: int = 1_000
    options: dict = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        options = {key: frozen(value) for key, value in self.options.items()}
        object.__setattr__(self, "options", options)


def evaluation(name, every=0, **options):
    """``Evaluation(name, every, options)``, at the end only unless told otherwise."""
    return Evaluation(name, every, options)


class Swept:
    """Base of data with seeds and a sweep, which stand for a list of runs."""

    def runs(self):
        """Every run of the sweep: a list of (variant, seed, a copy without sweep)."""
        paths = [path for path, _ in self.sweep]
        result = []
        for values in itertools.product(*(values for _, values in self.sweep)):
            single = dataclasses.replace(self, sweep=())
            # A choice before its options: "critic" sorts before "critic.hidden_dim".
            for path, value in sorted(zip(paths, values, strict=True), key=lambda pair: pair[0]):
                single = replace_at(single, path, value)
            variant = "-".join(label(*entry) for entry in zip(paths, values, strict=True))
            for seed in self.seeds:
                run = dataclasses.replace(single, seeds=(seed,))
                result.append((short_name(variant or "default"), seed, run))
        return result

    def to_dict(self):
        """Plain dicts, lists and numbers, for JSON."""
        return _plain(self)


@dataclasses.dataclass(frozen=True)
class Experiment(Swept):
    """One experiment: data, model, training, evaluation and sweep.

    Attributes:
        name: registry name.
        source: the paper and figure that the experiment reproduces.
        data: the pairs.
        encoder: encoder of each view (no shared weights), or ``None`` for codes = views.
        objectives: the terms that are minimised.
        train: steps, batch, learning rate.
        evaluate: evaluators and when they measure.
        seeds: a run for each.
        sweep: tuple of (path, values): runs are the product over all of them.
    """

    name: str
    source: str
    data: Data
    encoder: Annotated[Pick | None, ENCODERS]
    objectives: tuple
    train: Train = Train()
    evaluate: tuple = ()
    seeds: tuple = (0,)
    sweep: tuple = ()

    @classmethod
    def from_dict(cls, plain):
        """The inverse of ``to_dict``."""
        objectives = tuple(
            _read(TERMS[objective["name"]], objective) for objective in plain["objectives"]
        )
        return cls(
            name=plain["name"],
            source=plain["source"],
            data=_read(Data, plain["data"]),
            encoder=None if plain["encoder"] is None else _read(Pick, plain["encoder"]),
            objectives=objectives,
            train=_read(Train, plain["train"]),
            evaluate=tuple(_read(Evaluation, entry) for entry in plain["evaluate"]),
            seeds=frozen(plain["seeds"]),
            sweep=tuple(
                (path, tuple(_read_value(value) for value in values))
                for path, values in plain["sweep"]
            ),
        )


def check_once(path, values, kind="a value"):
    """Raises ``ValueError`` if one of ``values`` occurs twice: it would count as two seeds."""
    twice = next((one for one in values if values.count(one) > 1), None)
    if twice is not None:
        shown = ",".join(described(one) for one in values)
        raise ValueError(
            f"{path} must list {kind} once; {described(twice)} would be counted twice. "
            f"Received: {path}={shown}."
        )


def check_distinct(swept):
    """Raises ``ValueError`` if a seed, or a value of a sweep, of an experiment occurs twice."""
    check_once("seeds", swept.seeds, "a seed")
    for path, values in swept.sweep:
        check_once(path, values)


def check_seeds(swept):
    """Raises ``ValueError`` if an experiment has no seeds, or one below 0."""
    if not swept.seeds or any(seed < 0 for seed in swept.seeds):
        raise ValueError(f"seeds must be integers, 0 or more. Received: {swept.seeds}.")


# The weights of Deep InfoMax's terms, as the paper calls them.
_LETTERS = {"global_information": "alpha", "local_information": "beta", "prior": "gamma"}


def label(path, value):
    """A value of a sweep as part of the name of a variant and of its directory."""
    owner, _, field = path.rpartition(".")
    if field == "weight":
        term = owner.rpartition(".")[2]
        field = _LETTERS.get(term, term)
    if value is None or value is False:
        return "independent" if field == "dependent" else f"no_{field}"
    if value is True:
        return field
    if isinstance(value, Pick):
        # Other choices are called by their names; for bounds options may be swept, too.
        options = value.options if field == "bound" else {}
        return "_".join([value.name, *(label(*option) for option in options.items())])
    if isinstance(value, str):
        name = pathlib.PurePath(value).name.removesuffix(".npz")
        return re.sub(r"[^\w.:+-]", "_", name).strip(".") or field
    numbers = value if isinstance(value, tuple) else (value,)
    return "_".join(
        [field, *(f"{one:g}" if isinstance(one, float) else str(one) for one in numbers)]
    )


def described(value):
    """A name or a pick as rows call it: ``smile``, ``smile(clip=1)``, ``smile(clip=none)``."""
    if not isinstance(value, Pick):
        return str(value)
    options = ", ".join(f"{key}={_short(option)}" for key, option in value.options.items())
    return f"{value.name}({options})" if options else value.name


def _short(value):
    if value is None or isinstance(value, bool):
        return str(value).lower()
    return f"{value:g}" if isinstance(value, float) else str(value)


def child(parent, key):
    """The field, option or named member ``key`` of a node; ``KeyError`` if there is none."""
    if isinstance(parent, tuple):
        for member in parent:
            if member.name == key:
                return member
        raise KeyError(key)
    if dataclasses.is_dataclass(parent) and key in field_names(parent):
        return getattr(parent, key)
    # For picks and evaluations, options are on the level of fields.
    return getattr(parent, "options", {})[key]


def replace_at(node, path, value):
    """A copy of ``node`` with ``value`` at the dotted path."""
    key, _, rest = path.partition(".")
    if isinstance(node, tuple):
        return tuple(
            (replace_at(member, rest, value) if rest else value) if member.name == key else member
            for member in node
        )
    if rest:
        value = replace_at(child(node, key), rest, value)
    if hasattr(node, "options") and key not in field_names(node):
        key, value = "options", {**node.options, key: value}
    return dataclasses.replace(node, **{key: value})


def field_names(node):
    """Names of a dataclass node's fields; of a tuple of named members, their names."""
    if isinstance(node, tuple):
        return [member.name for member in node]
    return [field.name for field in dataclasses.fields(node)]


def settable_names(node):
    """Names that can be set below a node: its fields, with its options in place of ``options``."""
    names = [name for name in field_names(node) if name != "options"]
    return [*names, *getattr(node, "options", ())]


def field_type(node, name):
    """The declared type of a field of a dataclass node."""
    return typing.get_type_hints(type(node))[name]


def _plain(node):
    if dataclasses.is_dataclass(node):
        return {field: _plain(getattr(node, field)) for field in field_names(node)}
    if isinstance(node, dict):
        return {key: _plain(value) for key, value in node.items()}
    if isinstance(node, tuple):
        return [_plain(value) for value in node]
    return node


def _read_value(value):
    if isinstance(value, dict) and set(value) == {"name", "options"}:
        return Pick(**value)
    return frozen(value)


def _read(kind, plain):
    return kind(**{key: _read_value(value) for key, value in plain.items()})
