"""CEF and LEEF: escapes, custom fields under their labels, times that say their zone, and verdicts."""

from __future__ import annotations

import time
from typing import Any

import pytest

from auditrail.containers.records import Record
from auditrail.readers import cef
from tests.readers._stores import TIME, attributes, ids, only, read

HEADER = "CEF:0|Acme|Guard|2.1|42|Tool call|8|"


def event(extension: str, header: str = HEADER) -> dict[str, Any]:
    return only(read(header + extension))


def test_the_header_is_told_apart_with_its_escapes() -> None:
    found = event("", r"CEF:1|Ac\|me|Gu\\ard|2|a=b|Na\|me|High|")
    assert found["name"] == "Na|me"
    assert attributes(found)["cef"] == {
        "format": "CEF:1", "vendor": "Ac|me", "product": "Gu\\ard", "version": "2", "class": "a=b", "severity": "High",
    }  # fmt: skip


def test_a_value_ends_where_the_next_key_begins() -> None:
    found = attributes(event(r"msg=a b \= c\\d\ne request=https://x/?q=1&r=2 filePath=C:\\tmp dst=1.2.3.4"))
    assert (found["msg"], found["request"]) == ("a b = c\\d\ne", "https://x/?q=1&r=2")
    assert (found["filePath"], found["dst"]) == ("C:\\tmp", "1.2.3.4")


def test_custom_fields_stand_under_their_labels() -> None:
    found = event("cs1=refund cs1Label=tool cs2=r-1 cs2Label=Run ID cn1=5 cn1Label=attempts cs3=x cs4Label=lonely")
    assert found["tool"] == "refund"
    assert found["run_id"] == "r-1"
    left = attributes(found)
    assert (left["attempts"], left["cs3"], left["cs4Label"]) == ("5", "x", "lonely")
    assert "cs1" not in left
    assert "cs1Label" not in left


def test_a_label_that_is_taken_changes_nothing() -> None:
    left = attributes(event("cs1=a cs1Label=name name=b"))
    assert (left["cs1"], left["cs1Label"], left["name"]) == ("a", "name", "b")


def test_a_key_that_stands_twice_keeps_both() -> None:
    left = attributes(event("x=1 x=2 x=3"))
    assert (left["x"], left["x#2"], left["x#3"]) == ("1", "2", "3")


@pytest.mark.parametrize(
    ("text", "ns", "assumed"),
    [("1789639200000", TIME, False), ("Sep 17 2026 10:00:00", TIME, True),
     ("Sep 17 2026 10:00:00.250 UTC", TIME + 25 * 10**7, False),
     ("Sep 7 2026 10:00:00 GMT", TIME - 10 * 86400 * 10**9, False), ("Sep 17 2026 12:00:00 +0200", TIME, False),
     ("2026-09-17T10:00:00Z", TIME, False), ("Sep 17 10:00:00", None, False),
     ("Sep 17 2026 10:00:00 CEST", None, False),
     ("Smarch 17 2026 10:00:00", None, False)],
)  # fmt: skip
def test_times_count_where_year_and_zone_are_known(text: str, ns: int | None, assumed: bool) -> None:
    found = event(f"rt={text}")
    assert (found["ts_ns"], found["tz_assumed"]) == (ns, assumed)
    assert attributes(found).get("rt") == (text if ns is None else None)


def test_begin_and_end_make_a_span_of_time_and_the_receipt_is_when_it_was_seen() -> None:
    found = event("rt=1789639205000 start=1789639200000 end=1789639201000")
    assert (found["ts_ns"], found["end_ns"], found["observed_ns"]) == (TIME, TIME + 10**9, TIME + 5 * 10**9)
    assert event("start=1789639201000 end=1789639200000")["end_ns"] is None


@pytest.mark.parametrize(
    ("extension", "decision", "status"),
    [("act=blocked outcome=failure", "deny", "denied"), ("act=Allowed", "allow", "ok"), ("act=masked", "modify", "ok"),
     ("act=alert", "flag", "unknown"), ("act=teleported outcome=success", None, "ok"),
     ("outcome=failure", None, "error")],
)  # fmt: skip
def test_words_become_verdicts_where_they_are_known(extension: str, decision: str | None, status: str) -> None:
    found = event(extension)
    assert (found["decision"], found["status"]) == (decision, status)
    assert (found["layer"], found["kind"]) == (("policy", "decision") if decision else ("other", "log"))


def test_leef_of_both_versions() -> None:
    one = only(read("LEEF:1.0|Acme|Guard|2|deny-1|devTime=1789639200000\tusrName=jo\taction=deny\tnote=a b=c"))
    assert (one["ts_ns"], one["principal"], one["decision"]) == (TIME, "jo", "deny")
    assert attributes(one)["note"] == "a b=c"
    for delimiter in ("^", "x5E", "0x5e"):
        two = only(read(f"LEEF:2.0|Acme|Guard|2|allow-1|{delimiter}|act=allow^run_id=r^loose"))
        assert (two["decision"], two["run_id"]) == ("allow", "r")
        assert attributes(two)["auditrail.unnamed"] == "loose"


def test_what_stands_before_it_is_kept() -> None:
    found = only(read("gw-7 said: " + HEADER + "act=deny"))
    assert attributes(found)["cef"]["prefix"] == "gw-7 said:"
    assert found["decision"] == "deny"


def test_a_line_without_a_whole_header_is_quarantined() -> None:
    reading = read(HEADER, HEADER, HEADER, HEADER, "CEF:0|Acme")
    assert [row["code"] for row in reading.quarantine] == ["malformed"]


def test_bytes_that_are_no_utf8_are_kept() -> None:
    assert attributes(only(read(HEADER.encode() + b"msg=caf\xe9")))["msg"] == "caf\\xe9"


def test_many_keys_take_linear_time() -> None:
    found = cef.read((HEADER + " ".join(f"k{n}=v{n}" for n in range(20_000))).encode(), None)  # type: ignore[arg-type]
    assert isinstance(found, list)


def test_ids_under_well_known_names() -> None:
    reading = read(HEADER + "sessionId=s-1 requestId=q-1 externalId=77")
    assert (ids(reading, "session"), ids(reading, "request"), ids(reading, "other")) == (["s-1"], ["q-1"], ["77"])


def test_a_key_repeated_without_end_is_read_in_good_time() -> None:
    line = b"CEF:0|a|b|c|d|e|5|" + b" a=1" * 100_000
    begun = time.monotonic()
    found = cef.read(line, Record(1, 0, len(line), line, b""))
    assert time.monotonic() - begun < 60
    assert str(found).count('"a#') == 99_999
