"""A frozen incident: a folder that says what must be found in the evidence beside it.

    README.md        what this is
    expected.json    schema `auditrail.frozen/1`: what loader, reconstruction, gaps and verification must find
    manifest.jsonl   a sealed log (docs/seal.md, section 8) that names every other file by its digest
    auditrail.toml   the configuration that the evidence is read with, if any
    keys/...         the public keys that it is verified with, if any
    evidence/...     the records

How it is checked:

1. The manifest is verified: its chain holds, it is finished, and every file is as it says, none missing, none more.
2. One byte of a copy of the manifest is changed: verification must find it BROKEN. A verifier that finds everything
   in order proves nothing.
3. The evidence is loaded: each file with the same format and the same count of records, events and quarantined ones.
4. Each run is put together: the same steps, with the same outcome, content and place.
5. The rules find each gap that is expected. Further ones are told, and are no failure: rules get better.
6. The evidence is verified with the keys: the same verdicts and defects, and as many signatures that fit.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson

from auditrail import config as configs
from auditrail.check import found, keyring, loading
from auditrail.errors import AuditrailError, UnreadableError
from auditrail.report.check_types import FAILED, INCONCLUSIVE, PASSED, Check, Spot

SCHEMA = "auditrail.frozen/1"
EXPECTED, MANIFEST, EVIDENCE, CONFIG, README = (
    "expected.json", "manifest.jsonl", "evidence", "auditrail.toml", "README.md"
)  # fmt: skip
_CACHES = ("__pycache__", ".pytest_cache")  # of a test run inside the folder; nothing below them is read
_MOST_BYTES = 64 << 20
_MOST_DIFFERENCES = 50
_REMEDY = "if this change is meant, freeze the incident again and review the difference; else find what broke"


def is_frozen(path: Path) -> bool:
    """Whether a folder is a frozen case, by its `expected.json`."""
    try:
        with (path / EXPECTED).open("rb") as file:
            return b'"auditrail.frozen/' in file.read(4096)
    except OSError:
        return False


def cases(path: Path) -> list[Path]:
    """The frozen cases at and below a folder, in order."""
    if is_frozen(path):
        return [path]
    return [file.parent for file in sorted(path.rglob(EXPECTED)) if is_frozen(file.parent)] if path.is_dir() else []


def read(folder: Path) -> dict[str, Any]:
    """What a case expects.

    Raises:
        UnreadableError: `expected.json` is not there, or is none.
    """
    path = folder / EXPECTED
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
        value = orjson.loads(data) if len(data) <= _MOST_BYTES else None
    except (OSError, orjson.JSONDecodeError) as error:
        raise UnreadableError(f"{path}: {error}") from None
    wanted = {"runs": list, "sources": list, "gaps": list, "verification": list, "incident": dict}
    if not isinstance(value, dict) or value.get("schema") != SCHEMA:
        raise UnreadableError(f"{path}: not of schema {SCHEMA}", hint="make it with: auditrail incident freeze")
    for name, kind in wanted.items():
        if not isinstance(value.get(name), kind) or not all(isinstance(row, dict) for row in value["runs"]):
            raise UnreadableError(f"{path}: {name} is not what it should be")
    return value


def check(folder: Path) -> list[Check]:
    """Checks a case; what stops it is a check that could not be decided, never an exception."""
    name = folder.name or str(folder)
    spot = Spot(str(folder / EXPECTED), 1)
    try:
        expected = read(folder)
        made = [_manifest(folder, name), _probe(folder, name)]
        if made[0].outcome != PASSED:
            return made
        path = folder / CONFIG
        settings = configs.load(path) if path.is_file() else configs.Config()
        root = folder / EVIDENCE
        with loading.held([root], settings, keyring.load(folder, expected.get("keys") or ())) as held:
            asked = [str(row.get("id")) for row in expected["runs"]]
            made += _compare(name, spot, expected, _finding(held, asked, root))
    except AuditrailError as error:
        return [
            Check("frozen/case", "frozen", name, FAILED, f"the case can't be checked: {error.message}", spots=(spot,))
        ]
    return made


def _finding(held: loading.Held, asked: list[str], root: Path) -> Callable[[str], Any]:
    """What is found, part by part: a part that fails must not hide the others."""
    made: dict[str, Any] = {}

    def part(name: str) -> Any:
        if not made:
            try:
                made.update(found.all_of(held.connection, asked, held.verification, root))
            except AuditrailError as error:
                made["runs"] = made["gaps"] = error
        if name not in made:
            made[name] = (
                found.sources(held.connection, root)
                if name == "sources"
                else found.verification(held.verification, root)
            )
        value = made[name]
        if isinstance(value, AuditrailError):
            raise value
        return value

    return part


def _compare(name: str, spot: Spot, expected: dict[str, Any], part: Callable[[str], Any]) -> Iterator[Check]:
    yield _same("frozen/loading", name, spot, "files", expected["sources"], lambda: part("sources"), _key("path"))  # 3
    yield _same("frozen/reconstruction", name, spot, "runs", expected["runs"], lambda: part("runs"), _key("id"))  # 4
    gap = _key("rule", "cause", "agent", "layer", "stream", "tool")
    yield _same("frozen/gaps", name, spot, "findings", expected["gaps"], lambda: part("gaps"), gap, more=True)  # 5
    chain = _key("path", "chain")
    yield _same(
        "frozen/verification", name, spot, "verdicts", expected["verification"], lambda: part("verification"), chain
    )  # 6


def _key(*names: str) -> Callable[[Any], str]:
    return lambda row: (
        " ".join(str(row.get(n)) for n in names if row.get(n) is not None) if isinstance(row, dict) else ""
    )


def _same(
    id: str, name: str, spot: Spot, things: str, wanted: list[Any], look: Callable[[], list[Any]],  # noqa: A002
    key: Callable[[Any], str], *, more: bool = False,
) -> Check:  # fmt: skip
    try:
        got = look()
    except AuditrailError as error:
        return Check(id, "frozen", name, FAILED, error.message, remedy=_REMEDY, spots=(spot,))
    differences = list(_differences(wanted, got, key, more=more))
    if not differences:
        return Check(id, "frozen", name, PASSED, f"all {len(wanted):,} {things} found again")
    shown = differences[:_MOST_DIFFERENCES]
    if len(differences) > len(shown):
        shown.append(f"and {len(differences) - len(shown):,} more differences")
    said = f"{len(differences):,} difference{'s' * (len(differences) != 1)} in {things}"
    return Check(id, "frozen", name, FAILED, said, details=tuple(shown), remedy=_REMEDY, spots=(spot,))


def _differences(wanted: list[Any], got: list[Any], key: Callable[[Any], str], *, more: bool) -> Iterator[str]:
    left: dict[str, list[Any]] = {}
    for row in got:
        left.setdefault(key(row), []).append(row)
    for row in wanted:
        named = key(row)
        others = left.get(named, [])
        if not others:
            yield f"{named}: not found any more"
            continue
        other = others.pop(others.index(row) if row in others else 0)
        yield from _inside(named, row, other)
    if not more:
        yield from (f"{named}: found, and not expected" for named, rows in left.items() for _ in rows)


def _inside(where: str, wanted: Any, got: Any) -> Iterator[str]:
    """The places in which two values differ."""
    if isinstance(wanted, dict) and isinstance(got, dict):
        for name in wanted.keys() | got.keys() if wanted.keys() != got.keys() else wanted:
            yield from _inside(f"{where}, {name}", wanted.get(name), got.get(name))
    elif isinstance(wanted, list) and isinstance(got, list) and len(wanted) == len(got):
        for number, (one, other) in enumerate(zip(wanted, got, strict=True), 1):
            yield from _inside(f"{where} {number}", one, other)
    elif isinstance(wanted, list) and isinstance(got, list):
        yield f"{where}: {len(wanted):,} expected, {len(got):,} found"
    elif wanted != got:
        yield f"{where}: expected {_short(wanted)}, found {_short(got)}"


def _short(value: Any) -> str:
    made = json.dumps(value, ensure_ascii=False)
    return made if len(made) <= 80 else made[:79] + "\u2026"


# --- the manifest ---------------------------------------------------------------------------------------------------


def _manifest(folder: Path, name: str) -> Check:
    """Step 1."""
    from auditrail.seal import records
    from auditrail.verify import engine
    from auditrail.verify.evidence import Call
    from auditrail.verify.keys import Keyring

    path = folder / MANIFEST
    problems: list[str] = []
    report = engine.run([path], Call(Keyring()))
    if report.exit_code or not report.results or report.results[0].records == 0:
        verdict = report.results[0].verdict if report.results else "not readable"
        problems.append(f"{MANIFEST}: {verdict}")
    named: dict[str, str] = {}
    ended = False
    for line in path.read_bytes().splitlines() if path.is_file() else ():
        entry = records.entry(line)
        if entry is None:
            problems.append(f"{MANIFEST}: a line is no record of a sealed log")
        elif entry.kind == records.RECORD and isinstance(entry.body, dict):
            named[str(entry.body.get("path"))] = str(entry.body.get("sha256"))
        ended = entry is not None and entry.kind == records.END
    if not ended:
        problems.append(f"{MANIFEST}: it is not finished: its end may be cut off")
    there = files(folder)
    problems += [f"{file}: named by the manifest, and not there" for file in named if file not in there]
    problems += [f"{file}: not named by the manifest" for file in there if file not in named]
    problems += [
        f"{file}: changed since it was frozen" for file, held in there.items() if named.get(file, held) != held
    ]
    if problems:
        said = "the case is not what was frozen"
        return Check("frozen/manifest", "frozen", name, FAILED, said, details=tuple(problems), remedy=_REMEDY,
                     spots=(Spot(str(path), 1),))  # fmt: skip
    return Check("frozen/manifest", "frozen", name, PASSED, f"all {len(named):,} files are as they were frozen")


def files(folder: Path) -> dict[str, str]:
    """SHA-256 of every file of a case that its manifest names, by path below the folder."""
    made = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in (MANIFEST, f"{MANIFEST}.lock", README) and name.split("/")[0] not in _CACHES:
            with path.open("rb") as file:
                made[name] = hashlib.file_digest(file, "sha256").hexdigest()
    return made


def _probe(folder: Path, name: str) -> Check:
    """Step 2."""
    from auditrail.verify import engine
    from auditrail.verify.evidence import Call
    from auditrail.verify.keys import Keyring
    from auditrail.verify.types import BROKEN

    try:
        data = (folder / MANIFEST).read_bytes()
    except OSError as error:
        return Check("frozen/verifier", "frozen", name, INCONCLUSIVE, f"{MANIFEST}: {error.strerror or error}")
    at = data.find(b'"sha256":"')
    if at < 0:
        return Check("frozen/verifier", "frozen", name, INCONCLUSIVE, f"{MANIFEST} names no file")
    at += len(b'"sha256":"')
    changed = data[:at] + (b"0" if data[at : at + 1] != b"0" else b"1") + data[at + 1 :]
    with tempfile.TemporaryDirectory(prefix="auditrail-") as place:
        copy = Path(place) / MANIFEST
        copy.write_bytes(changed)
        report = engine.run([copy], Call(Keyring()))
    if [result.verdict for result in report.results] == [BROKEN]:
        return Check("frozen/verifier", "frozen", name, PASSED, "a changed byte is found")
    verdicts = ", ".join(result.verdict for result in report.results) or "none"
    said = "a changed byte of the manifest is not found: the verifier proves nothing"
    return Check("frozen/verifier", "frozen", name, FAILED, said, BROKEN, verdicts, remedy=_REMEDY)
