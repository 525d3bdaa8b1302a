r"""Syslog lines, as sent or as stored: RFC 5424, RFC 3164, and the forms of rsyslog's files.

- RFC 5424: `<PRI>1 <time> <host> <app> <procid> <msgid> <structured data> <message>`
- RFC 3164: `<PRI>Mmm dd hh:mm:ss <host> <tag>[<pid>]: <message>`; in files without `<PRI>`
- rsyslog's RSYSLOG_FileFormat: `<ISO time> <host> <tag>[<pid>]: <message>`

The message is read on: JSON, CEF, whatever a reader knows; other text is an event of its own. A length before `<`
(octet counting) is passed over where every message has its line.

A time of RFC 3164 has neither year nor zone. No year is invented: the event has no time of its own then, and the text
is kept as `timestamp`. The message inside, or a store around the line, often has one. `-` in RFC 5424 means that there
is none. PRI gives facility and severity; severity 0 to 3 (emergency to error) is the status of a plain message.
`[meta sequenceId="7"]` counts the messages of one sender (RFC 5424, 7.3.1): a hole proves loss.

Files are claimed only if nearly all lines have one of the forms. Facts: RFC 5424 sections 6 and 7, RFC 3164 section 4,
RFC 6587 (octet counting); RSYSLOG_FileFormat from rsyslog's documentation. Not read: messages that hold newlines.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail import times
from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _store as store
from auditrail.readers._contract import Inner, Reading
from auditrail.readers._pieces import as_text

NAME = "syslog"
TITLE = "Syslog lines (RFC 5424, RFC 3164) around any message"
LAYER = "other"
TESTED_ON = "documentation only: RFC 5424, RFC 3164 and rsyslog's documentation; invented samples"
NEVER_RECORDS = "what UDP lost, what a relay cut at its longest message, and, in RFC 3164, the year and the zone."
IDS = store.NAMED_IDS
CAPTURES = {
    "time": "partly: RFC 5424 yes; RFC 3164 without year and zone, so its events have none of their own",
    "run": "partly: only inside the message or its structured data",
    "parent": "partly: only inside the message",
    "call": "partly: only inside the message",
    "arguments": "partly: only inside the message, which relays may cut (1024 bytes by RFC 3164)",
    "results": "partly: only inside the message, which relays may cut (1024 bytes by RFC 3164)",
    "model": "partly: only inside the message",
    "tokens": "partly: only inside the message",
    "decision": "partly: only inside the message",
    "errors": "yes: the severity of every message that has a PRI",
    "end": "partly: as far as the message inside carries it",
}
INPUT = "text"
LINES = True
PREFIXES = (b"<",)

_COUNT = rb"(?:\d{1,7} (?=<))?"
_ISO = rb"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})"
_BSD = rb"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d{2}:\d{2}:\d{2}"
_SD_PARAM = rb' [!#-<>-\\\^-~]{1,32}="(?:[^"\\\]]|\\.)*"'
_SD = rb"(?:-|(?:\[[!#-<>-\\\^-~]{1,32}(?:" + _SD_PARAM + rb")*\])+)"
_FORMS = {
    "5424": re.compile(
        _COUNT + rb"<(?P<pri>\d{1,3})>1 (?P<time>-|" + _ISO + rb") (?P<host>\S+) (?P<app>\S+) (?P<pid>\S+)"
        rb" (?P<msgid>\S+) (?P<sd>" + _SD + rb")(?: (?P<message>.*))?\Z",
        re.DOTALL,
    ),
    "3164": re.compile(
        _COUNT + rb"(?:<(?P<pri>\d{1,3})>)?(?P<time>" + _BSD + rb") (?:(?P<host>[^\s:\[]+) )?"
        rb"(?:(?P<app>[^\s\[\]:{|]{1,64})(?:\[(?P<pid>[^\]\s]{1,32})\])?: ?)?(?P<message>.*)\Z",
        re.DOTALL,
    ),
    "iso": re.compile(
        _COUNT + rb"(?:<(?P<pri>\d{1,3})>)?(?P<time>" + _ISO + rb") (?P<host>\S+)"
        rb" (?P<app>[^\s\[\]:{]{1,64})(?:\[(?P<pid>[^\]\s]{1,32})\])?: ?(?P<message>.*)\Z",
        re.DOTALL,
    ),
    "bare": re.compile(_COUNT + rb"<(?P<pri>\d{1,3})>(?P<message>.*)\Z", re.DOTALL),
}
_ELEMENT = re.compile(r'\[([^\s\]"=]+)((?: [^\s\]"=]+="(?:[^"\\\]]|\\.)*")*)\]')
_PARAM = re.compile(r' ([^\s\]"=]+)="((?:[^"\\\]]|\\.)*)"')
_FACILITIES = (
    "kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp", "ntp",
    "audit", "alert", "clock", *(f"local{number}" for number in range(8)),
)  # fmt: skip
_SEVERITIES = ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")
_SHARE = 0.8
_CEF = re.compile(rb"(?:CEF|LEEF):\s?\d")


def sniff(head: Head) -> float:
    """0.9 if nearly all of the first lines are syslog; lines with an ISO time must also name a process id."""
    lines = [line for line in head.lines if line.strip()]
    if not lines:
        return 0.0
    forms = [_matched(line) for line in lines]
    sure = sum(1 for form, match in forms if match and (form in ("5424", "3164") or _has_pid(form, match)))
    if sure >= _SHARE * len(lines):
        return 0.9
    # `<PRI>` and nothing else of the form: some senders; `<` and digits is also how markup may begin.
    bare = sum(1 for form, match in forms if match and form == "bare" and int(match["pri"]) < 192)
    return 0.6 if sure + bare >= _SHARE * len(lines) else 0.0


def _has_pid(form: str, match: re.Match[bytes]) -> bool:
    return form == "iso" and (match["pid"] is not None or match["pri"] is not None)


def _matched(line: bytes) -> tuple[str, re.Match[bytes] | None]:
    for form, pattern in _FORMS.items():
        if match := pattern.match(line):
            return form, match
    return "", None


def read(value: Any, record: Record) -> Reading:  # noqa: ARG001 - the contract gives it
    """One line -> its message with what the header says.

    Raises:
        RecordError: `malformed`: the line has none of the forms.
    """
    form, match = _matched(value) if isinstance(value, bytes) else ("", None)
    if match is None:
        raise RecordError("malformed", "not a line of syslog")
    parts = {
        name: part.decode("utf-8", "backslashreplace")
        for name, part in match.groupdict().items()
        if part is not None and name != "message" and part != b"-"
    }
    message: bytes = match["message"] or b""
    if form == "3164" and "app" in parts and _CEF.match(value, match.start("app")):
        message = value[match.start("app") :]  # `CEF:` is no tag
        del parts["app"]
    time = parts.pop("time", None)
    moment = times.parse(time) if form != "3164" else None
    attributes: dict[str, Any] = {name: parts[name] for name in ("host", "app", "pid", "msgid") if name in parts}
    if time is not None and moment is None:
        attributes["timestamp"] = time
    severity = _priority(parts.get("pri"), attributes)
    data = _structured(parts["sd"]) if "sd" in parts else {}
    if data:
        attributes["structured_data"] = data
    stream = parts.get("app") or parts.get("host")
    row = store.Row(attributes, moment, None, stream, None, store.named_ids(*data.values()), severity)
    reading = store.reading(as_text(message.removeprefix(b"\xef\xbb\xbf")), row, stream or "")
    number = data.get("meta", {}).get("sequenceId", "")
    if not (number.isascii() and number.isdigit() and 0 < len(number) < 11):
        return [reading]
    kind, seq = f"syslog:{parts.get('host')}:{parts.get('app')}:{parts.get('pid')}", int(number)
    if isinstance(reading, Inner):
        return [reading._replace(context=reading.context._replace(seq_kind=kind, seq=seq))]
    return [reading._replace(seq_kind=kind, seq=seq)]


def _priority(text: str | None, attributes: dict[str, Any]) -> str | None:
    if text is None:
        return None
    facility, severity = divmod(int(text), 8)
    if facility >= len(_FACILITIES):
        attributes["pri"] = text
        return None
    attributes["facility"], attributes["severity"] = _FACILITIES[facility], _SEVERITIES[severity]
    return _SEVERITIES[severity]


def _structured(text: str) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for name, params in _ELEMENT.findall(text):
        element = found.setdefault(name, {})
        for key, item in _PARAM.findall(params):
            plain = re.sub(r'\\(["\\\]])', r"\1", item)
            element[key] = plain if key not in element else f"{element[key]}\n{plain}"
    return found
