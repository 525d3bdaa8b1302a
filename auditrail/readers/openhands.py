"""OpenHands: trajectories, event folders, resolver and evaluation output, and the events of the newer SDK.

After All-Hands-AI/OpenHands `openhands/events` (serialization of actions and observations) and
OpenHands/software-agent-sdk `openhands/sdk/event`. Shapes:

- Events `{id, timestamp, source, message, action, args}` and `{..., observation, content, extras, cause}`: arrays,
  JSON lines, `{"trajectory": [...]}`, or one file for each event (`<session>/events/<n>.json`: the folder names
  the run).
- Resolver and evaluation output: one object for each run, with `history` (a list of events, or of pairs of them, in old
  files without id and time), `instruction`, `git_patch`, `success`, `error`, `metrics`.
- SDK events `{kind: ActionEvent | ObservationEvent | MessageEvent | ..., id, timestamp, source, tool_call_id, ...}`,
  in files `<conversation>/events/event-<n>-<id>.json`, beside `<conversation>/base_state.json`, which tells how the
  conversation was left (tests/fixtures/conversations there). The folder is the conversation's id without dashes.

What the events say:

- An action of the agent is a tool call that the model asked for; the observation is its result. They share the tool
  call's id, or `<run>#<id of the action>` where the model gave none (`cause` of the observation tells it). In old
  histories the observation belongs to the action before it.
- Tokens and model stand in `tool_call_metadata.model_response`, which calls of one answer repeat: the first has them.
- `openhands.id` (`seq`) counts the events of a session: a hole is an event that was never written or was left out.
- Confirmation: `awaiting_user_confirmation` is the question (`ask`), `user_confirmed` allows, and a rejection is told
  by the observation that the call gets instead of a result. `security_risk` is kept, it decides nothing by itself.
- Times are local times without a zone.

Tested on real files of OpenHands of 2024 and 2025, and of its SDK of 2026.

Not read: the server's database, and files of a conversation other than its events and its base state.
"""

from __future__ import annotations

from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event
from auditrail.readers import _openhands as events
from auditrail.readers import _openhands_sdk as sdk
from auditrail.readers._contract import Reading
from auditrail.readers._scope import NOWHERE, Origin

NAME = "openhands"
TITLE = "OpenHands trajectory, event folder, resolver output, or SDK events"
LAYER = "agent"
TESTED_ON = "real files of OpenHands: four trajectories, a resolver output, and a conversation of the SDK (1.49)"
NEVER_RECORDS = "Requests to the model that gave no action; events that a trajectory export filtered out."
IDS = ("run", "tool_call", "response", "message")
CAPTURES = {
    "time": "partly: local time without a zone; histories of the resolver have none",
    "run": "partly: only the folder of a session names it; an exported file carries no id",
    "parent": "partly: `cause` names the action of an observation; delegated agents share the stream of their parent",
    "call": "yes: the model's own id, or the action that an observation names as its cause",
    "arguments": "yes: secrets are replaced by `<secret_hidden>`",
    "results": "yes: long output is cut by the agent",
    "model": "partly: where the answer of the model is kept with the action",
    "tokens": "partly: where the answer of the model is kept with the action",
    "decision": "partly: confirmation by a person, in confirmation mode; the analyzer's risk is kept beside the action",
    "errors": "yes: error observations, exit codes, and the error of a run in evaluation output",
    "end": "partly: a finish action or a final state; a killed session has none",
}
ARRAYS = ("trajectory",)

_SOURCES = frozenset({"agent", "user", "environment"})


def sniff(head: Head) -> float:
    """0.95 for an event of either kind, or a run with a history of events; judged by the first objects."""
    records = [sample for sample in head.samples if isinstance(sample, dict)][:8]
    if any(_is_event(each) or sdk.is_event(each) or sdk.is_state(each) or _is_run(each) for each in records):
        return 0.95
    if any(_is_event(each) for record in records for each in _objects(record.get("trajectory"))[:3]):
        return 0.95
    if not records and head.keys >= {"instruction", "git_patch"} and b'"history"' in head.raw:
        return 0.9
    return 0.9 if not records and head.keys >= {"id", "timestamp", "source", "message"} else 0.0


def _is_event(value: dict[str, Any]) -> bool:
    if not isinstance(value.get("source"), str) or value["source"] not in _SOURCES or "timestamp" not in value:
        return False
    action = isinstance(value.get("action"), str) and isinstance(value.get("args"), dict)
    observation = isinstance(value.get("observation"), str) and "extras" in value
    return action or observation


def _is_run(value: dict[str, Any]) -> bool:
    history = value.get("history")
    if not isinstance(history, list) or not value.keys() & {"git_patch", "test_result", "instruction"}:
        return False
    items = [item for each in history[:3] for item in (each if isinstance(each, list) else [each])]
    told = [item for item in items if isinstance(item, dict)]
    return not history or any("action" in item or "observation" in item or sdk.is_event(item) for item in told)


def read(value: Any, record: Record, *, origin: Origin = NOWHERE) -> Reading:
    """One event; or a whole run with its history."""
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an event of OpenHands is a JSON object")
    if isinstance(value.get("history"), list) and "action" not in value and "observation" not in value:
        return events.run(value, record, origin)
    session, number = _folder(origin)
    run = session or origin.run()
    if sdk.is_event(value):
        return _of_folder([sdk.event(value, run, number), *sdk.end_of(value, run)], session)
    if sdk.is_state(value):
        parts = origin.parts
        folder = parts[-2] if len(parts) > 1 and parts[-1] == "base_state.json" else None
        return _of_folder([sdk.state(value, folder or str(value["id"]).replace("-", ""))], folder)
    return _of_folder([events.event(value, run)], session)


def _of_folder(told: list[Event], folder: str | None) -> list[Event]:
    """Files of one event each are one stream: the folder's."""
    return [each._replace(stream=folder) for each in told] if folder else told


def _folder(origin: Origin) -> tuple[str | None, int | None]:
    """Session and number of an event that is a file of its own: `<session>/events/<n>.json`, `event-<n>-<id>.json`."""
    parts = origin.parts
    if len(parts) < 3 or parts[-2] not in ("events", "event_cache"):
        return None, None
    name = parts[-1].removeprefix("event-").split(".", 1)[0].split("-", 1)[0]
    return parts[-3], int(name) if name.isascii() and name.isdigit() and len(name) < 12 else None


def _objects(value: Any) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
