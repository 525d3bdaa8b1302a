"""One CloudTrail record -> its events; the rules are in `cloudtrail`."""

from __future__ import annotations

from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.content import state_of
from auditrail.model import Event, Id
from auditrail.readers import _cedar as cedar
from auditrail.readers import _gateway as gateway

# A record names its service by its host name; a notification of S3 has the same members and `aws:s3`.
_ALSO = ("awsRegion", "userIdentity", "eventID", "eventVersion", "requestID", "eventType", "recipientAccountId")
_BEDROCK = "bedrock.amazonaws.com"
_AGENTCORE = "bedrock-agentcore.amazonaws.com"
_AGENT_SERVICES = (_BEDROCK, _AGENTCORE)
_PERMISSIONS = "verifiedpermissions.amazonaws.com"
_MODEL_CALLS = frozenset(
    {"InvokeModel", "InvokeModelWithResponseStream", "InvokeModelWithBidirectionalStream", "Converse"}
    | {"ConverseStream", "StartAsyncInvoke"}
)
_AGENT_CALLS = frozenset({"InvokeAgent", "InvokeInlineAgent", "InvokeFlow", "InvokeAgentRuntime", "InvokeHarness"})
_AUTHORIZED = frozenset(
    {"IsAuthorized", "IsAuthorizedWithToken", "BatchIsAuthorized", "BatchIsAuthorizedWithToken"}
)  # fmt: skip
_REFUSED = ("accessdenied", "unauthorized", "forbidden", "notauthorized", "authfailure")
_SESSIONS = ("sessionId", "runtimeSessionId", "mcpSessionId")
# Texts of CloudTrail Lake's columns, which are JSON where the query asked for JSON.
_NESTED = ("userIdentity", "requestParameters", "responseElements", "additionalEventData", "insightDetails")
_MAX_BATCH = 1000


def is_record(value: dict[str, Any]) -> bool:
    """Whether an object is a record: service, operation and time, or the details of an Insights event."""
    source: Any = value.get("eventSource")
    if isinstance(value.get("insightDetails"), dict) and "eventTime" in value:
        return True
    if not isinstance(source, str) or source.startswith("aws:") or not isinstance(value.get("eventName"), str):
        return False
    return "." in source and "eventTime" in value and any(key in value for key in _ALSO)


def other_ids(*values: Any) -> tuple[Id, ...]:
    made: list[Id] = []
    for value in values:
        id_text.add(made, "other", value)
    return tuple(made)


def events(
    value: dict[str, Any], around: dict[str, Any] | None = None, *, seen: Any = None, source: str = "cloudtrail"
) -> list[Event]:
    """The record as one event, with its decisions instead of it where it is the answer of Verified Permissions.

    Args:
        value: the record.
        around: what a wrapper says beside it, for the attributes.
        source: begins the `dedupe_key`: records that need not be whole are no copies of whole ones.
        seen: the time of the event as the wrapper tells it, for a record that has none.
    """
    value = {**value, **_unfolded(value)}
    fields = gateway.Fields(value)
    for key, item in (around or {}).items():
        fields.put(key, item)
    moment = fields.moment("eventTime")
    at = moment or times.parse(seen)
    service, name = _text(value, "eventSource"), _text(value, "eventName")
    event_id = id_text.normalise("other", value.get("eventID"))
    event = Event(
        ts_ns=at.ns if at else None,
        ts_source="event" if at else "order",
        tz_assumed=bool(at and at.tz_assumed),
        stream=_stream(value),
        layer="other",
        kind="log",
        name=fields.text("eventName") or _insight(value),
        status=_status(value),
        error=_error(fields),
        principal=_principal(value),
        dedupe_key=f"{source}:{event_id}" if event_id else None,
        ids=tuple(_ids(value)),
    )
    for member in ("requestID", "eventID", "sharedEventID"):
        if id_text.normalise("other", value.get(member)) is not None:
            fields.take(member)
    if service == _PERMISSIONS and name in _AUTHORIZED:
        made = _authorized(value, fields, event)
        if made:
            return made
    event = _agentic(value, fields, event)
    return [event._replace(attributes=fields.attributes())]


def _unfolded(value: dict[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key in _NESTED:
        text = value.get(key)
        if isinstance(text, str) and text[:1] == "{" and (parsed := _parsed(text)) is not None:
            made[key] = parsed
    return made


def _parsed(text: str) -> dict[str, Any] | None:
    from auditrail.errors import RecordError

    try:
        found, _ = jsontext.parse(text.encode("utf-8", "surrogatepass"))
    except RecordError:
        return None
    return found if isinstance(found, dict) else None


def _stream(value: dict[str, Any]) -> str | None:
    account = value.get("recipientAccountId")
    if not gateway.is_text(account):
        account = gateway.member(value, "userIdentity", "accountId")
    parts = [str(part) for part in (account, value.get("awsRegion")) if gateway.is_text(part)]
    return "cloudtrail:" + "/".join(parts) if parts else None


def _principal(value: dict[str, Any]) -> str | None:
    identity = value.get("userIdentity")
    names = ("arn", "userName", "invokedBy", "principalId", "credentialId", "accountId")
    return next((str(text) for name in names if gateway.is_text(text := gateway.member(identity, name))), None)


def _insight(value: dict[str, Any]) -> str | None:
    parts = [gateway.member(value, "insightDetails", key) for key in ("insightType", "eventName", "state")]
    return " ".join(str(part) for part in parts if gateway.is_text(part)) or None


def _ids(value: dict[str, Any]) -> list[Id]:
    made: list[Id] = []
    id_text.add(made, "request", value.get("requestID"))
    for key in ("eventID", "sharedEventID"):
        id_text.add(made, "other", value.get(key))
    if value.get("eventSource") in _AGENT_SERVICES:
        parameters, answer = value.get("requestParameters"), value.get("responseElements")
        for holder in (parameters, answer):
            for key in _SESSIONS:
                id_text.add(made, "session", gateway.member(holder, key))
    source = value.get("eventSource")
    if isinstance(source, str) and not source.endswith((".amazonaws.com", ".aws.amazon.com")):
        # An application's own events, put into CloudTrail Lake: parameters of AWS's services have such names, too.
        gateway.add_named(made, value.get("requestParameters"))
    addendum = value.get("addendum")
    for key in ("originalEventID", "originalRequestID"):
        id_text.add(made, "other", gateway.member(addendum, key))
    return made


def _status(value: dict[str, Any]) -> str:
    code = value.get("errorCode")
    if gateway.is_text(code):
        flat = str(code).replace(".", "").lower()
        return "denied" if any(word in flat for word in _REFUSED) else "error"
    answer = value.get("responseElements")
    login = gateway.member(answer, "ConsoleLogin")
    if login == "Failure":
        return "error"
    answered = gateway.whole(gateway.member(answer, "statusCode"))
    if answered is not None and answered >= 400:
        return "denied" if answered in (401, 403) else "error"
    if gateway.is_text(value.get("errorMessage")):
        return "error"
    return "ok" if value.get("eventType") in ("AwsApiCall", "AwsConsoleSignIn") else "unknown"


def _error(fields: gateway.Fields) -> str | None:
    parts = [fields.text("errorCode"), fields.text("errorMessage")]
    return ": ".join(part for part in parts if part) or None


def content_state(value: Any, *, given: bool) -> str:
    """As `state_of`; CloudTrail's own mark for what it left out, `{"omitted": true, ...}`, is `truncated`."""
    return "truncated" if given and gateway.member(value, "omitted") is True else state_of(value, given=given)


def _with_content(value: dict[str, Any], fields: gateway.Fields, event: Event) -> Event:
    asked, answered = fields.take("requestParameters"), fields.take("responseElements")
    return event._replace(
        args=jsontext.content(asked),
        args_state=content_state(asked, given="requestParameters" in value),
        result=jsontext.content(answered),
        result_state=content_state(answered, given="responseElements" in value),
    )


def _agentic(value: dict[str, Any], fields: gateway.Fields, event: Event) -> Event:
    """Layer, model, tool and agent, where the operation is one of an agent's."""
    source, name = _text(value, "eventSource"), _text(value, "eventName")
    asked = value.get("requestParameters")
    if source == _BEDROCK and name in _MODEL_CALLS:
        return event._replace(layer="llm", kind="span", model=_text(asked, "modelId"))
    if source in _AGENT_SERVICES and name in _AGENT_CALLS:
        named = next((t for k in ("agentId", "agentRuntimeArn", "flowIdentifier") if (t := _text(asked, k))), None)
        return _with_content(value, fields, event)._replace(layer="agent", agent=named)
    if source == "lambda.amazonaws.com" and name == "Invoke" and _by_agent(value):
        return event._replace(layer="tool", kind="span", tool=_text(asked, "functionName"))
    if source == _AGENTCORE and name == "InvokeGateway" and gateway.member(asked, "body", "method") == "tools/call":
        return _gateway_call(value, event)
    return _with_content(value, fields, event)


def _by_agent(value: dict[str, Any]) -> bool:
    told = (gateway.member(value, "userIdentity", "invokedBy"), value.get("sourceIPAddress"))
    return any(text in _AGENT_SERVICES for text in told if isinstance(text, str))


def _gateway_call(value: dict[str, Any], event: Event) -> Event:
    """An MCP tool call; request and response stay in the attributes too, for their JSON-RPC members."""
    call = gateway.member(value, "requestParameters", "body", "params")
    body = gateway.member(value, "responseElements", "body")
    result, error = gateway.member(body, "result"), gateway.member(body, "error")
    failed = gateway.member(result, "isError") is True or (error is not None and error != {})
    given = isinstance(call, dict) and "arguments" in call
    arguments = gateway.member(call, "arguments")
    told = gateway.member(error, "message")
    return event._replace(
        layer="tool",
        kind="span",
        tool=_text(call, "name"),
        status="error" if failed and event.status in ("ok", "unknown") else event.status,
        error=event.error or (str(told) if gateway.is_text(told) else None),
        args=jsontext.content(arguments),
        args_state=content_state(arguments, given=given),
        result=jsontext.content(result),
        result_state=content_state(result, given=isinstance(body, dict) and "result" in body),
    )


def _authorized(value: dict[str, Any], fields: gateway.Fields, event: Event) -> list[Event]:
    """The decisions that Verified Permissions gave; none if the record holds none (the request failed)."""
    asked = value.get("requestParameters")
    told = value.get("additionalEventData")
    answers = told if isinstance(told, dict) and ("decision" in told or "results" in told) else None
    if answers is None:
        answered = value.get("responseElements")
        answers = answered if isinstance(answered, dict) else None
    if answers is None:
        return []
    store = _text(asked, "policyStoreId")
    results = answers.get("results")
    if not isinstance(results, list):
        return [_decision(answers, asked, store, fields, event)] if "decision" in answers else []
    made: list[Event] = []
    objects = [item for item in results if isinstance(item, dict)][:_MAX_BATCH]
    for number, item in enumerate(objects, start=1):
        shown = fields if number == 1 else gateway.Fields({"auditrail.batch": f"answer {number} of {len(objects)}"})
        one = _decision(item, item.get("request"), store, shown, event)
        made.append(one._replace(dedupe_key=f"{event.dedupe_key}#{number}" if event.dedupe_key else None))
    return made


def _decision(answer: dict[str, Any], asked: Any, store: str | None, fields: gateway.Fields, event: Event) -> Event:
    said = cedar.answer(answer)
    return event._replace(
        layer="policy",
        kind="decision",
        status=cedar.STATUS.get(said.decision or "", event.status),
        decision=said.decision,
        # The policies that decided are not in CloudTrail; the store is what is known of them.
        policy=said.policies or store,
        rule=said.rule,
        error=event.error or said.error,
        tool=cedar.action(asked),
        args=jsontext.content(asked),
        args_state=content_state(asked, given=asked is not None),
        attributes=fields.attributes(),
    )


def _text(value: Any, key: str) -> str | None:
    found = gateway.member(value, key)
    return str(found) if gateway.is_text(found) else None
