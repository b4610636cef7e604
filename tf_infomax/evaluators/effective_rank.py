"""Dimensions that codes use: RankMe and LiDAR, which need no labels."""

import numpy as np

from tf_infomax import evaluation
from tf_infomax.evaluators.facts import checked_by
from tf_infomax.evaluators.geometry import codes_of_random_views, need_random_views
from tf_infomax.evaluators.needs import need_encoder
from tf_infomax.naming.option_kinds import Integer, Name, Real, Switch
from tf_infomax.naming.options import options_of
from tf_infomax.results.measurements import EVALUATORS, Measurement

__all__ = ["measure_lidar", "measure_rankme"]

_UNIT = Real(0.0, 1.0, closed=True)


@EVALUATORS.register("rankme")
@checked_by(need_encoder)
def measure_rankme(snapshot, endpoint: Name() = "global", examples: Integer(2) = 25_600):
    """Effective rank of the first training and test codes; see ``evaluation.rankme``.

    The singular values of more than the paper's 25,600 codes change it little.
    """
    endpoint = snapshot.name_of(endpoint)
    for split, codes in zip(("train", "test"), snapshot.features(endpoint), strict=True):
        codes = codes[:examples]
        tags = {"features": endpoint, "width": codes.shape[1], "examples": len(codes)}
        yield Measurement("rank/rankme", split, evaluation.rankme(codes), "dimensions", tags)


_LIDAR = options_of(evaluation.lidar)


@EVALUATORS.register("lidar")
@checked_by(need_random_views)
def measure_lidar(
    snapshot,
    endpoint: Name() = "global",
    examples: Integer(2) = 1_000,
    views: Integer(2, 1_000) = 10,
    delta: Real(0.0, 1.0) = _LIDAR["delta"],
    crop_area: Real(0.0, 1.0) = 0.25,
    flip: Switch() = True,
    colour_jitter: _UNIT = 0.4,
    grey: _UNIT = 0.2,
):
    """Effective rank of what tells test images from their random views; see ``evaluation.lidar``.

    Of the first ``examples`` test images, ``views`` random views each (``RandomView``, the last
    four options), the same at every step. The paper has 1,000 images and 50 views.
    """
    endpoint = snapshot.name_of(endpoint)
    options = {
        "crop_area": crop_area, "flip": flip, "colour_jitter": colour_jitter, "grey": grey
    }
    codes = codes_of_random_views(snapshot, endpoint, examples, views, "lidar_view", **options)
    codes = np.stack(codes, axis=1)
    tags = {"features": endpoint, "width": codes.shape[2], "views": views, "examples": len(codes)}
    yield Measurement("rank/lidar", "test", evaluation.lidar(codes, delta), "dimensions", tags)
