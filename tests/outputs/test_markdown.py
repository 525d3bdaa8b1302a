"""Markdown that a ticket system shows as tables, with nothing in it that a log put there."""

from __future__ import annotations

from typing import Any

from markdown_it import MarkdownIt

from auditrail.outputs import markdown
from auditrail.outputs._view import View
from auditrail.report.types import Listing, Reconstruction

PARSER = MarkdownIt("gfm-like", {"linkify": False})


def rendered(report: Any, **view: Any) -> str:
    return "".join(markdown.render(report, View(**view)))


def kinds(source: str) -> dict[str, int]:
    counts: dict[str, int] = {}
    for token in PARSER.parse(source):
        for one in (token, *(token.children or ())):
            counts[one.type] = counts.get(one.type, 0) + 1
    return counts


def test_the_report_matches_its_golden_file(incident: Reconstruction, golden: Any) -> None:
    golden("incident.md", rendered(incident))


def test_hostile_logs_add_no_markup_and_no_cell(hostile: Reconstruction, listing: Listing) -> None:
    for content in ("short", "whole", "digest"):
        found = kinds(rendered(hostile, content=content))
        assert not {"link_open", "image", "strong_open", "em_open", "code_inline", "s_open", "html_block"} & set(found)
        # Facts, gaps, timeline and files: four tables, each with the cells of its columns only.
        assert found["table_open"] == 4
        assert found["td_open"] % 2 == 0
    source = rendered(hostile)
    timeline = source[source.index("## Timeline") : source.index("## Read from")]
    assert kinds(timeline)["td_open"] == 6 * len(hostile.events)
    assert kinds(rendered(listing))["td_open"] == 3 * len(listing.columns)


def test_whole_content_is_whole_and_short_content_is_short(make_event: Any, make_run: Any) -> None:
    run = make_run((0, make_event("agent", 1, "10:00:00", "tool", "call", tool="t", args="x" * 5_000)))
    assert "x" * 5_000 in rendered(run, content="whole")
    assert "x" * 401 not in rendered(run)


def test_hidden_events_are_counted(incident: Reconstruction) -> None:
    assert "25 of 26 events are hidden by the options of this view." in rendered(incident, layers=("policy",))
