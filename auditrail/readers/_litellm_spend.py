"""Rows of LiteLLM's table of spend logs, turned into the payload that its callbacks write.

Facts: BerriAI/litellm `SpendLogsPayload` (litellm/proxy/_types.py), its database schema (LiteLLM_SpendLogs), and the
payload in its own tests (tests/logging_callback_tests/gcs_pub_sub_body). A row has no `hidden_params`; what a
payload has as objects is JSON text or an object, by where the row was read. Differences:

- `request_id` is the answer's id, or LiteLLM's own if there was no answer: the `id` of a payload.
- Guardrails and errors stand in `metadata`, and so does the id of the call.
- `messages` and `response` are `{}` unless the proxy stores prompts. The row tells nothing of them then: they are
  left out, and not an empty question and answer. Where prompts are stored, newer versions write the messages only
  into the request (`proxy_server_request`).
"""

from __future__ import annotations

from typing import Any

from auditrail.readers._spans import unpacked

_TEXTS = ("metadata", "messages", "response", "proxy_server_request", "request_tags")
_FROM_METADATA = ("guardrail_information", "error_information")
_HITS = {"True": True, "False": False}


def is_spend(value: dict[str, Any]) -> bool:
    """Whether it is a row of spend logs, and no payload."""
    keys = value.keys()
    return keys >= {"request_id", "call_type", "spend", "startTime"} and "hidden_params" not in keys


def payload_of(value: dict[str, Any]) -> dict[str, Any]:
    """The payload that the row was made of, as far as it tells."""
    made = {key: unpacked(inner) if key in _TEXTS else inner for key, inner in value.items()}
    if "id" not in made:
        made["id"] = made.pop("request_id")
    if isinstance(hit := made.get("cache_hit"), str) and hit in _HITS:
        made["cache_hit"] = _HITS[hit]
    metadata = made.get("metadata")
    if isinstance(metadata, dict):
        metadata = dict(metadata)
        for key in _FROM_METADATA:
            if metadata.get(key) and not made.get(key):
                made[key] = metadata.pop(key)
        made["metadata"] = metadata
    request = made.get("proxy_server_request")
    if not made.get("messages") and isinstance(request, dict):
        for key in ("messages", "input"):
            if request.get(key):
                made["messages"] = request[key]
                made["proxy_server_request"] = {name: inner for name, inner in request.items() if name != key}
                break
    for key in ("messages", "response", "proxy_server_request"):
        if not made.get(key):
            made.pop(key, None)
    return made
