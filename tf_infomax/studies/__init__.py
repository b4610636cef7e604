"""Studies of estimators: what is known in closed form, and computations that need no encoder.

``get(name)`` gives a computation, a function ``(setting, **options)`` that yields measurements;
``names()`` lists them. They are described, swept and started as ``experiments.study.Study``.
"""

from tf_infomax.studies.computation import Setting, get, names

__all__ = ["Setting", "get", "names"]
