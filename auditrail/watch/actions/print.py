"""Prints alerts on standard output: a line of text for each, or a line of JSON with `format = "jsonl"`."""

from __future__ import annotations

from typing import Any, TextIO

import orjson

from auditrail.errors import ConfigError
from auditrail.text import json_safe, one_line

NAME = "print"
TITLE = "print it"
SETTINGS: dict[str, type] = {"format": str}
QUEUED = False
RETRIED = False


def make(settings: dict[str, Any], output: TextIO) -> Print:
    """The action.

    Raises:
        ConfigError: `format` is neither `text` nor `jsonl`.
    """
    chosen = settings.get("format", "text")
    if chosen not in ("text", "jsonl"):
        raise ConfigError(f"watch.action.format: {chosen!r} is none", hint="text or jsonl")
    return Print(output, jsonl=chosen == "jsonl")


class Print:
    """Writes to a stream."""

    def __init__(self, output: TextIO, *, jsonl: bool) -> None:
        self._output = output
        self._jsonl = jsonl

    def deliver(self, alert: dict[str, Any]) -> None:
        line = json_safe(orjson.dumps(alert).decode()) if self._jsonl else line_of(alert)
        self._output.write(line + "\n")
        self._output.flush()


def line_of(alert: dict[str, Any]) -> str:
    """One line for people, with nothing in it that acts on a terminal."""
    evidence = alert["evidence"]
    where = f"  [{evidence[0]['path']}:{evidence[0]['record']}]" if evidence else ""
    again = "  (told before a restart, perhaps)" if alert.get("redelivered") else ""
    text = f"{alert['time']}  {alert['severity']:<8}  {alert['rule']:<20}  {alert['message']}{where}{again}"
    return one_line(text) if "\n" in text else _safe(text)


def _safe(text: str) -> str:
    from auditrail.text import terminal

    return terminal(text)
