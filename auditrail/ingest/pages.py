"""A live CloudWatch log group, read page by page: `cloudwatch://<log group>?start=...&end=...`.

Query: `start` and `end` (ISO 8601, seconds or milliseconds since the epoch, `now`, or `-2h`, `-30m`, `-7d` before now;
`end` is now where it is missing or lies ahead), `region`, `streams` (names, comma-separated), `prefix` (of stream
names), `filter` (a filter pattern). Credentials and endpoint are found as boto3 finds them. Needs the extra `aws`.

The pages are evidence, so they are kept: in the folder `<case>.pages`, one file for each request. A line is one answer
of `filter_log_events`: its bytes as received, with one member put before them, `logGroupName`, which the answer lacks.
Beside it stands `<name>.request.json`: what was asked, how many pages and bytes are complete, the token of the next
page, and whether the last one was reached.

1. A request that is complete is not sent again: its file is read.
2. An interrupted one goes on behind the last complete page, with its token; a torn last line is cut off first.
3. Each page is on disk before its token is noted, so a page may come twice (its events have ids), but none is lost.
4. Throttling is waited for, longer each time; any other error ends the fetch: the pages so far are read, and the
   log group is named as unreadable, with the reason.
"""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

from auditrail import times
from auditrail.errors import MissingExtraError, UsageError
from auditrail.ingest.inputs import Input

SCHEME = "cloudwatch"
_KNOWN = ("start", "end", "region", "streams", "prefix", "filter")
_RELATIVE = re.compile(r"-(\d{1,6})([smhdw])\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
# Seconds to wait when the service says that it is asked too often. filter_log_events allows five requests a second.
_WAITS = (1, 2, 4, 8, 16, 32)
_THROTTLED = frozenset({"ThrottlingException", "Throttling", "TooManyRequestsException", "ServiceUnavailableException"})
_MS = 1_000_000
_LONGEST_NAME = 80
_EXAMPLE = "write it like cloudwatch:///aws/lambda/agent?start=2026-09-17T00:00:00Z&end=2026-09-18T00:00:00Z"

Fetch = Callable[[dict[str, Any]], tuple[dict[str, Any], bytes]]


class LogGroup(NamedTuple):
    """What to fetch: times in milliseconds since the epoch, `end` excluded."""

    group: str
    start: int
    end: int
    region: str | None
    streams: tuple[str, ...]
    prefix: str | None
    pattern: str | None
    folder: Path

    @classmethod
    def parsed(cls, address: str, folder: Path, now_ns: int | None = None) -> LogGroup:
        """Reads an address.

        Raises:
            UsageError: no log group, no start, an unknown name, or a time that is none.
        """
        group, _, query = address.removeprefix(f"{SCHEME}://").partition("?")
        # `+` is a plus here: patterns and times hold it, and nobody quotes it on a command line.
        given = dict(parse_qsl(query.replace("+", "%2B"), keep_blank_values=True))
        if unknown := sorted(set(given) - set(_KNOWN)):
            raise UsageError(f"{unknown[0]!r} is no part of a log group's address", hint=f"parts: {', '.join(_KNOWN)}")
        if not group or "start" not in given:
            raise UsageError(f"{address} names no {'log group' if not group else 'start'}", hint=_EXAMPLE)
        now = time.time_ns() if now_ns is None else now_ns
        start, end = _moment(given["start"], now), _moment(given.get("end") or "now", now)
        end = min(end, now)
        if start >= end:
            raise UsageError(f"{address} ends before it starts", hint=_EXAMPLE)
        names = tuple(name for name in given.get("streams", "").split(",") if name)
        return cls(
            group, start // _MS, end // _MS, given.get("region") or None, names, given.get("prefix") or None,
            given.get("filter") or None, folder,
        )  # fmt: skip

    def request(self) -> dict[str, Any]:
        """The arguments of `filter_log_events`; its `endTime` is inclusive."""
        name = "logGroupIdentifier" if self.group.startswith("arn:") else "logGroupName"
        asked: dict[str, Any] = {name: self.group, "startTime": self.start, "endTime": self.end - 1}
        if self.streams:
            asked["logStreamNames"] = list(self.streams)
        if self.prefix:
            asked["logStreamNamePrefix"] = self.prefix
        if self.pattern:
            asked["filterPattern"] = self.pattern
        return asked

    @property
    def shown(self) -> str:
        return f"{SCHEME}://{self.group}"

    def inputs(self) -> Iterator[Input]:
        """Fetches what is not there yet, then gives the file of pages."""
        yield from fetched(self, connect)


def _moment(text: str, now_ns: int) -> int:
    if text == "now":
        return now_ns
    if match := _RELATIVE.match(text):
        return now_ns - int(match[1]) * _UNITS[match[2]] * times.NS
    moment = times.parse(text)
    if moment is None:
        raise UsageError(f"{text!r} is no time", hint="write it like 2026-09-17T09:30:00Z, 1789637400 or -2h")
    return moment.ns


def connect(region: str | None) -> Fetch:
    """A function that asks for one page, and gives the answer with its bytes as received.

    Raises:
        MissingExtraError: boto3 is not installed.
    """
    try:
        import boto3
        from botocore.config import Config
    except ImportError:
        raise MissingExtraError(
            "log groups are read with boto3, which is not installed", hint="pip install 'auditrail-forensics[aws]'"
        ) from None
    client = boto3.client("logs", region_name=region, config=Config(retries={"mode": "standard", "max_attempts": 5}))
    received: list[bytes] = []
    client.meta.events.register(
        "before-parse.cloudwatch-logs.FilterLogEvents",
        lambda response_dict, **_: received.append(response_dict["body"]),
    )

    def fetch(asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        received.clear()
        answer = client.filter_log_events(**asked)
        answer.pop("ResponseMetadata", None)
        return answer, received[-1] if received else b""

    return fetch


class _State:
    """What is complete of a request, kept in a file beside the pages."""

    def __init__(self, request: dict[str, Any], region: str | None, folder: Path) -> None:
        self.request = {"region": region, **request}
        text = json.dumps(self.request, sort_keys=True)
        group = str(request.get("logGroupName") or request.get("logGroupIdentifier"))
        safe = re.sub(r"[^A-Za-z0-9._-]+", "-", group).strip("-.")[:_LONGEST_NAME] or "log-group"
        name = f"{safe}-{blake2b(text.encode(), digest_size=6).hexdigest()}"
        self.pages = folder / f"{name}.jsonl"
        self._file = folder / f"{name}.request.json"
        self.count = self.bytes = 0
        self.token: str | None = None
        self.complete = False

    def load(self) -> None:
        """Takes up what an earlier fetch left, if it is this request's and its pages are there."""
        try:
            kept = json.loads(self._file.read_text("utf-8"))
            size = self.pages.stat().st_size
        except (OSError, ValueError):
            return
        if isinstance(kept, dict) and kept.get("request") == self.request and size >= int(kept.get("bytes", 0)):
            self.count, self.bytes = int(kept.get("pages", 0)), int(kept.get("bytes", 0))
            self.token, self.complete = kept.get("next_token"), kept.get("complete") is True

    def save(self) -> None:
        kept = {
            "request": self.request,
            "pages": self.count,
            "bytes": self.bytes,
            "next_token": self.token,
            "complete": self.complete,
        }
        part = self._file.with_name(self._file.name + ".part")
        part.write_text(json.dumps(kept, indent=1) + "\n", "utf-8")
        part.replace(self._file)


def fetched(
    wanted: LogGroup, opener: Callable[[str | None], Fetch], sleep: Callable[[float], None] = time.sleep
) -> Iterator[Input]:
    """The steps of the module docstring: the file of pages, and an input with an error where the fetch ended early."""
    state = _State(wanted.request(), wanted.region, wanted.folder)
    state.load()
    failure: str | None = None
    if not state.complete:
        try:
            fetch = opener(wanted.region)
            wanted.folder.mkdir(parents=True, exist_ok=True)
            _fetch_all(wanted, state, fetch, sleep)
        except MissingExtraError:
            raise
        except Exception as error:  # noqa: BLE001 - boto3 raises what it likes; the pages so far and the rest are loaded
            failure = " ".join(str(error).split()) or type(error).__name__
    if state.count:
        remark = ("fetched-from", f"{wanted.shown}, {state.count} pages")
        yield Input(str(state.pages), state.pages, state.pages.stat().st_size, remarks=(remark,))
    if failure is not None:
        yield Input(wanted.shown, wanted.folder / f"{state.pages.stem}.none", 0, failure)


def _fetch_all(wanted: LogGroup, state: _State, fetch: Fetch, sleep: Callable[[float], None]) -> None:
    request = wanted.request()
    with state.pages.open("r+b" if state.bytes else "wb") as out:
        out.truncate(state.bytes)
        out.seek(state.bytes)
        while not state.complete:
            asked = {**request, **({"nextToken": state.token} if state.token else {})}
            answer, raw = _patiently(fetch, asked, sleep)
            line = _line(wanted.group, answer, raw)
            out.write(line)
            out.flush()
            os.fsync(out.fileno())
            token = answer.get("nextToken")
            state.complete = not token or token == state.token
            state.count, state.bytes, state.token = state.count + 1, state.bytes + len(line), token
            state.save()


def _patiently(fetch: Fetch, asked: dict[str, Any], sleep: Callable[[float], None]) -> tuple[dict[str, Any], bytes]:
    for wait in _WAITS:
        try:
            return fetch(asked)
        except Exception as error:
            response = getattr(error, "response", None)
            code = response.get("Error", {}).get("Code") if isinstance(response, dict) else None
            if code not in _THROTTLED:
                raise
            sleep(wait)
    return fetch(asked)


def _line(group: str, answer: dict[str, Any], raw: bytes) -> bytes:
    """The answer as received on one line, behind the name of its log group."""
    body = raw.strip()
    if (
        body[:1] != b"{" or body[-1:] != b"}" or b"\n" in body
    ):  # the service writes one line; anything else is written anew
        body = json.dumps(answer, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    rest = body[1:].lstrip()
    return b'{"logGroupName":' + json.dumps(group).encode() + (b"}" if rest == b"}" else b"," + rest) + b"\n"
