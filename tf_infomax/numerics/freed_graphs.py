"""Graphs of functions with custom gradients are freed with these functions.

TensorFlow registers a gradient whenever a function under ``tf.custom_gradient`` is traced, and
never removes it (https://github.com/tensorflow/tensorflow/issues/97697). The gradient refers to
tensors and so to their graph with everything that it has captured, in every training run, because
Keras' optimizers sum gradients over replicas by such a function, on a single device, too. What else
TensorFlow and TensorFlow Probability keep of a run that has ended is forgotten here, too.
"""

import gc
import sys
import weakref

import tensorflow as tf
from tensorflow.python.eager import context
from tensorflow.python.framework import ops, registry

__all__ = ["forget_kernels", "forget_run", "free_graphs"]

_HELD_BY_GRAPH = "_tf_infomax_gradients"


def free_graphs():
    """From now on graphs hold their custom gradients, and the register refers to these weakly.

    For processes of runs, one after the other: it applies to all functions of the process, whose
    gradients are what they were, and to a user's process that is not for this package to decide.
    """
    ops.gradient_registry.__class__ = _Gradients


def forget_run():
    """What TensorFlow and TensorFlow Probability keep of a run that has ended, in this order."""
    _forget_bijectors()
    # Graphs are cycles, each a single object for Python, which would wait for many of them.
    gc.collect()
    forget_kernels()


def _forget_bijectors():
    """Empties the cache of TensorFlow Probability, in which bijectors keep tensors of graphs.

    All bijectors share one, and its entries hold each other: those of a flow's steps, which are
    made inside a traced function, outlive it.
    """
    bijectors = sys.modules.get("tensorflow_probability.python.bijectors.bijector")
    # Asked of the class, it would be a part of the cache.
    cache = vars(bijectors.Bijector).get("_cache") if bijectors else None
    if cache is not None:
        cache.clear()


def forget_kernels():
    """Empties TensorFlow's cache of kernels, as ``keras.backend.clear_session`` does.

    It has one of 35 KB for the handle of every variable, whose name is an attribute, and Keras
    names every layer of a process anew: without this a process grows with every model it builds.
    """
    context.context().clear_kernel_cache()


class _Gradients(registry.Registry):
    """TensorFlow's register of gradients by name."""

    __slots__ = ()

    def register(self, candidate, name=None):
        graph = tf.compat.v1.get_default_graph()
        if not (name or "").startswith("CustomGradient-") or not graph.building_function:
            super().register(candidate, name)
            return
        reference = weakref.ref(candidate)
        super().register(lambda op, *upstream: reference()(op, *upstream), name)
        weakref.finalize(candidate, self._registry.pop, name, None).atexit = False
        # The bodies of loops and the branches of conditions are built again for their gradient, in
        # the graph around them, after their first graph is gone. The outermost graph is that of
        # eager calls, which is never freed.
        while graph.building_function:
            held = getattr(graph, _HELD_BY_GRAPH, ())
            setattr(graph, _HELD_BY_GRAPH, (*held, candidate))
            graph = graph.outer_graph
