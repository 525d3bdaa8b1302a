"""Hostile input, for every fixture of every reader: it ends in events, quarantine or a typed error; nothing is lost.

Truncations at every byte, damage at random places, and every field replaced by values of other types. A reader's
exception would show as `reader-failure`, a lost record as an account that does not add up.
"""

from __future__ import annotations

import random
import time
from pathlib import Path
from typing import Any

import pytest

from auditrail import discover, jsontext, model
from auditrail.containers.records import Head, Record
from auditrail.errors import AuditrailError
from tests.conformance import _pipeline as pipeline
from tests.conformance.test_readers import places, refusal

READERS = discover.modules("auditrail.readers")
CASES = list(pipeline.cases())
each_case = pytest.mark.parametrize(("name", "case"), CASES, ids=[f"{name}/{case.name}" for name, case in CASES])

# Far more than any of these small inputs needs, also on a busy machine: what takes longer does not end.
PATIENCE_SECONDS = 20.0
DAMAGED = 60
SWAPS: tuple[Any, ...] = (None, -1, ["x", None], {"x": {"y": []}})
ODD: tuple[Any, ...] = (None, True, -1, 1 << 70, 1e300, "", "x", [], ["x", None], {}, {"x": {"y": []}})


def content_of(case: Path) -> bytes:
    return pipeline.decompressed(pipeline.input_of(case).read_bytes())


def check(data: bytes, reader: str, case: Path, *, forced: bool = True) -> None:
    """Reads hostile bytes with the fixture's reader, whatever their content would choose."""
    begun = time.monotonic()
    try:
        reading = pipeline.read(data, reader=reader if forced else None, mapping=pipeline.mapping_of(case))
    except AuditrailError:
        return
    assert time.monotonic() - begun < PATIENCE_SECONDS
    assert reading.tally.balanced
    assert reading.tally.events == len(reading.events)
    failed = [row["reason"] for row in reading.quarantine if row["code"] == "reader-failure"]
    failed += [row["detail"] for row in reading.remarks if row["code"] == "reader-failure"]
    assert failed == [], failed
    assert {row["code"] for row in reading.quarantine} <= set(model.QUARANTINE_CODES)


@each_case
def test_cut_off_anywhere(name: str, case: Path) -> None:
    data = content_of(case)
    for at in range(len(data)):
        # Only what stands around the cut can matter: records before it are read as ever.
        start = data.rfind(b"\n{", 0, max(at - 1, 0)) + 1
        check(data[start:at], name, case)
        if at % 97 == 0:
            check(data[:at], name, case, forced=False)


@each_case
def test_damaged_anywhere(name: str, case: Path) -> None:
    data = content_of(case)
    draw = random.Random(case.name)
    for _ in range(DAMAGED):
        damaged = bytearray(data)
        for _ in range(draw.randint(1, 4)):
            at = draw.randrange(len(damaged) + 1)
            kind = draw.randrange(5)
            if kind == 0:
                damaged[at : at + 1] = bytes([draw.randrange(256)])
            elif kind == 1:
                del damaged[at : at + draw.randint(1, 40)]
            elif kind == 2:
                damaged[at:at] = draw.choice((b"\0", b"\xff\xfe", b"\n", b'"', b"{", b"]", b"\\", b"\x1b[2J", b"NaN"))
            elif kind == 3:
                damaged[at:at] = draw.randbytes(draw.randint(1, 30))
            else:
                other = draw.randrange(len(damaged) + 1)
                damaged[at:at] = damaged[other : other + 200]
        check(bytes(damaged), name, case)


@each_case
def test_noise(name: str, case: Path) -> None:
    draw = random.Random(case.name + "noise")
    for size in (1, 2, 7, 64, 1000):
        check(draw.randbytes(size), name, case)
        check(draw.randbytes(size).hex().encode(), name, case)


@each_case
def test_other_types_in_every_field(name: str, case: Path) -> None:
    reader = READERS[name]
    if getattr(reader, "INPUT", "json") != "json":
        pytest.skip("its records are not JSON")
    budget = 4000
    for value in pipeline.head_of(content_of(case)).samples:
        all_places = list(places(value))
        for place in all_places:
            at = value
            for key in place[:-1]:
                at = at[key]
            kept = at[place[-1]]
            # Every place gets null, a number, a list and an object; the other odd values while the budget lasts.
            odd = ODD if budget > 0 else SWAPS
            for new in odd:
                budget -= 1
                at[place[-1]] = new
                raw = jsontext.dumps(value).encode()
                record = Record(1, 0, len(raw), raw, b"\0" * 32, header={})
                parsed = jsontext.parse(raw)[0]
                keys = frozenset(parsed) if isinstance(parsed, dict) else frozenset()
                assert 0.0 <= reader.sniff(Head(raw, True, "lines", False, [parsed], keys, [raw])) <= 1.0
                assert refusal(reader, parsed, record) in (None, *model.QUARANTINE_CODES)
            at[place[-1]] = kept
