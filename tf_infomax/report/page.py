"""HTML pages from templates: layout and style are in ``templates/``, no numbers there.

Templates escape whatever they are given; a page is one file without links to others.
"""

import base64
import dataclasses
import functools

import jinja2

__all__ = ["Picture", "figure", "render"]


@dataclasses.dataclass(frozen=True)
class Picture:
    """A picture that is part of the page.

    Attributes:
        name: what it is, a few words.
        alt: what is seen in it, in place of the picture.
        kind: media type.
        data: base64.
        caption: how to read it.
        number: of the figure, or ``None``.
        width: in pixels of the screen, or ``None`` for that of the page.
    """

    name: str
    alt: str
    kind: str
    data: str
    caption: str
    number: int | None = None
    width: int | None = None


def figure(name, alt, image, caption, *, kind="image/svg+xml", number=None, width=None):
    """A ``Picture`` of the bytes ``image``; other arguments are its attributes."""
    data = base64.b64encode(image).decode("ascii")
    return Picture(name, alt, kind, data, caption, number, width)


@functools.cache
def _templates():
    return jinja2.Environment(
        loader=jinja2.PackageLoader("tf_infomax.report"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )


def render(template, **values):
    """The page as text.

    Args:
        template: file in ``templates/``.
        **values: what it names; plain text is escaped.
    """
    return _templates().get_template(template).render(**values)
