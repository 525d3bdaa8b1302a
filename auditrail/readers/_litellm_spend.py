"""Rows of LiteLLM's spend log (table `LiteLLM_SpendLogs`, `GET /spend/logs`, GCS Pub/Sub), as its logging payload.

After `litellm/proxy/_types.py` (SpendLogsPayload), `proxy/spend_tracking/spend_tracking_utils.py` and the expected
body in `tests/logging_callback_tests/gcs_pub_sub_body/spend_logs_payload.json`. A row tells what the logging payload
tells, under other names: `request_id` is the payload's `id`; JSON stands as text; guardrails and errors stand in
`metadata`. Prompts are stored only with `store_prompts_in_spend_logs`, newer versions have them in
`proxy_server_request`: an empty `messages` or `response` of a row is one that was not recorded, not an empty one.
"""

from __future__ import annotations

from typing import Any

from auditrail import jsontext
from auditrail.errors import RecordError

_KEYS = frozenset({"request_id", "call_type", "spend", "startTime"})
_OWN = frozenset({"api_key", "request_tags", "cache_key", "completionStartTime"})
_AS_TEXT = ("metadata", "messages", "response", "proxy_server_request", "request_tags")
_LIFTED = ("guardrail_information", "error_information")
_HITS = {"true": True, "false": False}


def is_row(value: dict[str, Any]) -> bool:
    """Whether a record is a row of the spend log."""
    return value.keys() >= _KEYS and not _OWN.isdisjoint(value)


def payload(row: dict[str, Any]) -> dict[str, Any]:
    """The row under the names of the logging payload; what it has no name for stays under its own."""
    made = dict(row)
    if "id" not in made:
        made["id"] = made.pop("request_id")
    for key in _AS_TEXT:
        made.update({key: _parsed(made[key])} if key in made else {})
    for key in ("messages", "response"):
        if made.get(key) in ({}, [], None, ""):
            made.pop(key, None)
    request = made.get("proxy_server_request")
    if "messages" not in made and isinstance(request, dict) and "messages" in request:
        made["messages"] = request["messages"]
        made["proxy_server_request"] = {key: item for key, item in request.items() if key != "messages"}
    hit = made.get("cache_hit")
    if isinstance(hit, str) and hit.lower() in _HITS:
        made["cache_hit"] = _HITS[hit.lower()]
    metadata = made.get("metadata")
    if isinstance(metadata, dict):
        lifted = {key: metadata[key] for key in _LIFTED if metadata.get(key) and key not in made}
        made.update(lifted)
        made["metadata"] = {key: item for key, item in metadata.items() if key not in lifted}
    return made


def _parsed(value: Any) -> Any:
    """JSON in a text; anything else as it is."""
    if not isinstance(value, str) or value.strip()[:1] not in ("{", "["):
        return value
    try:
        return jsontext.parse(value.encode())[0]
    except (RecordError, UnicodeEncodeError):
        return value
