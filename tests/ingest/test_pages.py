"""Log groups read live: every page kept as it came, fetched once, and taken up where it was broken off."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest

from auditrail import case
from auditrail.cli._load import load_into
from auditrail.config import Config
from auditrail.errors import MissingExtraError, UsageError
from auditrail.ingest import pages
from auditrail.ingest.pages import LogGroup
from tests.ingest import _cloud

NOW = 1_789_639_200 * 10**9  # 2026-09-17T10:00:00Z
ADDRESS = "cloudwatch:///aws/lambda/agent?start=2026-09-17T08:00:00Z&end=2026-09-17T09:00:00Z"


def parsed(query: str, now: int = NOW) -> LogGroup:
    return LogGroup.parsed(f"cloudwatch://group?{query}", Path("x.pages"), now)


# -- addresses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "seconds"),
    [("2026-09-17T09:00:00Z", -3600), ("1789635600", -3600), ("1789635600000", -3600), ("-2h", -7200), ("-30m", -1800),
     ("-90s", -90), ("-7d", -604_800), ("-1w", -604_800), ("2026-09-17T11:00:00+02:00", -3600)],
)  # fmt: skip
def test_times_of_every_form(start: str, seconds: int) -> None:
    found = parsed(f"start={start}")
    assert (found.start, found.end) == (NOW // 10**6 + seconds * 1000, NOW // 10**6)


def test_an_end_that_lies_ahead_is_now() -> None:
    assert parsed("start=-1h&end=2030-01-01T00:00:00Z").end == NOW // 10**6
    assert parsed("start=-1h&end=-30m").end == NOW // 10**6 - 1_800_000


def test_all_parts_become_the_request() -> None:
    found = LogGroup.parsed(
        'cloudwatch:///aws/lambda/agent?start=-1h&region=eu-central-1&streams=a,b&filter={ $.x = "a+b" }',
        Path("p"),
        NOW,
    )
    assert found.region == "eu-central-1"
    assert found.request() == {
        "logGroupName": "/aws/lambda/agent",
        "startTime": NOW // 10**6 - 3_600_000,
        "endTime": NOW // 10**6 - 1,
        "logStreamNames": ["a", "b"],
        "filterPattern": '{ $.x = "a+b" }',
    }
    arn = LogGroup.parsed("cloudwatch://arn:aws:logs:eu:1:log-group:g?start=-1h&prefix=p", Path("p"), NOW).request()
    assert (arn["logGroupIdentifier"], arn["logStreamNamePrefix"]) == ("arn:aws:logs:eu:1:log-group:g", "p")


@pytest.mark.parametrize(
    "address",
    ["cloudwatch://", "cloudwatch://g", "cloudwatch://?start=-1h", "cloudwatch://g?start=soon", "cloudwatch://g?start=",
     "cloudwatch://g?start=-1h&stream=a", "cloudwatch://g?start=-1h&end=-2h", "cloudwatch://g?start=-1x"],
)  # fmt: skip
def test_an_address_that_makes_no_sense_is_refused(address: str) -> None:
    with pytest.raises(UsageError):
        LogGroup.parsed(address, Path("p"), NOW)


def test_without_boto3_the_hint_names_the_extra(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "boto3", None)
    with pytest.raises(MissingExtraError) as caught:
        list(LogGroup.parsed(ADDRESS, tmp_path / "pages").inputs())
    assert "auditrail-forensics[aws]" in caught.value.hint
    assert list(tmp_path.iterdir()) == []


# -- pages, without a service ------------------------------------------------------------------------------------------


class Service:
    """Gives pages of one event; fails where it is told to."""

    def __init__(self, count: int, **failures: list[Exception]) -> None:
        self.count = count
        self.asked: list[str | None] = []
        self.failures = {int(key.removeprefix("at_")): errors for key, errors in failures.items()}

    def __call__(self, asked: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
        token = asked.get("nextToken")
        number = int(token) if token else 0
        self.asked.append(token)
        if errors := self.failures.get(number):
            raise errors.pop(0)
        answer: dict[str, Any] = {
            "events": [{"logStreamName": "s", "timestamp": NOW // 10**6 + number, "message": f"m{number}",
                        "ingestionTime": NOW // 10**6, "eventId": f"e{number}"}],
            "searchedLogStreams": [],
        }  # fmt: skip
        if number + 1 < self.count:
            answer["nextToken"] = str(number + 1)
        return answer, json.dumps(answer, separators=(", ", ": ")).encode()


class ThrottledError(Exception):
    response: ClassVar = {"Error": {"Code": "ThrottlingException"}}


def run(service: Service, folder: Path, waits: list[float] | None = None) -> list[tuple[str, str | None]]:
    wanted = LogGroup.parsed(ADDRESS, folder, NOW)
    sleep = (waits if waits is not None else []).append
    return [(item.shown, item.error) for item in pages.fetched(wanted, lambda _: service, sleep)]


def kept(folder: Path) -> list[bytes]:
    (file,) = folder.glob("*.jsonl")
    return file.read_bytes().splitlines()


def state(folder: Path) -> dict[str, Any]:
    (file,) = folder.glob("*.request.json")
    found = json.loads(file.read_text())
    assert isinstance(found, dict)
    return found


def test_pages_are_kept_as_they_came_behind_the_name_of_the_group(tmp_path: Path) -> None:
    service = Service(3)
    ((shown, error),) = run(service, tmp_path)
    assert (Path(shown).parent, error) == (tmp_path, None)
    assert service.asked == [None, "1", "2"]
    for number, found in enumerate(kept(tmp_path)):
        _, raw = Service(3)({"nextToken": str(number)} if number else {})
        assert found == b'{"logGroupName":"/aws/lambda/agent",' + raw[1:]
    told = state(tmp_path)
    assert (told["pages"], told["complete"], told["next_token"]) == (3, True, None)
    assert told["request"]["logGroupName"] == "/aws/lambda/agent"


def test_a_complete_request_is_not_sent_again(tmp_path: Path) -> None:
    first = run(Service(2), tmp_path)
    again = Service(2)
    assert run(again, tmp_path) == first
    assert again.asked == []


def test_an_interrupted_fetch_goes_on_behind_its_last_page(tmp_path: Path) -> None:
    found = run(Service(4, at_2=[OSError("the line is down")]), tmp_path)
    assert [error for _, error in found] == [None, "the line is down"]
    assert found[1][0] == "cloudwatch:///aws/lambda/agent"
    assert (state(tmp_path)["next_token"], state(tmp_path)["complete"]) == ("2", False)
    service = Service(4)
    assert [error for _, error in run(service, tmp_path)] == [None]
    assert service.asked == ["2", "3"]
    assert len(kept(tmp_path)) == 4


def test_a_torn_line_is_cut_off_first(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        run(Service(3, at_1=[KeyboardInterrupt()]), tmp_path)  # type: ignore[list-item]
    (file,) = tmp_path.glob("*.jsonl")
    with file.open("ab") as out:
        out.write(b'{"logGroupName":"/aws/la')
    run(Service(3), tmp_path)
    assert [json.loads(found)["events"][0]["message"] for found in kept(tmp_path)] == ["m0", "m1", "m2"]


def test_a_state_that_does_not_fit_begins_anew(tmp_path: Path) -> None:
    run(Service(2), tmp_path)
    (file,) = tmp_path.glob("*.jsonl")
    file.write_bytes(b"")
    service = Service(2)
    run(service, tmp_path)
    assert service.asked == [None, "1"]
    assert len(kept(tmp_path)) == 2


def test_throttling_is_waited_for_longer_each_time(tmp_path: Path) -> None:
    waits: list[float] = []
    assert [
        error
        for _, error in run(Service(2, at_1=[ThrottledError(), ThrottledError(), ThrottledError()]), tmp_path, waits)
    ] == [None]
    assert waits == [1, 2, 4]


def test_throttling_without_end_ends_the_fetch(tmp_path: Path) -> None:
    waits: list[float] = []
    found = run(Service(2, at_0=[ThrottledError("slow down") for _ in range(20)]), tmp_path, waits)
    assert found == [("cloudwatch:///aws/lambda/agent", "slow down")]
    assert sum(waits) == 63


# -- CloudWatch Logs on this machine -----------------------------------------------------------------------------------


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    for _ in _cloud.server(monkeypatch):
        logs = _cloud.client("logs")
        logs.create_log_group(logGroupName="/aws/lambda/agent")
        now = int(time.time() * 1000)
        for stream in ("one", "two"):
            logs.create_log_stream(logGroupName="/aws/lambda/agent", logStreamName=stream)
            logs.put_log_events(
                logGroupName="/aws/lambda/agent",
                logStreamName=stream,
                logEvents=[
                    {
                        "timestamp": now - 60_000 + n,
                        "message": json.dumps({"run_id": f"r-{stream}", "event": f"step {n}"}),
                    }
                    for n in range(3)
                ],
            )
        yield now


def load(folder: Path, address: str) -> list[tuple[str, str, str | None]]:
    with case.open_write(folder / "c.duckdb") as connection:
        loaded = load_into(
            connection, [address], folder / "c.duckdb", Config(), reader=None, max_record=None, max_expansion=None,
            quiet=True,
        )  # fmt: skip
    return [(source.path, status, source.error) for source, status in loaded]


def test_a_log_group_is_fetched_kept_and_read(group: int, tmp_path: Path) -> None:
    address = f"cloudwatch:///aws/lambda/agent?start={group - 120_000}&end={group}&region={_cloud.REGION}"
    ((path, status, error),) = load(tmp_path, address)
    assert (Path(path).parent, status, error) == (tmp_path / "c.duckdb.pages", "new", None)
    assert load(tmp_path, address) == [(path, "unchanged", None)]
    with case.open_write(tmp_path / "c.duckdb") as connection:
        (found,) = connection.execute("SELECT format, stream, events FROM sources").fetchall()
        runs = connection.execute("SELECT id, events FROM runs ORDER BY id").fetchall()
        codes = {code for (code,) in connection.execute("SELECT code FROM remarks").fetchall()}
    assert found == ("cloudwatch", "/aws/lambda/agent", 6)
    assert runs == [("r-one", 3), ("r-two", 3)]
    assert "fetched-from" in codes
    assert "no-log-group" not in codes


def test_streams_narrow_what_is_fetched(group: int, tmp_path: Path) -> None:
    load(tmp_path, f"cloudwatch:///aws/lambda/agent?start=-1h&streams=two&region={_cloud.REGION}")
    with case.open_write(tmp_path / "c.duckdb") as connection:
        assert connection.execute("SELECT id FROM runs").fetchall() == [("r-two",)]


def test_a_group_that_is_not_there_is_named(group: int, tmp_path: Path) -> None:
    ((path, status, error),) = load(tmp_path, f"cloudwatch://none?start=-1h&region={_cloud.REGION}")
    assert (path, status) == ("cloudwatch://none", "unreadable")
    assert error is not None
    assert "ResourceNotFoundException" in error
