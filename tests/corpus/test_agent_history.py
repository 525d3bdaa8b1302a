"""Who&When: twenty histories of several agents; every count of the answer key, and the notes as attributes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.corpus import _samples as samples

pytestmark = samples.MARKS

# As KEY.md has them: runs, messages, shortest and longest, actors.
FACTS = {"Hand-Crafted": (10, 546, (8, 129), 9), "Algorithm-Generated": (10, 81, (5, 10), 20)}


def histories(folder: str) -> list[tuple[dict[str, Any], list[dict[str, Any]]]]:
    files = sorted((samples.CORPUS / "who-and-when" / folder).glob("*.json"))
    made = []
    for file in files:
        read = samples.reading(file)
        assert (read.reader, read.tally.records, read.quarantine) == ("agent-history", 1, [])
        made.append((json.loads(file.read_text("utf-8")), read.events))
    return made


@pytest.mark.parametrize("folder", FACTS)
def test_counts(folder: str) -> None:
    runs, messages, minmax, actors = FACTS[folder]
    read = histories(folder)
    lengths = [len(rows) - 1 for _, rows in read]  # all but the end
    assert len({row["run_id"] for _, rows in read for row in rows}) == runs == len(read)
    assert sum(lengths) == messages
    assert (min(lengths), max(lengths)) == minmax
    named = {row["agent"] for _, rows in read for row in rows} - {None}
    # The key counts an actor by its role or name as it stands: people, and each `Orchestrator (...)`, are actors too.
    whole = {
        entry.get("name") or entry["role"] for value, _ in read for entry in value["history"]
    }  # fmt: skip
    assert len(whole) == actors
    assert named == {name.split(" (")[0] for name in whole} - {"human"}
    assert {row["ts_source"] for _, rows in read for row in rows} == {"order"}


@pytest.mark.parametrize("folder", FACTS)
def test_notes_of_a_mistake_are_kept_and_decide_nothing(folder: str) -> None:
    for value, rows in histories(folder):
        end = rows[-1]
        kept = samples.attributes(end)
        assert {key: kept[key] for key in value if key != "history"} == {
            k: v for k, v in value.items() if k != "history"
        }
        assert {row["decision"] for row in rows} == {None}
        at = int(value["mistake_step"])
        assert rows[at]["agent"] == value["mistake_agent"]
