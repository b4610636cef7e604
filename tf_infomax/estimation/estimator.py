"""Mutual information of two samples of vectors, as a scikit-learn estimator."""

import json
import math
import os
import warnings

import keras
import numpy as np
import pandas as pd
import tensorflow as tf
from scipy import stats
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from tf_infomax import bounds, critics
from tf_infomax.estimation.checks import (
    batch_size_of,
    check_options,
    check_training_pairs,
    cycles_of,
    info_of,
)
from tf_infomax.estimation.cross_fitting import cross_fit
from tf_infomax.estimation.default_critic import default_critic, table_of
from tf_infomax.estimation.encoding import Encoding, check_discrete
from tf_infomax.estimation.fold_training import Schedule
from tf_infomax.estimation.folds import Folds
from tf_infomax.estimation.limits import (
    EstimateWarning,
    below_zero,
    folds_disagree,
    limits_reached,
    merged_levels,
    out_of_epochs,
    repeated_pairs,
)
from tf_infomax.estimation.reading import Reader
from tf_infomax.estimation.samples import check_same_columns, pairs_of
from tf_infomax.estimation.score_limits import null_limits
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
    higher the dimension and the fewer the pairs. The interval is that of the held-out value, and
    does not include this shortfall. Beyond about ``log(N / 100)`` nats the Donsker-Varadhan value
    is noisy and biased upwards. ``fit`` warns of this, of folds that disagree, of training that ran
    out of epochs and of values below zero (``EstimateWarning``).

    Args:
        bound: name of a registered bound that is measured in nats and reads scores, or such a
            function with options (``bounds.get("smile", clip=1.0)``). The critic is trained with
            it, and it is read on the held-out pairs.
        critic: "canonical" (``CanonicalCritic``), the name of a registered critic on vectors, or an
            unbuilt Keras layer ``critic(x, y) -> [K, M]`` with ``get_config``; copies are trained.
        margins: map of every coordinate, applied first; none changes the mutual information:
            "normal_scores" (ranks), "standardize" or "unchanged".
        discrete: "auto": text, pandas' categories and sides of few levels are nominal (one-hot
            inside); True or False: all columns are, or none; or a pair of these for X and y. If
            both sides are discrete, the estimate is that of their table (``levels``), and the
            bound is read from the smoothed table.
        folds: parts of the data, each held out once; at least 2.
        epochs, patience: largest number of epochs; number without improvement that ends training.
            "auto" goes on, in cycles of 40 epochs and up to 400, while the validation value rises.
        batch_size: pairs in a step; "auto" takes a power of two from 32 to 128 that leaves about 55
            steps in an epoch.
        negatives: number for each x in a training step, below ``batch_size``.
        learning_rate: Adam's, at its peak.
        validation_fraction: fraction of the pairs not held out that decides when to stop.
        held_out_partners: negatives of each held-out x, at most; InfoNCE's ceiling is
            ``log(held_out_partners + 1)``.
        confidence: of the interval.
        seed: int; the same data, seed and machine give the same numbers.
        jobs: folds trained at a time, in threads; ``None``: one a processor.

    Attributes:
        mutual_information_: estimate in nats; near independence it may be negative, but within its
            standard error (else the null critic is read, and it is 0).
        standard_error_: nats, from disjoint groups of held-out pairs.
        confidence_interval_: (low, high), nats.
        training_curve_: data frame with a row per fold and epoch: "fold", "epoch",
            "training_nats", "validation_nats".
        fold_values_: held-out value of each fold, nats, before any null critic replaces them all.
        ceiling_: the largest value that the bound can have with this number of negatives, nats.
        critics_: trained critic of each fold, a Keras layer on mapped margins.
        score_limits_: ``[folds, 2]``, lowest and highest score to which each critic is clipped.
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
        confidence=0.95,
        seed=0,
        jobs=None,
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
        self.confidence = confidence
        self.seed = seed
        self.jobs = jobs

    def fit(self, X, y):
        """Estimates I(X; Y).

        Args:
            X: ``[N, Dx]`` or ``[N]``, finite numbers; row i of both is one pair, rows independent.
                Arrays, lists, data frames (pandas, polars, pyarrow); booleans, decimals and times
                are numbers too (times in nanoseconds). No integer, decimal or time is rounded
                before ``margins`` has centred or ranked it.
            y: ``[N, Dy]`` or ``[N]``.

        Returns:
            The estimator itself.

        Raises:
            ValueError: on data or options that do not fit, before any training.
            FloatingPointError: if the held-out value is not finite.
        """
        discrete = check_discrete(self.discrete)
        x, y = pairs_of(X, y, [one is not False for one in discrete])
        info = info_of(self.bound)
        check_options(self.get_params(deep=False), len(x))
        folds = Folds(len(x), self.folds, self.validation_fraction, self.seed)
        check_training_pairs(len(folds.train[0]), self.negatives, self.validation_fraction)
        self._dims = x.shape[1], y.shape[1]
        self._names = x.names, y.names
        self._encodings = [
            Encoding(self.margins, one).fit(sample)
            for one, sample in zip(discrete, (x, y), strict=True)
        ]
        self._levels = [one.levels for one in self._encodings]
        mapped = self._mapped(x, y)
        is_table = None not in self._levels and self.critic == "canonical"
        epochs, cycles = cycles_of(0 if is_table else self.epochs)
        schedule = Schedule(
            epochs,
            self.patience,
            batch_size_of(self.batch_size, self.negatives, len(folds.train[0])),
            self.negatives,
            self.learning_rate,
            cycles,
        )
        results = cross_fit(
            *mapped,
            folds,
            info.function,
            lambda fold: self._new_critic(fold, *mapped),
            schedule,
            partners=self.held_out_partners,
            jobs=self.jobs or os.cpu_count() or 1,
            seed=self.seed,
            kind=self._kind(),
        )
        self._summarize(results, folds, info, table_of(*mapped) if is_table else None)
        self.warnings_ += repeated_pairs(*mapped)
        self.warnings_ += merged_levels(*(one.merged for one in self._encodings))
        for sentence in self.warnings_:
            warnings.warn(sentence, EstimateWarning, stacklevel=2)
        return self

    def _summarize(self, results, folds, info, table):
        values = np.array([result.value for result in results])
        if not np.isfinite(values).all():
            raise FloatingPointError(
                "The held-out value must be finite in every fold; another bound, or a smaller "
                f"`learning_rate`, may help. Received: {values.tolist()} nats."
            )
        sizes = [len(rows) for rows in folds.held_out]
        groups = np.concatenate([result.groups for result in results])
        num_pairs, (dim_x, dim_y) = sum(sizes), self._dims
        self.n_features_in_ = dim_x
        # As in scikit-learn, the attribute is absent if there are no names.
        vars(self).pop("feature_names_in_", None)
        if self._names[0] is not None:
            self.feature_names_in_ = np.array(self._names[0], dtype=object)
        self.critics_ = [result.critic for result in results]
        self.score_limits_ = np.array([result.trained.limits for result in results])
        self.fold_values_ = values
        self.training_curve_ = _curves([result.trained for result in results])
        value = float(np.average(values, weights=sizes))
        # No sample can tell independence from less than independent Gaussians show by chance,
        # chi-squared with Dx Dy degrees of freedom over 2 N.
        chance = math.sqrt(dim_x * dim_y / 2.0) / num_pairs
        error = max(float(groups.std(ddof=1) / math.sqrt(len(groups))), chance)
        self.warnings_ = folds_disagree(values, [result.groups for result in results])
        self.warnings_ += out_of_epochs(self.training_curve_, math.prod(cycles_of(self.epochs)))
        if table is not None:
            value, error = table.value, table.standard_error
        elif value < -error:
            # The larger of two lower bounds, one of which is 0, is a lower bound.
            self.warnings_.append(below_zero(value, error))
            value = 0.0
            self.score_limits_[:] = null_limits(info.best_shift)
        self.mutual_information_, self.standard_error_ = value, error
        reach = error * float(stats.t.ppf(0.5 + self.confidence / 2, len(groups) - 1))
        self.confidence_interval_ = (value - reach, value + reach)
        self.ceiling_ = float(info.ceiling(min(self.held_out_partners + 1, *sizes)))
        self.warnings_ += limits_reached(value, error, num_pairs, self.ceiling_)

    def score(self, X, y):
        """The bound on new pairs in nats, mean over the critics of all folds.

        Args:
            X: ``[M, Dx]``, y: ``[M, Dy]``, at least 2 pairs, none of them from ``fit``.

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
        pairs = self._mapped(*samples)
        bound = bounds.get(self.bound)
        return float(
            np.mean(
                [
                    Reader(critic, bound).value(*pairs, self.held_out_partners, limits)
                    for critic, limits in zip(self.critics_, self.score_limits_, strict=True)
                ]
            )
        )

    def _mapped(self, x, y):
        return [
            one.transform(sample).astype(_dtype())
            for one, sample in zip(self._encodings, (x, y), strict=True)
        ]

    def _kind(self):
        """Key of critic and bound without the seed; ``None`` for critics whose key is unknown."""
        if isinstance(self.critic, str):
            critic = self.critic
        else:
            try:
                # Users' layers may have anything in their configuration.
                config = {**self.critic.get_config(), "seed": None, "name": None}
                config = json.dumps(config, sort_keys=True)
            except TypeError:
                return None
            critic = type(self.critic), config
        bound = json.dumps(bounds.serialize(self.bound), sort_keys=True)
        return critic, bound, _dtype(), tuple(self._levels)

    def _new_critic(self, fold, x, y):
        seed = stream_seed(self.seed, "estimation", "critic", fold)
        if isinstance(self.critic, str):
            if self.critic == "canonical":
                dims = x.shape[1], y.shape[1]
                critic = default_critic(dims, self._levels, self.margins, seed, _dtype())
            else:
                options = {"feature_dim": x.shape[1]} if self.critic == "bilinear" else {}
                critic = critics.get(self.critic, seed=seed, dtype=_dtype(), **options)
        else:
            config = self.critic.get_config()
            critic = type(self.critic).from_config(
                {**config, **({"seed": seed} if "seed" in config else {})}
            )
        # Called, not only built, so that a critic's errors come before any training.
        critic(tf.constant(x[:2]), tf.constant(y[:2]))
        return critic


def _dtype():
    """Dtype in which critics compute: Keras' ``floatx``, but at least float32."""
    return "float64" if keras.config.floatx() == "float64" else "float32"


def _curves(trained):
    rows = [(fold, *point) for fold, one in enumerate(trained) for point in one.curve]
    return pd.DataFrame(rows, columns=["fold", "epoch", "training_nats", "validation_nats"])
