"""The estimator's default critic: a Gaussian density ratio plus a network."""

import math

import keras
import numpy as np
import tensorflow as tf

from tf_infomax.estimation.closed_forms import FIRST_FORMS, PARTITION, ClosedForms
from tf_infomax.estimation.gaussian_candidates import gaussian_candidates
from tf_infomax.estimation.gaussian_check import is_gaussian
from tf_infomax.estimation.gaussian_ratio import gaussian_log_ratios, gaussian_parts
from tf_infomax.estimation.many_coordinates import ManyCoordinates
from tf_infomax.estimation.partner_layer import PartnerLayer
from tf_infomax.estimation.variate_network import VariateNetwork
from tf_infomax.estimation.waves import significant
from tf_infomax.naming.arguments import positive_integer

__all__ = ["CanonicalCritic"]

# Gathering a variate of y costs as much as multiplying so many numbers.
_GATHERING_COSTS = 20


@keras.saving.register_keras_serializable(package="tf_infomax")
class CanonicalCritic(PartnerLayer):
    """``f(x, y) = scale * log-density ratio of a Gaussian + network(x, y) + offset``.

    The Gaussian part is the optimal critic of Gaussian pairs and needs no training; ``adapt`` sets
    it. Another of the ``ClosedForms`` may take its place. The network (``VariateNetwork``) starts
    at zero, so training starts from that critic and adds what it leaves out.

    Args:
        hidden_dim: width of the hidden layers, even; ``None`` leaves the network out.
        layers: number of hidden layers.
        waves: (of x, of y): number of cosines of the rank of every coordinate that are inputs of
            the network too, where ``adapt`` finds them correlated with the other side; for inputs
            that are normal scores.
        closed_forms: names of ``ClosedForms`` that may take the Gaussian part's place, for inputs
            that are normal scores; True: those of Student's copula and of tables.
        most_directions: of a side with more coordinates, so many leading principal components
            are canonically correlated, and inputs of the network; ``None`` takes all coordinates.
        seed: int for reproducible weights, or ``None``; layer i draws from ``seed + i``.

    Call arguments:
        x: ``[K, Dx]``.  y: ``[M, Dy]``.  partners: ``None`` for all pairs, or int ``[K, P]``: the
            rows of y with which each x is scored. Returns ``[K, M]`` or ``[K, P]`` scores (no
            unit).
    """

    scores_partners = True
    # Ways of ``adaptations`` from which no network is trained: they are compared with the trained.
    rivals = (PARTITION,)
    # In training, of the matrices: without it a network of few pairs is misled a little more.
    weight_decay = 0.1

    def __init__(
        self,
        hidden_dim=64,
        layers=2,
        waves=(0, 0),
        closed_forms=(),
        most_directions=None,
        seed=None,
        **kwargs,
    ):
        super().__init__(**kwargs)
        positive_integer(layers, "layers")
        if most_directions is not None:
            positive_integer(most_directions, "most_directions")
        if hidden_dim is not None and positive_integer(hidden_dim, "hidden_dim") % 2:
            raise ValueError(f"`hidden_dim` must be even. Received: hidden_dim={hidden_dim}.")
        self.hidden_dim = hidden_dim
        self.num_layers = layers
        self.waves = tuple(waves)
        self.most_directions = most_directions
        if isinstance(closed_forms, bool):
            closed_forms = FIRST_FORMS if closed_forms else ()
        self.closed_forms = (
            ClosedForms(closed_forms, dtype=self.dtype_policy, name="closed_forms")
            if len(closed_forms)
            else None
        )
        self.seed = seed

    def build(self, x_shape, y_shape):
        if len(x_shape) != 2 or len(y_shape) != 2 or None in (x_shape[1], y_shape[1]):
            raise ValueError(
                "CanonicalCritic scores vectors: x of shape [K, Dx] and y of shape [M, Dy]. "
                f"Received: x of shape {tuple(x_shape)}, y of shape {tuple(y_shape)}."
            )
        dim_x, dim_y = x_shape[1], y_shape[1]
        self.num_directions = [
            dim if self.most_directions is None else min(dim, self.most_directions)
            for dim in (dim_x, dim_y)
        ]
        self.rank = min(self.num_directions)

        self.mean_x = self.add_fixed((dim_x,), "mean_x")
        self.mean_y = self.add_fixed((dim_y,), "mean_y")
        self.map_x = self.add_fixed((dim_x, self.num_directions[0]), "map_x", "identity")
        self.map_y = self.add_fixed((dim_y, self.num_directions[1]), "map_y", "identity")
        self.correlations = self.add_fixed((self.rank,), "correlations")
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")
        self.offset = self.add_weight(shape=(), initializer="zeros", name="offset")
        if self.hidden_dim:
            self.network = VariateNetwork(self, dim_x, dim_y)
        if self.closed_forms is not None:
            self.closed_forms.build((None, dim_x), (None, dim_y))

    def adapt(self, x, y):
        """Sets the Gaussian part, and the coordinates of the network, from pairs.

        Args:
            x: ``[N, Dx]``, y: ``[N, Dy]``, finite arrays; row i of both is one pair.
        """
        self._adapt(ManyCoordinates(x, y, self.most_directions))

    def _adapt(self, pairs):
        x, y = pairs.x, pairs.y
        if not self.built:
            self.build(x.shape, y.shape)
            self.built = True
        self._set(pairs.correlations())
        if self.closed_forms is not None:
            self.closed_forms.leave()
        if any(self.waves) and self.hidden_dim:
            self.network.choose_waves(significant(x, y, *self.waves))

    def forget(self):
        """Undoes ``adapt``: the Gaussian part, or what took its place, is zero."""
        self.correlations.assign(tf.zeros_like(self.correlations))
        if self.closed_forms is not None:
            self.closed_forms.leave()

    def adaptations(self, x, y, only=None):
        """Adapts to pairs in one way after the other; a generator of their names.

        The first is ``adapt``. In few dimensions the ``ClosedForms`` follow unless it ``suffices``;
        then the ``gaussian_candidates``, which may change the scale of the network's inputs, too.

        Args:
            x: ``[N, Dx]``, y: ``[N, Dy]``.
            only: name of a way that is asked for; others may be left out.
        """
        pairs = ManyCoordinates(x, y, self.most_directions)
        self._adapt(pairs)
        yield "all coordinates"
        x, y = pairs.x, pairs.y
        if self.closed_forms is not None and not self.suffices(x, y):
            number = np.count_nonzero(np.asarray(self.correlations))
            maps = [np.asarray(one)[:, :number] for one in (self.map_x, self.map_y)]
            yield from self.closed_forms.adaptations(x, y, maps, only)
            self.closed_forms.leave()
        kernel = self.network.kernel.numpy() if self.hidden_dim else None
        for name, found in gaussian_candidates(pairs):
            self._set(found)
            if kernel is not None:
                # Where other inputs are zero, the network's units keep their variance.
                number = sum(int(np.any(one, axis=0).sum()) for one in (self.map_x, self.map_y))
                wider = math.sqrt(sum(self.num_directions) / max(number, 1))
                self.network.kernel.assign(kernel * wider)
            yield name

    def suffices(self, x, y):
        """Whether the Gaussian part, or what took its place, is all that the pairs show.

        Then a network could only learn noise. Coordinates that are not in use are not tested.

        Args:
            x: ``[N, Dx]``, y: ``[N, Dy]``, the pairs that the critic is adapted to.
        """
        if self.closed_forms is not None and self.closed_forms.in_use() is not None:
            return self.closed_forms.suffices(*(np.asarray(one, np.float64) for one in (x, y)))
        samples, variates = [], []
        for values, mean, matrix in ((x, self.mean_x, self.map_x), (y, self.mean_y, self.map_y)):
            values, mean, matrix = (np.asarray(one, np.float64) for one in (values, mean, matrix))
            samples.append(values[:, np.any(matrix != 0.0, axis=1)])
            variates.append((values - mean) @ matrix[:, np.any(matrix != 0.0, axis=0)])
        rank = min(one.shape[1] for one in variates)
        rho = np.asarray(self.correlations, np.float64)[:rank]
        return rank > 0 and is_gaussian(*samples, *variates, rho)

    def untrained_scores(self, x, y, partners):
        """The scores, an array, as long as the network is untrained; ``None`` afterwards.

        Args:
            x: ``[K, Dx]``.  y: ``[M, Dy]``.  partners: int ``[K, P]``, rows of y.

        Returns:
            ``[K, P]``, in the dtype of the critic.
        """
        if self.hidden_dim and np.any(self.network.readout.numpy()):
            return None
        if self.closed_forms is not None and self.closed_forms.in_use() is not None:
            scores = self.closed_forms.scores_in_use(x, y, partners)
            return self.scale.numpy() * scores + self.offset.numpy()
        a = tf.matmul(x - self.mean_x, self.map_x)
        b = tf.matmul(y - self.mean_y, self.map_y)
        a, b = a[:, : self.rank], b[:, : self.rank]
        of_a, of_b, weights = (
            one.numpy() for one in gaussian_parts(a, b, self.correlations.value)
        )
        b = b.numpy()
        if _GATHERING_COSTS * partners.shape[1] > len(y):
            scores = np.take_along_axis(weights @ b.T, partners, axis=1)
        else:
            scores = np.einsum("kd,kpd->kp", weights, b[partners])
        scores += of_a[:, np.newaxis] + of_b[partners]
        return self.scale.numpy() * scores + self.offset.numpy()

    def active_dims(self):
        """(of x, of y): numbers of directions of coordinates that are in use after ``adapt``."""
        is_used = [np.asarray(matrix) != 0.0 for matrix in (self.map_x, self.map_y)]
        return tuple(
            min(int(one.any(axis=axis).sum()) for axis in (0, 1)) for one in is_used
        )

    def _set(self, found):
        found = found.resized(self.num_directions)
        for name in ("mean_x", "mean_y", "map_x", "map_y", "correlations"):
            getattr(self, name).assign(getattr(found, name))

    def call(self, x, y, partners=None):
        a = tf.matmul(x - self.mean_x, self.map_x)
        b = tf.matmul(y - self.mean_y, self.map_y)
        gaussian = gaussian_log_ratios(
            a[:, : self.rank], b[:, : self.rank], self.correlations.value, partners
        )
        if self.closed_forms is not None:
            gaussian *= 1.0 - tf.reduce_sum(self.closed_forms.gates)
            gaussian += self.closed_forms(x, y, partners)
        scores = self.scale * gaussian + self.offset
        if self.hidden_dim:
            scores += self.network(x, y, a, b, gaussian, partners)
        return scores

    def get_config(self):
        return {
            **super().get_config(),
            "hidden_dim": self.hidden_dim,
            "layers": self.num_layers,
            "waves": self.waves,
            "most_directions": self.most_directions,
            "closed_forms": () if self.closed_forms is None else self.closed_forms.forms,
            "seed": self.seed,
        }
