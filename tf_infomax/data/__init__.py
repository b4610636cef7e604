"""Images and their views, batches by index, and Gaussians whose mutual information is known.

``datasets`` needs no TensorFlow; the other modules are imported on first use of their names.
"""

from typing import TYPE_CHECKING

from tf_infomax.data.datasets import load
from tf_infomax.data.image_data import DatasetNotFoundError, DatasetWarning, ImageData
from tf_infomax.naming.lazy import lazy_names

if TYPE_CHECKING:
    # What is imported on first use, for type checkers, editors and the documentation.
    from tf_infomax.data.augmentation import centre_crop, random_crops, random_flips
    from tf_infomax.data.batches import BatchIndex
    from tf_infomax.data.gaussians import CorrelatedGaussians, DependentGaussians
    from tf_infomax.data.images import WholeImages
    from tf_infomax.data.occlusion import occlude
    from tf_infomax.data.views import add_noise, add_shared_noise, half_shape, halves, to_pixels

_HOMES = {
    "BatchIndex": "batches",
    "CorrelatedGaussians": "gaussians",
    "DependentGaussians": "gaussians",
    "WholeImages": "images",
    "add_noise": "views",
    "add_shared_noise": "views",
    "half_shape": "views",
    "halves": "views",
    "centre_crop": "augmentation",
    "occlude": "occlusion",
    "random_crops": "augmentation",
    "random_flips": "augmentation",
    "to_pixels": "views",
}

__all__ = [
    "BatchIndex",
    "CorrelatedGaussians",
    "DatasetNotFoundError",
    "DatasetWarning",
    "DependentGaussians",
    "ImageData",
    "WholeImages",
    "add_noise",
    "add_shared_noise",
    "centre_crop",
    "half_shape",
    "halves",
    "load",
    "occlude",
    "random_crops",
    "random_flips",
    "to_pixels",
]


__getattr__, __dir__ = lazy_names(__name__, _HOMES)
