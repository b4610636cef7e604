"""Terms on two random views of every image: contrast, alignment and uniformity, triplets, labels.

``get(name, **options)`` builds one by name, ``names()`` lists the names.
"""

import keras
import tensorflow as tf

from tf_infomax import bounds
from tf_infomax.arguments import callable_layer
from tf_infomax.critics.cosine import CosineCritic
from tf_infomax.data.random_views import RandomView
from tf_infomax.geometry import unit_norm
from tf_infomax.objectives.alignment_uniformity import alignment_uniformity_loss, check_weights
from tf_infomax.objectives.classification import Classification
from tf_infomax.objectives.features import global_vectors
from tf_infomax.objectives.metric_learning import MINING, batch_triplet
from tf_infomax.objectives.mutual_information import mutual_information_loss
from tf_infomax.objectives.term import Term, endpoint_shape
from tf_infomax.registry import Registry

__all__ = [
    "AlignmentUniformity",
    "TripletViews",
    "ViewClassification",
    "ViewInformation",
    "class_of",
    "get",
    "names",
]

_TERMS = Registry("loss of two views")


class _TwoViewTerm(Term):
    """What terms on two views share: how views are made, and what of them is read."""

    least_rows = 2

    def __init__(
        self,
        weight=1.0,
        endpoint="global",
        crop_area=0.25,
        flip=True,
        colour_jitter=0.4,
        grey=0.2,
        seed=None,
        **kwargs,
    ):
        super().__init__(weight, **kwargs)
        self.seed = seed
        self.endpoint = endpoint
        self.random_view = RandomView(crop_area, bool(flip), colour_jitter, grey)

    def connect(self, encoder, image_shape):
        shape = endpoint_shape(encoder, self.endpoint)
        if len(shape) != 1:
            raise ValueError(
                "Two views are compared by code vectors, such as 'global' or 'fc'. "
                f"Received: endpoint={self.endpoint!r} of shape {shape}."
            )
        self._connect(encoder, image_shape, shape[0])
        self.built = True

    def _connect(self, encoder, image_shape, width):
        """Makes weights for codes of ``width``, where there are any."""

    def loss(self, features):
        codes = features.two_views(self.random_view, self.endpoint)
        x, y = (
            tf.cast(one, tf.float32) if one.dtype.size < 4 else one
            for one in map(global_vectors, codes)
        )
        value, metrics = self.view_loss(x, y, features)
        return self.weight * value, metrics

    def view_loss(self, x, y, features):
        """(loss, dict of metrics) of the codes ``[K, D]`` of both views, as the encoder gives them.

        Args:
            x, y: floating ``[K, D]``, float32 or better.
            features: ``Features``, for labels.
        """
        raise NotImplementedError

    def get_config(self):
        view = self.random_view
        return {
            **super().get_config(),
            "endpoint": self.endpoint,
            "crop_area": view.crop_area,
            "flip": view.flip,
            "colour_jitter": view.colour_jitter,
            "grey": view.grey,
            "seed": self.seed,
        }


@keras.saving.register_keras_serializable(package="tf_infomax")
class ViewInformation(_TwoViewTerm):
    """Maximise a bound on the information between the codes of two random views.

    With ``CosineCritic(temperature)`` and InfoNCE this is the contrastive loss of Wang and Isola,
    less ``log K``: anchors are the first views, negatives the second views of the other images.

    Args:
        critic: critic of code vectors, ``critic(x, y) -> [K, K]``.
        bound: name of a registered bound.
        weight: factor of the loss.
        endpoint: what of the views is compared.
        crop_area, flip, colour_jitter, grey: of the views; see ``RandomView``.
    """

    label = "view_information"

    def __init__(self, critic, bound="infonce", weight=1.0, **kwargs):
        super().__init__(weight, **kwargs)
        wanted = "a critic of code vectors, such as critics.CosineCritic(0.2)"
        self.critic = callable_layer(critic, "critic", wanted)
        self.bound = bound
        self._bound_function = bounds.get(bound)

    def _connect(self, encoder, image_shape, width):
        if not self.critic.built:
            self.critic.build((None, width), (None, width))

    @property
    def metric_units(self):
        return {self.label: bounds.info(bounds.name_of(self.bound)).unit}

    def view_loss(self, x, y, features):
        value = self._bound_function(self.critic(x, y))
        return mutual_information_loss(value), {self.label: value}

    def get_config(self):
        return {
            **super().get_config(),
            "critic": keras.saving.serialize_keras_object(self.critic),
            "bound": bounds.name_of(self.bound),
        }

    @classmethod
    def from_config(cls, config):
        config = dict(config)
        critic = keras.saving.deserialize_keras_object(config.pop("critic"))
        return cls(critic, **config)


@_TERMS.register("contrastive")
def contrastive(temperature=0.2, bound="infonce", **kwargs):
    """``ViewInformation`` with ``CosineCritic(temperature)``."""
    return ViewInformation(CosineCritic(temperature), bound, **kwargs)


@_TERMS.register("alignment_uniformity")
@keras.saving.register_keras_serializable(package="tf_infomax")
class AlignmentUniformity(_TwoViewTerm):
    """Pull the codes of two views of an image together, and spread all codes over the sphere.

    ``alignment_weight * L_align + uniformity_weight * (L_uniform(x) + L_uniform(y)) / 2``, codes
    put on the unit sphere.

    Args:
        alignment_weight, uniformity_weight: 0 or more.
        exponent: alpha of the alignment; see ``geometry.alignment``.
        t: of the uniformity; see ``geometry.uniformity``.
        weight, endpoint, crop_area, flip, colour_jitter, grey: as for ``ViewInformation``.

    Reference: Wang and Isola (2020), arXiv:2005.10242, section 4, and its code.
    """

    label = "alignment_uniformity"

    def __init__(
        self, alignment_weight=1.0, uniformity_weight=1.0, exponent=2.0, t=2.0, **kwargs
    ):
        super().__init__(**kwargs)
        check_weights(alignment_weight, uniformity_weight, exponent, t)
        self.alignment_weight = float(alignment_weight)
        self.uniformity_weight = float(uniformity_weight)
        self.exponent = float(exponent)
        self.t = float(t)

    @property
    def metric_units(self):
        return {"alignment": "1", "uniformity": "1"}

    def view_loss(self, x, y, features=None):
        return alignment_uniformity_loss(
            x, y, self.alignment_weight, self.uniformity_weight, self.exponent, self.t
        )

    def get_config(self):
        return {
            **super().get_config(),
            "alignment_weight": self.alignment_weight,
            "uniformity_weight": self.uniformity_weight,
            "exponent": self.exponent,
            "t": self.t,
        }


@_TERMS.register("triplet")
@keras.saving.register_keras_serializable(package="tf_infomax")
class TripletViews(_TwoViewTerm):
    """The triplet loss, negatives mined in the batch: the other view is the one positive.

    Args:
        margin: of squared distances; on the unit sphere those are 4 at most.
        mining: "hard" or "semi_hard"; see ``objectives.metric_learning``.
        normalize: whether codes are put on the unit sphere.
        weight, endpoint, crop_area, flip, colour_jitter, grey: as for ``ViewInformation``.

    Reference: the sheet's section 12; FaceNet has unit codes and margin 0.2.
    """

    label = "triplet"

    def __init__(self, margin=0.2, mining="semi_hard", normalize=True, **kwargs):
        super().__init__(**kwargs)
        if not 0.0 <= margin < float("inf"):
            raise ValueError(f"`margin` must be 0 or more. Received: margin={margin!r}.")
        if mining not in MINING:
            raise ValueError(f"`mining` must be one of {MINING}. Received: mining={mining!r}.")
        self.margin = float(margin)
        self.mining = mining
        self.normalize = bool(normalize)

    @property
    def metric_units(self):
        return {"triplet_loss": "1"}

    def view_loss(self, x, y, features=None):
        if self.normalize:
            x, y = unit_norm(x), unit_norm(y)
        value = batch_triplet(x, y, margin=self.margin, mining=self.mining)
        return value, {"triplet_loss": value}

    def get_config(self):
        return {
            **super().get_config(),
            "margin": self.margin,
            "mining": self.mining,
            "normalize": self.normalize,
        }


@_TERMS.register("supervised")
@keras.saving.register_keras_serializable(package="tf_infomax")
class ViewClassification(_TwoViewTerm):
    """Learn with labels, by a linear classifier of the unit codes of both views.

    Args:
        num_classes: C.
        weight, endpoint, crop_area, flip, colour_jitter, grey: as for ``ViewInformation``.
        seed: int for reproducible weights, or ``None``.

    Reference: Wang and Isola (2020), Fig. 3, the supervised encoder.
    """

    label = "view_classification"
    least_rows = 1

    def __init__(self, num_classes=10, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = num_classes
        self.classification = Classification(
            num_classes,
            self.endpoint,
            seed=self.seed,
            dtype=self.dtype_policy,
            name="classification",
        )

    def _connect(self, encoder, image_shape, width):
        self.classification.connect(encoder, image_shape)

    @property
    def metric_units(self):
        return self.classification.metric_units

    def view_loss(self, x, y, features):
        codes = unit_norm(tf.concat([x, y], axis=0))
        labels = None if features.labels is None else tf.tile(features.labels, [2])
        return self.classification.loss_of(codes, labels)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


def get(name, /, **options):
    """A new term called ``name``; ``options`` go to its constructor."""
    return class_of(name)(**options)


def class_of(name):
    """What makes the term ``name``; ``ValueError`` with the nearest names if unknown."""
    return _TERMS.get(name)


def names():
    """All registered names."""
    return _TERMS.names()
