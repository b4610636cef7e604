"""Terms on two views of every image, by name: contrast, geometry, triplets, labels.

Those behind a projection head are in ``projected_views``, that on maps in ``multi_scale``.

``get(name, **options)`` builds one by name, ``names()`` lists the names.
"""

import keras
import tensorflow as tf

from tf_infomax.critics.cosine import CosineCritic
from tf_infomax.naming.arguments import boolean, integer, number
from tf_infomax.numerics.geometry import unit_norm
from tf_infomax.objectives import options
from tf_infomax.objectives.alignment_uniformity import alignment_uniformity_loss, check_weights
from tf_infomax.objectives.classification import Classification
from tf_infomax.objectives.information import Information
from tf_infomax.objectives.metric_learning import MINING, batch_triplet
from tf_infomax.objectives.view_losses import VIEW_LOSSES
from tf_infomax.objectives.view_pair import OfViewPair, TwoViewTerm, ViewPair

__all__ = [
    "AlignmentUniformity",
    "TripletViews",
    "ViewClassification",
    "ViewInformation",
    "class_of",
    "get",
    "names",
    "register",
]


@keras.saving.register_keras_serializable(package="tf_infomax")
class ViewInformation(OfViewPair, Information):
    """Maximise a bound on the information between the codes of two views.

    The views are those of pairs, as in MI-max, or two random views of every image: with
    ``CosineCritic(temperature)`` and InfoNCE on random views it is the contrastive loss of Wang and
    Isola, less ``log K``. Anchors are the first views, negatives the second views of the other
    examples.
    Scores of large batches are computed in blocks (``BlockedScores``).

    Args:
        critic: critic of code vectors, ``critic(x, y) -> [K, K]``.
        bound: name of a registered bound, or as for ``Information``.
        weight: factor of the loss.
        endpoint: the endpoint at which the views are compared.
        crop_area, flip, colour_jitter, grey: of random views; see ``RandomView``.
        views: names of two given views, in place of random ones; or ``None``.
        metric: name of the bound in the log.
        seed: kept in the configuration; nothing is drawn from it.
        target, baseline, negative_images, self_score: see ``Information``.

    Reference: Tschannen et al. (2020), arXiv:1907.13625, section 2; Wang and Isola (2020),
    arXiv:2005.10242, section 4.
    """

    def __init__(
        self,
        critic,
        bound="infonce",
        weight=options.TwoViews.weight,
        endpoint=options.TwoViews.endpoint,
        crop_area=options.TwoViews.crop_area,
        flip=options.TwoViews.flip,
        colour_jitter=options.TwoViews.colour_jitter,
        grey=options.TwoViews.grey,
        seed=None,
        views=None,
        metric="view_information",
        **kwargs,
    ):
        super().__init__(critic, bound, weight, **kwargs)
        self.seed = seed
        self.label = metric
        self.pair = ViewPair(views, endpoint, crop_area, flip, colour_jitter, grey)

    def connect(self, encoded):
        self._connect(*self.pair.shapes(encoded))

    def features_of(self, features, own=False):
        return self.pair.codes(features, own)

    def get_config(self):
        config = {**super().get_config(), **self.pair.config(), "seed": self.seed}
        return {**config, "metric": self.label}


@VIEW_LOSSES.register("contrastive")
def contrastive(temperature=0.2, bound="infonce", **kwargs):
    """``ViewInformation`` with ``CosineCritic(temperature)``."""
    return ViewInformation(CosineCritic(temperature), bound, **kwargs)


@VIEW_LOSSES.register("alignment_uniformity")
@keras.saving.register_keras_serializable(package="tf_infomax")
class AlignmentUniformity(TwoViewTerm):
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


@VIEW_LOSSES.register("triplet")
@keras.saving.register_keras_serializable(package="tf_infomax")
class TripletViews(TwoViewTerm):
    """The triplet loss, negatives mined in the batch: the only positive is the other view.

    Args:
        margin: in squared distances, which are at most 4 on the unit sphere.
        mining: "hard" or "semi_hard"; see ``objectives.metric_learning``.
        normalize: whether codes are put on the unit sphere.
        weight, endpoint, crop_area, flip, colour_jitter, grey: as for ``ViewInformation``.

    Reference: the sheet's section 12; FaceNet has unit codes and margin 0.2.
    """

    label = "triplet"

    def __init__(self, margin=0.2, mining="semi_hard", normalize=True, **kwargs):
        super().__init__(**kwargs)
        if mining not in MINING:
            raise ValueError(f"`mining` must be one of {MINING}. Received: mining={mining!r}.")
        self.margin = number(margin, "margin")
        self.mining = mining
        self.normalize = boolean(normalize, "normalize")

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


@VIEW_LOSSES.register("supervised")
@keras.saving.register_keras_serializable(package="tf_infomax")
class ViewClassification(TwoViewTerm):
    """Learn with labels, by a linear classifier of the unit codes of both views.

    Args:
        num_classes: C.
        weight, endpoint, crop_area, flip, colour_jitter, grey: as for ``ViewInformation``.
        seed: int for reproducible weights, or ``None``.

    Reference: Wang and Isola (2020), Fig. 3, the supervised encoder.
    """

    label = "view_classification"
    needs_labels = True
    least_rows = 1

    def __init__(self, num_classes=10, **kwargs):
        super().__init__(**kwargs)
        self.num_classes = integer(num_classes, "num_classes", 2, "2 or more")
        self.classification = Classification(
            self.num_classes,
            self.endpoint,
            seed=self.seed,
            dtype=self.dtype_policy,
            name="classification",
        )

    def _connect(self, encoded, shape_1, shape_2):
        self.classification.connect(encoded)

    @property
    def metric_units(self):
        return self.classification.metric_units

    def view_loss(self, x, y, features):
        codes = unit_norm(tf.concat([x, y], axis=0))
        labels = None if features.labels is None else tf.tile(features.labels, [2])
        return self.classification.loss_of(codes, labels)

    def get_config(self):
        return {**super().get_config(), "num_classes": self.num_classes}


get, class_of, names, register = VIEW_LOSSES.functions()
