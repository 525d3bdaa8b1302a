"""report.pdf: what it says, that it is read by people and programs alike, and that nothing makes it endless."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from pathlib import Path

import pytest

from auditrail.outputs._pdf import findings, report, retention, sources
from auditrail.outputs._pdf.blocks import Block, Chart
from auditrail.outputs._pdf.report import Beside, Withheld
from auditrail.outputs._view import View
from auditrail.report.overview_types import Overview
from tests.outputs import _overview_samples as samples
from tests.outputs import _pdfs


def made(overview: Overview, beside: Beside | None = None, **view: object) -> bytes:
    return report.render(overview, View(**view), beside)  # type: ignore[arg-type]


def blocks(overview: Overview) -> Sequence[Block]:
    return report.document(overview, View(), Beside()).blocks


@pytest.fixture(scope="module")
def quarter() -> bytes:
    return made(samples.quarter())


@pytest.fixture(scope="module")
def large() -> bytes:
    return made(samples.large())


SAID = (
    "Audit trail report 2026Q3, 2026-07-01 \u2013 2026-10-01 UTC",
    "7 findings: 1 critical, 4 high, 1 medium, 1 low; they touch 219 of 1,672 runs.",
    "period held 2026-07-01 00:00:10 \u2013 2026-09-30 23:58:41 UTC",
    f"case digest {samples.BLAKE3}",
    "frameworks EU AI Act",
    "1 of 1 chains broken",
    "outage: the stream was silent while runs went on",
    "evidence/gateway/litellm.jsonl:40211 \u2013 last record before",
    "what to change alert when litellm is silent for more than an hour",
    "and 68 more in records/gaps.csv",
    "183 d 2026-07-01 / 2026-04-01 91 d 0 of 1 litellm",
    "not a legal opinion",
    "BROKEN evidence/sealed/agent.jsonl",
    "612 of 900",
    "edited at record 7: hash differs; edited at record 9: hash differs; and 2 more defects; no hash covers meta",
    "share of traces kept of triage, otel/spans: 25 % (95 %: 21 % to 29 %)",
    "runs that no stream holds: 6 (95 %: 1 to 14)",
    "Every record became events, or a quarantine row.",
    "What was never loaded leaves no trace here.",
    "signatures of 1 of 3 sources: auditrail verify",
    "known limit of the exporter, ticket SEC-81 (expired on 2026-08-31)",
    "Page 1 of",
)


@pytest.mark.parametrize("words", SAID)
def test_what_it_says(quarter: bytes, words: str) -> None:
    assert words in _pdfs.words(quarter)


def test_no_word_of_law(quarter: bytes) -> None:
    assert not re.search(r"\b(compliant|compliance|violat\w+|lawful|legally)\b", _pdfs.words(quarter), re.IGNORECASE)


def test_other_programs_read_the_same_words(quarter: bytes, tmp_path: Path) -> None:
    theirs = " ".join(_pdfs.pdftotext(quarter, tmp_path).split())
    for words in ("litellm wrote nothing for 2 d 23 h while 5 agents ran", samples.BLAKE3, "evidence/report.log"):
        assert words in theirs


def test_the_same_values_give_the_same_bytes_and_no_date(quarter: bytes) -> None:
    assert made(samples.quarter()) == quarter
    assert set(_pdfs.reader(quarter).metadata or {}) == {"/Title", "/Author", "/Creator"}
    assert b"CreationDate" not in quarter


def test_it_is_made_for_screen_readers(quarter: bytes) -> None:
    root = _pdfs.reader(quarter).trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"].startswith("en")
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    tags = list(_pdfs.tags(quarter))
    kinds = {str(tag["/S"]) for tag in tags}
    assert {"/H1", "/H2", "/Table", "/TH", "/TD", "/Figure", "/L"} <= kinds
    told = [str(tag["/Alt"]) for tag in tags if tag["/S"] == "/Figure" and "/Alt" in tag]
    # A row of the map for each agent and layer, and the trend.
    assert len(told) == len(samples.gaps.AGENTS) * len(samples.gaps.LAYERS) + 1
    assert any("triage, llm: a record of it in 304 of 316 runs; not in all of 2026-08-11" in alt for alt in told)


def test_every_part_can_be_found_in_the_outline(quarter: bytes) -> None:
    titles = [item.title for item in _pdfs.reader(quarter).outline if not isinstance(item, list)]
    assert titles[0] == "Summary"
    assert titles[-1] == "Appendix: sources and their digests"
    assert "What was not checked" in titles


def test_what_only_a_person_can_tell_stands_where_it_was_given(quarter: bytes) -> None:
    beside = Beside(
        "records/{name}.jsonl", "dana@example.com", "2026-10-02T09:00:00Z", ("Handed over by the SOC.",),
        (Withheld("args", "payment-data", 1312),), "policy 4f1c",
    )  # fmt: skip
    words = _pdfs.words(made(samples.quarter(), beside))
    for said in (
        "operator dana@example.com", "made at 2026-10-02T09:00:00Z", "Handed over by the SOC.",
        "args payment-data 1,312", "under the policy policy 4f1c", "more in records/gaps.jsonl",
    ):  # fmt: skip
        assert said in words
        assert said not in _pdfs.words(quarter)


def test_times_are_shown_in_the_zone_of_the_view() -> None:
    words = _pdfs.words(made(samples.quarter(), tz="Europe/Berlin"))
    assert "began (Europe/" in words
    assert "2026-07-01 02:00:10 \u2013 2026-10-01 01:58:41 Europe/Berlin" in words


def test_nothing_to_tell_is_told() -> None:
    words = _pdfs.words(made(samples.empty()))
    for said in ("nothing could be judged", "No run is held", "Nothing could be estimated", "no source is held"):
        assert said in words


def test_a_large_case_is_bounded_and_what_is_not_listed_is_counted(large: bytes) -> None:
    assert len(_pdfs.reader(large).pages) <= 45
    words = str(report.document(samples.large(), View(), Beside()))
    found = samples.large(agents=3).gaps.gaps
    outage = sum(gap.cause == "outage" for gap in found)
    for said in (
        f"and {2_000 - findings.LISTED:,} more in records/gaps.csv",
        f"and {outage - findings.PER_CAUSE:,} more of this cause",
        f"and {5_000 - report.RUNS_SHOWN:,} more in records/runs.csv",
        f"and {1_000 - sources.CHAINS_SHOWN:,} more in records/verdicts.csv",
        f"and {1_000 - sources.SOURCES_SHOWN:,} more in records/sources.csv",
        f"and {300 - retention.STREAMS_SHOWN:,} more streams",
        "more agents, of which a larger share is held",
    ):
        assert said in words, said


def test_rows_that_are_listed_and_counted_are_all_rows() -> None:
    """The remainder of the map: agents with layers, then one row each, then a number."""
    charts = [block for block in blocks(samples.large()) if isinstance(block, Chart)]
    agents = {strip.label for chart in charts for strip in chart.strips} - {"runs"}
    assert charts[-1].notes == (f"and {200 - len(agents):,} more agents, of which a larger share is held",)


def test_nothing_runs_over_the_edge(large: bytes, tmp_path: Path) -> None:
    assert _pdfs.beyond_the_page(large, tmp_path) == []


HOSTILE = {
    "markup": '#link("http://x")[y] *b* _i_ $x^2$ @ref <l> // c `r` #include "/etc/passwd" #panic()',
    "escapes": "\x00\x1b[31mred\x07\u202egnp.exe\u2066 a\u200bb \ue000 \ufeff \ud800 \U000e0041",
    "no fonts": "日本語 😀 ไทย नमस्ते",
    "drawing": '<svg xmlns="x" onload="alert(1)">\x1b</svg>',
    "right to left": "مرحبا بالعالم שלום עולם",
    "accents": "Z" + "\u0301\u0316" * 300,
    "long": "W" * 150,
    "long path": "/a-very/long_path_" * 50,
    "blank": "",
    "lines": "a\r\nb\n\nc\td\u2028e",
}


@pytest.mark.parametrize("value", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_stays_text_on_the_page(value: str, tmp_path: Path) -> None:
    pdf = made(samples.hostile(value))
    document = _pdfs.reader(pdf)
    text = "".join(page.extract_text() for page in document.pages)
    acting = {char for char in text if unicodedata.category(char) in ("Cc", "Cs", "Co")} - {"\n"}
    assert acting == set()
    assert not {"\u202e", "\u2066", "\u200b", "\ufeff"} & set(text)
    for page in document.pages:
        for annotation in page.get("/Annots", []):  # links of the table of contents to its pages
            assert "/URI" not in str(annotation.get_object().get("/A", ""))
    assert b"/JavaScript" not in pdf
    assert b"/EmbeddedFile" not in pdf
    assert _pdfs.beyond_the_page(pdf, tmp_path) == []


def test_markup_is_shown_as_it_was_written() -> None:
    words = _pdfs.words(made(samples.hostile("#panic() $x$ @ref *b*")))
    assert words.count("#panic() $x$ @ref *b*") > 20
