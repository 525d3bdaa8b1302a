"""A rule masks arguments or results in OPA's log.

Facts: OPA, decision logs (mask).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditrail.lint.context import Context
from auditrail.lint.kinds import rego_log
from auditrail.lint.rule import Hit
from auditrail.lint.section import Section

ID = "rego-masks-content"
TITLE = "A rule masks arguments or results in OPA's log"
SEVERITY = "high"
CONFIDENCE = "strong"
KINDS = ("rego-log",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3")
EXPLAIN = (
    "A mask of /input, /result, or of the arguments of a tool erases what was decided about. OPA lists erased paths "
    "in the record; what stood there is gone."
)
EXAMPLE = """package system.log

mask contains "/input/tool/arguments"
"""
REMEDY = "mask the secret inside of the arguments, or upsert a keyed hash (crypto.hmac.sha256)"
CAUSES_GAPS = ("content-redacted", "content-absent")
FORMATS = ("opa",)
_PATHS = re.compile(r'["`](/(?:input|result)(?:/[^"`]*)?)["`]')
_CONTENT = re.compile(
    r"/(?:input|result)(?:/(?:\w+/)*(?:tool|arguments|args|parameters|params|tool_input|reason|reasons|allow|action))?/?"
)


def check(config: Section, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each rule that masks a path that holds content, and puts no hash there."""
    for number, (node, said) in enumerate(rego_log.rules(config, "mask")):
        paths = [path for path in _PATHS.findall(said) if _CONTENT.fullmatch(path)]
        if paths and "crypto." not in said:
            yield Hit(
                node.line, node.column, f"This rule masks {', '.join(paths[:4])}.",
                "mask the secret inside, or upsert a keyed hash", f"mask-{number}", fields=("args",),
            )  # fmt: skip
