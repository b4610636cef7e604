"""The Keras models: encoders of views, terms that read their features, and the players' steps.

``RepresentationModel`` is the one model; ``InfoMax`` (pairs, one bound), ``AlignedViews`` (pairs,
alignment and uniformity) and ``DeepInfoMax`` (images, any terms) are short constructors of it.
"""

from tf_infomax.models.aligned_views import AlignedViews
from tf_infomax.models.base import SelfSupervisedModel
from tf_infomax.models.deep_infomax import DeepInfoMax
from tf_infomax.models.infomax import InfoMax
from tf_infomax.models.representation import RepresentationModel

__all__ = ["AlignedViews", "DeepInfoMax", "InfoMax", "RepresentationModel", "SelfSupervisedModel"]
