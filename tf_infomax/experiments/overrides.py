"""Changing any field of an experiment from the command line: ``--set=train.steps=2000``.

A path names a field (``train.steps``), an option of a picked thing (``encoder.channels``) or a
named member (``evaluate.linear_probe.every``). The last parts suffice where they are unambiguous:
``critic`` means ``objectives.mutual_information.critic``. Several values, separated by commas,
make a sweep of that field.
"""

import ast
import dataclasses
import types
import typing

from tf_infomax.experiments.spec import Pick, child, field_names, field_type, replace_at
from tf_infomax.registry import nearest

__all__ = ["override"]

# Not for the command line: they say which experiment it is.
_FIXED = ("name", "source", "sweep")


def override(experiment, settings):
    """A copy of ``experiment`` with every ``"path=value"`` of ``settings`` carried out.

    Raises:
        ValueError: on a setting that is not ``path=value``, an unknown path (naming the nearest
            ones), or a value of the wrong type.
    """
    for setting in settings:
        path, separator, text = setting.partition("=")
        if not separator or not path or not text:
            raise ValueError(
                f"A setting must read path=value, as in train.steps=2000. Received: {setting!r}."
            )
        experiment = _apply(experiment, path.strip(), text.strip())
    return experiment


def _apply(experiment, path, text):
    path = _full_path(experiment, path)
    axes = dict(experiment.sweep)
    for axis, alternatives in axes.items():
        if path.startswith(f"{axis}.") and isinstance(alternatives[0], Pick):
            key = path.removeprefix(f"{axis}.")
            axes[axis] = tuple(replace_at(one, key, _literal(text)) for one in alternatives)
            return dataclasses.replace(experiment, sweep=tuple(axes.items()))
    parent, key = _parent(experiment, path)
    expected = _expected_type(parent, key)
    if path in axes:
        known = {one.name: one for one in axes[path] if isinstance(one, Pick)}
        axes[path] = tuple(
            known.get(part) or _convert(part, expected, path) for part in _parts(text)
        )
    elif "," in text and expected is not tuple and not text.startswith(("(", "[")):
        axes[path] = tuple(_convert(part, expected, path) for part in _parts(text))
    elif dataclasses.is_dataclass(expected) and expected is not Pick:
        # A bare name for a node that has one: `data=cifar10` keeps the node's other fields.
        return replace_at(experiment, f"{path}.name", text)
    else:
        return replace_at(experiment, path, _convert(text, expected, path))
    return dataclasses.replace(experiment, sweep=tuple(axes.items()))


def _parts(text):
    return [part.strip() for part in text.split(",") if part.strip()]


def _full_path(experiment, path):
    """The one path of the experiment that ends in ``path``."""
    known = _paths(experiment, "")
    if path in known:
        return path
    endings = [entry for entry in known if entry.endswith(f".{path}")]
    # The shallowest ending wins: `critic` is the term's field, not an option further down.
    endings.sort(key=lambda entry: entry.count("."))
    if endings and (
        len(endings) == 1 or endings[0].count(".") < endings[1].count(".")
    ):
        return endings[0]
    if endings:
        raise ValueError(f"{path!r} is ambiguous. It may mean: {', '.join(endings)}.")
    head, _, option = path.rpartition(".")
    if head and option:
        # Options of a picked thing need not be listed in the experiment to exist.
        picks = [entry for entry in known if isinstance(_node(experiment, entry), Pick)]
        owners = [entry for entry in picks if entry == head or entry.endswith(f".{head}")]
        if len(owners) == 1:
            return f"{owners[0]}.{option}"
    close = nearest(path, known) or nearest(path, [entry.rpartition(".")[2] for entry in known])
    hint = f" Nearest: {', '.join(close)}." if close else ""
    raise ValueError(
        f"Experiment {experiment.name!r} has no field {path!r}.{hint} Fields: {', '.join(known)}."
    )


def _paths(node, prefix):
    found = []
    names = list(node.options) if isinstance(node, Pick) else field_names(node)
    for name in names:
        if name in _FIXED and not (name == "name" and prefix == "data."):
            continue
        path = f"{prefix}{name}"
        found.append(path)
        value = child(node, name)
        if dataclasses.is_dataclass(value) or (
            isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0])
        ):
            found += _paths(value, f"{path}.")
    return found


def _node(experiment, path):
    node = experiment
    for key in path.split("."):
        node = child(node, key)
    return node


def _parent(experiment, path):
    head, _, key = path.rpartition(".")
    return (_node(experiment, head) if head else experiment), key


def _expected_type(parent, key):
    if isinstance(parent, Pick):
        return None
    if isinstance(parent, tuple):
        return type(child(parent, key))
    declared = field_type(parent, key)
    if isinstance(declared, types.UnionType):
        kinds = [kind for kind in typing.get_args(declared) if kind is not type(None)]
        return (kinds[0], type(None))
    return declared


def _literal(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _convert(text, expected, path):
    optional = isinstance(expected, tuple)
    kind = expected[0] if optional else expected
    if optional and text.lower() == "none":
        return None
    if kind is None:
        return _literal(text)
    if kind is str:
        return text
    if kind is Pick:
        return Pick(text)
    value = _literal(text)
    if kind is tuple:
        value = value if isinstance(value, (tuple, list)) else (value,)
        if all(isinstance(entry, int) for entry in value):
            return tuple(value)
    elif kind is bool:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
    elif kind is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if isinstance(value, float) and value.is_integer():
            return int(value)
    elif kind is float and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    wanted = "integers" if kind is tuple else kind.__name__
    raise ValueError(f"{path} must be of type {wanted}. Received: {text!r}.")
