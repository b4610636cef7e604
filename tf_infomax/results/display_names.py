"""What bounds, critics, encoders and data sets are called in tables and figures."""

__all__ = ["NAMES", "data_set_name", "display_name"]

# Kind -> registry name -> display name, in the order in which the papers name them.
NAMES = {
    "bound": {
        "infonce": "InfoNCE",
        "nwj": "NWJ",
        "tuba": "TUBA",
        "donsker_varadhan": "Donsker-Varadhan",
        "mine": "MINE",
        "js_nwj": "JSD-trained NWJ",
        "smile": "SMILE, clip 5",
        "smile(clip=1)": "SMILE, clip 1",
        "smile(clip=5)": "SMILE, clip 5",
        "smile(clip=none)": "SMILE, no clip",
        "interpolated": "interpolated 0.01",
        "interpolated(alpha=0.01)": "interpolated 0.01",
        "interpolated(alpha=0.1)": "interpolated 0.1",
        "interpolated(alpha=0.5)": "interpolated 0.5",
        "interpolated(alpha=0.99)": "interpolated 0.99",
        "jsd": "JSD",
    },
    "critic": {
        "bilinear": "bilinear",
        "separable": "separable",
        "concat": "MLP (concat)",
        "inner_product": "inner product",
    },
    "encoder": {
        "mlp": "MLP",
        "convnet": "ConvNet",
        "realnvp": "RealNVP",
    },
}

_DATA_SETS = {
    "mnist": "MNIST",
    "mnist_sample": "MNIST, a sample",
    "fashion_mnist": "Fashion-MNIST",
    "cifar10": "CIFAR-10",
    "cifar100": "CIFAR-100",
    "stl10": "STL-10",
    "tiny-imagenet-200": "Tiny ImageNet",
    "celeb_a": "CelebA",
    "digits": "Digits",
    "gaussian_pairs": "Gaussian pairs",
}


def display_name(kind, name):
    """Display name of a ``bound``, ``critic`` or ``encoder``; unknown ones keep their own."""
    return NAMES[kind].get(name, str(name))


def data_set_name(name):
    """Display name of a data set."""
    return _DATA_SETS.get(name, str(name or ""))
