"""LiteLLM hands requests to no callback, or only those that succeed.

Facts: LiteLLM, logging.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "litellm-no-callback"
TITLE = "LiteLLM hands requests to no callback, or only those that succeed"
SEVERITY = "medium"
CONFIDENCE = "strong"
KINDS = ("litellm",)
CAUSE = "logging-disabled"
CONTROLS = ("EU AI Act 12(1)", "NIST 800-53 AU-12", "SOC 2 CC7.2")
EXPLAIN = (
    "callbacks get every request, success_callback only those that succeed. Without callbacks or failure_callback a "
    "failed request is in no log outside of the proxy."
)
EXAMPLE = """litellm_settings:
  success_callback: [langfuse]
"""
REMEDY = "use callbacks, or name the same in failure_callback"
CAUSES_GAPS = ("stream-absent", "run-not-held")
FORMATS = ("litellm",)
# Callbacks that count, or tell a person, and keep no record of a request.
_COUNTING = frozenset(("prometheus", "prometheus_system", "slack", "email", "pagerduty"))


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit where nothing gets failed requests; a file without models is a part, and is let be."""
    settings = config.member("litellm_settings")
    if config.member("model_list") is None or "include" in config.node.mapping() or _recording(config, "callbacks"):
        return
    found = config.member("litellm_settings.success_callback")
    if _recording(config, "failure_callback"):
        return
    if found is not None and _recording(config, "success_callback"):
        failing = config.member("litellm_settings.failure_callback")
        counted = ", ".join(values.text(each) or "" for each in values.strings(failing.node)) if failing else ""
        more = f": {counted} counts or reports those that fail, and keeps no record" if counted else ""
        yield Hit(
            found.line, found.column, f"Only requests that succeed are handed to a callback that records them{more}.",
            "callbacks, or the same list as failure_callback", "callbacks", severity="high",
        )  # fmt: skip
    else:
        place = settings or config
        yield Hit(
            place.line, place.column, "Requests are handed to no callback that records them.",
            "litellm_settings.callbacks: [otel]", "callbacks",
        )  # fmt: skip


def _recording(config: Section, key: str) -> bool:
    """Whether a list names a callback that records requests, or one that is not known here."""
    found = config.member(f"litellm_settings.{key}")
    if found is None:
        return False
    return found.node.open or any(values.text(each) not in _COUNTING for each in values.strings(found.node))
