"""Messages of the Model Context Protocol (JSON-RPC 2.0) as events; `mcp` and `mcp_text` differ in what is around them.

Facts: JSON-RPC 2.0 (request `{id, method, params}`, notification without id, response `{id, result}` or
`{id, error: {code, message, data}}`, batches as arrays) and the MCP schema of 2024-11-05 to 2025-11-25: tools/call
`{name, arguments, _meta}` -> `{content[], structuredContent, isError}`, sampling/createMessage -> `{role, content,
model}`, elicitation/create -> `{action: accept|decline|cancel, content}`, notifications/cancelled `{requestId}`.

A JSON-RPC id is unique for one side of one session only, and a response names neither side nor method. So ids are
written `<session>#<side that asked>#<id>`, and `Sessions` remembers what was asked until it is answered. Where that
is not known (the log begins in the middle), the shape of the result decides, and the client counts as the one that
asked. A text that looks like a number is quoted: "1" and 1 are two ids.
"""

from __future__ import annotations

import re
from collections import OrderedDict
from typing import Any, NamedTuple

from auditrail import jsontext
from auditrail.containers.records import Record
from auditrail.digest import record_digest
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _gateway as gateway
from auditrail.readers import _steps as steps
from auditrail.readers._gateway import objects
from auditrail.readers._scope import Origin

IDS = ("session", "request", "tool_call", "trace", "parent_span", "run", "conversation", "task", "user", "message",
       "parent_run", "parent_request", "other")  # fmt: skip
CLIENT, SERVER = "client", "server"
# Methods that a server asks of a client; all others go the other way, but ping and the tasks, which go both ways.
_BY_SERVER = ("sampling/", "elicitation/", "roots/list", "notifications/message", "notifications/resources/",
              "notifications/tools/", "notifications/prompts/", "notifications/elicitation/")  # fmt: skip
_OF_MCP = ("tools/", "resources/", "prompts/", "notifications/", "sampling/", "elicitation/", "roots/list",
           "completion/complete", "logging/setLevel")  # fmt: skip
_TOOL_METHODS = ("tools/", "resources/", "prompts/", "completion/")
_BAD_LEVELS = ("error", "critical", "alert", "emergency")
_ACTIONS = {"accept": "allow", "decline": "deny", "cancel": "undefined"}
# Where clients put the model's id of a tool call: any member of `_meta` whose last step is called so.
_CALL_NAMES = frozenset({"tooluseid", "toolcallid"})
_LAST_STEP = re.compile(r"[/.:]")
# Requests remembered until they are answered: far beyond what is open at a time.
_OPEN = 10_000

SESSION_NOTE, ASKED_NOTE = "auditrail.session", "auditrail.asked"


class Place(NamedTuple):
    """Where messages stand: what the record around them says.

    Attributes:
        base: time, stream, session and further ids.
        scope: what makes a JSON-RPC id unique.
        sender: `client`, `server`, or None where the record does not say.
        asked: method and tool by pairing id, as `Sessions` noted them.
    """

    base: Event
    scope: str
    sender: str | None
    asked: dict[str, Any]


def is_message(value: Any) -> bool:
    """Whether a value is a JSON-RPC 2.0 message."""
    return isinstance(value, dict) and value.get("jsonrpc") == "2.0"


def is_mcp(message: Any) -> bool:
    """Whether a JSON-RPC message is one of MCP: other protocols (LSP, A2A) have other methods and results."""
    if not is_message(message):
        return False
    method, params, result = message.get("method"), message.get("params"), message.get("result")
    if isinstance(method, str):
        opening = method == "initialize" and gateway.member(params, "protocolVersion") is not None
        return opening or method.startswith(_OF_MCP)
    if not isinstance(result, dict):
        return False
    return "protocolVersion" in result or _is_tool_result(result) or isinstance(result.get("tools"), list)


def sender_of(method: str) -> str:
    """The side that sends a request or notification."""
    return SERVER if method.startswith(_BY_SERVER) else CLIENT


def other(side: str | None) -> str | None:
    return {CLIENT: SERVER, SERVER: CLIENT}.get(side or "")


def pair_key(side: str, message_id: Any) -> str | None:
    """`<side that asked>#<id>`, None where there is no id."""
    if isinstance(message_id, bool) or not isinstance(message_id, (str, int, float)):
        return None
    text = str(message_id)
    if isinstance(message_id, str):
        text = f'"{text}"' if re.fullmatch(r"-?\d+(\.\d+)?", text) else text
    return f"{side}#{text}" if len(text) <= 200 else None


def scope_of(session: str | None, record: Record, origin: Origin) -> str:
    """What makes ids unique: the session that the log names, else the source and where its session began in it."""
    if session is not None:
        return session
    began = (record.header or {}).get(SESSION_NOTE)
    return Origin(origin.path, began if isinstance(began, str) else origin.first).run()


def asked_of(record: Record) -> dict[str, Any]:
    noted = (record.header or {}).get(ASKED_NOTE)
    return noted if isinstance(noted, dict) else {}


class Sessions:
    """What an `Assembler` remembers along a source: where its session began, and what waits for an answer."""

    def __init__(self) -> None:
        self._began: str | None = None
        self._fresh = False
        self._open: OrderedDict[str, list[str | None]] = OrderedDict()

    def opened(self, record: Record) -> None:
        """A session begins here, and the `initialize` behind it is its first message."""
        if not self._fresh:
            self._begin(record)
            self._fresh = True

    def _begin(self, record: Record) -> None:
        # With its place: a client begins every session with the same bytes.
        self._began = record_digest(record.digest + record.offset.to_bytes(8, "big")).hex()
        self._open.clear()

    def note(self, record: Record, messages: list[Any], sender: str | None, session: str | None) -> Record:
        """The record with what it needs of the records before it, in its header."""
        asked: dict[str, Any] = {}
        for message in messages:
            if is_message(message):
                self._take(message, sender, session, record, asked)
        notes = {SESSION_NOTE: self._began, ASKED_NOTE: asked}
        return record._replace(header={**(record.header or {}), **{key: note for key, note in notes.items() if note}})

    def _take(self, message: Any, sender: str | None, session: str | None, record: Record, asked: Any) -> None:
        method = message.get("method")
        if isinstance(method, str):
            if method == "initialize" and session is None and not self._fresh:
                self._begin(record)
            self._fresh = False
            key = pair_key(sender or sender_of(method), message.get("id"))
            if key is not None:
                tool = steps.text(gateway.member(message.get("params"), "name")) if method == "tools/call" else None
                self._open[f"{session}#{key}"] = [method, tool]
                if len(self._open) > _OPEN:
                    self._open.popitem(last=False)
            return
        for side in [other(sender)] if sender else [CLIENT, SERVER]:
            key = pair_key(side or CLIENT, message.get("id"))
            if key is not None and (found := self._open.get(f"{session}#{key}")) and _fits(found[0], message):
                asked[key] = found
                del self._open[f"{session}#{key}"]
                return


def _fits(method: str | None, message: dict[str, Any]) -> bool:
    """Whether a response can be the answer to a method, by its shape; an error can be one to any."""
    result = message.get("result")
    if not isinstance(result, dict) or method is None:
        return True
    if method == "tools/call" and not result.keys() - {"_meta"}:
        return False  # the answer to a ping of the other side
    shaped = _asker_by_shape(result)
    return shaped is None or shaped == sender_of(method)


def event_of(message: dict[str, Any], place: Place) -> Event:
    """One JSON-RPC message as an event."""
    fields = gateway.Fields(message)
    if message.get("jsonrpc") == "2.0":
        fields.take("jsonrpc")
    if isinstance(method := message.get("method"), str):
        fields.take("method")
        made = _asking(method, message, fields, place)
    else:
        made = _answer(message, fields, place)
    return made._replace(attributes=fields.attributes())


def _paired(made: Event, key: str | None, fields: gateway.Fields, place: Place, *, tool: bool) -> Event:
    if key is None:
        return made
    if fields.has("id"):
        fields.take("id")
    scoped = f"{place.scope}#{key}"
    made = steps.with_ids(made, ("request", scoped))
    return steps.with_ids(made, ("tool_call", scoped)) if tool else made


def _asking(method: str, message: dict[str, Any], fields: gateway.Fields, place: Place) -> Event:
    side = place.sender or sender_of(method)
    params = message.get("params")
    is_call = method == "tools/call"
    made = place.base._replace(name=method, layer="tool" if method.startswith(_TOOL_METHODS) else "other", kind="log")
    made = _paired(made, pair_key(side, message.get("id")), fields, place, tool=is_call)
    made = _traced(made, gateway.member(params, "_meta"))
    if is_call and isinstance(params, dict):
        inside = gateway.Fields(params)
        made = made._replace(kind="call", tool=inside.text("name"))
        made = steps.with_args(made, inside.take("arguments"), given="arguments" in params)
        return _put_back(made, "params", inside, params, fields)
    if method == "notifications/message" and isinstance(params, dict):
        bad = params.get("level") in _BAD_LEVELS
        data = params.get("data")
        return made._replace(layer="tool", status="error" if bad else "unknown",
                             error=jsontext.content(data) if bad else None)  # fmt: skip
    if method == "notifications/cancelled":
        cancelled = pair_key(side, gateway.member(params, "requestId"))
        scoped = f"{place.scope}#{cancelled}" if cancelled else None
        return steps.with_ids(made._replace(layer="tool"), ("request", scoped), ("tool_call", scoped))
    if method.startswith("notifications/"):
        return made
    if "params" in message:
        made = steps.with_args(made, fields.take("params"))
    if method == "sampling/createMessage":
        return made._replace(layer="llm")
    if method == "elicitation/create":
        return made._replace(layer="policy", kind="decision", decision="ask", policy=method)
    return made


def _answer(message: dict[str, Any], fields: gateway.Fields, place: Place) -> Event:
    result, error = message.get("result"), message.get("error")
    side = other(place.sender)
    if side is None and isinstance(result, dict):
        side = _asker_by_shape(result)
    key = pair_key(side or CLIENT, message.get("id"))
    if side is None and key not in place.asked and (turned := pair_key(SERVER, message.get("id"))) in place.asked:
        key = turned
    noted = place.asked.get(key or "")
    method, tool = noted if isinstance(noted, list) and len(noted) == 2 else (None, None)
    is_call = method == "tools/call" or (method is None and (error is not None or _is_tool_result(result)))
    layer = "tool" if is_call or (method or "").startswith(_TOOL_METHODS) else "other"
    made = place.base._replace(name=method, layer=layer, kind="log", tool=tool)
    made = _paired(made, key, fields, place, tool=is_call)
    if error is not None:
        return _failed(made, error, fields)
    if "result" not in message:
        return made
    made = _traced(made, gateway.member(result, "_meta"))
    if is_call:
        return _tool_result(made, result, fields)
    fields.take("result")
    made = steps.with_result(made, result)._replace(status="ok")
    if not isinstance(result, dict):
        return made
    if method == "sampling/createMessage" or (method is None and _is_sampled(result)):
        return made._replace(layer="llm", kind="message", model=steps.text(result.get("model")))
    if method == "elicitation/create" or (method is None and _is_elicited(result)):
        decision = _ACTIONS.get(str(result.get("action")))
        status = "denied" if decision == "deny" else "ok"
        return made._replace(layer="policy", kind="decision", decision=decision, status=status,
                             policy="elicitation/create")  # fmt: skip
    return made


def _failed(made: Event, error: Any, fields: gateway.Fields) -> Event:
    """A JSON-RPC error: the request was answered, by no result."""
    made = made._replace(kind="error", status="error", error=jsontext.content(error))
    if isinstance(error, dict):
        text, code = steps.text(error.get("message")), error.get("code")
        shown = f"{code}: {text}" if text and isinstance(code, int) else text
        made = made._replace(error=shown or jsontext.dumps(error))
        if error.keys() <= {"code", "message"} and shown:
            fields.take("error")
    return made


def _tool_result(made: Event, result: Any, fields: gateway.Fields) -> Event:
    fields.take("result")
    made = made._replace(kind="result", status="ok")
    if not isinstance(result, dict):
        return steps.with_result(made, result)
    failed = result.get("isError") is True
    inside = gateway.Fields(result)
    if isinstance(result.get("isError"), bool):
        inside.take("isError")
    kept = {key: inside.take(key) for key in list(result) if key not in ("_meta", "isError")}
    made = steps.with_result(made, kept["content"] if kept.keys() == {"content"} else kept)
    if failed:
        made = made._replace(status="error", error=_first_text(result.get("content")))
    return _put_back(made, "result", inside, result, fields)


def _put_back(made: Event, name: str, inside: gateway.Fields, value: dict[str, Any], fields: gateway.Fields) -> Event:
    """Leaves what no column took of a member for the attributes."""
    fields.take(name)
    if rest := {key: inside.get(key) for key in value if inside.has(key)}:
        fields.put(name, rest)
    return made


def _traced(made: Event, meta: Any) -> Event:
    """The ids in `_meta`: a W3C traceparent, a model's tool call id under a name of the client's own, and others."""
    if not isinstance(meta, dict):
        return made
    found = list(made.ids)
    sampled = gateway.add_traceparent(found, meta.get("traceparent"))
    gateway.add_named(found, {key: value for key, value in meta.items() if key != "traceparent"})
    made = made._replace(ids=tuple(found), sampled=sampled if sampled is not None else made.sampled)
    for key, value in meta.items():
        if len(key) <= 100 and gateway.fold(_LAST_STEP.split(key)[-1]) in _CALL_NAMES:
            made = steps.with_ids(made, ("tool_call", value))
    return made


def _is_tool_result(result: Any) -> bool:
    if not isinstance(result, dict) or "role" in result or "model" in result:
        return False
    return isinstance(result.get("content"), list) or "structuredContent" in result or "toolResult" in result


def _is_sampled(result: dict[str, Any]) -> bool:
    return "role" in result and "content" in result and isinstance(result.get("model"), str)


def _is_elicited(result: dict[str, Any]) -> bool:
    return result.get("action") in tuple(_ACTIONS) and result.keys() <= {"action", "content", "_meta"}


def _asker_by_shape(result: dict[str, Any]) -> str | None:
    if _is_sampled(result) or _is_elicited(result) or isinstance(result.get("roots"), list):
        return SERVER
    return CLIENT if result.keys() - {"_meta"} else None


def _first_text(content: Any) -> str | None:
    return next((text for item in objects(content) if (text := steps.text(item.get("text")))), None)


def parsed(raw: bytes) -> Any:
    """The JSON of a record that may hold messages; None where it holds none or is none."""
    if b"jsonrpc" not in raw:
        return None
    try:
        return jsontext.parse(raw)[0]
    except RecordError:
        return None
