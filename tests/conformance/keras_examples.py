"""One example of every class that is registered with Keras: what the contract tests loop over.

A new registered class needs an entry here (or in ``critics`` and ``encoders`` by name, of which the
examples are made), and no new test.
"""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np

from tests.conformance.encoder_examples import ENCODERS
from tests.conformance.examples import CRITICS
from tf_infomax import critics, encoders, objectives
from tf_infomax.decoders import Decoder
from tf_infomax.encoders.stages import FoldCrops, UnfoldCrops
from tf_infomax.estimation.canonical_critic import CanonicalCritic
from tf_infomax.estimation.categorical_critic import CategoricalCritic
from tf_infomax.estimation.closed_forms import ClosedForms
from tf_infomax.estimation.image_critic import ImageCritic
from tf_infomax.estimation.image_features import ImageFeatures
from tf_infomax.estimation.partition_ratio import PartitionRatio
from tf_infomax.estimation.student_ratio import StudentRatio
from tf_infomax.estimation.table_ratio import TableRatio
from tf_infomax.estimation.turned_ratio import TurnedRatio
from tf_infomax.evaluation.classifier_head import ClassifierHead
from tf_infomax.evaluation.mine import StatisticsNetwork
from tf_infomax.layers import optimizers
from tf_infomax.layers.mi_network import MINetwork, NearCopy
from tf_infomax.layers.pair_discriminator import PairDiscriminator
from tf_infomax.layers.projection_head import ProjectionHead
from tf_infomax.layers.released import BatchNormalization, Conv2D, Dense
from tf_infomax.layers.score_network import ScoreNetwork
from tf_infomax.layers.shared import JointLayerNormalization, PairwiseDense
from tf_infomax.objectives import two_views

__all__ = ["ELSEWHERE", "LAYERS", "TERMS", "LayerExample", "TermExample"]


@dataclasses.dataclass(frozen=True)
class LayerExample:
    """A small layer or model.

    Attributes:
        make: (further keyword arguments, such as ``dtype``) -> the layer, seeded where it draws.
        shapes: of the inputs, batch axis first.
        wrong: constructor arguments that must be refused, one dict a call.
        moves: whether training moves statistics.
    """

    make: Callable
    shapes: tuple
    wrong: tuple = ()
    moves: bool = False

    def inputs(self, dtype=np.float32):
        """Whole numbers from 0 to 3, which every type can hold."""
        rng = np.random.default_rng(0)
        return [rng.integers(0, 4, shape).astype(dtype) for shape in self.shapes]


@dataclasses.dataclass(frozen=True)
class TermExample:
    """A term of an objective.

    Attributes:
        make: (further keyword arguments) -> the term.
        wrong: constructor arguments that must be refused.
        moves: whether training moves statistics of the term's own.
    """

    make: Callable
    wrong: tuple = ()
    moves: bool = False


def _of(make_with, **options):
    """A factory with the example's options; those of a test come on top."""
    return lambda **more: make_with(**{**options, **more})


# What no argument called so may be.
_WRONG = {
    "seed": ("abc", 1.5, True, -1),
    "units": (0, -1, 2.5, True, "8"),
    "activation": ("nonsense", 3),
    "widths": ((4, -1), (), "abc", 3, (2.5,), (True,)),
}


def _wrong(kinds, **others):
    """Dicts of one wrong argument each: argument -> kind of ``_WRONG``, or its own wrong values."""
    kinds = {name: _WRONG[kind] for name, kind in kinds.items()}
    return tuple({name: value} for name, values in {**kinds, **others}.items() for value in values)


def _critic(name, moves=False, **wrong):
    example = CRITICS[name]
    shapes = tuple((4, *shape) for shape in (example.x_shape, example.y_shape))

    def make(**more):
        parts = example.all_options(0, more.get("dtype"))
        return critics.get(name, **{"seed": 0, **parts, **more})

    return LayerExample(make, shapes, _wrong({"seed": "seed"}, **wrong), moves)


def _encoder(name, moves=False, **wrong):
    example = ENCODERS[name]
    make = _of(encoders.class_of(example.name), seed=0, **example.options)
    return LayerExample(
        make, ((4, *example.input_shape),), _wrong({"seed": "seed"}, **wrong), moves
    )


def _endpoint(**more):
    options = {"seed": 0, **ENCODERS["basic32x32"].options}
    dtype = {name: more[name] for name in more if name == "dtype"}
    inner = encoders.get("basic32x32", **options, **dtype)
    return encoders.Endpoint(**{"encoder": inner, "endpoint": "conv", **more})


def _tail(**more):
    options = {"config": "basic32x32", "widths": (4, 5, 6, 7), "units": 5, "seed": 0}
    return encoders.EncoderTail(**{**options, **more})


def feature_model(**more):
    """A functional Keras model that gives a dict of named features of images of 12 x 12."""
    images = keras.Input((12, 12, 2))
    local = keras.layers.Conv2D(4, 3, 2, data_format="channels_last", name="map", **more)(images)
    local = keras.layers.BatchNormalization(name="norm", **more)(local)
    pooled = keras.layers.GlobalAveragePooling2D("channels_last", name="pool", **more)(local)
    code = keras.layers.Dense(3, name="code", **more)(pooled)
    return keras.Model(images, {"local": local, "conv": local, "global": code})


def _seeded(make):
    """Of layers without seeds of their own: the same draw at every call."""

    def seeded(**more):
        keras.utils.set_random_seed(0)
        return make(**more)

    return seeded


def _named_features(**more):
    dtype = {name: more[name] for name in more if name == "dtype"}
    return encoders.NamedFeatures(**{"model": feature_model(**dtype), **more})


def _backbone(**more):
    dtype = {name: more[name] for name in more if name == "dtype"}
    options = {"model": feature_model(**dtype), "local": "norm", "global_": "code"}
    return encoders.Backbone(**{**options, **more})


_UNITS, _WIDTHS, _ACTIVATIONS = _WRONG["units"], _WRONG["widths"], _WRONG["activation"]
_IMAGES = ((4, 12, 12, 2),)

LAYERS = {
    "InnerProdCritic": _critic("inner_product"),
    "CosineCritic": _critic("cosine", temperature=(0.0, -1, "hot", True, None)),
    "BilinearCritic": _critic("bilinear", feature_dim=_UNITS),
    "SeparableCritic": _critic(
        "separable", hidden_dim=_UNITS, output_dim=_UNITS, layers=_UNITS, activation=_ACTIVATIONS
    ),
    "ConcatCritic": _critic("concat", hidden_dim=_UNITS, layers=_UNITS, activation=_ACTIVATIONS),
    "DotMapCritic": _critic("dot_map", moves=True, units=_UNITS),
    "ConcatMapCritic": _critic("concat_map", hidden_units=_WIDTHS),
    "EncoderTailCritic": _critic("encoder_tail", units=_UNITS, tail=("tail", 3, keras.Model)),
    "LearnedBaseline": LayerExample(
        _of(critics.LearnedBaseline, hidden_dim=5, seed=0),
        ((4, 3),),
        _wrong({"seed": "seed", "hidden_dim": "units", "layers": "units"}, activation=_ACTIVATIONS),
    ),
    "MLP": _encoder(
        "mlp", layer_dimensions=_WIDTHS, shortcuts=("no", 1), activation=_ACTIVATIONS,
        kernel_initializer=("nonsense", 3, None),
    ),
    "ConvNet": _encoder(
        "convnet", channels=_UNITS, kernel_size=_UNITS, output_dim=_UNITS,
        image_shape=((3, 3), "abc", (1, 2, -1), 5), activation=_ACTIVATIONS,
    ),
    "RealNVP": _encoder(
        "realnvp", num_couplings=_UNITS, hidden_units=((4, -1), "abc", 3), scale=("exp", None),
        permutations=([[0, 0]], "abc", 3), permutation_seed=(-1, "a", None),
        kernel_initializer=("nonsense", 3),
    ),
    "LayeredEncoder": _encoder(
        "basic32x32", moves=True, output_units=(-1, 2.5, True, "8", None), widths=_WIDTHS
    ),
    "Endpoint": LayerExample(
        _endpoint, ((4, 32, 32, 3),),
        ({"encoder": None}, {"encoder": "basic32x32"}, {"endpoint": None}, {"endpoint": 3}), True,
    ),
    "EncoderTail": LayerExample(
        _tail, ((4, 8, 8, 5),), _wrong({"units": "units", "widths": "widths", "seed": "seed"}), True
    ),
    "NamedFeatures": LayerExample(
        _seeded(_named_features), _IMAGES,
        ({"model": None}, {"model": "basic32x32"}, {"local_receptive_field": 0}), True,
    ),
    "Backbone": LayerExample(
        _seeded(_backbone), _IMAGES,
        ({"model": None}, {"model": "resnet"}, {"local": 3}, {"global_": None}), True,
    ),
    "PairwiseDense": LayerExample(
        _seeded(_of(PairwiseDense, units=3)), ((4, 3), (5, 2)),
        _wrong({"units": "units", "activation": "activation"}, bias_initializer=("nonsense",)),
    ),
    "JointLayerNormalization": LayerExample(
        JointLayerNormalization, ((4, 3, 3, 2),), _wrong({}, epsilon=(-1.0, "small", None))
    ),
    "Dense": LayerExample(
        _of(Dense, units=3, seed=0), ((4, 3),),
        _wrong({"units": "units", "seed": "seed"}, use_bias=("no", 1), kernel_initializer=(3,)),
    ),
    "Conv2D": LayerExample(
        _of(Conv2D, filters=3, kernel_size=2, pad=1, seed=0), ((4, 3, 3, 2),),
        _wrong(
            {"filters": "units", "kernel_size": "units", "strides": "units", "seed": "seed"},
            pad=(-1, 0.5, "same"), use_bias=("no",),
        ),
    ),
    "BatchNormalization": LayerExample(
        BatchNormalization, ((4, 3, 3, 2),),
        _wrong({}, momentum=(-0.5, "slow", True), epsilon=(-1.0, None)), True,
    ),
    "MINetwork": LayerExample(
        _of(MINetwork, units=6, seed=0), ((4, 3),),
        _wrong({"units": "units", "seed": "seed"}, layer_norm=("no",), shortcut_bias=(2,)), True,
    ),
    "ProjectionHead": LayerExample(
        _of(ProjectionHead, units=(6, 4), seed=0), ((4, 3),),
        _wrong({"seed": "seed"}, units=((4, -1), "abc", 3, (2.5,))), True,
    ),
    "ScoreNetwork": LayerExample(
        _of(ScoreNetwork, hidden_units=(5,), seed=0), ((4, 3),),
        _wrong({"seed": "seed"}, hidden_units=((4, -1), "abc", 3)),
    ),
    "PairDiscriminator": LayerExample(
        _of(PairDiscriminator, widths=(3,), hidden_units=(5,), seed=0), ((4, 8, 8, 1), (4, 3)),
        _wrong({"seed": "seed"}, widths=((4, -1), "abc", 3), hidden_units=((), (4, -1), "abc", 3)),
    ),
    "UnfoldCrops": LayerExample(
        _of(UnfoldCrops, crop=4), ((2, 8, 8, 1),), _wrong({"crop": "units"})
    ),
    "FoldCrops": LayerExample(
        _of(FoldCrops, per_side=2), ((8, 3),), _wrong({"per_side": "units"})
    ),
}

_CRITIC = ("bilinear", None, 3, critics.BilinearCritic)
_WEIGHT = (-1.0, "heavy", True, None)
_VIEWS = {"endpoint": (3, None), "crop_area": (0.0, "all"), "flip": ("no",), "grey": (2, "x")}


def _map_critic():
    return critics.DotMapCritic(4, seed=0)


_SHARED = _map_critic()


TERMS = {
    "LocalInformation": TermExample(
        lambda **more: objectives.LocalInformation(**{"critic": _map_critic(), **more}),
        _wrong(
            {}, critic=_CRITIC, weight=_WEIGHT, bound=("nonsense",), occluded=("no",),
            activation_penalty=(-1.0, "x"), local_samples=(0, 1.5, True), global_samples=("all",),
            negative_images=(0, "all"), self_score=("none",),
        ),
        True,
    ),
    "GlobalInformation": TermExample(
        lambda **more: objectives.GlobalInformation(
            **{"critic": critics.ConcatCritic(4, seed=0), **more}
        ),
        _wrong({}, critic=_CRITIC, weight=_WEIGHT, bound=("nonsense",), endpoint=(3, None)),
    ),
    "PriorMatching": TermExample(
        _of(objectives.PriorMatching, hidden_units=(4,), seed=0),
        _wrong(
            {"seed": "seed"}, weight=_WEIGHT, prior=("gauss", None), measure=("nonsense",),
            hidden_units=((4, -1), "abc", 3), penalty_weight=(-1.0, "x"), penalty_form=("all",),
        ),
    ),
    "Reconstruction": TermExample(
        _of(objectives.Reconstruction, base_channels=8, seed=0),
        _wrong(
            {"seed": "seed", "base_channels": "units"}, weight=_WEIGHT, beta=(-1.0, "x", True),
            likelihood=("nonsense",), noise_sd=(0.0, -1.0, "x"), endpoint=(3, None),
            variance_endpoint=(3,), decoder=("dcgan", 3, keras.Model),
        ),
        True,
    ),
    "BiGAN": TermExample(
        _of(objectives.BiGAN, widths=(3,), hidden_units=(4,), base_channels=8, seed=0),
        _wrong(
            {"seed": "seed", "base_channels": "units"}, weight=_WEIGHT, prior=("gauss", None),
            game=("both", None), measure=("nonsense",), widths=((4, -1), "abc", 3),
            hidden_units=((), (4, -1), 3), penalty_weight=(-1.0, "x"), endpoint=(3, None),
            generator=("dcgan", keras.Model), discriminator=("x", 3),
        ),
    ),
    "LabelConfusion": TermExample(
        _of(objectives.LabelConfusion, num_classes=3, seed=0),
        _wrong(
            {"seed": "seed"}, weight=_WEIGHT, num_classes=(1, "ten"), endpoint=(3,),
            warmup_steps=(-1, 0.5), classifier_steps=(0, "ten"),
        ),
    ),
    "Coordinates": TermExample(
        _of(objectives.Coordinates, hidden_units=(4,), seed=0),
        _wrong({"seed": "seed"}, weight=_WEIGHT, network=("big",), hidden_units=(3, "abc")),
        True,
    ),
    "RelativeCoordinates": TermExample(
        _of(objectives.RelativeCoordinates, hidden_units=(4,), seed=0),
        _wrong({"seed": "seed"}, weight=_WEIGHT, occluded=("no", 2)),
        True,
    ),
    "Classification": TermExample(
        _of(objectives.Classification, num_classes=3, seed=0),
        _wrong({"seed": "seed"}, weight=_WEIGHT, num_classes=(1, "ten", True), endpoint=(3,)),
    ),
    "AttributeClassification": TermExample(
        _of(objectives.AttributeClassification, num_attributes=2, seed=0),
        _wrong({"seed": "seed"}, weight=_WEIGHT, num_attributes=(0, "all"), endpoint=(3,)),
    ),
    "PredictiveCoding": TermExample(
        lambda **more: objectives.PredictiveCoding(
            **{"critics": [_map_critic(), _map_critic()], "columns": 1, "seed": 0, **more}
        ),
        _wrong(
            {"seed": "seed"}, weight=_WEIGHT, critics=((), "dot_map", [_SHARED, _SHARED], [3]),
            bound=("nonsense",), endpoint=(3,), columns=(0, 2, 1.5), hidden_units=(0, "deep"),
            negatives=("others", None),
        ),
        True,
    ),
    "NoiseAsTargets": TermExample(
        _of(objectives.NoiseAsTargets, num_examples=8, seed=0),
        _wrong({"seed": "seed"}, weight=_WEIGHT, num_examples=(1, "all"), endpoint=(3,)),
        True,
    ),
    "NTXent": TermExample(
        _of(objectives.NTXent, projection=(6, 4), seed=0),
        _wrong({}, weight=_WEIGHT, temperature=(0.0, "hot"), projection=(3, (4, -1)), **_VIEWS),
        True,
    ),
    "BarlowTwins": TermExample(
        objectives.BarlowTwins, _wrong({}, weight=_WEIGHT, off_diagonal=(-1.0, "x"))
    ),
    "VICReg": TermExample(
        objectives.VICReg,
        _wrong({}, weight=_WEIGHT, invariance=(-1.0,), covariance=("x",), deviation=(0.0,)),
    ),
    "MultiScaleInformation": TermExample(
        _of(objectives.MultiScaleInformation, units=4, seed=0),
        _wrong(
            {"units": "units"}, weight=_WEIGHT, bound=("nonsense",),
            pairs=((), "global:local", ("global",), ("global:local",) * 2, (3,)),
        ),
        True,
    ),
    "ViewInformation": TermExample(
        lambda **more: two_views.ViewInformation(**{"critic": critics.CosineCritic(), **more}),
        _wrong({}, critic=_CRITIC, weight=_WEIGHT, bound=("nonsense",), **_VIEWS),
    ),
    "AlignmentUniformity": TermExample(
        two_views.AlignmentUniformity,
        _wrong({}, weight=_WEIGHT, exponent=(0.0, "two"), t=(0, "x"), uniformity_weight=("x",)),
    ),
    "TripletViews": TermExample(
        two_views.TripletViews,
        _wrong({}, weight=_WEIGHT, margin=(-1.0, "x"), mining=("soft",), normalize=("no",)),
    ),
    "ViewClassification": TermExample(
        _of(two_views.ViewClassification, num_classes=3, seed=0),
        _wrong({"seed": "seed"}, weight=_WEIGHT, num_classes=(1, "ten")),
    ),
}

# Registered, and held to their contracts where they belong.
ELSEWHERE = {
    "Adam": optimizers.Adam,  # tests/test_optimizers.py
    "NearCopy": NearCopy,  # tests/test_mi_network.py
    "CanonicalCritic": CanonicalCritic,  # tests/estimation
    "ClosedForms": ClosedForms,  # a part of CanonicalCritic, whose weights it holds
    "StudentRatio": StudentRatio,
    "TableRatio": TableRatio,
    "TurnedRatio": TurnedRatio,
    "PartitionRatio": PartitionRatio,
    "CategoricalCritic": CategoricalCritic,  # tests/estimation
    "ImageCritic": ImageCritic,  # tests/estimation
    "ImageFeatures": ImageFeatures,
    "ClassifierHead": ClassifierHead,  # tests/evaluation
    "Decoder": Decoder,
    "StatisticsNetwork": StatisticsNetwork,
    # Models: tests/test_infomax.py, tests/test_aligned_views.py, tests/test_deep_infomax.py.
    "InfoMax": None,
    "AlignedViews": None,
    "DeepInfoMax": None,
    "RepresentationModel": None,
}
