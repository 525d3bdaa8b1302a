"""Which reader reads a source, how its records are divided, and why."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from auditrail.containers.framing import look
from auditrail.errors import UsageError
from auditrail.ingest import choose


def head(*values: Any) -> Any:
    return look(b"".join(json.dumps(value).encode() + b"\n" for value in values), complete=True)


def fake(name: str, score: float, **more: Any) -> Any:
    return SimpleNamespace(NAME=name, sniff=lambda _head: score, **more)


def use(monkeypatch: pytest.MonkeyPatch, *readers: Any) -> None:
    monkeypatch.setattr(choose, "readers", lambda: {reader.NAME: reader for reader in readers})


def test_a_forced_reader_is_taken_whatever_the_content() -> None:
    choice = choose.choose(head({"a": 1}), "otlp")
    assert choice is not None
    assert (choice.reader.NAME, choice.score, choice.why) == ("otlp", 1.0, "chosen on the command line")


@pytest.mark.parametrize("name", ["nothing", "", "OTLP", "_otlp_spans", "cloudwatch_text"])
def test_an_unknown_reader_lists_the_known_ones(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        choose.choose(head({}), name)
    assert repr(name) in caught.value.message
    assert caught.value.hint == f"readers: {', '.join(sorted(choose.readers()))}"


def test_the_best_score_wins_and_the_next_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, *(fake(name, score) for name, score in
                       [("a", 0.2), ("b", 0.9), ("c", 0.0), ("d", 0.3), ("e", 0.25), ("f", 0.1)]))  # fmt: skip
    choice = choose.choose(head({}))
    assert choice is not None
    assert (choice.reader.NAME, choice.score) == ("b", 0.9)
    assert choice.why == "content scores 0.90; next: d 0.30, e 0.25, a 0.20"


def test_of_equal_scores_the_first_name_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, fake("zeta", 0.5), fake("alpha", 0.5), fake("mid", 0.5))
    assert choose.scores(head({})) == [(0.5, "alpha"), (0.5, "mid"), (0.5, "zeta")]


def test_one_claim_alone_is_said_to_be_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, fake("a", 1))
    choice = choose.choose(head({}))
    assert choice is not None
    assert choice.why == "content scores 1.00; no other reader claims it"


def test_a_reader_that_fails_is_passed_over_and_named(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = SimpleNamespace(NAME="a", sniff=lambda _head: 1 // 0)
    use(monkeypatch, broken, fake("b", 0.5))
    choice = choose.choose(head({}))
    assert choice is not None
    assert choice.reader.NAME == "b"
    assert "could not be asked: a (ZeroDivisionError)" in choice.why


def test_nobody_claims_it(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, fake("a", 0.0), fake("jsonl", 0.0))
    assert choose.choose(head({"a": 1})) is None


def test_a_mapping_that_fits_decides_where_nobody_claims_it(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, fake("a", 0.0), fake("jsonl", 0.0))
    mapping = SimpleNamespace(fits=lambda record: "mine" in record)
    assert choose.choose(head({"other": 1}, 5), None, (mapping,)) is None
    choice = choose.choose(head([1], {"mine": 1}), None, (mapping,))
    assert choice is not None
    assert choice.reader.NAME == "jsonl"
    assert "mapping" in choice.why


@pytest.mark.parametrize(
    ("values", "more", "framing"),
    [
        ([{"events": [1]}], {"ARRAYS": ("events",)}, "values"),
        ([{"x": 1}, {"events": []}], {"ARRAYS": ("events",)}, "values"),
        ([{"x": 1}], {"ARRAYS": ("events",)}, "lines"),
        ([{"events": [1]}], {}, "lines"),
        ([{"events": [1]}], {"ARRAYS": ("events",), "LINES": True}, "lines"),
        ([[{"a": 1}]], {"LINES": True}, "lines"),
    ],
)
def test_records_are_divided_as_the_reader_needs_it(
    monkeypatch: pytest.MonkeyPatch, values: list[Any], more: dict[str, Any], framing: str
) -> None:
    use(monkeypatch, fake("a", 1, **more))
    choice = choose.choose(head(*values))
    assert choice is not None
    assert (choice.framing, choice.arrays) == (framing, more.get("ARRAYS", ()))


@pytest.mark.parametrize(
    "raw", [b"", b"\n", b"\0" * 100, b"\xff\xfe" * 50, b"%PDF-1.4\n", b"hello world\n", b"{}", b"[]", b"null\n", b"5\n"]
)
def test_what_is_no_log_is_claimed_by_nobody_for_sure(raw: bytes) -> None:
    claims = choose.scores(look(raw, complete=True))
    assert all(score < 0.8 for score, _ in claims), claims


def test_a_document_beyond_the_head_is_asked_again_with_what_is_seen_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def sniff(head: Any) -> float:
        return 0.9 if head.samples and isinstance(head.samples[0].get("rows"), list) else 0.0

    use(monkeypatch, SimpleNamespace(NAME="a", sniff=sniff, ARRAYS=("rows",)))
    choice = choose.choose(look(b'{"rows": [{"n": 1}, {"n": 2}, {"n"', complete=False))
    assert choice is not None
    assert (choice.reader.NAME, choice.framing) == ("a", "values")
