"""Executions of a tool that carry no id of the call they answer.

Many tracers give a tool's span no id of the call (Langfuse, LangSmith, OpenInference and Jaeger's or Zipkin's tags). An
execution of the same tool in the same run, which did not end before the model asked, answers one call:

1. if the arguments are the same, be it as JSON or as Python writes a dictionary;
2. among those that are left, if it has all the arguments asked for, and further ones: a tracer that records what a
   function was called with (MLflow) names the defaults, too;
3. among those that are left, if the arguments of one side cannot be read. Arguments that differ are another call.
"""

from __future__ import annotations

import ast
import warnings
from collections import defaultdict
from collections.abc import Iterable
from typing import Any, TypeVar

from auditrail import jsontext
from auditrail.correlate.call_records import CallRecord
from auditrail.errors import RecordError

_READABLE = ("present", "empty")
# Longer texts than this are not read as Python: that takes many times their size.
_MAX_PYTHON = 1 << 16
_Call = TypeVar("_Call", bound=CallRecord)


def unanswered(calls: Iterable[_Call], events: Iterable[CallRecord]) -> list[_Call]:
    """The calls, in their order, that not even an execution without an id can be; each execution answers one."""
    free: dict[str, list[CallRecord]] = defaultdict(list)
    for event in events:
        if event.layer == "tool" and event.kind in ("span", "call") and event.tool and not event.tool_call_id:
            free[event.tool].append(event)
    left = list(calls)
    for same in (_same, _filled, _unreadable):
        waiting, left = left, []
        for call in waiting:
            held = free[call.tool or ""]
            answer = next((event for event in held if same(call, event) and not _ended_before(event, call)), None)
            if answer is None:
                left.append(call)
            else:
                held.remove(answer)
    return left


def _same(call: CallRecord, event: CallRecord) -> bool:
    if call.args_state == event.args_state == "empty":
        return True
    return call.args_state == event.args_state == "present" and _plain(call.args) == _plain(event.args)


def _filled(call: CallRecord, event: CallRecord) -> bool:
    if call.args_state not in _READABLE or event.args_state != "present":
        return False
    asked, held = {} if call.args_state == "empty" else _plain(call.args), _plain(event.args)
    if not isinstance(asked, dict) or not isinstance(held, dict):
        return False
    return all(key in held and held[key] == value for key, value in asked.items())


def _unreadable(call: CallRecord, event: CallRecord) -> bool:
    return call.args_state not in _READABLE or event.args_state not in _READABLE


def _ended_before(event: CallRecord, call: CallRecord) -> bool:
    ended = event.end_ns if event.end_ns is not None else event.ts_ns
    return ended is not None and call.ts_ns is not None and ended + event.skew_ns < call.ts_ns + call.skew_ns


def _plain(text: str | None) -> Any:
    """Arguments without regard to white space and the order of members."""
    if text is None:
        return None
    try:
        return jsontext.parse(text.encode("utf-8", "surrogatepass"))[0]
    except RecordError:
        return _python(text)


def _python(text: str) -> Any:
    if len(text) > _MAX_PYTHON or not text.lstrip().startswith("{"):
        return text
    try:
        with warnings.catch_warnings():  # of escapes that Python does not know
            warnings.simplefilter("ignore")
            return ast.literal_eval(text.strip())
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return text
