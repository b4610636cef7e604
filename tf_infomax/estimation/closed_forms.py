"""Log-density ratios of few-dimensional pairs that need no training, for ``CanonicalCritic``."""

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.estimation.fit_checks import is_student, is_table
from tf_infomax.estimation.student_ratio import StudentRatio, fit_student
from tf_infomax.estimation.table_ratio import TableRatio, fit_table
from tf_infomax.estimation.waves import correlated_pairs

__all__ = ["MOST_COORDINATES", "ClosedForms"]

# Coordinates of a side, at most. In more, the scatter matrix of a Student copula has too many
# entries, and tables of pairs miss most of what there is.
MOST_COORDINATES = 8
_STUDENT, _TABLES = 0, 1


@keras.saving.register_keras_serializable(package="tf_infomax")
class ClosedForms(keras.layers.Layer):
    """One of several log-density ratios that were fitted to pairs; zero if none is in use.

    They are that of a Student t copula and sums of tables of two numbers: of pairs of coordinates
    or of canonical variates, each in one pair at most.

    Call arguments: as of ``CanonicalCritic``, normal scores; the scores are nats.
    """

    def build(self, x_shape, y_shape):
        rank = min(x_shape[1], y_shape[1])
        self.student, self.tables = StudentRatio(name="student"), TableRatio(rank, name="tables")
        for part in (self.student, self.tables):
            part.build(x_shape, y_shape)
        self.gates = self.add_weight(
            shape=(2,), initializer="zeros", name="gates", trainable=False
        )
        self._fits = {}
        # In the order of their places. A fit reads them some hundred times.
        self._compiled = [
            tf.function(part.call, reduce_retracing=True, autograph=False)
            for part in (self.student, self.tables)
        ]

    def adaptations(self, x, y, variates):
        """Fits one ratio after the other; a generator of their names.

        Args:
            x: ``[N, Dx]``, y: ``[N, Dy]``, float64.
            variates: (map of x ``[Dx, r]``, map of y ``[Dy, r]``) to correlated variates, r
                possibly 0.
        """
        student = fit_student(x, y)
        if student is not None:
            self.student.set_fit(student)
            self._use(_STUDENT, student)
            yield "student"
        coordinates = [np.eye(values.shape[1]) for values in (x, y)]
        pairs = correlated_pairs(x, y)
        kinds = [("coordinates", [(coordinates[0][i], coordinates[1][j]) for i, j in pairs])]
        if max(x.shape[1], y.shape[1]) > 1:
            kinds.append(("variates", list(zip(*(one.T for one in variates), strict=True))))
        for name, directions in kinds:
            fits = [
                (fit_table(x @ one, y @ other), one, other)
                for one, other in directions
            ]
            fits = [fit for fit in fits if fit[0] is not None and fit[0].value > 0.0]
            if fits:
                self.tables.set_tables(fits)
                self._use(_TABLES, fits)
                yield f"tables of {name}"

    def _use(self, place, fit):
        self.gates.assign(np.eye(2)[place])
        self._fits[place] = fit

    def leave(self):
        """Makes the ratio zero."""
        self.gates.assign(np.zeros(2))

    def place(self):
        """Which ratio is in use, or ``None``."""
        gates = np.asarray(self.gates)
        return int(gates.argmax()) if gates.any() else None

    def suffices(self, x, y):
        """Whether the ratio in use is all that the pairs of its fit show."""
        if self.place() == _STUDENT:
            return is_student(self._fits[_STUDENT], x, y)
        if x.shape[1] > 1 or y.shape[1] > 1:
            return False
        return is_table(self._fits[_TABLES][0][0], x[:, 0], y[:, 0])

    def scores_in_use(self, x, y, partners):
        """The scores of the ratio in use alone, ``[K, P]``, an array."""
        tensors = (tf.convert_to_tensor(one) for one in (x, y, partners.astype(np.int32)))
        return self._compiled[self.place()](*tensors).numpy()

    def call(self, x, y, partners=None):
        return self.gates[_STUDENT] * self.student(x, y, partners) + self.gates[
            _TABLES
        ] * self.tables(x, y, partners)

    def compute_output_shape(self, x_shape, y_shape, partners_shape=None):
        return (x_shape[0], y_shape[0]) if partners_shape is None else tuple(partners_shape)
