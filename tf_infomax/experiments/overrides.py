"""Changing any field of an experiment from the command line: ``--set=train.steps=2000``.

A path names a field (``train.steps``), an option of a choice (``encoder.channels``) or a
field of a named member (``evaluate.linear_probe.every``). The last parts suffice where they are
unambiguous: ``critic`` means ``objectives.mutual_information.critic``. Several values, separated
by commas, make a sweep of that field. A bound may have options: ``bound=nwj,smile(clip=1)``.
"""

import ast
import dataclasses
import os
import re
import types
import typing

from tf_infomax.experiments.spec import (
    Evaluation,
    Pick,
    check_distinct,
    check_once,
    child,
    field_names,
    field_type,
    replace_at,
    settable_names,
)
from tf_infomax.naming.registry import nearest

__all__ = ["override"]

# Not for the command line, since they identify the experiment.
_FIXED = ("name", "source", "sweep")


def override(experiment, settings):
    """A copy of ``experiment`` with every ``"path=value"`` of ``settings`` carried out.

    ``evaluate=linear_probe,bound`` chooses the evaluators (``evaluate=none``: none); those that the
    experiment does not list measure at the end only.

    If the field is swept, the given values replace those of the sweep; a choice that keeps its name
    keeps its options. An option of a swept choice applies to the alternatives that list it, or to
    all if none does. The order of settings matters only if a field is set twice.

    Raises:
        ValueError: on a setting that is not ``path=value``, an unknown path (naming the nearest
            ones), or a value of the wrong type.
    """
    resolved = []
    experiment, settings = _with_evaluations(experiment, settings)
    for setting in settings:
        path, separator, text = (part.strip() for part in setting.partition("="))
        if not separator or not path or not text.strip(", "):
            raise ValueError(
                f"A setting must read path=value, as in train.steps=2000. Received: {setting!r}."
            )
        resolved.append((_full_path(experiment, path), text))
    # Choices before their options: critic.hidden_dim=50 applies to whatever critic is chosen.
    for path, text in sorted(resolved, key=lambda entry: entry[0].count(".")):
        experiment = _apply(experiment, path, text)
    check_distinct(experiment)
    return experiment


def _with_evaluations(experiment, settings):
    """``evaluate=mlp_probe,ndm`` chooses the evaluators; returns the other settings."""
    others = []
    for setting in settings:
        path, separator, text = (part.strip() for part in setting.partition("="))
        if path != "evaluate" or not separator or not hasattr(experiment, "evaluate"):
            others.append(setting)
            continue
        listed = {entry.name: entry for entry in experiment.evaluate}
        names = [] if text.lower() == "none" else _parts(text)
        check_once("evaluate", names, "an evaluator")
        chosen = tuple(listed.get(name, Evaluation(name, every=0)) for name in names)
        experiment = dataclasses.replace(experiment, evaluate=chosen)
    return experiment, others


def _apply(experiment, path, text):
    values = _values(experiment, path, text)
    axes = dict(experiment.sweep)
    owner, _, option = path.rpartition(".")
    if path in axes or len(values) > 1:
        axes[path] = values
    elif owner in axes:
        picked = [one for one in axes[owner] if isinstance(one, Pick)]
        listing = [one for one in picked if option in one.options] or picked
        axes[owner] = tuple(
            replace_at(one, option, values[0]) if one in listing else one for one in axes[owner]
        )
    else:
        return replace_at(experiment, path, values[0])
    return dataclasses.replace(experiment, sweep=tuple(axes.items()))


def _full_path(experiment, path):
    """The unique path of the experiment that ends in ``path``."""
    known = list(dict.fromkeys(_paths(experiment, "", dict(experiment.sweep))))
    if path == "data" and path not in known:
        path = "data.name"
    if path in known:
        return path
    # A bare "name" would be taken for the experiment's, which is not for the command line.
    endings = [entry for entry in known if entry.endswith(f".{path}") and path != "name"]
    # The shallowest ending wins: `critic` is the term's field, not an option further down.
    endings.sort(key=lambda entry: entry.count("."))
    if len(endings) > 1 and endings[0].count(".") == endings[1].count("."):
        raise ValueError(f"{path!r} is ambiguous. It may mean: {', '.join(endings)}.")
    if endings:
        return endings[0]
    head, _, option = path.rpartition(".")
    # Options of a choice or an evaluation exist even if the experiment does not list them.
    owners = [entry for entry in known if isinstance(_node(experiment, entry), Pick)]
    owners += [f"evaluate.{entry.name}" for entry in getattr(experiment, "evaluate", ())]
    for owner in owners:
        if head and option and f".{owner}".endswith(f".{head}"):
            return owner if option == "name" else f"{owner}.{option}"
    # Compared at equal length: "stpes" with "steps", "train.stpes" with "train.steps".
    parts = path.count(".") + 1
    ends = {".".join(entry.split(".")[-parts:]): entry for entry in reversed(known)}
    close = ", ".join(ends[end] for end in nearest(path, ends))
    hint = f" Nearest: {close}." if close else ""
    raise ValueError(
        f"Experiment {experiment.name!r} has no field {path!r}.{hint} Fields: {', '.join(known)}."
    )


def _paths(node, prefix, axes):
    """Every path that can be set, including the options of swept choices."""
    for name in settable_names(node):
        path = f"{prefix}{name}"
        if name in _FIXED and path != "data.name":
            continue
        value = child(node, name)
        members = isinstance(value, tuple) and value and dataclasses.is_dataclass(value[0])
        if members or (dataclasses.is_dataclass(value) and not isinstance(value, Pick)):
            yield from _paths(value, f"{path}.", axes)
            continue
        yield path
        for one in (value, *axes.get(path, ())):
            if isinstance(one, Pick):
                yield from _paths(one, f"{path}.", axes)


def _node(experiment, path):
    """The value at ``path``, or ``None`` if only alternatives of a sweep have it."""
    node = experiment
    for key in path.split("."):
        try:
            node = child(node, key)
        except KeyError:
            return None
    return node


def _values(experiment, path, text):
    """The tuple of values that ``text`` stands for."""
    axes = dict(experiment.sweep)
    owner, _, key = path.rpartition(".")
    parents = axes.get(owner) or (_node(experiment, owner) if owner else experiment,)
    if None in parents:
        raise ValueError(f"Without {owner} there is no {path}. Received: {text!r}.")
    # If some alternatives are bare names, those with options show their type.
    parents = tuple(one for one in parents if not isinstance(one, str))
    kind, optional = _kind(parents, key)
    if kind is tuple:
        value = _literal(text)
        if isinstance(value, str):
            value = tuple(_literal(part) for part in _parts(text))
        value = tuple(value) if isinstance(value, (tuple, list)) else (value,)
        several = value and all(isinstance(entry, tuple) for entry in value)
        if not _is_option(parents[0], key) and not all(type(entry) is int for entry in value):
            raise ValueError(f"{path} must be integers. Received: {text!r}.")
        return value if several else (value,)
    current = axes.get(path, (_node(experiment, path),))
    if kind is str and _may_have_options(parents[0], key):
        # A comma within parentheses separates options.
        names = (part.strip() for part in re.split(r",(?![^()]*\))", text))
        return tuple(_named(part, current, path) for part in names if part)
    if kind is Pick:
        known = {one.name: one for one in current if one is not None}
        nothing = ("none",) if optional else ()
        return tuple(
            None if part.lower() in nothing else known.get(part, Pick(part))
            for part in _parts(text)
        )
    if kind is object and text.startswith(("(", "[", "{")):
        # One list is one value; several, separated by commas, are a sweep of lists.
        several = _literal(f"[{text}]")
        return tuple(several) if isinstance(several, list) else (_literal(text),)
    if isinstance(parents[0], Evaluation) and _is_option(parents[0], key) and "," in text:
        # Evaluations are not an axis of a sweep: several values are one option.
        return (tuple(_literal(part) for part in _parts(text)),)
    if kind is str and os.path.exists(os.path.expanduser(text)):
        # A path with commas in it.
        return (text,)
    return tuple(_scalar(part, kind, optional, path) for part in _parts(text))


def _kind(parents, key):
    """The type of a field or option, and whether it may be ``None``."""
    if _is_option(parents[0], key):
        listed = [one.options[key] for one in parents if key in one.options]
        plain = listed and isinstance(listed[0], (bool, int, float, str, tuple))
        return (type(listed[0]) if plain else object), False
    declared = field_type(parents[0], key)
    if isinstance(declared, types.UnionType):
        kinds = typing.get_args(declared)
        return kinds[0], type(None) in kinds
    return declared, False


def _is_option(parent, key):
    """Whether ``key`` is an option of ``parent`` (listed or not) and not one of its fields."""
    return hasattr(parent, "options") and key not in field_names(parent)


def _may_have_options(parent, key):
    """Whether a field holds a bare name or one with options."""
    if _is_option(parent, key):
        return False
    declared = field_type(parent, key)
    return isinstance(declared, types.UnionType) and Pick in typing.get_args(declared)


def _named(text, current, path):
    """``smile(clip=1)`` as a pick; a bare name keeps the options that it alone has so far."""
    name, parenthesis, rest = text.partition("(")
    if parenthesis:
        settings = [part.partition("=") for part in _parts(rest.removesuffix(")"))]
        if not text.endswith(")") or not all(key and sign for key, sign, _ in settings):
            raise ValueError(
                f"{path} must be a name, or read name(option=value). Received: {text!r}."
            )
        keys = [key.strip() for key, _, _ in settings]
        if len(set(keys)) < len(keys):
            raise ValueError(f"{path} must set an option once. Received: {text!r}.")
        return Pick(name.strip(), {key.strip(): _literal(value) for key, _, value in settings})
    same = [one for one in current if isinstance(one, Pick) and one.name == text]
    return same[0] if len(same) == 1 else text


def _parts(text):
    return [part.strip() for part in text.split(",") if part.strip()]


def _literal(text):
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return {"true": True, "false": False, "none": None}.get(text.lower(), text)


def _scalar(text, kind, optional, path):
    if kind is str:
        return text
    value = _literal(text)
    if kind is object or (optional and value is None):
        return value
    if kind is bool and isinstance(value, bool):
        return value
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    # 2e3 is meant as an integer.
    if is_number and (kind is float or (kind is int and float(value).is_integer())):
        return kind(value)
    wanted = {bool: "true or false", int: "an integer", float: "a number"}[kind]
    raise ValueError(f"{path} must be {wanted}. Received: {text!r}.")
