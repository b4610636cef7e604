"""Models that make their layers from their own arguments: built once, frozen layers kept."""

import math

import keras

from tf_infomax.layers.shared import keep_frozen
from tf_infomax.naming.arguments import integer

__all__ = ["OwnLayers", "network_seed"]

# Layers draw from seeds above that of the network, and TensorFlow's seeds are of 64 bits.
_LARGEST_SEED = 2**62


def network_seed(seed):
    """``seed`` of a network as an ``int`` from 0 to 2^62, or ``None`` for Keras' global seed."""
    if seed is None:
        return None
    wanted = "an integer from 0 to 2**62, or None"
    return integer(seed, "seed", smallest=0, wanted=wanted, largest=_LARGEST_SEED)


def _layers_below(layer, prefix=""):
    """(path, sublayer), parents first. A path has names below a model, elsewhere positions."""
    inner = layer._flatten_layers(include_self=False, recursive=False)
    for position, one in enumerate(inner):
        # Models name their layers; layers leave it to Keras, whose names differ in every process.
        path = f"{prefix}{one.name if isinstance(layer, keras.Model) else position}"
        yield path, one
        yield from _layers_below(one, f"{path}/")


class OwnLayers:
    """Mixin, before ``keras.Model``, of models that make their layers from their own arguments.

    A second build does nothing. Which layers are frozen is part of the configuration, since what
    is loaded makes its layers anew; the key "frozen" is absent where all of them train alike.

    A model defines ``_build_layers(input_shape)`` in place of ``build``.

    Args:
        frozen: paths of the frozen layers, as in ``get_config``, or ``None``.
    """

    # Whether inputs may have any shape with the right number of values.
    flattens = False
    _built_for: tuple | None = None

    def __init__(self, frozen=None, **kwargs):
        super().__init__(**kwargs)
        self._frozen_at_build = None if frozen is None else _checked_paths(frozen)

    def build(self, input_shape):
        """Makes the weights; later calls check that inputs of this shape fit them.

        Raises:
            ValueError: on a shape for which the layers cannot be built, or were not.
        """
        shape = tuple(input_shape)
        if self._built_for is not None:
            if not self._was_built_for(shape[1:]):
                raise ValueError(
                    f"This {type(self).__name__} is built for inputs of shape {self._built_for}; "
                    f"make another for other inputs. Received: input_shape={shape}."
                )
            return
        self._build_layers(input_shape)
        if not self.trainable:
            keep_frozen(self)
        elif self._frozen_at_build is not None:
            for path, layer in list(_layers_below(self)):
                # Parents first: they pass theirs on.
                if layer.trainable != (path not in self._frozen_at_build):
                    layer.trainable = not layer.trainable
        self._built_for = (None, *shape[1:])

    def _was_built_for(self, inner):
        known = self._built_for[1:]
        if len(inner) == len(known):
            pairs = zip(inner, known, strict=True)
            if all(one == other or None in (one, other) for one, other in pairs):
                return True
        sizes_known = None not in (*inner, *known)
        return self.flattens and sizes_known and math.prod(inner) == math.prod(known)

    def get_config(self):
        config = super().get_config()
        if not self.trainable:
            # All of it is frozen, which Keras keeps.
            return config
        frozen = [path for path, layer in _layers_below(self) if not layer.trainable]
        if self._built_for is None and self._frozen_at_build is not None:
            frozen = list(self._frozen_at_build)
        return {**config, "frozen": frozen} if frozen else config


def _checked_paths(frozen):
    if not isinstance(frozen, list | tuple) or not all(isinstance(one, str) for one in frozen):
        raise ValueError(
            "`frozen` must be the list of paths of layers that `get_config` returns, or None. "
            f"Received: frozen={frozen!r}."
        )
    return tuple(frozen)
