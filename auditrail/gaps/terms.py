"""The words of gap findings: closed lists, in the order in which the first is the strongest or worst."""

from __future__ import annotations

from typing import NamedTuple

# Why something is missing. The list is the command line's contract.
CAUSES: tuple[str, ...] = (
    "sampling", "redaction", "logging-disabled", "truncation", "retention", "outage", "siloed", "lost", "crash",
    "policy-missing", "export-cut", "duplicate-conflict", "integrity", "clock", "unknown",
)  # fmt: skip
SEVERITIES: tuple[str, ...] = ("critical", "high", "medium", "low")
CONFIDENCES: tuple[str, ...] = ("proven", "strong", "weak")
# What a cause rests on: a mark that the producer wrote, another stream that names the record, a sequence with holes,
# a distribution, or nothing.
EVIDENCE: tuple[str, ...] = ("declared", "cross-witness", "counted", "statistical", "none")
# What a row is about. A missing `stream` of a run explains its missing records and contents.
SCOPES: tuple[str, ...] = ("run", "stream", "record", "content", "source")

# In the column `source`: the inventory, which is no source of the case.
INVENTORY = -1


class FindingColumn(NamedTuple):
    """A column that the SELECT of a rule may give; all but `what` may be left out or NULL."""

    sql_type: str
    doc: str


FINDING: dict[str, FindingColumn] = {
    "run": FindingColumn("BIGINT", "runs.run of the run that lacks it; NULL if no run is known to"),
    "run_id": FindingColumn("VARCHAR", "id of a run that no stream holds, and that has no key; only where run is NULL"),
    "what": FindingColumn(
        "VARCHAR",
        "names the missing thing inside the run: stream:<format>/<stream>, span:<id>, start, end, execution:<call>, "
        "result:<call>, call:<call>, request:<call>, response:<event>, decision:<call>, child:<id>, args:<event>, "
        "result-content:<event>, sequence:..., source:..., run:<id>; rows with the same run and what are one gap",
    ),
    "scope": FindingColumn("VARCHAR", "run, stream, record, content or source; a rule's header gives the default"),
    "lacks": FindingColumn(
        "VARCHAR",
        "where the missing thing should have stood: comma-separated tokens, each a layer, `spans`, or "
        "<format>/<stream>. A row of scope stream explains rows of scope record or content of the same run all of "
        "whose tokens it has. A token with ~ before it is a circumstance (~crash): a row of scope run that has it "
        "explains such rows that have it, too",
    ),
    "event": FindingColumn("BIGINT", "events.event that shows the gap"),
    "witness": FindingColumn("BIGINT", "events.event in another stream that proves it, or still holds the value"),
    "source": FindingColumn(
        "BIGINT", "sources.source, where there is no event to show; INVENTORY is the file that was given as --expected"
    ),
    "record": FindingColumn("BIGINT", "record of that source, 1-based"),
    "agent": FindingColumn("VARCHAR", "the agent; NULL takes that of the run"),
    "layer": FindingColumn("VARCHAR", "the layer of what is missing"),
    "format": FindingColumn("VARCHAR", "the format of the stream that lacks it: chooses the remedy"),
    "stream": FindingColumn("VARCHAR", "the stream that lacks it"),
    "tool": FindingColumn("VARCHAR", "the tool"),
    "cause": FindingColumn("VARCHAR", "one of CAUSES; NULL takes the header's"),
    "evidence": FindingColumn("VARCHAR", "one of EVIDENCE; NULL takes the header's"),
    "severity": FindingColumn("VARCHAR", "one of SEVERITIES; NULL takes the header's"),
    "confidence": FindingColumn("VARCHAR", "one of CONFIDENCES; NULL takes the header's"),
    "first_ns": FindingColumn("BIGINT", "since when, ns since the epoch; NULL takes the begin of the run"),
    "last_ns": FindingColumn("BIGINT", "until when; NULL takes first_ns, or the end of the run"),
    "count": FindingColumn("BIGINT", "how many things are missing; NULL is 1"),
    "note": FindingColumn("VARCHAR", "what the event shows, for the list of evidence"),
    "witness_note": FindingColumn("VARCHAR", "what the witness shows"),
    "detail": FindingColumn("VARCHAR", "evidence that holds for the whole folded gap; rows that differ stay apart"),
}
