"""A processor removes attributes without a mark.

Facts: attributesprocessor, resourceprocessor and transformprocessor, READMEs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from auditrail.lint import attributes
from auditrail.lint.context import Context
from auditrail.lint.kinds import collector
from auditrail.lint.kinds.collector import Collector
from auditrail.lint.removals import removals
from auditrail.lint.rule import Hit

ID = "collector-deletes-attributes"
TITLE = "A processor removes attributes without a mark"
SEVERITY = "low"
CONFIDENCE = "proven"
KINDS = ("collector",)
CAUSE = "redaction"
CONTROLS = ("EU AI Act 12(2)", "NIST 800-53 AU-3", "SOC 2 CC7.3", "ISO 27001 A.8.15")
EXPLAIN = (
    "What attributes, resource and transform processors delete or hash is gone without a word in the record. "
    "That may be meant; whoever reads the evidence later can only know it from this line."
)
EXAMPLE = """processors:
  attributes/privacy:
    actions:
      - {key: user.email, action: delete}
"""
REMEDY = (
    "hash with a key instead of deleting where the value tells who acted, and keep this configuration with the evidence"
)
CAUSES_GAPS = ("content-absent",)
FORMATS = collector.FORMATS
# Credentials, of which a hash is worth no more to a reader, and something to an attacker.
_SECRET = re.compile(
    r"authori[sz]ation|cookie|passw|passphrase|secret|token|api[_.-]?key|credential|private[_.-]?key|\bcv[vc]\b",
    re.IGNORECASE,
)


def check(config: Collector, context: Context) -> Iterator[Hit]:  # noqa: ARG001 - as all rules are called
    """One hit for each setting that deletes or hashes what is neither content nor an id of a run."""
    for each in removals(config):
        if each.how not in ("deletes", "hashes"):
            continue
        if (
            each.how == "deletes"
            and not each.where
            and any(attributes.is_id(n) or n in attributes.NAMES for n in each.names)
        ):
            continue
        if any(attributes.is_content(name) for name in each.names):
            continue
        what = "deletes" if each.how == "deletes" else "puts a hash in place of"
        where = " where its condition fits" if each.where else ""
        known = [name for name in each.names if name != each.said] if each.context != "resource" else []
        among = f" ({', '.join(known[:3])} among them)" if known and each.said not in each.names else ""
        yield Hit(
            each.line, each.column, f"{each.component.id} {what} {each.said[:80]}{among}{where}, without a mark.",
            "keep this file with the evidence" if _SECRET.search(each.said)
            else "keep this file with the evidence; hash instead of deleting where it tells who acted",
            f"{each.component.id}/{each.said}", fields=("other",),
        )  # fmt: skip
