"""``Drawing``, the result of every figure function."""

from dataclasses import dataclass

from matplotlib.figure import Figure

__all__ = ["Drawing"]


@dataclass(frozen=True)
class Drawing:
    """A figure and the caption that explains how to read it."""

    figure: Figure
    caption: str
