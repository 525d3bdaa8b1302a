"""CloudWatch Logs: the answer of `describe-log-groups`, which says how long each group keeps its records.

Shape (botocore 1.44.5, `logs` service model): `{"logGroups": [{"logGroupName", "creationTime", "retentionInDays",
"metricFilterCount", "arn", "storedBytes", "kmsKeyId", "dataProtectionStatus", "logGroupClass", "logGroupArn",
"deletionProtectionEnabled", "retentionPolicyName"}], "nextToken"}`, or `jq -c '.logGroups[]'` of it: one group a line.
`retentionInDays` is absent where a group never deletes anything.

These are settings, and nothing that happened: a group gives no event (its creation, years ago, would stretch what is
held), but a remark `log-group` with the group as JSON. `gaps` reads them: see `gaps.facts.log_groups`.

Not read: answers of other calls, and those of SDKs that write `LogGroups`.
"""

from __future__ import annotations

from typing import Any

from auditrail import jsontext
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers._contract import FACETS, Ignored, Reading

NAME = "aws-log-groups"
TITLE = "CloudWatch Logs describe-log-groups (retention settings of log groups)"
LAYER = "other"
TESTED_ON = "documentation only: botocore 1.44.5 service model; invented samples"
NEVER_RECORDS = "What happened: it lists settings as they were when it was asked, not when they were changed."
IDS: tuple[str, ...] = ()
CAPTURES = dict.fromkeys(FACETS, "n/a")
ARRAYS = ("logGroups",)

# The remark of one group; its detail is the group as JSON.
REMARK = "log-group"
# So many groups are kept of one file; an account with more is rare, and memory is bounded.
_GROUPS = 100_000
# What a group has besides its name; one of them must be there where groups stand alone.
_BESIDES = frozenset({"retentionInDays", "storedBytes", "metricFilterCount", "logGroupClass", "logGroupArn"})


def sniff(head: Head) -> float:
    """0.95 for an answer with `logGroups`, and for its groups alone."""
    for sample in head.samples[:1]:
        if not isinstance(sample, dict):
            return 0.0
        groups = sample.get("logGroups")
        if isinstance(groups, list):
            return 0.95 if not groups or _is_group(groups[0]) else 0.0
        return 0.95 if _is_group(sample) else 0.0
    return 0.9 if "logGroups" in head.keys and b'"logGroupName"' in head.raw else 0.0


def _is_group(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("logGroupName"), str) and not _BESIDES.isdisjoint(value)


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract's signature
    """Nothing that happened: `Ignored`.

    Raises:
        RecordError: `not-an-object`, or `malformed` for a group without a name.
    """
    if not isinstance(value, dict):
        raise RecordError("not-an-object", "a log group is a JSON object")
    if not isinstance(value.get("logGroupName"), str):
        raise RecordError("malformed", "a log group has a logGroupName")
    return Ignored("setting")


class Watcher:
    """Keeps the groups, each as one remark."""

    def __init__(self) -> None:
        self._groups: list[tuple[str, str]] = []
        self._more = 0

    def see(self, value: Any, record: Record) -> None:  # noqa: ARG002 - the contract's signature
        if not isinstance(value, dict) or not isinstance(value.get("logGroupName"), str):
            return
        if len(self._groups) < _GROUPS:
            self._groups.append((REMARK, jsontext.dumps(value)))
        else:
            self._more += 1

    def finish(self) -> list[tuple[str, str]]:
        more = [("log-groups-left-out", f"{self._more} more groups were not kept")] if self._more else []
        return [*self._groups, *more]
