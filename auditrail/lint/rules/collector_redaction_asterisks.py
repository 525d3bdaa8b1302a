"""Redaction puts asterisks where a hash would keep values apart.

Facts: redactionprocessor, README and processor.go.
"""

from __future__ import annotations

from collections.abc import Iterator

from auditrail.lint import values
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.rule import Hit

ID = "collector-redaction-asterisks"
TITLE = "Redaction puts asterisks where a hash would keep values apart"
SEVERITY = "low"
CONFIDENCE = "strong"
KINDS = ("collector",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3", "SOC 2 CC7.3", "ISO 27001 A.8.15")
EXPLAIN = (
    "Without hash_function, every masked value becomes ****: whether two calls were about the same account "
    "can never be told again. A keyed hash (hmac-sha256) hides the value as well, and equal values stay "
    "equal, and a suspected value can be checked."
)
EXAMPLE = """processors:
  redaction:
    allow_all_keys: true
    blocked_values: ["4[0-9]{15}"]
"""
REMEDY = "hash_function: hmac-sha256 with hmac_key from a secret (sha3 where the version has no HMAC)"
CAUSES_GAPS = ("content-redacted",)
FORMATS = collector.FORMATS


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each processor that masks and does not hash."""
    for redaction in config.carrying("processors", "redaction"):
        masks = redaction.node.member("blocked_values") or redaction.node.member("blocked_key_patterns")
        chosen = redaction.node.member("hash_function")
        if masks is None or (chosen is not None and values.text(chosen.node) not in ("", "none")):
            continue
        yield Hit(
            masks.line, masks.column, f"{redaction.id} masks with ****: equal values cannot be told from others.",
            "hash_function: hmac-sha256", redaction.id,
        )  # fmt: skip
