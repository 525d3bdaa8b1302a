"""The test vectors of `fixtures/seal`, for those who write or check the format in another language.

Each folder holds what a program would hold: a log, its seal, a proof, public keys, and `expected.json`, what a verifier
says of it. Everything is made here anew, from the keys below, and must be the same byte for byte.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from auditrail import notes
from auditrail.seal import proving, sidecar
from auditrail.seal.log import SealedLog
from auditrail.verify import anchors
from tests.seal._logs import KEY, SIGNER, TIME, WITNESS, jsonl, line, seal, write
from tests.verify.kinds._calls import report

FOLDER = Path(__file__).parents[2] / "fixtures" / "seal"
UPDATE = os.environ.get("AUDITRAIL_UPDATE_GOLDEN") == "1"
LEFT_OUT = ("expected.json", "README.md", "kept.note", "record.json")


def lines(folder: Path) -> None:
    log = write(folder / "audit.jsonl", jsonl(range(300)))
    seal(log)


def unfinished(folder: Path) -> None:
    seal(write(folder / "audit.jsonl", jsonl(range(5)) + b'{"seq":5,"ev'))


def finished_since(folder: Path) -> None:
    unfinished(folder)
    write(folder / "audit.jsonl", jsonl(range(5)) + b'{"seq":5,"event":"end"}\n{"seq":6}\n')


def closed(folder: Path) -> None:
    seal(write(folder / "audit.jsonl", jsonl(range(5))[:-1]), closed=True)


def grown(folder: Path) -> None:
    log = write(folder / "audit.jsonl", jsonl(range(260)))
    seal(log)
    write(log, jsonl(range(517)))
    seal(log, time=TIME + 3600)


def records(folder: Path) -> None:
    values = [{"timestamp": f"2026-01-01T00:00:0{n}Z", "event": "tool_call", "run_id": "r"} for n in range(6)]
    seal(write(folder / "audit.json", json.dumps(values, indent=1).encode()))


def cosigned(folder: Path) -> None:
    log = write(folder / "audit.jsonl", jsonl(range(3)))
    seal(log, cosigners=(WITNESS,))


def anew(folder: Path) -> None:
    log = write(folder / "audit.jsonl", jsonl(range(4)))
    seal(log)
    write(log, jsonl(range(1, 9)))
    seal(log, anew=True, time=TIME + 60)


def edited(folder: Path) -> None:
    lines(folder)
    log = folder / "audit.jsonl"
    write(log, log.read_bytes().replace(line(41), line(41).replace(b"issue", b"close")))


def deleted_and_moved(folder: Path) -> None:
    lines(folder)
    made = [line(number) for number in range(300)]
    made.insert(200, made.pop(7))
    del made[99]
    write(folder / "audit.jsonl", b"".join(made))


def cut_off(folder: Path) -> None:
    lines(folder)
    write(folder / "audit.jsonl", jsonl(range(290)))


def proof(folder: Path) -> None:
    lines(folder)
    text = proving.prove(folder / "audit.jsonl", 42).render()
    empty(folder)
    write(folder / "record-42.tlog-proof", text.encode())


def growth(folder: Path) -> None:
    log = write(folder / "audit.jsonl", jsonl(range(260)))
    seal(log)
    kept = sidecar.header_of(sidecar.path_of(log)).sealed.note
    write(log, jsonl(range(517)))
    seal(log, time=TIME + 3600)
    made = proving.prove_growth(log, notes.checkpoint(kept.text))
    empty(folder)
    write(folder / "kept.note", kept.render().encode())
    write(folder / "from-260.growth", made.render().encode())


def sealed_log(folder: Path) -> None:
    ticks = count(TIME * 1_000_000_000, 1_000_000_000)
    with SealedLog(
        folder / "agent.jsonl", log_id="example.com/agent", signer=SIGNER, max_bytes=1500, clock=lambda: next(ticks)
    ) as log:
        for number in range(5):
            log.append({"tool": "issue_refund", "amount": number / 4, "text": "\u20ac \U0001f600"})
    # A crash, and what the next start makes of it.
    with (folder / "agent.jsonl").open("ab") as out:
        out.write(b'{"body":{"tool":"is')
    with SealedLog(folder / "agent.jsonl", signer=SIGNER, max_bytes=None, clock=lambda: next(ticks)) as log:
        log.append({"after": "the crash"})
    (folder / "agent.jsonl.lock").unlink()


def empty(folder: Path) -> None:
    for path in folder.iterdir():
        path.unlink()


CASES: dict[str, Callable[[Path], None]] = {
    case.__name__.replace("_", "-"): case
    for case in (lines, unfinished, finished_since, closed, grown, records, cosigned, anew, edited, deleted_and_moved,
                 cut_off, proof, growth, sealed_log)
}  # fmt: skip


def judged(folder: Path) -> list[dict[str, Any]]:
    """What a verifier says that was given the public keys and, if there is one, the note that was kept."""
    files = sorted(path for path in folder.iterdir() if path.name not in LEFT_OUT and path.suffix != ".seal")
    kept = (folder / "kept.note",) if (folder / "kept.note").exists() else ()
    keys = tuple(f"hex:{key.public.hex()}" for key in (KEY, WITNESS.verifier))
    assert all(anchors.load(path) for path in kept)
    return [
        {
            "file": Path(one.path).name,
            "verdict": one.verdict,
            "records": one.records,
            "checked": one.checked,
            "head": one.head,
            "defects": [{"kind": each.kind, "record": each.record, "offset": each.offset} for each in one.defects],
        }
        for one in report(*files, key=keys, anchor=kept).results
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_vector_is_made_and_judged_as_it_is_written_down(tmp_path: Path, name: str) -> None:
    made = tmp_path / name
    made.mkdir()
    CASES[name](made)
    expected = json.dumps(judged(made), indent=1) + "\n"
    stored = FOLDER / name
    if UPDATE:
        stored.mkdir(parents=True, exist_ok=True)
        empty(stored)
        for path in made.iterdir():
            (stored / path.name).write_bytes(path.read_bytes())
        (stored / "expected.json").write_text(expected)
    assert {path.name: path.read_bytes() for path in made.iterdir()} == {
        path.name: path.read_bytes() for path in stored.iterdir() if path.name != "expected.json"
    }
    assert (stored / "expected.json").read_text() == expected
    assert judged(stored) == json.loads(expected)


def test_the_keys_are_written_down() -> None:
    keys = {
        "sealer": {"private": SIGNER.render(), "public": KEY.render()},
        "witness": {"private": WITNESS.render(), "public": WITNESS.verifier.cosigner().render()},
    }
    stored = FOLDER / "TEST_ONLY_keys.json"
    if UPDATE:
        stored.write_text(json.dumps(keys, indent=1) + "\n")
    assert json.loads(stored.read_text()) == keys


def test_every_folder_is_a_case() -> None:
    assert {path.name for path in FOLDER.iterdir() if path.is_dir()} == set(CASES)
