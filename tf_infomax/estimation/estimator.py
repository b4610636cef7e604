"""Mutual information of two samples of vectors, as a scikit-learn estimator."""

import math
import warnings

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from tf_infomax import bounds
from tf_infomax.estimation.checks import check_options, check_training_pairs, seed_of
from tf_infomax.estimation.cross_fitting import cross_fit
from tf_infomax.estimation.default_critic import floating, key_of, new_critic, table_of
from tf_infomax.estimation.dependent_rows import autocorrelated, groups_of
from tf_infomax.estimation.encoding import Encoding, check_discrete
from tf_infomax.estimation.folds import Folds
from tf_infomax.estimation.limits import (
    EstimateWarning,
    merged_levels,
    repeated_pairs,
    unequal_groups,
)
from tf_infomax.estimation.named_options import CANONICAL, info_of
from tf_infomax.estimation.outcome import outcome
from tf_infomax.estimation.plan import plan_of
from tf_infomax.estimation.reading import Reader
from tf_infomax.estimation.samples import check_same_columns, pairs_of
from tf_infomax.numerics.randomness import stream_seed

__all__ = ["MutualInformationEstimator"]


class MutualInformationEstimator(BaseEstimator):
    """Estimate of I(X; Y) in nats from pairs, with a standard error and an interval.

    A critic is trained to tell positives from negatives on some of the pairs and read on others;
    every pair is held out once (cross-fitting). By default the critic starts from the Gaussian
    density ratio of the normal scores, which is exact for every Gaussian copula, and a network
    learns the non-Gaussian part. A further part of the training pairs, the validation pairs,
    decides when training stops, to which limits scores are clipped when they are read (which leaves
    a lower bound a lower bound, see ``score_limits``), and whether the trained critic is read, the
    untrained one, or the null critic, whose value is 0.

    The estimate is biased low: the critic is never quite the log-density ratio, so on held-out
    pairs the value is too small on average, the more so the more intricate the dependence, the
    higher the dimension and the fewer the pairs. This shortfall is estimated from critics that are
    trained on half of the pairs, and enters the interval on its upper side. Beyond about
    ``log(N / 100)`` nats the Donsker-Varadhan value is noisy and biased upwards. ``fit`` warns of
    this, of folds that disagree, of training that ran out of epochs, of dependent rows and of
    values below zero (``EstimateWarning``).

    Args:
        bound: name of a registered bound that is measured in nats and reads scores, or such a
            function with options (``bounds.get("smile", clip=1.0)``). The critic is trained with
            it, and it is read on the held-out pairs.
        critic: "canonical" (``CanonicalCritic``; ``CategoricalCritic`` for discrete sides, and
            ``ImageCritic`` for images), the name of a registered critic on vectors, or an
            unbuilt Keras layer ``critic(x, y) -> [K, M]`` with ``get_config``; copies are trained.
        margins: map of every coordinate, applied first; none changes the mutual information:
            "normal_scores" (ranks), "standardize" or "unchanged".
        discrete: "auto": text, pandas' categories and sides of few levels are nominal (one-hot
            inside); True or False: all columns are, or none; or a pair of these for X and y. If
            both sides are discrete, the estimate is that of their table (``levels``), and the
            bound is read from the smoothed table.
        folds: parts of the data, each held out once; at least 2.
        epochs, patience: largest number of epochs; number without improvement that ends training.
            "auto" goes on, in cycles of 40 epochs and up to 400, while the validation value rises,
            and trains nothing where tests find no more than a Gaussian dependence.
        batch_size: pairs in a step; "auto" takes a power of two from 32 to 128 that leaves about 55
            steps in an epoch.
        negatives: number for each x in a training step, below ``batch_size``.
        learning_rate: Adam's, at its peak.
        validation_fraction: fraction of the pairs not held out that decides when to stop.
        held_out_partners: negatives of each held-out x, at most; InfoNCE's ceiling is
            ``log(held_out_partners + 1)``.
        half_fits: folds in which a second critic is trained on half of the pairs, to estimate the
            shortfall; 0 leaves it out of the interval.
        blocks: for series, number of consecutive rows that stay together in the folds (or
            "auto"); ``None``: rows are independent.
        confidence: of the interval.
        seed: int; the same data, seed and machine give the same numbers. ``None``: a new one.
        jobs: folds trained at a time, in threads, each of which compiles its own training step;
            -1: one a processor; ``None``: one a processor if there are more pairs than that pays.
        random_state, n_jobs: scikit-learn's names of ``seed`` and ``jobs``; if given, they win.

    Attributes:
        mutual_information_: estimate in nats; near independence it may be negative, but within its
            standard error (else the null critic is read, and it is 0).
        standard_error_: nats, from disjoint groups of held-out pairs.
        confidence_interval_: (low, high), nats, of the mutual information.
        lower_confidence_limit_: one-sided, of the held-out value alone, nats: with probability
            ``confidence`` below the mutual information, whatever the shortfall.
        shortfall_: estimate of how far the held-out value is below the mutual information, nats.
        pointwise_: ``[N]``, log-density ratio of each pair by the critic that was trained without
            it, nats; their mean is Donsker and Varadhan's value.
        training_curve_: data frame with a row per fold and epoch: "fold", "epoch",
            "training_nats", "validation_nats".
        fold_values_: held-out value of each fold, nats, before any null critic replaces them all.
        ceiling_: the largest value that the bound can have with this number of negatives, nats.
        row_groups_: ``[N]``, codes of groups or blocks; None for independent rows.
        critics_: trained critic of each fold, a Keras layer on mapped margins.
        held_out_rows_: per fold, int ``[n]``.
        used_seed_: int.
        trained_limits_, score_limits_: ``[folds, 2]``, lowest and highest score to which each
            critic is clipped; the second after any null critic has replaced them all.
        warnings_: the warnings of ``fit``, sentences.
        n_features_in_: dimensions of x.
        feature_names_in_: names of x's columns, if ``fit`` was given a data frame with names.

    Reference: Poole et al. (2019), arXiv:1905.06922, for the bounds; McAllester and Stratos (2020)
    and Song and Ermon (2020), arXiv:1910.06222, for the limits; cross-fitting as in Chernozhukov et
    al. (2018), arXiv:1608.00060.
    """

    def __init__(
        self,
        *,
        bound="donsker_varadhan",
        critic="canonical",
        margins="normal_scores",
        discrete="auto",
        folds=5,
        epochs="auto",
        patience=10,
        batch_size="auto",
        negatives=16,
        learning_rate=1e-2,
        validation_fraction=0.125,
        held_out_partners=512,
        half_fits=2,
        blocks=None,
        confidence=0.95,
        seed=0,
        jobs=None,
        random_state=None,
        n_jobs=None,
    ):
        self.bound = bound
        self.critic = critic
        self.margins = margins
        self.discrete = discrete
        self.folds = folds
        self.epochs = epochs
        self.patience = patience
        self.batch_size = batch_size
        self.negatives = negatives
        self.learning_rate = learning_rate
        self.validation_fraction = validation_fraction
        self.held_out_partners = held_out_partners
        self.half_fits = half_fits
        self.blocks = blocks
        self.confidence = confidence
        self.seed = seed
        self.jobs = jobs
        self.random_state = random_state
        self.n_jobs = n_jobs

    def fit(self, X, y, groups=None, sample_weight=None):
        """Estimates I(X; Y).

        Args:
            X: ``[N, Dx]`` or ``[N]``; row i of both is one pair, rows independent but for
                ``groups`` and ``blocks``. Arrays, lists, data frames (pandas, polars, pyarrow) of
                finite numbers, text and categories, and images ``[N, H, W, C]``; booleans,
                decimals and times are numbers too (times in nanoseconds). No integer, decimal or
                time is rounded before ``margins`` has centred or ranked it.
            y: ``[N, Dy]`` or ``[N]``.
            groups: ``[N]``, labels of pairs that depend on each other, as those of one person;
                such pairs are never both trained on and held out.
            sample_weight: not supported; only ``None``.

        Returns:
            The estimator itself.

        Raises:
            ValueError: on data or options that do not fit, before any training.
            FloatingPointError: if the held-out value is not finite.
        """
        if sample_weight is not None:
            raise ValueError(
                "Weights of pairs are not supported: draw pairs with these probabilities instead. "
                f"Received: sample_weight of type {type(sample_weight).__name__}."
            )
        discrete = check_discrete(self.discrete)
        x, y = pairs_of(X, y, [one is not False for one in discrete])
        info = info_of(self.bound)
        check_options(self.get_params(deep=False), len(x))
        seed = seed_of(self.seed, self.random_state)
        is_default = self.critic == CANONICAL
        encodings = [
            Encoding(self.margins, one, pixels=is_default).fit(sample)
            for one, sample in zip(discrete, (x, y), strict=True)
        ]
        levels, grids = ([getattr(one, name) for one in encodings] for name in ("levels", "grid"))
        mapped = _codes(encodings, (x, y))
        groups = groups_of(groups, self.blocks, *mapped, self.folds)
        folds = Folds(len(x), self.folds, self.validation_fraction, seed, groups)
        check_training_pairs(len(folds.train[0]), self.negatives, self.validation_fraction)
        is_table = None not in levels and is_default
        plan = plan_of(
            self.get_params(deep=False), len(x), len(folds.train[0]),
            is_table=is_table, has_ceiling=not math.isinf(info.ceiling(2)),
        )  # fmt: skip

        def critic_of(fold):
            return new_critic(
                self.critic, *mapped, levels=levels, margins=self.margins, grids=grids,
                seed=stream_seed(seed, "estimation", "critic", fold),
            )  # fmt: skip

        results = cross_fit(
            *mapped, folds, info.function, critic_of, plan, seed=seed,
            kind=key_of(self.critic, self.bound, levels, self.margins, grids),
        )  # fmt: skip
        found = outcome(
            results, folds, info,
            table=table_of(*mapped) if is_table else None,
            row_groups=groups,
            epochs=plan.schedule.epochs * plan.schedule.cycles,
            dims=[one.dim for one in encodings],
            partners=self.held_out_partners,
            confidence=self.confidence,
        )  # fmt: skip
        # Nothing is changed before all has succeeded: an estimator keeps the fit that it has.
        self._keep((x, y), encodings, found, used_seed_=seed)
        if groups is None:
            self.warnings_ += autocorrelated(*mapped)
        else:
            self.warnings_ += unequal_groups(len(folds.train[0]), folds.most_train)
        if not is_table:
            self.warnings_ += repeated_pairs(*mapped)
        self.warnings_ += merged_levels(*(one.merged for one in encodings))
        for sentence in self.warnings_:
            warnings.warn(sentence, EstimateWarning, stacklevel=2)
        return self

    def _keep(self, samples, encodings, found, **further):
        self._encodings = encodings
        self._dims = [one.shape[1] for one in samples]
        self._names = [one.names for one in samples]
        self.n_features_in_ = self._dims[0]
        # As in scikit-learn, the attribute is absent if there are no names.
        vars(self).pop("feature_names_in_", None)
        if self._names[0] is not None:
            self.feature_names_in_ = np.array(self._names[0], dtype=object)
        vars(self).update(found, **further)

    def score(self, X, y):
        """The bound on new pairs in nats, mean over the critics of all folds.

        Args:
            X: ``[M, Dx]``, y: ``[M, Dy]``, at least 2 pairs, none of them from ``fit``.

        Raises:
            ValueError: on data that do not fit those of ``fit``.
        """
        return float(np.mean([value for value, _ in self._read(X, y)]))

    def pointwise(self, X, y):
        """Log-density ratio of new pairs, ``log p(x, y) / (p(x) p(y))``, mean over the critics.

        Args:
            X, y: as for ``score``; the pairs also serve as each other's negatives.

        Returns:
            ``[M]``, nats.

        Raises:
            ValueError: on data that do not fit those of ``fit``.
        """
        return np.mean([ratios for _, ratios in self._read(X, y)], axis=0)

    def _read(self, x, y):
        pairs, bound = self.encoded(x, y), bounds.get(self.bound)
        return [
            Reader(critic, bound).value_and_ratios(*pairs, self.held_out_partners, limits)
            for critic, limits in zip(self.critics_, self.score_limits_, strict=True)
        ]

    def encoded(self, X, y):
        """Codes that the critics score, floating ``[M, D']`` of X and of y.

        Raises:
            ValueError: on data that do not fit those of ``fit``.
        """
        check_is_fitted(self)
        discrete = check_discrete(self.discrete)
        samples = pairs_of(X, y, [one is not False for one in discrete])
        for name, fitted, sample in zip(
            ("X", "y"), zip(self._dims, self._names, strict=True), samples, strict=True
        ):
            check_same_columns(name, fitted, sample)
        return _codes(self._encodings, samples)


def _codes(encodings, samples):
    return [
        one.transform(sample).astype(floating())
        for one, sample in zip(encodings, samples, strict=True)
    ]
