"""Scores of pairs: which are positives, which are negatives, and the sums that bounds need."""

from typing import TYPE_CHECKING

from tf_infomax.naming.lazy import lazy_names

if TYPE_CHECKING:
    # What is imported on first use, for type checkers, editors and the documentation.
    from tf_infomax.scores.blocked_scores import BlockedScores, scores_of_pairs
    from tf_infomax.scores.pairs import PairScores, floating, pair_scores

_HOMES = {
    "BlockedScores": "blocked_scores",
    "PairScores": "pairs",
    "floating": "pairs",
    "pair_scores": "pairs",
    "scores_of_pairs": "blocked_scores",
}

__all__ = [
    "BlockedScores",
    "PairScores",
    "floating",
    "pair_scores",
    "scores_of_pairs",
]

__getattr__, __dir__ = lazy_names(__name__, _HOMES)
