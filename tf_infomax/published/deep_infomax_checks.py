"""The orderings of the tables and appendices of Hjelm et al. (2019) as comparisons of rows.

Published cells are recalled, so only their order is compared, and only where it is clear there or
stated in the paper's text.
"""

from tf_infomax.published.checks import Check, Rows
from tf_infomax.published.entries import PAPER, RECALLED

__all__ = ["ACCURACY_SD", "CHECKS"]

_MLP, _SVM = "probe/mlp/accuracy", "probe/svm/accuracy"
_ENDPOINTS = (("conv", "conv"), ("fc", "fc"), ("Y", "global"))

ACCURACY_SD = {"run_sd": 0.01, "run_sd_source": "assumed"}
_NDM_SD = {
    "run_sd": 0.61,
    "run_sd_source": "largest sd over 3 seeds in results/deep_infomax/prior_and_ndm",
}
_UNKNOWN = {"run_sd": None, "run_sd_source": ""}

# Label -> (experiments, tags). Rivals that the catalogue lacks have no rows.
_SYSTEMS = {
    "DIM(L) infoNCE": (("dim_local",), {"bound": "infonce"}),
    "DIM(L) JSD": (("dim_local",), {"bound": "jsd"}),
    "DIM(L) DV": (("dim_local",), {"bound": "donsker_varadhan"}),
    "DIM(L)": (("dim_local",), {}),
    "DIM(G)": (("dim_global",), {}),
    "DIM(L+G)": (("dim_local_global",), {}),
    "untrained": (("dim_untrained",), {}),
    "supervised": (("dim_supervised",), {}),
    "VAE": (("dim_vae",), {}),
    "AE": (("dim_autoencoder",), {}),
    "AAE": (("dim_aae",), {}),
    "BiGAN": (("dim_bigan",), {}),
    "beta-VAE": (("dim_beta_vae",), {}),
    "CPC": (("dim_cpc",), {}),
    "DIM": (("dim_local",), {"bound": "infonce"}),
    "DIM (coord)": (("dim_coordinates",), {}),
    "DIM (occlude)": (("dim_occlusion",), {}),
    "DIM (coord + occlude)": (("dim_coordinates_occlusion",), {}),
    "single global, CIFAR-10": (("dim_single_global_cifar10",), {}),
    "single global": (("dim_single_global",), {}),
    "multiple globals": (("dim_multiple_globals",), {}),
}


def _side(label, metric, features="global", split="test", **tags):
    experiments, own = _SYSTEMS[label]
    tags = {"features": features, **own, **tags}
    return Rows(experiments, metric, split, tags, label=label)


def _over(table, higher, lower, metric, places=_ENDPOINTS, what="accuracy", source=RECALLED,
          spread=None, **fields):
    """Checks that ``higher`` has more of ``what`` than ``lower``, at each of ``places``."""
    for name, features in places:
        yield Check(
            table, f"{name}: {higher} has the higher {what} than {lower}.", table, source,
            _side(higher, metric, features), _side(lower, metric, features),
            **(spread or ACCURACY_SD), **fields,
        )


_Y = (("Y", "global"),)


def _table_1():
    for bound in ("DIM(L) infoNCE", "DIM(L) JSD", "DIM(L) DV"):
        yield from _over("Table 1", bound, "DIM(G)", _MLP)
    yield from _over("Table 1", "DIM(L) infoNCE", "DIM(L) JSD", _MLP)
    yield from _over("Table 1", "DIM(L) JSD", "DIM(L) DV", _MLP)
    for rival in ("VAE", "AE", "beta-VAE", "AAE", "BiGAN"):
        yield from _over("Table 1", "DIM(L) JSD", rival, _MLP)
        yield from _over("Table 1", rival, "DIM(G)", _MLP)
    for system in ("DIM(L) infoNCE", "DIM(L) JSD", "DIM(G)"):
        yield from _over(
            "Table 1", system, "untrained", _MLP, source="ours, not in the paper",
            same_length=False,
        )


def _table_3():
    conv = (("conv", "conv"),)
    yield from _over("Table 3", "multiple globals", "single global", _MLP, conv)
    yield from _over("Table 3", "single global, CIFAR-10", "CPC", _MLP, conv)
    yield from _over("Table 3", "multiple globals", "CPC", _MLP, conv)


def _table_4():
    for higher, lower, places in (
        ("DIM(L)", "DIM(L+G)", _ENDPOINTS),
        ("DIM(L)", "DIM(G)", _ENDPOINTS),
        ("DIM(L+G)", "DIM(G)", _ENDPOINTS[:2]),
        ("DIM(G)", "DIM(L+G)", _ENDPOINTS[2:]),
    ):
        yield from _over("Table 4", higher, lower, _SVM, places, "accuracy of the SVM")
    for rival in ("VAE", "AAE", "BiGAN"):
        yield from _over("Table 4", "DIM(L)", rival, _SVM, _ENDPOINTS, "accuracy of the SVM")
    for metric, what, spread, pairs in (
        ("reconstruction/ms_ssim", "MS-SSIM", _UNKNOWN,
         (("VAE", "AAE"), ("AAE", "BiGAN"), ("DIM(L+G)", "DIM(G)"), ("DIM(G)", "DIM(L)"))),
        ("dependence/mine", "MINE", _UNKNOWN,
         (("VAE", "AAE"), ("AAE", "BiGAN"), ("DIM(L+G)", "DIM(G)"), ("DIM(G)", "DIM(L)"))),
        ("dependence/ndm", "NDM", _NDM_SD,
         (("BiGAN", "VAE"), ("VAE", "AAE"), ("DIM(L+G)", "DIM(G)"), ("DIM(L+G)", "DIM(L)"))),
    ):
        for higher, lower in pairs:
            yield from _over("Table 4", higher, lower, metric, _Y, what, spread=spread)


def _table_5():
    for higher, lower in (
        ("DIM (coord)", "DIM"),
        ("DIM (occlude)", "DIM"),
        ("DIM (coord + occlude)", "DIM (coord)"),
        ("DIM (coord + occlude)", "DIM (occlude)"),
    ):
        yield from _over("Table 5", higher, lower, _MLP, _ENDPOINTS[:0:-1])
    yield from _over("Table 5", "DIM", "DIM (occlude)", _MLP, _ENDPOINTS[:1])


def _appendix_a1():
    yield Check(
        "A.1", "JSD is nearly a monotone function of KL.", "Fig. 4", PAPER,
        Rows(("jsd_and_kl",), "rank_correlation", "test", {"scheme": "softmax_dropout"},
             label="rank correlation"),
        0.99, ">", run_sd=0.002,
        run_sd_source="assumed: several times the differences between the sizes", steps=0,
    )


def _negatives(bound, images):
    tags = {"features": "global", "bound": bound, "negative_images": images}
    label = f"{bound}, {images} negative{'s' * (images > 1)}"
    return Rows(("dim_negatives",), _MLP, "test", tags, label=label)


def _appendix_a3():
    yield Check(
        "A.3", "JSD keeps its accuracy with few negative images.", "appendix A.3", PAPER,
        _negatives("jsd", 1), _negatives("jsd", 63), "=", 0.03, **ACCURACY_SD,
    )
    yield Check(
        "A.3", "infoNCE loses accuracy with few negative images.", "appendix A.3", PAPER,
        _negatives("infonce", 63), _negatives("infonce", 1), **ACCURACY_SD,
    )
    for other in ("jsd", "infonce"):
        for images in (1, 4, 16, 63):
            yield Check(
                "A.3", "Donsker-Varadhan is worst.", "appendix A.3", PAPER,
                _negatives(other, images), _negatives("donsker_varadhan", images), **ACCURACY_SD,
            )


def _weights(metric, label, experiments=("dim_weights",), split="test", **letters):
    return Rows(experiments, metric, split, {"features": "global", **letters}, label=label)


def _appendix_a5():
    yield Check(
        "A.5", "The local weight drives the accuracy.", "Figs. 10, 11", PAPER,
        _weights(_MLP, "beta 1, alpha 0", alpha=0.0, beta=1.0),
        _weights(_MLP, "beta 0, alpha 1", alpha=1.0, beta=0.0), **ACCURACY_SD,
    )
    yield Check(
        "A.5", "The global weight drives the reconstruction.", "Figs. 10, 11", PAPER,
        _weights("reconstruction/ms_ssim", "alpha 1, beta 0", alpha=1.0, beta=0.0),
        _weights("reconstruction/ms_ssim", "alpha 0, beta 1", alpha=0.0, beta=1.0), **_UNKNOWN,
    )
    systems = ("dim_weights", "dim_local")
    yield Check(
        "A.5", "The prior lowers the dependence of the entries of the code.", "Figs. 10, 11",
        PAPER, _weights("dependence/ndm", "gamma 1", systems, gamma=1.0),
        _weights("dependence/ndm", "gamma 0", systems, gamma=0.0), "<", **_NDM_SD,
        other_metrics=("dependence/gaussian_total_correlation",),
    )


def _appendix_a6():
    yield from (
        Check(
            "A.6", "The dependence of a beta-VAE's code falls with beta.", "appendix A.6", PAPER,
            Rows(("dim_beta_vae",), "dependence/ndm", "test", {"features": "global"},
                 label="beta-VAE"),
            Rows(("dim_vae",), "dependence/ndm", "test", {"features": "global"}, label="VAE"),
            "<", **_NDM_SD,
        ),
        # Not `other_metrics`: the spread of NDM is none of the closed forms'.
        *(
            Check(
                "A.6", "The dependence of a beta-VAE's code falls with beta.", "appendix A.6",
                PAPER, _weights(metric, "beta 8", ("dim_ndm_and_beta",), kl_weight=8.0),
                _weights(metric, "beta 0.5", ("dim_ndm_and_beta",), kl_weight=0.5),
                "<", **spread,
            )
            for metric, spread in (
                ("dependence/ndm", _NDM_SD),
                ("dependence/gaussian_total_correlation", _UNKNOWN),
                ("dependence/drawn_total_correlation", _UNKNOWN),
            )
        ),
    )


CHECKS = (
    *_table_1(), *_table_3(), *_table_4(), *_table_5(),
    *_appendix_a1(), *_appendix_a3(), *_appendix_a5(), *_appendix_a6(),
)
