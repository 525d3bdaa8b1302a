from __future__ import annotations

from types import SimpleNamespace

from auditrail.readers._contract import FACETS
from auditrail.report import formats

READER = SimpleNamespace(
    TITLE="t",
    LAYER="tool",
    TESTED_ON="x",
    NEVER_RECORDS="y",
    IDS=("run", "span"),
    CAPTURES={facet: "opt-in: by a switch" if facet == "arguments" else "never" for facet in FACETS},
)


def test_formats_are_listed_by_name() -> None:
    listing = formats.formats({"b": READER, "a": READER})
    assert [row[0] for row in listing.rows] == ["a", "b"]
    row = dict(zip([column.name for column in listing.columns], listing.rows[0], strict=True))
    assert row["ids"] == ["run", "span"]
    assert row["captures_arguments"] == "opt-in: by a switch"
    assert row["captures_run"] == "never"


def test_one_format_tells_what_its_producer_captures() -> None:
    listing = formats.format_of("a", READER)
    assert [row[0] for row in listing.rows] == list(FACETS)
    found = {row[0]: row[1:3] for row in listing.rows}
    assert found["arguments"] == ("opt-in", "by a switch")
    assert found["tokens"] == ("never", FACETS["tokens"])
    assert listing.extra["never_records"] == "y"
