"""The divergences by name, without TensorFlow; their functions are in ``divergences``."""

from tf_infomax.naming.registry import Registry

__all__ = ["DIVERGENCES", "SYNONYMS"]

# Other names of the field for names that bounds have, too.
SYNONYMS = {
    "dv": ("donsker_varadhan",),
    "js": ("jsd",),
    "rkl": ("reverse_kl",),
    "h2": ("squared_hellinger",),
    "hellinger": ("squared_hellinger",),
    "x2": ("chi_squared", "chi_squared_released"),
    "chi2": ("chi_squared",),
    "w1": ("wasserstein",),
}

DIVERGENCES = Registry(
    "divergence",
    dict.fromkeys(
        (
            "kl",
            "donsker_varadhan",
            "jsd",
            "gan",
            "reverse_kl",
            "squared_hellinger",
            "chi_squared",
            "chi_squared_released",
            "wasserstein",
        ),
        "tf_infomax.bounds.divergences",
    ),
    synonyms={
        **SYNONYMS,
        "nwj": ("kl",),
    },
)
