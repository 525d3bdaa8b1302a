"""What is done about an alert: printed, run, posted, written into the ledger; tried again, dropped, counted."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from auditrail import discover
from auditrail.errors import ConfigError
from auditrail.incident import ledger
from auditrail.watch import configured
from auditrail.watch.actions import command, incident, webhook
from auditrail.watch.actions import print as printing
from auditrail.watch.delivery import Channel, DeliveryError
from auditrail.watch.types import Alert, Ref

REF = Ref("logs/a\x1b[31m.jsonl", 3, 100, 50, "00" * 32, 10**18, "a", "planner", "r1", "pay", "c1")


def alert(name: str = "id-1", severity: str = "high") -> dict[str, Any]:
    made = Alert(
        name, "unpaired-call", severity, "A title", "it <b>broke</b> *now* @all\x1b[2J \ud800", 10**18, "planner", "r1",
        "a",
        "pay", "c1", (REF,), {"n": 1 << 60, "x": 0.5, "t": "y" * 500, "nan": float("nan")}, 10**18, 10**18 + 5_000_000,
    )  # fmt: skip
    return {**made.document(), "redelivered": False}


@pytest.mark.parametrize("name", discover.names(configured.ACTIONS))
def test_an_action_says_what_it_is(name: str) -> None:
    module = discover.modules(configured.ACTIONS)[name]
    assert module.TITLE
    assert isinstance(module.QUEUED, bool)
    assert isinstance(module.RETRIED, bool)
    assert all(kind in (str, float, bool) for kind in module.SETTINGS.values())


def test_print_acts_on_no_terminal() -> None:
    for form in ("text", "jsonl"):
        out = io.StringIO()
        printing.make({"format": form}, out).deliver(alert())
        text = out.getvalue()
        assert text.count("\n") == 1
        assert "\x1b" not in text
        if form == "jsonl":
            value = json.loads(text)
            assert (value["schema"], value["latency_ms"], value["values"]["n"]) == (
                "auditrail.alert/1",
                5.0,
                str(1 << 60),
            )
            assert len(value["values"]["t"]) == 300
    with pytest.raises(ConfigError):
        printing.make({"format": "xml"}, io.StringIO())


def test_command_is_handed_the_alert_and_no_shell_reads_it(tmp_path: Path) -> None:
    target = tmp_path / "out; touch x"
    command.make({"command": f"tee '{target}'"}, io.StringIO()).deliver(alert())
    assert json.loads(target.read_bytes())["id"] == "id-1"
    command.make({"command": f"cat > {tmp_path}/shell", "shell": True}, io.StringIO()).deliver(alert())
    assert json.loads((tmp_path / "shell").read_bytes())["tool"] == "pay"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sh -c 'echo oh no >&2; exit 3'", "ended with 3: oh no"),
        ("sleep 30", "longer than"),
        ("/no/such", "can't be run"),
    ],
)
def test_a_command_that_fails_is_told_and_not_tried_again(words: str, message: str) -> None:
    with pytest.raises(DeliveryError, match=message) as caught:
        command.make({"command": words, "timeout": 0.2}, io.StringIO()).deliver(alert())
    assert not caught.value.again


class _Receiver(BaseHTTPRequestHandler):
    answers: list[int]
    bodies: list[dict[str, Any]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        type(self).bodies.append({**json.loads(body), "key": self.headers["Idempotency-Key"]})
        code = type(self).answers.pop(0) if type(self).answers else 200
        self.send_response(code)
        if code == 302:
            self.send_header("Location", "http://127.0.0.1:1/")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[tuple[str, type[_Receiver]]]:
    handler = type("Handler", (_Receiver,), {"answers": [], "bodies": []})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/secret-token", handler
    server.shutdown()
    thread.join()
    server.server_close()


def test_webhook_is_tried_again_with_pauses(receiver: tuple[str, type[_Receiver]]) -> None:
    url, handler = receiver
    handler.answers = [503, 429, 200]
    done: list[str] = []
    channel = Channel(
        "webhook-1", webhook.make({"url": url}, io.StringIO()), lambda _alert: True, lambda name, _: done.append(name),
        queued=True, retried=True, pause=0.01,
    )  # fmt: skip
    channel.give(alert())
    assert channel.close(5) == 0
    assert (channel.delivered, channel.failed, len(handler.bodies), done) == (1, 0, 3, ["id-1"])
    assert {body["key"] for body in handler.bodies} == {"id-1"}


@pytest.mark.parametrize(("code", "again"), [(400, False), (302, False), (500, True)])
def test_webhook_answers(receiver: tuple[str, type[_Receiver]], code: int, again: bool) -> None:
    url, handler = receiver
    handler.answers = [code]
    with pytest.raises(DeliveryError) as caught:
        webhook.make({"url": url}, io.StringIO()).deliver(alert())
    assert caught.value.again == again
    assert "secret-token" not in str(caught.value)


def test_webhook_shapes(monkeypatch: pytest.MonkeyPatch) -> None:
    slack = webhook.shaped(alert(), "slack")
    text = slack["blocks"][0]["text"]["text"]
    assert "<b>" not in text
    assert "&lt;b&gt;" in text
    paged = webhook.shaped(alert(), "pagerduty", "KEY")
    assert (paged["dedup_key"], paged["payload"]["severity"], paged["routing_key"]) == ("id-1", "error", "KEY")
    assert webhook.shaped(alert(), "generic")["schema"] == "auditrail.alert/1"
    monkeypatch.delenv("AUDITRAIL_PAGERDUTY_KEY", raising=False)
    for wrong in ({}, {"url": "file:///etc/passwd"}, {"url_env": "NOT_SET"}, {"shape": "x"}, {"shape": "pagerduty"}):
        with pytest.raises(ConfigError):
            webhook.make(wrong, io.StringIO())


def test_incident_is_written_once(tmp_path: Path) -> None:
    action = incident.make({"folder": str(tmp_path / "incidents")}, io.StringIO())
    action.deliver(alert())
    action.deliver({**alert(), "redelivered": True})
    (entry,) = ledger.read(tmp_path / "incidents").entries
    assert (entry.kind, entry.data["rule"], entry.at_ns) == ("alert", "unpaired-call", 10**18)


class _Stuck:
    def __init__(self) -> None:
        self.go = threading.Event()

    def deliver(self, _alert: dict[str, Any]) -> None:
        self.go.wait(5)


def test_a_full_queue_drops_and_counts_and_never_waits() -> None:
    stuck = _Stuck()
    channel = Channel("x-1", stuck, lambda _a: True, lambda *_: None, queued=True, retried=False, size=2)
    for number in range(10):
        channel.give(alert(f"id-{number}"))
    assert channel.dropped >= 7
    stuck.go.set()
    channel.close(5)
    assert channel.delivered + channel.dropped == 10


def test_a_fault_of_an_action_is_counted() -> None:
    class Broken:
        def deliver(self, _alert: dict[str, Any]) -> None:
            raise RuntimeError("oh")

    channel = Channel("x-1", Broken(), lambda _a: True, lambda *_: None, queued=False, retried=True)
    channel.give(alert())
    assert (channel.failed, channel.last_error) == (1, "RuntimeError: oh")


def test_which_alerts_an_action_wants() -> None:
    choice = configured.read(
        {"action": [{"kind": "print", "rules": ["denied-*", "unpaired-*"], "min_severity": "high"}]}
    ).actions[0]
    assert choice.wants(alert())
    assert not choice.wants(alert(severity="low"))
    assert not choice.wants({**alert(), "rule": "log-cut"})


@pytest.mark.parametrize(("severity", "paused"), [("high", ["planner"]), ("low", [])])
def test_the_example_that_pauses_an_agent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, severity: str, paused: list[str]
) -> None:
    script = Path(__file__).parents[2] / "docs" / "examples" / "pause-agent.sh"
    monkeypatch.setenv("AUDITRAIL_PAUSED", str(tmp_path))
    for _ in range(2):
        command.make({"command": str(script)}, io.StringIO()).deliver(alert(severity=severity))
    assert [path.name for path in tmp_path.iterdir()] == paused
