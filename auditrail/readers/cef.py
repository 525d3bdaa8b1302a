r"""CEF and LEEF: lines of security products, alone or behind any prefix.

- CEF: `CEF:<version>|<vendor>|<product>|<version>|<event class>|<name>|<severity>|key=value key=value ...`. In the
  header `\|` and `\\` are escapes; in values `\=`, `\\`, `\n` and `\r`. A value ends where ` key=` follows.
- LEEF: `LEEF:1.0|<vendor>|<product>|<version>|<event id>|key=value<tab>key=value`; LEEF 2.0 names the delimiter behind
  the event id, as a character or as `x09`.

Custom fields are folded: `cs1=refund cs1Label=tool` becomes `tool=refund` (also cn, cfp, c6a, flexString, flexNumber,
flexDate, deviceCustomDate). Columns: `act` is the decision where its word is known, `outcome` the status, `start` and
`end` the times, `rt` the time where there is no other (else when the event was received), `suser` the principal; fields
and labels called agent, tool, policy, rule, model and the usual ids feed their columns. Everything else is attributes.
Times are milliseconds since the epoch or `MMM dd yyyy HH:mm:ss`, with UTC, GMT or an offset behind it; other names of
zones are not known for sure, and such times stay in the attributes, as do times without a year.

What stands before is kept as `prefix`. A time in ISO 8601 that it begins with, behind the priority of syslog, is when
the line was sent: it is the time of an event that has no other, else when it was observed.

In a file of syslog lines `syslog` reads what is around it, and hands the CEF on.

Facts: ArcSight's "Implementing ArcSight Common Event Format" (versions 16 to 25: header, escapes, keys, date forms),
IBM's LEEF guide (delimiters, devTime). `devTimeFormat` is not applied: forms other than those above stay text.

Not read: `devTimeFormat` of LEEF; a time without a year in a syslog header, since none is invented.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import ids as id_text
from auditrail import jsontext, times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.model import Event, Id
from auditrail.readers import _gateway as gateway
from auditrail.readers import _verdicts as verdicts
from auditrail.readers._contract import Reading
from auditrail.times import Moment

NAME = "cef"
TITLE = "CEF and LEEF event lines"
LAYER = "other"
TESTED_ON = (
    "real files of elastic/integrations (CEF alone and behind syslog); documentation only: IBM's LEEF guide; invented "
    "samples"
)
NEVER_RECORDS = "what its device does not map to a key; long values are cut at the length of the key without a mark."
IDS = tuple(dict.fromkeys(gateway.ID_NAMES.values()))
CAPTURES = {
    "time": "partly: `rt`, `start` and `end` are optional, and may lack a zone",
    "run": "partly: only as a custom field",
    "parent": "never",
    "call": "partly: only as a custom field",
    "arguments": "never: at most as free text",
    "results": "never: at most as free text",
    "model": "partly: only as a custom field",
    "tokens": "never",
    "decision": "yes: `act`, in the words of the product",
    "errors": "partly: `outcome` and `reason`, where the product writes them",
    "end": "n/a",
}
INPUT = "text"
LINES = True
PREFIXES = (b"CEF:", b"LEEF:")

_BEGIN = re.compile(rb"(?:CEF:\s?\d+(?:\.\d+)?|LEEF:\s?\d+(?:\.\d+)?)\|")
_BAR = re.compile(r"(?<!\\)(?:\\\\)*\|")
_KEY = re.compile(r"(?:\A|(?<=\s))([A-Za-z0-9_.\-\[\]]+)=")
_ESCAPE = re.compile(r"\\([\\=|nr])")
_CUSTOM = re.compile(r"(?:cs|cn|cfp|c6a|flexString|flexNumber|flexDate|deviceCustomDate)\d\Z")
_LEEF_NAMES = {"devTime": "rt", "usrName": "suser", "action": "act"}
_DATE = re.compile(
    r"([A-Z][a-z]{2}) (\d{1,2}) (\d{4}) (\d{2}:\d{2}:\d{2})(\.\d{1,9})? ?(UTC|GMT|Z|[+-]\d{2}:?\d{2})?\Z"
)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_COLUMNS = {
    "agent": ("agent", "agentname", "agentid"),
    "tool": ("tool", "toolname"),
    "policy": ("policy", "policyname", "policyid"),
    "rule": ("rule", "rulename", "ruleid"),
    "model": ("model", "modelname", "modelid"),
}
_SENT = re.compile(
    r"(?:<\d{1,3}>)?(?:1 )?(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:?\d{2})?)(?=\s|\Z)"
)
_SHARE = 0.8
_HEADER_CEF = ("vendor", "product", "version", "class", "name", "severity")


def sniff(head: Head) -> float:
    """0.95 if nearly all of the first lines begin like CEF or LEEF, 0.7 if that stands further in."""
    lines = [line for line in head.lines if line.strip()]
    if not lines:
        return 0.0
    for score, found in ((0.95, _BEGIN.match), (0.7, _BEGIN.search)):
        if sum(1 for line in lines if found(line)) >= _SHARE * len(lines):
            return score
    return 0.0


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract gives it
    """One line -> one event.

    Raises:
        RecordError: `malformed`: no CEF or LEEF, or its header is not whole.
    """
    match = _BEGIN.search(value) if isinstance(value, bytes) else None
    if match is None:
        raise RecordError("malformed", "neither `CEF:<version>|` nor `LEEF:<version>|` stands in the line")
    prefix = value[: match.start()].decode("utf-8", "backslashreplace").strip()
    line = value[match.start() :].decode("utf-8", "backslashreplace").rstrip("\r\n")
    kind = line[: line.index(":")]
    parts = _split(line[line.index(":") + 1 :], 8 if kind == "CEF" else 7)
    header: dict[str, Any] = {"format": f"{kind}:{parts[0].strip()}"}
    if kind == "CEF":
        if len(parts) < 7:
            raise RecordError("malformed", "the header of CEF has seven fields")
        header.update(zip(_HEADER_CEF, parts[1:7], strict=True))
        fields = _pairs(parts[7] if len(parts) > 7 else "")
    else:
        if len(parts) < 6:
            raise RecordError("malformed", "the header of LEEF has five fields and attributes")
        header.update(zip(("vendor", "product", "version", "class"), parts[1:5], strict=True))
        fields = _leef_pairs(parts[5:], parts[0].strip())
    if prefix:
        header["prefix"] = prefix
    return [_event(header, _folded(fields))]


def _split(text: str, most: int) -> list[str]:
    """The header's fields, unescaped, and the rest as it stands."""
    parts: list[str] = []
    start = at = 0
    while len(parts) < most - 1 and (match := _BAR.search(text, at)):
        parts.append(_unescape(text[start : match.end() - 1]))
        start = at = match.end()
    return [*parts, text[start:]]


def _unescape(text: str) -> str:
    return _ESCAPE.sub(lambda m: {"n": "\n", "r": "\r"}.get(m[1], m[1]), text) if "\\" in text else text


def _pairs(text: str) -> dict[str, str]:
    found = _Fields()
    keys = list(_KEY.finditer(text))
    if lead := text[: keys[0].start() if keys else len(text)].strip():
        found["auditrail.unnamed"] = lead
    for number, match in enumerate(keys):
        end = keys[number + 1].start() if number + 1 < len(keys) else len(text)
        found.put(match[1], _unescape(text[match.end() : end].strip()))
    return found


def _leef_pairs(parts: list[str], version: str) -> dict[str, str]:
    delimiter, text = "\t", "|".join(parts)
    if version.startswith("2") and len(parts) > 1 and "=" not in parts[0]:
        delimiter, text = _delimiter(parts[0]), "|".join(parts[1:])
    found = _Fields()
    for pair in text.split(delimiter):
        key, equals, item = pair.partition("=")
        if equals:
            found.put(_LEEF_NAMES.get(key.strip(), key.strip()), item.strip())
        elif pair.strip():
            found.put("auditrail.unnamed", pair.strip())
    return found


def _delimiter(text: str) -> str:
    if match := re.fullmatch(r"0?x([0-9A-Fa-f]{1,4})", text):
        return chr(int(match[1], 16))
    return text[:1] or "\t"


class _Fields(dict[str, str]):
    """The fields of a line. A key that stands twice keeps both values."""

    def __init__(self) -> None:
        super().__init__()
        self._last: dict[str, int] = {}  # a line may repeat one key a hundred thousand times

    def put(self, key: str, item: str) -> None:
        name, number = key, self._last.get(key, 1)
        while name in self:
            number += 1
            name = f"{key}#{number}"
        self._last[key] = number
        self[name] = item


def _folded(fields: dict[str, str]) -> dict[str, Any]:
    """Custom fields under their labels; a label that is taken already changes nothing."""
    out: dict[str, Any] = dict(fields)
    for key, item in fields.items():
        label = fields.get(f"{key}Label", "").strip() if _CUSTOM.match(key) else ""
        if label and label not in out:
            del out[key], out[f"{key}Label"]
            out[label] = item
    return out


def _event(header: dict[str, Any], fields: dict[str, Any]) -> Event:
    start, end, received = (_moment(fields, name) for name in ("start", "end", "rt"))
    sent = _SENT.match(header.get("prefix", ""))
    seen = times.parse(sent[1]) if sent else None
    known = start or end or received or seen
    observed = received if received is not known else seen if seen is not known else None
    decision = verdicts.decision_of(fields.get("act"))
    ids = _ids(fields)
    taken = {column: _take(fields, names) for column, names in _COLUMNS.items()}
    status = verdicts.status_of(fields.get("outcome"), decision)
    name = header.pop("name", None) or None
    return Event(
        ts_ns=known.ns if known else None,
        end_ns=end.ns if start and end and end.ns >= start.ns else None,
        observed_ns=observed.ns if observed else None,
        ts_source="event" if known else "order",
        tz_assumed=known.tz_assumed if known else False,
        layer="policy" if decision else "other",
        kind="decision" if decision else "log",
        name=name or header["class"] or None,
        status=status,
        error=fields.get("reason") if status == "error" else None,
        principal=_take(fields, ("suser",)),
        decision=decision,
        attributes=jsontext.dumps({"cef": header, **fields}),
        ids=ids,
        agent=taken["agent"],
        tool=taken["tool"],
        policy=taken["policy"],
        rule=taken["rule"],
        model=taken["model"],
    )


def _take(fields: dict[str, Any], names: tuple[str, ...]) -> str | None:
    for key, item in fields.items():
        if gateway.fold(key.replace(" ", "")) in names and item.strip():
            return str(fields.pop(key))
    return None


def _ids(fields: dict[str, Any]) -> tuple[Id, ...]:
    made: list[Id] = []
    gateway.add_named(made, {key.replace(" ", ""): item for key, item in fields.items()})
    id_text.add(made, "other", fields.get("externalId"))
    return tuple(made)


def _moment(fields: dict[str, Any], key: str) -> Moment | None:
    """Takes a time out of the fields, if it can be read."""
    moment = parse_time(fields.get(key))
    if moment is not None:
        del fields[key]
    return moment


def parse_time(text: Any) -> Moment | None:
    """Milliseconds since the epoch, ISO 8601, or `MMM dd yyyy HH:mm:ss[.SSS] [UTC, GMT or offset]`."""
    if not isinstance(text, str) or len(text) > 64:
        return None
    match = _DATE.match(text.strip())
    if match is None:
        return times.parse(text)
    month, day, year, clock, fraction, zone = match.groups()
    if month not in _MONTHS:
        return None
    zone = "Z" if zone in ("UTC", "GMT", "Z") else zone or ""
    return times.parse(f"{year}-{_MONTHS.index(month) + 1:02d}-{int(day):02d}T{clock}{fraction or ''}{zone}")
