"""Scores of pairs: which are positives, which are negatives, and the sums that bounds need."""

from tf_infomax.naming.lazy import lazy_names

_HOMES = {
    "BlockedScores": "blocked_scores",
    "PairScores": "pairs",
    "floating": "pairs",
    "pair_scores": "pairs",
    "scores_of_pairs": "blocked_scores",
}

__all__ = [*_HOMES]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
