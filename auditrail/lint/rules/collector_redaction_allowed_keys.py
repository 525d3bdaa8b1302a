"""Redaction removes every attribute that is not listed.

Facts: redactionprocessor, README and processor.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import attributes, values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-redaction-allowed-keys"
TITLE = "Redaction removes every attribute that is not listed"
SEVERITY = "high"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3", "SOC 2 CC7.3", "ISO 27001 A.8.15")
EXPLAIN = (
    "The redaction processor fails closed: unless allow_all_keys is true, each attribute that is not in "
    "allowed_keys is removed. An empty list removes all. What agents do stands in attributes: tool arguments "
    "and results, messages, ids of sessions and calls."
)
EXAMPLE = """processors:
  redaction:
    allow_all_keys: false
    allowed_keys: [http.method]
"""
REMEDY = (
    "list gen_ai.tool.call.arguments, gen_ai.tool.call.result, gen_ai.tool.call.id, gen_ai.conversation.id "
    "and what else joins your records in allowed_keys; or allow_all_keys: true with blocked_values and a "
    "keyed hash_function"
)
CAUSES_GAPS = (
    "content-redacted",
    "content-absent",
    "content-empty",
    "content-hashed",
    "content-truncated",
    "capture-never-on",
    "capture-switched-off",
)
FORMATS = collector.FORMATS
_WANTED = (
    "gen_ai.tool.call.arguments", "gen_ai.tool.call.result", "gen_ai.tool.call.id", "gen_ai.conversation.id",
    "gen_ai.tool.name", "gen_ai.operation.name",
)  # fmt: skip


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each processor whose list lacks content or ids of agents."""
    for redaction in config.carrying("processors", "redaction"):
        everything = redaction.node.member("allow_all_keys")
        if everything is not None and values.truth(everything.node) is not False:
            continue
        listed = redaction.node.member("allowed_keys")
        kept = {values.text(each) for each in values.strings(listed.node)} if listed is not None else set()
        ignored = [values.text(each) or "" for each in values.strings(redaction.node.at("ignored_key_patterns"))]
        kept |= {values.text(each) for each in values.strings(redaction.node.at("ignored_keys"))}
        kept |= {name for each in ignored for name in attributes.matching(each, _WANTED)}
        lacking = [name for name in _WANTED if name not in kept]
        if None in kept or not lacking:
            continue
        place = listed or everything or redaction.member
        what = "removes all attributes: allowed_keys is empty" if not kept else f"removes {', '.join(lacking)}"
        yield Hit(
            place.line, place.column, f"{redaction.id} {what}.", f"add to allowed_keys: {', '.join(lacking)}",
            redaction.id, severity="critical" if not kept else None, fields=attributes.fields_of(lacking),
        )  # fmt: skip
