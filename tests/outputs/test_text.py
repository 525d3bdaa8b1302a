"""The text of a run and of a listing: golden files, widths, colours, folding, filters, and speed."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from typing import Any

import pytest
from rich.cells import cell_len

from auditrail.outputs import text
from auditrail.outputs._view import View
from auditrail.report.types import Column, Gap, Listing, Reconstruction

SGR = re.compile(r"\x1b\[[0-9;]*m")


def rendered(report: Any, **view: Any) -> str:
    return "".join(text.render(report, View(**view)))


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("incident_80", {"width": 80}),
        ("incident_120", {"width": 120}),
        ("incident_80_ascii", {"width": 80, "unicode": False}),
        ("incident_100_whole_berlin", {"width": 100, "content": "whole", "tz": "Europe/Berlin", "fold": False}),
        ("incident_80_digest", {"width": 80, "content": "digest"}),
        ("incident_80_tools", {"width": 80, "layers": ("tool", "policy")}),
    ],
)
def test_a_run_matches_its_golden_file(name: str, view: dict[str, Any], incident: Reconstruction, golden: Any) -> None:
    golden(f"{name}.txt", rendered(incident, **view))


@pytest.mark.parametrize("width", [80, 140])
def test_a_listing_matches_its_golden_file(width: int, listing: Listing, golden: Any) -> None:
    golden(f"listing_{width}.txt", rendered(listing, width=width))


def test_the_hostile_run_matches_its_golden_file(hostile: Reconstruction, golden: Any) -> None:
    golden("hostile_100.txt", rendered(hostile, width=100))


@pytest.mark.parametrize("width", [60, 80, 100, 120, 200])
@pytest.mark.parametrize("unicode", [True, False])
def test_no_line_runs_over_the_width(
    width: int, unicode: bool, incident: Reconstruction, hostile: Reconstruction, listing: Listing
) -> None:
    for report in (incident, hostile, listing):
        for content in ("short", "whole", "digest"):
            lines = rendered(report, width=width, unicode=unicode, content=content).splitlines()
            assert max(map(cell_len, lines)) <= width
            assert unicode or "".join(lines).isascii()
            assert [line for line in lines if line != line.rstrip()] == []


def test_colour_changes_nothing_but_colour(incident: Reconstruction, hostile: Reconstruction, listing: Listing) -> None:
    for report in (incident, hostile, listing):
        coloured = rendered(report, width=90, colour=True)
        assert "\x1b[" in coloured
        assert SGR.sub("", coloured) == rendered(report, width=90)
        assert "\x1b" not in SGR.sub("", coloured)


def test_every_event_stands_in_the_tree_with_its_record(incident: Reconstruction) -> None:
    made = rendered(incident, width=120, fold=False)
    for event in incident.events:
        part = f".{event.source.part}" if event.source.part else ""
        label = {"gateway": "litellm", "payments-api": "cloudwatch"}.get(event.stream, event.stream)
        assert re.search(rf"\b{label}:{event.source.record}{re.escape(part)}\n", made), event.id


def test_alike_events_are_folded_and_can_be_unfolded(incident: Reconstruction) -> None:
    made = rendered(incident, width=120)
    assert "\u2026 5 more like this (heartbeat, 10:06:15)" in made
    assert made.count("heartbeat") == 2
    assert rendered(incident, width=120, fold=False).count("heartbeat") == 6


def test_what_differs_or_failed_or_is_marked_is_not_folded(make_event: Any, make_run: Any) -> None:
    def run(count: int = 8, **more: Any) -> str:
        events = [
            make_event("agent", n, f"10:00:0{n}", "tool", "span", name="pay", tool="pay", **more) for n in range(count)
        ]
        return rendered(make_run(*((0, e) for e in events)))

    assert "7 more like this (pay, 10:00:01\u201310:00:07)" in run(args='{"a":1}')
    assert "more like this" not in run(count=3)
    assert "more like this" not in run(marks=("no result",))
    assert "more like this" not in run(status="error")
    assert "more like this" not in run(decision="deny")
    payments = [make_event("agent", n, "10:00:00", "tool", "span", tool="pay", args=f'{{"sum":{n}}}') for n in range(8)]
    assert "more like this" not in rendered(make_run(*((0, e) for e in payments)))


def test_an_event_with_a_gap_behind_it_is_not_folded(make_event: Any, make_run: Any) -> None:
    events = [make_event("agent", n, "10:00:00", "agent", "log", name="beat") for n in range(9)]
    gap = Gap("r", "lost", "high", "strong", "Lines are gone", "", "", after=events[4].id)
    made = rendered(make_run(*((0, e) for e in events), gaps=(gap,)))
    assert made.count("3 more like this") == 2
    assert "\u2717 missing: Lines are gone [lost]" in made


def test_filters_say_what_they_hide(incident: Reconstruction, make_event: Any) -> None:
    made = rendered(incident, layers=("policy",))
    assert "25 events hidden by --layer" in made
    assert "1 of 26 events, times in UTC" in made
    # Its ancestors are hidden: it stands at the top, without a tree line before it.
    assert re.search(r"policy decision DENY", made)
    middle = next(e.ts_ns for e in incident.events if e.decision)
    made = rendered(incident, since_ns=middle, until_ns=middle)
    # One in the window, one span that reaches into it, one without a time.
    assert "23 events hidden by --since and --until" in made
    assert "2 events hidden by --depth" in rendered(incident, depth=3)


def test_joins_that_are_guesses_say_so_and_own_ids_say_nothing(incident: Reconstruction) -> None:
    made = rendered(incident, width=120)
    assert "\u27f5 inferred: session sess-58c0d2" in made
    assert "\u27f5 run" not in made
    assert "\u27f5 tool_call call_AwVpiXsk\u2026" in made


def test_an_outcome_that_no_record_states_is_not_called_ok(make_event: Any, make_run: Any) -> None:
    one = make_event("agent", 1, "10:00:00", "tool", "result", tool="pay")
    made = rendered(make_run((0, one), status="unknown"))
    assert "not known: no record states an outcome" in made
    assert "(result not recorded)" in made
    assert re.search(r"\bok\b", made) is None


def test_arguments_that_are_empty_missing_or_kept_out_are_told_apart(make_event: Any, make_run: Any) -> None:
    def shown(**more: Any) -> str:
        return rendered(make_run((0, make_event("agent", 1, "10:00:00", "tool", "call", tool="pay", **more))))

    assert "call pay(not recorded)" in shown()
    assert "call pay()" in shown(args_state="empty")
    assert "call pay()" in shown(args="{}", args_state="empty")
    assert "call pay(redacted)" in shown(args_state="redacted")
    assert 'call pay(sum=1400.00, to="a b", n=3, deep={"x":[1]})' in shown(
        args='{"sum":"1400.00","to":"a b","n":3,"deep":{"x":[1]}}'
    )


def test_whole_content_loses_nothing(make_event: Any, make_run: Any) -> None:
    value = "".join(f"{n:05d}" for n in range(2_000))
    run = make_run((0, make_event("agent", 1, "10:00:00", "tool", "call", tool="t", args=value)))
    lines = rendered(run, content="whole").splitlines()
    block = lines[next(i for i, line in enumerate(lines) if line.endswith("arguments:")) + 1 :]
    assert "".join(line.strip() for line in block) == value
    twice = run.events[0]._replace(args='{"a":1,"a":2}')
    assert '{"a":1,"a":2}' in rendered(run._replace(events=(twice,)), content="whole")


def test_days_are_told_apart(make_event: Any, make_run: Any) -> None:
    late = make_event("agent", 1, "23:59:59", "agent", "log", name="a")
    next_day = late._replace(id="1:2", ts_ns=late.ts_ns + 2_000_000_000)
    assert "\u2500\u2500 Fri 2026-09-18 \u2500\u2500" in rendered(make_run((0, late), (0, next_day)))
    assert "Fri" not in rendered(make_run((0, late), (0, next_day)), tz="America/New_York")


def test_a_very_deep_tree_stays_readable(make_event: Any, make_run: Any) -> None:
    rows = [(n, make_event("agent", n, "10:00:00", "agent", "log", name=f"step {n}")) for n in range(1_500)]
    lines = rendered(make_run(*rows), width=80).splitlines()
    assert max(map(cell_len, lines)) <= 80
    assert any("(1499) step 1499" in line for line in lines)


def test_five_thousand_events_take_less_than_two_seconds(make_event: Any, make_run: Any) -> None:
    args = '{"order":"70355","amount":"1400.00","text":"%s"}' % ("long text " * 50)
    rows = [
        (n % 7, make_event("agent", n, "10:00:00", "tool", "call", tool=f"t{n}", args=args, end="10:00:01"))
        for n in range(5_000)
    ]
    run = make_run(*rows)
    began = time.process_time()
    made = rendered(run, width=100, colour=True)
    assert time.process_time() - began < 2
    assert made.count("\n") > 5_000


def test_a_listing_without_rows_says_so(listing: Listing) -> None:
    assert "(nothing)" in rendered(replace(listing, rows=()))


def test_ids_are_cut_last_and_a_table_that_does_not_fit_becomes_blocks() -> None:
    run = "bb70f1edbd02983ba953edfa49e9dcf7"
    columns = (Column("run", "Run", "id"), Column("what", "What"), Column("n", "N", "count"))
    made = rendered(Listing("runs", "runs", "Runs", columns, ((run, "long " * 30, 1234),)), width=60)
    assert run in made
    assert "1,234" in made
    wide = tuple(Column(f"c{n}", f"Column {n}") for n in range(20))
    made = rendered(Listing("query", "rows", "", wide, (tuple("x" * 30 for _ in wide),)), width=80)
    assert made.count("x" * 30) == 20


def test_a_share_is_not_rounded_up_to_all() -> None:
    columns = (Column("a", "A", "share"), Column("b", "B", "bytes"))
    made = rendered(Listing("x", "rows", "", columns, ((0.9999, 999_999), (1.0, 1_500_000), (0.29, 5))))
    assert "99.9 %" in made
    assert "100 %" in made
    assert " 29 %" in made
    assert "1.0 MB" in made


def test_an_error_that_quotes_content_is_hidden_and_the_name_of_a_type_is_not(make_event: Any, make_run: Any) -> None:
    def shown(error: str) -> str:
        one = make_event("agent", 1, "10:00:00", "tool", "span", tool="pay", status="error", error=error)
        return rendered(make_run((0, one)), content="digest")

    assert "error: TimeoutError" in shown("TimeoutError")
    assert "error: http_503" in shown("http_503")
    assert "4111111111111111" not in shown("4111111111111111")
    assert "DE44500105175407324931" not in shown("DE44500105175407324931")


def test_an_id_gives_way_only_before_a_table_falls_apart() -> None:
    run = "bb70f1edbd02983ba953edfa49e9dcf7"
    columns = (
        Column("run", "Run", "id"),
        Column("at", "Started", "time"),
        Column("what", "What"),
        Column("n", "N", "count"),
    )
    (head, _, row) = rendered(
        Listing("runs", "runs", "", columns, ((run, 10**18, "x" * 30, 1234),)), width=60
    ).splitlines()
    assert head.split() == ["Run", "Started", "(UTC)", "What", "N"]
    assert row.startswith("bb70f1edbd02")
    assert "2001-09-09 01:46:40" in row
    assert row.endswith("1,234")


def test_the_timeline_of_a_view_is_in_the_order_of_the_times_shown(incident: Reconstruction) -> None:
    from auditrail.outputs import markdown

    lines = "".join(markdown.render(incident, View())).splitlines()
    times = [line.split("|")[1].strip(" \\~") for line in lines if re.match(r"\| (\\~)?\d\d:", line)]
    assert times == sorted(times)
    assert len(times) == len(incident.events) - 1


def test_a_log_line_is_told_by_its_text_and_its_plain_fields(make_event: Any, make_run: Any) -> None:
    attributes = '{"level":"INFO","message":"refund refused","status":403,"envelope":{"eventId":"1"}}'
    run = make_run((0, make_event("agent", 1, "10:00:00", "other", "log", attributes=attributes)))
    assert "other  refund refused: {status=403}  " in rendered(run)
    assert "(no name)" not in rendered(run)
    assert '"eventId": "1"' in rendered(run, content="whole")
    hidden = rendered(run, content="digest")
    assert "refused" not in hidden
    assert "403" not in hidden
    assert "other  (no name)" in rendered(make_run((0, make_event("agent", 1, "10:00:00", "other", "log"))))


def test_a_decision_shows_what_it_was_about_and_why(make_event: Any, make_run: Any) -> None:
    one = make_event(
        "opa", 1, "10:00:00", "policy", "decision", tool="pay", decision="deny", rule="limit",
        args='{"action":"pay","arguments":{"sum":"4200.00"},"tool":"pay"}',
        result='{"allow":false,"reason":"over the limit: a person must approve","rule":"limit"}',
    )  # fmt: skip
    made = rendered(make_run((0, one)), width=120)
    assert "decision DENY pay(sum=4200.00)  reason: over the limit: a person must approve  rule limit" in made
    other = one._replace(args='{"sum":1}', result='["no"]', decision="not_run")
    assert 'decision NOT RUN pay(sum=1)  ["no"]  rule limit' in rendered(make_run((0, other)))


def test_messages_to_a_model_are_told_by_the_last_one(make_event: Any, make_run: Any) -> None:
    messages = '[{"role":"system","content":"Be kind."},{"role":"user","content":"Where is my parcel?"}]'
    run = make_run((0, make_event("gateway", 1, "10:00:00", "llm", "span", name="chat", args=messages)))
    assert "span chat: 2 messages, the last of user: Where is my parcel?" in rendered(run, width=120)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ('{"role":"user","parts":[{"type":"text","content":"Where is it?"}]}', "user: Where is it?"),
        (
            '{"role":"user","content":[{"type":"text","text":"Where"},{"text":"is it?"},{"image":{}}]}',
            "user: Where is it?",
        ),
        ('{"role":"model","parts":[{"functionCall":{"name":"pay"}}]}', 'model: [{"functionCall":{"name":"pay"}}]'),
        ('{"role":"assistant","content":null,"tool_calls":[{"id":"c"}]}', 'assistant: {"tool_calls":[{"id":"c"}]}'),
        ('{"role":"assistant","content":""}', "assistant: "),
        ('{"role":"assistant"}', "assistant: {}"),
    ],
)
def test_a_message_is_told_by_its_text_wherever_that_stands(
    make_event: Any, make_run: Any, message: str, said: str
) -> None:
    run = make_run((0, make_event("gateway", 1, "10:00:00", "llm", "span", name="chat", args=f"[{message}]")))
    assert f"span chat: a message of {said}" in rendered(run, width=160)


def test_a_file_with_two_streams_is_one_row_where_there_is_no_room(incident: Reconstruction) -> None:
    first, *_, last = incident.streams
    twice = incident._replace(streams=(first, last, last._replace(stream="payments-api", events=5)))
    narrow = rendered(twice, width=80).splitlines()
    assert [line.split()[3] for line in narrow if line.startswith("otel ")] == [str(last.events + 5)]
    assert len([line for line in rendered(twice, width=120).splitlines() if line.startswith("otel ")]) == 2


def test_a_table_says_which_columns_it_leaves_out() -> None:
    columns = tuple(Column(f"c{n}", f"Column {n}") for n in range(14))
    rows = tuple((f"row {r}", None, "same", *(f"value {r} {n}" for n in range(11))) for r in range(3))
    made = rendered(Listing("runs", "runs", "", columns, rows), width=80)
    assert "Empty in each row: Column 1." in made
    assert "The same in each row: Column 2 same." in made
    assert re.search(r"Left out for want of room: Column \d+,.* Column 13\.", made.replace("\n", " "))
    assert "value 2 0" in made
    every = rendered(Listing("query", "rows", "", columns, rows), width=80)
    assert "Left out" not in every
    assert "value 2 10" in every


def test_sentences_are_not_cut_and_numbers_stand_at_the_right() -> None:
    prose = "Which fields it can never record depends on how the producer was set up by its owner."
    columns = (Column("n", "Format"), Column("t", "Never records"), Column("c", "Count"))
    made = rendered(Listing("formats", "formats", "", columns, (("jsonl", prose, 5), ("opa", prose, 12))), width=60)
    assert prose in re.sub(r"\s+", " ", made)
    made = rendered(Listing("query", "rows", "", columns, (("jsonl", "x", 5), ("opa", "y", 1200))), width=60)
    assert [line[-5:] for line in made.splitlines()][2:] == ["    5", " 1200"]


def test_a_message_of_several_blocks_is_told_by_their_texts(make_event: Any, make_run: Any) -> None:
    blocks = '{"content":[{"type":"text","text":"list the files"},{"type":"image","url":null},{"text":"please"}]}'
    event = make_event("agent", 1, "10:00:00", "agent", "message", name="user", attributes=blocks)
    assert "list the files⏎please" in rendered(make_run((0, event)), width=120)
