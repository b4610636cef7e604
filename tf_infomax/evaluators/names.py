"""The evaluators of the package by name, without TensorFlow."""

from tf_infomax.results.measurements import EVALUATORS

__all__ = ["EVALUATORS"]

# Name -> module of this package that registers the evaluator.
_HOMES = {
    "attribute_probe": "attributes",
    "conditioning": "conditioning",
    "invertibility": "conditioning",
    "ndm": "dependence",
    "mine": "dependence",
    "rankme": "effective_rank",
    "lidar": "effective_rank",
    "elbo": "generation",
    "decoder": "generation",
    "samples": "generation",
    "traversals": "generation",
    "pairing": "generation",
    "alignment_uniformity": "geometry",
    "circle": "geometry",
    "bound": "information",
    "exact_mutual_information": "information",
    "optimal_critic": "information",
    "in_batch_optimum": "information",
    "linear_probe": "probes",
    "mlp_probe": "probes",
    "svm_probe": "probes",
    "neighbours": "probes",
    "fine_tuning": "probes",
    "classifier": "probes",
    "reconstruction": "reconstruction",
}

EVALUATORS.add_homes(
    {name: f"tf_infomax.evaluators.{module}" for name, module in _HOMES.items()},
    synonyms={
        "logistic_regression": ("linear_probe",),
        "linear": ("linear_probe",),
        "mlp": ("mlp_probe",),
        "svm": ("svm_probe",),
        "knn": ("neighbours",),
        "neighbors": ("neighbours",),
        "condition_number": ("conditioning",),
        "mi": ("bound", "mine"),
        "rank": ("rankme",),
        "msssim": ("reconstruction",),
        "ms_ssim": ("reconstruction",),
        "finetuning": ("fine_tuning",),
    },
)
