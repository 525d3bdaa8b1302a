r"""CloudWatch Logs as text: S3 export tasks, and the output of `aws logs tail`.

First lines of an event, told one by one:

- S3 export: `2026-01-01T00:00:00.000Z <message>`; some exporters write epoch milliseconds instead (sources differ).
- `aws logs tail`, formats `detailed` and `json`: `2026-01-01T00:00:00.000000+00:00 <stream> <message>`; `json` puts a
  JSON message on the lines behind, indented, and leaves out a fraction of zero.
- `aws logs tail --format short`: `2026-01-01T00:00:00 <message>`. Many logs look so: the time is then marked as one
  whose zone was assumed.

Any other line continues the event before it. Lines that continue nothing (the head of the file is missing) are kept as
one event without time. The two weak forms (epoch, short) begin an event only in a file that begins with that form: a
program's own time in the second line of a message is not an event of the store.

An S3 export folder also holds an object `aws-logs-write-test` whose text is `Permission Check Successful`: no event.
Within an exported file order by time is not guaranteed. Neither form has event ids or the time of ingestion.

Facts: aws-cli `awscli/customizations/logs/tail.py` at 00d4d6e (formats of `tail`); AWS API reference, CreateExportTask
(order); the S3 line form and the write test are general knowledge and secondary sources.

Not read: output of tools other than the AWS command line.
"""

from __future__ import annotations

import re
from typing import Any

from auditrail.containers.records import Head, Record
from auditrail.errors import RecordError
from auditrail.readers import _cloudwatch
from auditrail.readers._cloudwatch import Envelope
from auditrail.readers._continued import Continued
from auditrail.readers._contract import Ignored, Inner, Reading, as_inside
from auditrail.readers._pieces import as_text

NAME = "cloudwatch-text"
TITLE = "CloudWatch Logs text: S3 export tasks and `aws logs tail`"
LAYER = "other"
TESTED_ON = "documentation only: aws-cli's formatters of `logs tail`; invented samples"
NEVER_RECORDS = "the log group, event ids and the time of ingestion; an S3 export names the stream only in its path."
IDS: tuple[str, ...] = ()
CAPTURES = as_inside("yes: in milliseconds, on the first line of a message")
INPUT = "text"
LINES = True

_SECONDS = rb"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}"
# A Kubernetes line looks alike up to its stream, which is then one of two words and a tag.
_NOT_CRI = rb"(?! (?:stdout|stderr) [PF](?::\S*)?(?: |\Z))"
_FORMS = {
    "export": re.compile(rb"(?P<time>" + _SECONDS + rb"\.\d{3}Z)" + _NOT_CRI + rb"(?: (?P<message>.*))?\Z", re.DOTALL),
    "tail": re.compile(
        rb"(?P<time>" + _SECONDS + rb"(?:\.\d{6})?\+00:00)" + _NOT_CRI + rb" (?P<stream>\S+)(?:\s(?P<message>.*))?\Z",
        re.DOTALL,
    ),
    "epoch": re.compile(rb"(?P<time>1\d{12})(?: (?P<message>.*))?\Z", re.DOTALL),
    "short": re.compile(rb"(?P<time>" + _SECONDS + rb")(?: (?P<message>.*))?\Z", re.DOTALL),
}
_WEAK = frozenset({"epoch", "short"})
_SCORES = {"tail": 0.7, "export": 0.6, "epoch": 0.5, "short": 0.3}
# Lines of a stack trace or of indented JSON. A line that is a JSON object of its own is none: it speaks for JSONL.
_CONTINUES = re.compile(rb"[ \t]|[{}\[\]],?\s*\Z")
_WRITE_TEST = b"Permission Check Successful"


def _form(line: bytes) -> str | None:
    return next((name for name, pattern in _FORMS.items() if pattern.match(line)), None)


def sniff(head: Head) -> float:
    """0.3 to 0.7 by form, if the first lines are events, or events with indented lines behind them."""
    if head.complete and head.raw.strip() == _WRITE_TEST:
        return 0.95
    lines = [line for line in head.lines if line.strip()]
    forms = [_form(line) for line in lines]
    form = next((form for form in forms if form), None)
    if form is None or (form in _WEAK and forms[0] != form):
        return 0.0
    starts = forms.count(form)
    behind = sum(1 for line in lines if _CONTINUES.match(line))
    return _SCORES[form] if starts > len(lines) / 2 or starts + behind >= 0.9 * len(lines) else 0.0


class Assembler(Continued):
    """Joins an event's first line with the lines behind it; the weak forms begin one only if the first line did."""

    def __init__(self) -> None:
        super().__init__()
        self._first_form: str | None = None

    def begins(self, raw: bytes) -> bool:
        form = _form(raw)
        if form is None:
            return False
        if self._first_form is None:
            self._first_form = form
        return form not in _WEAK or form == self._first_form


def read(value: Any, record: Record) -> Reading:
    """One event, perhaps of several lines -> its message.

    Raises:
        RecordError: `malformed`: the record is no text.
    """
    if not isinstance(value, bytes):
        raise RecordError("malformed", "the record is no text")
    if value.strip() == _WRITE_TEST:
        return Ignored("permission-check")
    attributes: dict[str, Any] = {}
    if record.span > 1:
        attributes["auditrail.lines"] = record.span
    match = next((found for pattern in _FORMS.values() if (found := pattern.match(value))), None)
    if match is None:
        return _handed_on(value, Envelope(None, None, None, None, None, attributes))
    groups = match.groupdict()
    stream = None
    if "stream" in groups:
        stream = groups["stream"].decode("utf-8", "backslashreplace")
        attributes["logStreamName"] = stream
    time = groups["time"].decode()
    return _handed_on(groups["message"] or b"", Envelope(time, None, None, stream, None, attributes))


def _handed_on(message: bytes, envelope: Envelope) -> Reading:
    text = as_text(message.strip(b"\r\n"))
    if isinstance(text, bytes):
        return Inner(text, _cloudwatch.context(envelope, dict(envelope.attributes)), f":{envelope.log_stream or ''}")
    return _cloudwatch.reading(text, envelope)
