"""Log-density ratios of pairs that need no training, for ``CanonicalCritic``."""

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.estimation.fit_checks import is_student, is_table
from tf_infomax.estimation.partition_ratio import PartitionRatio, fit_partition
from tf_infomax.estimation.partner_layer import PartnerLayer
from tf_infomax.estimation.student_ratio import StudentRatio, fit_student
from tf_infomax.estimation.table_ratio import TableRatio, fit_table
from tf_infomax.estimation.turned_ratio import TurnedRatio, fit_turned
from tf_infomax.estimation.waves import correlated_pairs

__all__ = ["FIRST_FORMS", "PARTITION", "ClosedForms", "forms_for"]

# Coordinates of a side, at most. In more, the scatter matrix of a Student copula has too many
# entries, and tables of pairs miss most of what there is.
_MOST_COORDINATES = 8
# The same of turned pairs, whose canonical correlations have three times as many features.
_MOST_TURNED = 64
# Pairs of numbers with a higher correlation than this are narrower than a table's nodes.
_HIGHEST_CORRELATION = 0.99
# Coordinates of both sides, up to which a network learns more than tables that do not suffice, and
# is not given them: at 500 pairs of y = +-x + noise they cost 0.04 nats.
_FEW_COORDINATES = 3
# All there were when critics said only whether they had any.
FIRST_FORMS = ("student", "tables")
# Name of the only form that tells nothing between its cells: a network is not trained from it.
PARTITION = "partition"
_RATIOS = {
    "student": StudentRatio, "tables": TableRatio, "turned": TurnedRatio, PARTITION: PartitionRatio
}  # fmt: skip
# Of all but tables, of which there may be several.
_FITS = {
    "student": fit_student,
    "turned": fit_turned,
    PARTITION: lambda x, y: fit_partition(x[:, 0], y[:, 0]),
}


def forms_for(dim_x, dim_y):
    """Names of the forms that are of use for so many coordinates."""
    most = max(dim_x, dim_y)
    forms = FIRST_FORMS if most <= _MOST_COORDINATES else ()
    if most == 1:
        return (*forms, PARTITION)
    return (*forms, "turned") if most <= _MOST_TURNED else forms


@keras.saving.register_keras_serializable(package="tf_infomax")
class ClosedForms(PartnerLayer):
    """One of several log-density ratios that were fitted to pairs; zero if none is in use.

    They are that of a Student t copula; sums of tables of two numbers, which are pairs of
    coordinates or of canonical variates, each in one pair at most; that of Gaussian pairs that
    were turned by an angle that grows with the norm; and of two numbers a constant on each cell of
    a grid.

    Args:
        forms: names: of "student", "tables", "turned" and "partition".

    Call arguments: as of ``CanonicalCritic``, normal scores; the scores are nats.
    """

    def __init__(self, forms=FIRST_FORMS, **kwargs):
        super().__init__(**kwargs)
        unknown = sorted(set(forms) - set(_RATIOS))
        if unknown or not forms:
            raise ValueError(
                f"`forms` must be one or more of {tuple(_RATIOS)}. Received: forms={tuple(forms)}."
            )
        self.forms = tuple(forms)

    def build(self, x_shape, y_shape):
        rank = min(x_shape[1], y_shape[1])
        for form in self.forms:
            options = {"tables": rank} if form == "tables" else {}
            part = _RATIOS[form](name=form, dtype=self.dtype_policy, **options)
            part.build(x_shape, y_shape)
            # Saved under this name.
            setattr(self, form, part)
        self.gates = self.add_weight(
            shape=(len(self.forms),), initializer="zeros", name="gates", trainable=False
        )
        self._fits = {}
        # A fit reads them some hundred times.
        self._compiled = {
            form: tf.function(getattr(self, form).call, reduce_retracing=True, autograph=False)
            for form in self.forms
        }

    def adaptations(self, x, y, variates, only=None):
        """Fits one ratio after the other; a generator of their names.

        Args:
            x: ``[N, Dx]``, y: ``[N, Dy]``, float64.
            variates: (map of x ``[Dx, r]``, map of y ``[Dy, r]``) to correlated variates, r
                possibly 0.
            only: name of the one that is asked for; those after it are not fitted either.
        """
        for form in self.forms:
            if only is not None and not only.startswith(form):
                continue
            if form == "tables":
                for name, fits in _tables(x, y, variates):
                    self._use(form, fits)
                    yield f"tables of {name}"
                continue
            fit = _FITS[form](x, y)
            if fit is not None:
                self._use(form, fit)
                yield form

    def _use(self, form, fit):
        getattr(self, form).set_fit(fit)
        self.gates.assign(np.eye(len(self.forms))[self.forms.index(form)])
        self._fits[form] = fit

    def leave(self):
        """Makes the ratio zero."""
        self.gates.assign(np.zeros(len(self.forms)))

    def in_use(self):
        """Name of the ratio that is in use, or ``None``."""
        gates = np.asarray(self.gates)
        return self.forms[int(gates.argmax())] if gates.any() else None

    def suffices(self, x, y):
        """Whether the ratio in use is all that the pairs of its fit show."""
        form = self.in_use()
        if form == "student":
            return is_student(self._fits[form], x, y)
        return form == "tables" and _are_all(self._fits[form], x, y)

    def scores_in_use(self, x, y, partners):
        """The scores of the ratio in use alone, ``[K, P]``, an array."""
        tensors = (tf.convert_to_tensor(one) for one in (x, y, partners.astype(np.int32)))
        return self._compiled[self.in_use()](*tensors).numpy()

    def call(self, x, y, partners=None):
        return tf.add_n([
            self.gates[place] * getattr(self, form)(x, y, partners)
            for place, form in enumerate(self.forms)
        ])  # fmt: skip

    def get_config(self):
        return {**super().get_config(), "forms": self.forms}


def _tables(x, y, variates):
    """Tables of coordinates, then of variates: (name, list of (``Table``, directions))."""
    coordinates = [np.eye(values.shape[1]) for values in (x, y)]
    pairs = correlated_pairs(x, y)
    kinds = [("coordinates", [(coordinates[0][i], coordinates[1][j]) for i, j in pairs])]
    if max(x.shape[1], y.shape[1]) > 1:
        kinds.append(("variates", list(zip(*(one.T for one in variates), strict=True))))
    for name, directions in kinds:
        fits = []
        for one, other in directions:
            u, v = x @ one, y @ other
            if np.ptp(u) and np.ptp(v) and abs(np.corrcoef(u, v)[0, 1]) < _HIGHEST_CORRELATION:
                table = fit_table(u, v)
                if table is not None and table.value > 0.0:
                    fits.append((table, one, other))
        if fits and (x.shape[1] + y.shape[1] > _FEW_COORDINATES or _are_all(fits, x, y)):
            yield name, fits


def _are_all(fits, x, y):
    """Whether a table is all that two numbers show."""
    return x.shape[1] == y.shape[1] == 1 and is_table(fits[0][0], x[:, 0], y[:, 0])
