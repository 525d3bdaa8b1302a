"""Plain pages and JSON of a bundle: no script, no address of anything, readable on any screen and on paper."""

from __future__ import annotations

import html
import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from auditrail import __version__, text

_STYLE = """
:root { color-scheme: light dark; }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem;
  overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 0 0 1.5rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem; border-bottom: 1px solid #8888; }
th { border-bottom-width: 2px; }
pre { overflow-x: auto; padding: .8rem; border: 1px solid #8888; overflow-wrap: normal; }
h2 { margin-top: 2rem; }
@media print { body { max-width: none; margin: 0; } pre { white-space: pre-wrap; } }
""".strip()
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def generated_by() -> dict[str, str]:
    """Who wrote a document of the bundle."""
    return {"name": "auditrail", "version": __version__}


def json_bytes(document: Any) -> bytes:
    """JSON for a file: two blanks of indent, keys in their order, what acts on a terminal escaped, LF at the end."""
    return (text.json_safe(json.dumps(document, indent=2, ensure_ascii=False)) + "\n").encode("utf-8", "replace")


def whole(title: str, body: Iterable[str]) -> str:
    """A page around a body that is HTML already."""
    return "".join(_page(title, body))


def _page(title: str, body: Iterable[str]) -> Iterator[str]:
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{escape(title)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
    yield from body
    yield "</body>\n</html>\n"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table; heads are text, cells are HTML already."""
    head = "".join(f'<th scope="col">{html.escape(one)}</th>' for one in heads)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody>\n</table>\n"


def escape(value: str) -> str:
    """Text from logs as HTML: no markup, and nothing that hides or turns the direction of text."""
    return html.escape(text.terminal(value))
