"""What all terms of an objective have in common."""

from typing import ClassVar

import keras

from tf_infomax.layers.shared import keep_frozen
from tf_infomax.naming.arguments import callable_layer, number
from tf_infomax.objectives.player import merged

__all__ = ["Term", "checked_critic", "checked_endpoint", "checked_terms"]


class Term(keras.layers.Layer):
    """One summand of a loss: features of a batch -> a scalar, with its own weights.

    A term is a Keras layer so that its weights are tracked, saved and restored with the model; its
    work is done by ``loss``, not by calling it. A term with an adversary overrides ``players``.

    Args:
        weight: factor in the sum of terms, 0 or more.
    """

    # Prefix of the term's metrics.
    label = "term"
    # Metric -> metric of its rows, unless that is "train/<metric>".
    row_metrics: ClassVar[dict[str, str]] = {}
    # Whether batches must hold labels.
    needs_labels = False
    # Smallest batch on which the term is defined.
    least_rows = 1

    def __init__(self, weight=1.0, **kwargs):
        super().__init__(**kwargs)
        self.weight = number(weight, "weight")

    def connect(self, encoded):
        """Makes the weights; the encoders must be built.

        Args:
            encoded: ``EncodedViews``.

        Overrides end with ``_finish_connect``.

        Raises:
            ValueError: if an encoder lacks what the term needs.
        """
        raise NotImplementedError

    def _finish_connect(self):
        self.built = True
        keep_frozen(self)

    def loss(self, features):
        """(weighted loss, dict of metrics) of a batch.

        Args:
            features: ``Features``.
        """
        raise NotImplementedError

    @property
    def metric_units(self):
        """Name -> unit of all metrics that ``loss`` and the losses of the players report."""
        raise NotImplementedError

    @property
    def players(self):
        """``Player`` objects besides the representation; a tuple, empty for most terms."""
        return ()

    @property
    def representation_variables(self):
        """Trainable variables that are trained together with the encoders."""
        others = {id(variable) for player in self.players for variable in player.variables}
        return [variable for variable in self.trainable_variables if id(variable) not in others]

    def player(self, name):
        """The player called ``name``, those with the same name merged; ``KeyError`` if none is.
        """
        return {player.name: player for player in merged(self.players)}[name]

    def call(self, *args, **kwargs):
        raise TypeError(f"{type(self).__name__} is no layer to be called: use `loss(features)`.")

    def get_config(self):
        return {**super().get_config(), "weight": self.weight}


def checked_critic(critic):
    """``critic``, checked to be a layer and not, for instance, a name."""
    return callable_layer(critic, "critic", "a critic, such as critics.get('dot_map')")


def checked_endpoint(name):
    """``name``, an argument called ``endpoint``, checked to be a string."""
    if not isinstance(name, str):
        raise ValueError(
            f"`endpoint` must be the name of an endpoint. Received: endpoint={name!r}."
        )
    return name


def checked_terms(terms):
    """``terms`` as a list of different terms, at least one, that share no layers."""
    if not isinstance(terms, (list, tuple)) or not all(isinstance(term, Term) for term in terms):
        raise ValueError(
            "`objectives` must be a list of terms, such as [objectives.LocalInformation(critic)]. "
            f"Received: objectives={terms!r}."
        )
    if not terms:
        raise ValueError("At least one term is needed to train. Received: objectives=[].")
    if len(set(map(id, terms))) < len(terms):
        raise ValueError(
            "Every place in the list needs a term of its own; a `weight` counts a term twice. "
            f"Received: objectives={list(terms)!r}."
        )
    owners = {}
    for place, term in enumerate(terms):
        # A saved model holds the layers of each term apart, and could not be loaded.
        for layer in term._flatten_layers(include_self=False):
            owner = owners.setdefault(id(layer), place)
            if owner != place:
                raise ValueError(
                    "Every term needs a critic, and other layers, of its own. "
                    f"Received: {layer!r} in objectives[{owner}] and objectives[{place}]."
                )
    return list(terms)
