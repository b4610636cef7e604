"""Reconstruction of images from codes."""

import numpy as np

from tf_infomax import evaluation
from tf_infomax.decoders import Decoder
from tf_infomax.evaluation.structural_similarity import multi_scale
from tf_infomax.evaluators import needs
from tf_infomax.evaluators.common import png
from tf_infomax.evaluators.facts import checked_by
from tf_infomax.naming.option_kinds import Integer, Name
from tf_infomax.naming.options import options_of
from tf_infomax.results.measurements import EVALUATORS, Measurement

__all__ = ["measure_reconstruction"]


def _need_decoder(facts, options):
    # Built without weights: both check themselves whether they fit the images.
    multi_scale(*facts.image_shape[:2])
    Decoder(facts.image_shape, options["base_channels"])


_RECONSTRUCTION = options_of(evaluation.reconstruction)


@EVALUATORS.register("reconstruction")
@checked_by(needs.need_rows, _need_decoder)
def measure_reconstruction(
    snapshot,
    endpoint: Name() = "global",
    epochs: Integer(1) = _RECONSTRUCTION["epochs"],
    base_channels: Integer(2, 8_192) = _RECONSTRUCTION["base_channels"],
    batch_size: Integer(1) = _RECONSTRUCTION["batch_size"],
    shown: Integer(1, 1_000) = _RECONSTRUCTION["shown"],
):
    """How well images are decoded from the code: MSE, MS-SSIM, and a figure."""
    endpoint = snapshot.name_of(endpoint)
    train, test = snapshot.features(endpoint)
    images = snapshot.images
    result = evaluation.reconstruction(
        train,
        images[0],
        test,
        images[1],
        epochs=epochs,
        base_channels=base_channels,
        batch_size=batch_size,
        shown=shown,
        seed=snapshot.seed("reconstruction"),
    )
    setting = result.setting
    tags = {"features": endpoint, "epochs": epochs}
    yield Measurement("reconstruction/mse", "test", result.mse, "1", tags)
    yield Measurement(
        "reconstruction/ms_ssim",
        "test",
        result.ms_ssim,
        "1",
        {**tags, "setting": f"{len(setting.weights)} scales, window {setting.filter_size}"},
    )
    yield Measurement("reconstruction/released_ssim", "test", result.released_ssim, "1", tags)
    pictures = np.concatenate([images[1][:shown], result.images[:shown]])
    picture = png(pictures, len(result.images))
    yield Measurement("reconstruction/figure", "test", result.mse, "1", {**tags, "png": picture})
