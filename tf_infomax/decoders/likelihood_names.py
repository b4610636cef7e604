"""The likelihoods of decoded images by name, without TensorFlow; see ``likelihoods``."""

from tf_infomax.naming.registry import Registry

__all__ = ["LIKELIHOODS"]

LIKELIHOODS = Registry(
    "likelihood",
    dict.fromkeys(
        ("gaussian", "laplace", "continuous_bernoulli"), "tf_infomax.decoders.likelihoods"
    ),
    synonyms={
        "normal": ("gaussian",),
        "mse": ("gaussian",),
        "l2": ("gaussian",),
        "l1": ("laplace",),
        "mae": ("laplace",),
        "bernoulli": ("continuous_bernoulli",),
        "bce": ("continuous_bernoulli",),
    },
)
