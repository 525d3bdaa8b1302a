"""Disclosures: values that an export withheld, with their salts, proven against the bundle that commits to them.

1. The bundle must be among the paths of the call, and is verified by itself (`bundle`): a commitment in a bundle that
   does not hold proves nothing.
2. The commitment is made again of salt and value, and must stand at the disclosure's place in records/events of the
   bundle (`redact.disclose`).
3. The verdict is that of the bundle: the value is as sure as the commitment is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail.errors import AuditrailError
from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.kinds._bundle_check import NAME as BUNDLE
from auditrail.verify.kinds._bundle_check import VERDICTS
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE, Defect, Result

if TYPE_CHECKING:
    from auditrail.redact.commit import Disclosure

NAME = "disclosure"
TITLE = "values that an export withheld, opened: each is proven against its commitment in the bundle"
FORMAT = "auditrail.disclosure/1"
_MARK = re.compile(rb'\s*(?:\[\s*)?\{\s*"schema"\s*:\s*"auditrail\.disclosure/')
_MOST = 256 << 20


def claim(item: Evidence, beside: Sequence[Evidence], call: Call) -> Claim | None:
    """A disclosure, or a list of them."""
    if item.whole is not None or not _MARK.match(item.head):
        return None
    call.cache.setdefault((NAME, "bundles"), [one for one in beside if one.whole == BUNDLE])
    return Claim(100)


def verify(items: Sequence[Evidence], companions: Sequence[Evidence], call: Call) -> list[Result]:  # noqa: ARG001
    """One result for each file of disclosures."""
    bundles: list[Evidence] = call.cache.get((NAME, "bundles"), [])
    judged: dict[str, Result] = call.cache.get(VERDICTS, {})
    return [_judged(item, bundles, judged) for item in items]


def _judged(item: Evidence, bundles: list[Evidence], judged: dict[str, Result]) -> Result:
    from auditrail.redact import disclose

    try:
        if item.size > _MOST or item.compression is not None:
            return _result(item, UNVERIFIABLE, 0, not_checked=("the disclosure: it is too large, or compressed",))
        documents = disclose.read(item.path)
    except AuditrailError as error:
        return _result(item, UNVERIFIABLE, 0, not_checked=(f"the disclosure: {error.message}",))
    if not bundles:
        missing = "the values: give the bundle that they were withheld from, too"
        return _result(item, UNVERIFIABLE, len(documents), not_checked=(missing,))
    reasons: list[str] = []
    for bundle in bundles:  # 2
        try:
            proven = disclose.check(documents, bundle.path)
        except AuditrailError as error:
            reasons.append(f"{bundle.shown}: {error.message}")
            continue
        return _proven(item, proven, judged.get(bundle.shown), bundle.shown)
    defects = tuple(_refuted(documents, [bundle.path for bundle in bundles]))
    return _result(item, BROKEN, len(documents), defects=defects or tuple(Defect("edited", note=r) for r in reasons))


def _refuted(documents: list[dict[str, Any]], bundles: list[Path]) -> list[Defect]:
    """Which of several disclosures prove nothing in any of the bundles."""
    from auditrail.redact import disclose

    made: list[Defect] = []
    for number, document in enumerate(documents, 1):
        said = ""
        for bundle in bundles:
            try:
                disclose.check([document], bundle)
            except AuditrailError as error:
                said = error.message
            else:
                said = ""
                break
        if said:
            made.append(Defect("edited", number, note=f"disclosure {number} is not proven: {said}"))
    return made


def _proven(item: Evidence, proven: list[Disclosure], bundle: Result | None, shown: str) -> Result:
    """Step 3."""
    notes = tuple(
        f"proven: {one.place.field}{one.place.path} of event {one.place.row}, withheld by rule {one.rule}"
        for one in proven[:20]
    )
    verdict = bundle.verdict if bundle is not None and bundle.verdict in (INTACT, UNANCHORED) else UNVERIFIABLE
    not_checked = ["whether what the values say is true"]
    if verdict == UNVERIFIABLE:
        found = bundle.verdict if bundle is not None else "not checked"
        not_checked.insert(0, f"the commitments: they fit, but the bundle {shown} is {found}")
    if any(one.joined for one in proven):
        not_checked.append(
            "nothing else is secret in their family: a pseudonym's salt opens every value that is guessed"
        )
    anchor = f"the bundle: {bundle.anchor}" if bundle is not None and verdict == INTACT else None
    return _result(item, verdict, len(proven), len(proven), anchor=anchor, notes=notes, not_checked=tuple(not_checked))


def _result(item: Evidence, verdict: str, records: int, checked: int = 0, **more: Any) -> Result:
    return Result(item.shown, NAME, FORMAT, None, records, checked, verdict, lines=False, **more)
