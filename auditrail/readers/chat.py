"""Plain chat transcripts: OpenAI, Anthropic, Google and ShareGPT messages, one conversation or one message a record.

What the messages look like is in `_conversation`. Shapes of a file:

- A record with a list of messages (`messages`, `conversation(s)`, `contents`, `chat`, `trajectory`): fine-tuning
  files of OpenAI (`{"messages": [...], "tools": [...]}`), requests that were saved, exports. One record is one run; a
  conversation id in it names the run, else it is named after the file and the record.
- An array of messages, or one message a line: the whole source is one run.

Items of OpenAI's Responses (`{type: function_call, call_id, ...}`, what the Agents SDK keeps as a session) and messages
of LangChain (by their fields, `message_to_dict` or `dumpd`) are messages, too. A result without an id belongs to the
first open call of the answer before it; it says so (`paired`).

Anthropic keeps the system prompt beside the messages (`system`), Google `systemInstruction`: the first message then.
A request or response of an API beside its messages (`response`, `choices`) is read by `llm-pairs` instead, and a
conversation of several named agents by `agent-history`.

After the API references of OpenAI (chat completions, fine-tuning), Anthropic (messages) and Google (generateContent).
There is most often no time: the order in the file is the order.

Not read: ChatGPT's exports with a `mapping`. Google's tool calls carry no ids, and are not paired with their results.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _gateway as gateway
from auditrail.readers._contract import Reading
from auditrail.readers._conversation import MODEL_ROLES, Run, Telling, looks_like, of_run, role_of, unwrapped
from auditrail.readers._scope import NOWHERE, Origin

NAME = "chat"
TITLE = "Chat transcript (OpenAI, Anthropic, Google or ShareGPT messages)"
LAYER = "llm"
TESTED_ON = "documentation only: API references of OpenAI, Anthropic and Google for their messages"
NEVER_RECORDS = (
    "Whether and when a tool ran: a transcript holds what was said, and a result is what was told to the model."
)
IDS = ("run", "conversation", "session", "tool_call", "message", "user")
CAPTURES = {
    "time": "partly: where a writer adds one to each message; the formats of the providers have none",
    "run": "partly: where a writer adds a conversation id; else a record, or the whole file, is the run",
    "parent": "never: the order of the messages is all",
    "call": "partly: OpenAI and Anthropic; Google, ShareGPT and writers that drop the ids of results pair by order",
    "arguments": "yes: as the model wrote them",
    "results": "yes: as they were told to the model",
    "model": "partly: where the request or a message names it",
    "tokens": "partly: where a writer adds `usage` to a message",
    "decision": "never",
    "errors": "partly: a failed tool only where its result says `is_error`",
    "end": "never: a transcript just stops",
}

_LISTS = ("messages", "conversations", "conversation", "contents", "chat", "trajectory")
_SYSTEM = ("system", "systemInstruction", "system_instruction")
_FOREIGN = frozenset({
    "response", "choices", "litellm_call_id", "call_type", "traj", "history", "simulations", "eval",
    "termination_reason", "epoch", "request", "info", "events", "git_patch", "output",
})  # fmt: skip
_ITEMS = ("function_call", "function_call_output", "custom_tool_call", "custom_tool_call_output")
_INSTANCES = ("instance_id", "task_id", "sample_id", "problem_id")
_NAMES = ("run_id", "conversation_id", "conversationId", "chat_id", "thread_id")


def sniff(head: Head) -> float:
    """0.6 if most records hold a list of messages with known roles, 0.45 if most of them are messages themselves.

    Lower than any reader that knows what stands around the messages.
    """
    records = [sample for sample in head.samples if isinstance(sample, dict) and sample]
    if not records:
        cut = head.keys & set(_LISTS) and not head.keys & _FOREIGN and b'"role"' in head.raw
        return 0.5 if cut else 0.0
    listed = sum(1 for record in records if _listed(record) is not None and not record.keys() & _FOREIGN)
    if 2 * listed > len(records):
        return 0.6
    single = [record for record in records if looks_like(record) and not record.keys() & _FOREIGN]
    plain = [unwrapped(record) for record in single if _is_plain(record)]
    spoken = any(role_of(record) in MODEL_ROLES for record in plain)
    roles = {role_of(record) for record in plain}
    if 2 * len(plain) > len(records) and (spoken or len(roles) > 1):
        return 0.45
    return 0.0


def _is_plain(record: dict[str, Any]) -> bool:
    """Whether a message says in the way of a provider, and no other, who speaks: `role`, or an item of Responses."""
    message = unwrapped(record)
    if message.get("type") in _ITEMS and "call_id" in message:
        return True
    if message is not record or message.keys() & {"additional_kwargs", "response_metadata"}:
        return "content" in message  # LangChain
    return bool(message.keys() & {"role", "from"} and message.keys() & {"content", "parts", "value", "tool_calls"})


def _listed(record: dict[str, Any]) -> str | None:
    for name in _LISTS:
        messages = record.get(name)
        if isinstance(messages, list) and messages:
            known = sum(1 for message in messages[:20] if looks_like(message))
            return name if 2 * known > len(messages[:20]) else None
    return None


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """A conversation, or one message of the conversation that the source is."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a conversation or message is a JSON object")
    key = next((name for name in _LISTS if isinstance(value.get(name), list)), None)
    if key is None:
        own = _own_name(value)
        run = Run(own or origin.run(), more=tuple(_ids(value)))
        if not looks_like(value):
            return [of_run(run, layer="agent", kind="log", name="unknown", rest=value)]
        return list(Telling(run).message(value))
    fields = gateway.Fields(value)
    messages = fields.take(key)
    model = fields.text("model")
    run = Run(_name_of(value, record, origin), model=model, more=tuple(_ids(value)))
    telling = Telling(run)
    events: list[Event] = []
    for name in _SYSTEM:
        if (system := fields.get(name)) is not None:
            fields.take(name)
            told = {"role": "system", **(system if isinstance(system, dict) else {"content": system})}
            events += telling.message({**told, "role": "system"})
    for message in messages:
        events += telling.message(message)
    for name in _NAMES:
        if value.get(name) == run.id:
            fields.take(name)
    if (attributes := fields.attributes()) is not None or not events:
        rest = of_run(
            run, at=fields.moment("timestamp", "created_at", "created"), layer="agent", kind="log", name="chat"
        )
        events.append(rest._replace(attributes=attributes))
    return events


def _name_of(value: dict[str, Any], record: Record, origin: Origin) -> str:
    """Its own id; but data sets give all conversations of an experiment one `run_id`, and each its instance."""
    own = _own_name(value)
    instance = next((value[name] for name in _INSTANCES if isinstance(value.get(name), (str, int))), None)
    if instance is None:
        return own or origin.run_of(record)
    return origin.run_of(record, value["run_id"] if own is not None and own == value.get("run_id") else None, instance)


def _own_name(value: dict[str, Any]) -> str | None:
    for name in _NAMES:
        found = value.get(name)
        if isinstance(found, str) and len(found) >= 8 and (text := id_text.normalise("run", found)):
            return text
    return None


def _ids(value: dict[str, Any]) -> list[Id]:
    ids: list[Id] = []
    for name, kind in (("conversation_id", "conversation"), ("thread_id", "conversation"), ("session_id", "session")):
        found = value.get(name)
        if isinstance(found, str) and len(found) >= 8:
            id_text.add(ids, kind, found)
    return ids
