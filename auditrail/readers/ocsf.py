"""OCSF events (Open Cybersecurity Schema Framework) as JSON: lines, arrays, Security Lake's Parquet rows as objects.

What the columns say:

- `ts_ns` is `start_time` where there is one, else `time` (milliseconds; `time_dt` and other `_dt` members as text);
  `observed_ns` is `metadata.logged_time`.
- the decision is `disposition_id`, else `action_id`, else the decisions in `authorizations`: a denial beats a
  permission. The status is `denied`, or what `status_id` says (1 success, 2 failure).
- profile ai_operation: `ai_model` (or that of `ai_agent`), `message_context` with tokens and the id of the
  conversation, `ai_agent`: `uid` names the agent, `instance_uid` a session of it.
- `api.operation` names the event; `api.request.data` and `api.response.data` are arguments and result.
- `metadata.uid` is the logging system's id of the event (copies are counted once), `metadata.sequence` its counter
  (a hole proves loss), both per product and log.

`unmapped` and `raw_data` stay in the attributes: `raw_data` is the same event in the words of its source, and reading
it would count it twice.

Facts: ocsf/ocsf-schema `profiles/ai_operation.json`, `profiles/security_control.json`, `objects/message_context.json`,
`objects/ai_model.json`, `objects/ai_agent.json`, `objects/metadata.json`, `objects/trace.json`, `objects/span.json`,
`objects/api.json`, `events/application/api_activity.json`; numbers of `disposition_id` are general knowledge. Not
read: findings as decisions, observables as ids.

Not read: `raw_data`, which is kept as it is and not read a second time.
"""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.content import state_of
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _gateway as gateway
from auditrail.readers import _verdicts as verdicts
from auditrail.readers._contract import Reading

NAME = "ocsf"
TITLE = "OCSF events (Security Lake and other security data lakes)"
LAYER = "other"
TESTED_ON = "documentation only: profiles, objects and classes of ocsf/ocsf-schema; invented samples"
NEVER_RECORDS = "what its mapper did not map (at best in `unmapped`), and text of prompts and answers."
IDS = tuple(dict.fromkeys(("trace", "span", "parent_span", *gateway.ID_NAMES.values())))
CAPTURES = {
    "time": "yes: `time` is required",
    "run": "partly: `ai_agent.instance_uid` names a session of the agent, which may hold several runs",
    "parent": "opt-in: profile trace, `trace.span.parent_uid`",
    "call": "never: tool calls have no id of their own",
    "arguments": "partly: `api.request.data`, where the producer fills it",
    "results": "partly: `api.response.data`, where the producer fills it",
    "model": "opt-in: profile ai_operation",
    "tokens": "opt-in: profile ai_operation, `message_context`",
    "decision": "opt-in: profile security_control, or `authorizations` of the actor",
    "errors": "yes: `status_id`, with `status_detail` where the producer fills it",
    "end": "n/a",
}

_DISPOSITIONS: dict[int, str] = {
    **dict.fromkeys((1, 8, 10), "allow"),  # allowed, approved, exonerated
    **dict.fromkeys((2, 3, 4, 6, 24, 25, 26), "deny"),  # blocked, quarantined, isolated, dropped, revoked, ...
    **dict.fromkeys((11, 12), "modify"),  # corrected, partially corrected
    **dict.fromkeys((15, 17, 18, 19, 20), "flag"),  # detected, logged, tagged, alert, count
    **dict.fromkeys((22, 23), "ask"),  # captcha, challenge
}
_ACTIONS = {1: "allow", 2: "deny", 3: "flag", 4: "modify"}
_STATUS_IDS = {1: "success", 2: "failure"}


def sniff(head: Head) -> float:
    """0.95 for a class with its category, type or metadata; content only."""
    for sample in head.samples[:5]:
        if isinstance(sample, dict) and _whole(sample.get("class_uid")) is not None:
            metadata = sample.get("metadata")
            described = isinstance(metadata, dict) and ({"version", "product", "profiles"} & metadata.keys())
            if described or {"category_uid", "type_uid", "activity_id"} & sample.keys():
                return 0.95
    if not head.samples and "class_uid" in head.keys and {"category_uid", "type_uid", "metadata"} & head.keys:
        return 0.95
    return 0.0


class _Members:
    """Members of a nested record, each taken at most once; what is left becomes the attributes."""

    def __init__(self, value: dict[str, Any]) -> None:
        self.value = value
        self._left = dict(value)
        self._copied: set[tuple[str, ...]] = set()

    def get(self, *path: str) -> Any:
        return gateway.member(self.value, *path)

    def text(self, *paths: str) -> str | None:
        """The first of the dotted paths that holds text other than blanks, taken."""
        for dotted in paths:
            path = tuple(dotted.split("."))
            if gateway.is_text(found := self.get(*path)):
                self.take(*path)
                return str(found)
        return None

    def take(self, *path: str) -> Any:
        found = self.get(*path)
        holder = self._left
        for depth, key in enumerate(path[:-1], 1):
            inner = holder.get(key)
            if not isinstance(inner, dict):
                return found
            if path[:depth] not in self._copied:
                inner = holder[key] = dict(inner)
                self._copied.add(path[:depth])
            holder = inner
        holder.pop(path[-1], None)
        return found

    def moment(self, *paths: str) -> times.Moment | None:
        for dotted in paths:
            path = tuple(dotted.split("."))
            if (moment := times.parse(self.get(*path))) is not None:
                self.take(*path)
                return moment
        return None

    def count(self, *path: str) -> int | None:
        number = gateway.whole(self.get(*path))
        if number is not None:
            self.take(*path)
        return number

    def attributes(self) -> str | None:
        left = {key: item for key, item in self._left.items() if item != {} or self.value[key] == {}}
        return jsontext.dumps(left) if left else None


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract gives it
    """One OCSF event -> one event.

    Raises:
        RecordError: `not-an-object`.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "an OCSF event is an object")
    fields = _Members(value)
    start = fields.moment("start_time", "start_time_dt")
    end = fields.moment("end_time", "end_time_dt")
    time = fields.moment("time", "time_dt") if start is None else None
    known = start or time or end
    logged = fields.moment("metadata.logged_time", "metadata.logged_time_dt")
    decision, policy = _decision(fields)
    ids = _ids(fields)
    model = fields.text(
        "ai_model.model_name", "ai_model.name", "ai_agent.ai_model.model_name", "ai_agent.ai_model.name"
    )
    agent = fields.text("ai_agent.name", "ai_agent.uid")
    tool = fields.text("tool.name", "ai_tool.name")
    status = verdicts.status_of(_STATUS_IDS.get(_whole(value.get("status_id")) or 0) or value.get("status"), decision)
    layer = "policy" if decision else "tool" if tool else "llm" if model else "agent" if agent else "other"
    source = fields.get("metadata", "product", "name") or fields.get("metadata", "product", "vendor_name")
    source = source if gateway.is_text(source) else None
    ended = end.ns if start and end and end.ns >= start.ns else None
    args, result = _content(fields, "request"), _content(fields, "response")
    key = id_text.normalise("other", fields.get("metadata", "uid"))
    number = fields.count("metadata", "sequence")
    return [
        Event(
            ts_ns=known.ns if known else None,
            end_ns=ended,
            observed_ns=logged.ns if logged else None,
            ts_source="event" if known else "order",
            tz_assumed=known.tz_assumed if known else False,
            stream=source,
            layer=layer,
            kind="decision" if decision else "span" if ended is not None or (model and args[0]) else "log",
            name=fields.text("api.operation", "type_name", "activity_name", "class_name"),
            status=status,
            error=fields.text("status_detail", "api.response.error_message", "api.response.error")
            if status == "error"
            else None,
            agent=agent,
            agent_version=fields.text("ai_agent.version"),
            principal=fields.text("actor.user.name", "actor.user.email_addr", "actor.user.uid", "user.name"),
            model=model,
            tool=tool,
            args=args[0],
            args_state=args[1],
            result=result[0],
            result_state=result[1],
            decision=decision,
            policy=policy or fields.text("policy.name", "policy.uid"),
            rule=fields.text("firewall_rule.name", "firewall_rule.uid"),
            tokens_in=fields.count("message_context", "prompt_tokens"),
            tokens_out=fields.count("message_context", "completion_tokens"),
            seq_kind=f"ocsf:{source}:{fields.get('metadata', 'log_name')}" if number is not None else None,
            seq=number,
            dedupe_key=f"ocsf:{source}:{key}" if key else None,
            attributes=fields.attributes(),
            ids=ids,
        )
    ]


def _whole(value: Any) -> int | None:
    return gateway.whole(value)


def _decision(fields: _Members) -> tuple[str | None, str | None]:
    """The decision, and the policy of an authorization that gave it."""
    value = fields.value
    number = _whole(value.get("disposition_id"))
    found = _DISPOSITIONS.get(number or 0) or verdicts.decision_of(value.get("disposition"))
    found = found or _ACTIONS.get(_whole(value.get("action_id")) or 0) or verdicts.decision_of(value.get("action"))
    given = fields.get("actor", "authorizations")
    given = given if isinstance(given, list) else value.get("authorizations")
    policy = None
    for item in given if isinstance(given, list) else ():
        if not isinstance(item, dict):
            continue
        said = verdicts.decision_of(item.get("decision"))
        name = gateway.member(item, "policy", "name") or gateway.member(item, "policy", "uid")
        if said is not None and (found is None or (said == "deny" and not number)):
            found = said
            policy = str(name) if gateway.is_text(name) else policy
        elif said == found and policy is None and gateway.is_text(name):
            policy = str(name)
    return found, policy


def _content(fields: _Members, side: str) -> tuple[str | None, str]:
    """Data of an API's request or response, as text and state."""
    about = fields.get("api", side)
    given = isinstance(about, dict) and "data" in about
    data = fields.take("api", side, "data") if given else None
    return jsontext.content(data), state_of(data, given=given)


def _ids(fields: _Members) -> tuple[Id, ...]:
    made: list[Id] = []
    for kind, path in (
        ("trace", ("trace", "uid")),
        ("span", ("trace", "span", "uid")),
        ("parent_span", ("trace", "span", "parent_uid")),
        ("session", ("ai_agent", "instance_uid")),
        ("session", ("actor", "session", "uid")),
        ("conversation", ("message_context", "uid")),
        ("request", ("api", "request", "uid")),
        ("user", ("actor", "user", "uid")),
        ("other", ("metadata", "correlation_uid")),
    ):
        id_text.add(made, kind, fields.get(*path))
    gateway.add_named(made, fields.value.get("unmapped"))
    return tuple(made)
