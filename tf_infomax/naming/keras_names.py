"""The classes that saved Keras files may name, registered with Keras without importing them.

Keras looks a class of a ``.keras`` file up by its registered name, and finds it once its module has
been imported. ``announce`` registers every name with a stand-in that imports the module when a file
uses it, so that ``import tf_infomax`` alone makes our files readable, and still imports neither
TensorFlow nor Keras.
"""

import importlib
import sys

__all__ = ["MODULES", "announce", "load_model"]

_PACKAGE = "tf_infomax"
# Registered name -> module. The names are in users' files and stay; modules may move.
MODULES = {
    "Adam": "layers.optimizers",
    "AlignedViews": "models.aligned_views",
    "AlignmentUniformity": "objectives.two_views",
    "AttributeClassification": "objectives.attributes",
    "Backbone": "encoders.features",
    "BarlowTwins": "objectives.projected_views",
    "BatchNormalization": "layers.released",
    "BiGAN": "objectives.bigan",
    "BilinearCritic": "critics.vector",
    "CanonicalCritic": "estimation.canonical_critic",
    "CategoricalCritic": "estimation.categorical_critic",
    "Classification": "objectives.classification",
    "ClassifierHead": "evaluation.classifier_head",
    "ClosedForms": "estimation.closed_forms",
    "ConcatCritic": "critics.vector",
    "ConcatMapCritic": "critics.feature_map",
    "Conv2D": "layers.released",
    "ConvNet": "encoders.convnet",
    "Coordinates": "objectives.coordinates",
    "CosineCritic": "critics.cosine",
    "Decoder": "decoders.dcgan",
    "DeepInfoMax": "models.deep_infomax",
    "Dense": "layers.released",
    "DotMapCritic": "critics.feature_map",
    "EncoderTail": "encoders.layered",
    "EncoderTailCritic": "critics.encoder_tail",
    "Endpoint": "encoders.endpoint",
    "FoldCrops": "encoders.stages",
    "GlobalInformation": "objectives.map_information",
    "ImageCritic": "estimation.image_critic",
    "ImageFeatures": "estimation.image_features",
    "InfoMax": "models.infomax",
    "InnerProdCritic": "critics.vector",
    "JointLayerNormalization": "layers.shared",
    "LabelConfusion": "objectives.label_confusion",
    "LayeredEncoder": "encoders.layered",
    "LearnedBaseline": "critics.baseline",
    "LocalInformation": "objectives.map_information",
    "MINetwork": "layers.mi_network",
    "MLP": "encoders.mlp",
    "MultiScaleInformation": "objectives.multi_scale",
    "NTXent": "objectives.projected_views",
    "NamedFeatures": "encoders.features",
    "NearCopy": "layers.mi_network",
    "NoiseAsTargets": "objectives.noise_as_targets",
    "PairDiscriminator": "layers.pair_discriminator",
    "PairwiseDense": "layers.shared",
    "PartitionRatio": "estimation.partition_ratio",
    "PredictiveCoding": "objectives.predictive_coding",
    "PriorMatching": "objectives.prior_matching",
    "ProjectionHead": "layers.projection_head",
    "RealNVP": "encoders.invertible",
    "Reconstruction": "objectives.reconstruction",
    "RelativeCoordinates": "objectives.coordinates",
    "RepresentationModel": "models.representation",
    "ScoreNetwork": "layers.score_network",
    "SeparableCritic": "critics.vector",
    "StatisticsNetwork": "evaluation.mine",
    "StudentRatio": "estimation.student_ratio",
    "TableRatio": "estimation.table_ratio",
    "TurnedRatio": "estimation.turned_ratio",
    "TripletViews": "objectives.two_views",
    "UnfoldCrops": "encoders.stages",
    "VICReg": "objectives.projected_views",
    "ViewClassification": "objectives.two_views",
    "ViewInformation": "objectives.two_views",
}


class _StandIn:
    """The stand-in under a name until the class is imported and replaces it."""

    def __init__(self, name):
        self._name = name

    def _imported(self):
        return getattr(importlib.import_module(f"{_PACKAGE}.{MODULES[self._name]}"), self._name)

    def __getattr__(self, attribute):
        if attribute.startswith("__"):
            raise AttributeError(attribute)
        return getattr(self._imported(), attribute)

    def __call__(self, *args, **kwargs):
        return self._imported()(*args, **kwargs)


def _enter_names(keras):
    known = keras.saving.get_custom_objects()
    for name in MODULES:
        known.setdefault(f"{_PACKAGE}>{name}", _StandIn(name))


class _AfterKeras:
    """Finds Keras as Python would, and registers the names right after its import."""

    _searching = False

    def find_spec(self, fullname, path=None, target=None):
        """The finder's part of Python's import system."""
        if fullname != "keras" or self._searching:
            return None
        # Here, because importing tf_infomax should cost next to nothing.
        from importlib.util import find_spec

        self._searching = True
        try:
            spec = find_spec(fullname)
        finally:
            self._searching = False
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def exec_module(module):
                execute(module)
                sys.meta_path.remove(self)
                _enter_names(module)

            spec.loader.exec_module = exec_module
        return spec


def announce():
    """Registers the names, now or as soon as Keras is imported."""
    keras = sys.modules.get("keras")
    # Keras is only half imported while it imports us, and cannot register names yet.
    if getattr(keras, "saving", None) is not None:
        _enter_names(keras)
    else:
        sys.meta_path.insert(0, _AfterKeras())


def load_model(path, **kwargs):
    """A model or encoder of a ``.keras`` file, ready to use; as ``keras.saving.load_model``.

    ``keras.saving.load_model`` itself reads our files too, once ``tf_infomax`` is imported.

    Args:
        path: of the file.
        **kwargs: as ``keras.saving.load_model``, such as ``compile=False``.

    Returns:
        Keras model, compiled if it was saved so.
    """
    import keras

    return keras.saving.load_model(path, **kwargs)
