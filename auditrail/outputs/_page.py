"""Puts an HTML page together: a template, its values, and the style and scripts that it holds, each allowed by hash."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from auditrail import __version__

if TYPE_CHECKING:
    import jinja2

_HERE = Path(__file__).parent
_TEMPLATES = _HERE / "_html"
_VENDOR = _HERE / "_vendor"
# Jinja hands its text on in small pieces: so many are joined to one.
_PIECES = 200


class Library(NamedTuple):
    """A library that goes into a page: its name and what it does there, its licence, its scripts and its styles."""

    says: str
    licence: str
    scripts: tuple[str, ...]
    styles: tuple[str, ...] = ()
    empty_style: bool = False  # it makes a style element without text, and fills it by rules


D3 = Library("D3, which draws the charts", "d3.LICENSE", ("d3.min.js",))
GRID = Library(
    "SlickGrid, which draws the list of runs",
    "slickgrid.LICENSE",
    ("slick.core.js", "slick.interactions.js", "slick.grid.js"),
    ("slick.grid.css",),
    empty_style=True,
)


def page(
    template: str,
    values: dict[str, object],
    *,
    library: Library | None = None,
    scripts: tuple[str, ...] = (),
    styles: tuple[str, ...] = ("style.css",),
) -> Iterator[str]:
    """The page; the same values give the same bytes.

    Args:
        template: file name under `_html`.
        values: of the template.
        library: published code that the page's own scripts need; its licence goes into the page.
        scripts: the page's own, by file name; they come after the library's.
        styles: the page's own, by file name.
    """
    from markupsafe import Markup

    sources = [*(_vendored(name) for name in (library.scripts if library else ())), *map(_own, scripts)]
    style = "".join([*(_vendored(name) for name in (library.styles if library else ())), *map(_own, styles)])
    allowed = [style, ""] if library and library.empty_style else [style]
    stream = (
        _templates()
        .get_template(template)
        .stream(
            **values,
            policy=_policy(allowed, sources),
            style=Markup(style),  # noqa: S704 - our own file
            scripts=[Markup(script) for script in sources],  # noqa: S704 - our own files
            # It asks to stand in all copies, and each page with scripts is one.
            licence=_vendored(library.licence).strip() if library else "",
            licensed=library.says if library else "",
            version=__version__,
        )
    )
    stream.enable_buffering(_PIECES)
    yield from stream
    yield "\n"


def _policy(styles: list[str], scripts: list[str]) -> str:
    """Nothing from anywhere but the styles and the scripts that stand in the page, named by their hashes."""
    allowed = " ".join(_hash(script) for script in scripts) or "'none'"
    looks = " ".join(_hash(style) for style in styles)
    return (
        f"default-src 'none'; style-src {looks}; script-src {allowed}; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


def _hash(source: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()}'"


@cache
def _own(name: str) -> str:
    return (_TEMPLATES / name).read_text("utf-8")


@cache
def _vendored(name: str) -> str:
    return (_VENDOR / name).read_text("utf-8")


@cache
def _templates() -> jinja2.Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
