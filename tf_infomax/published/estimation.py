"""Claims of papers on estimating mutual information, shown beside our studies.

There are no values: the papers' are curves, and ours are drawn beside theory and ground truth.
"""

from tf_infomax.published.entries import Claim, Paper

__all__ = ["CLAIMS", "SOURCE", "VALUES"]

SOURCE = Paper(
    "Poole et al., ICML 2019, arXiv:1905.06922; McAllester and Stratos, AISTATS 2020, "
    "arXiv:1811.04251; Song and Ermon, ICLR 2020, arXiv:1910.06222",
    "The studies of estimators are compared with theory and ground truth, not with values that "
    "are read off curves.",
)

CLAIMS = (
    Claim(
        "staircase", "Estimates on a staircase of mutual information", "", "",
        "InfoNCE has low variance but stops at log K; NWJ and Donsker-Varadhan have no ceiling but "
        "a variance that grows with the mutual information; SMILE trades that variance for bias "
        "(Poole et al., 2019; Song and Ermon, 2020).",
    ),
    Claim(
        "staircase_baseline", "The staircase with a learned baseline", "", "",
        "The interpolated bound goes from TUBA (alpha = 0: high variance) to InfoNCE (alpha = 1: "
        "bias) (Poole et al., 2019).",
    ),
    Claim(
        "infonce_ceiling", "The ceiling of InfoNCE", "", "",
        "InfoNCE with K candidates is at most log K, however large the mutual information (van den "
        "Oord et al., 2018).",
    ),
    Claim(
        "estimator_variance", "Variance and bias against theory", "", "",
        "At the optimal critic the variance of the partition function's estimate grows "
        "exponentially with the mutual information (Song and Ermon, 2020).",
    ),
    Claim(
        "formal_limit", "What N samples can certify", "", "",
        "A lower bound on mutual information that holds with high confidence for any distribution "
        "cannot exceed 2 ln N + 5 from N samples (McAllester and Stratos, 2020).",
    ),
    Claim(
        "jsd_and_kl", "Jensen-Shannon divergence and mutual information", "Figure 4",
        "appendix A.1",
        "On random discrete joints the Jensen-Shannon divergence and the mutual information are in "
        "a nearly monotone relation (Hjelm et al., 2019).",
    ),
    Claim(
        "self_consistency", "Self-consistency on images", "", "",
        "No variational estimator passes all three tests; discriminative ones fail additivity "
        "(Song and Ermon, 2020; recalled, unverified).",
    ),
    Claim(
        "dependent_negatives", "Dependent negatives", "Figure 4c", "",
        "With negatives that are not independent draws, InfoNCE and NWJ may exceed the true mutual "
        "information (Tschannen et al., 2020); how far, over the strength of the dependence.",
    ),
)
VALUES = ()
