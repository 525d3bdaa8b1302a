"""An incident becomes a test case: its evidence, and what must be found in it from now on.

1. The runs are put together from the case, with those that they spawned.
2. The records that they stand in are written to `evidence/` (see `select`); each must still have the hash it was loaded
   with.
3. That evidence is loaded anew, and must tell the same of the runs as the case does. If lines alone do not (a format
   whose first line says what the others mean), the files are kept whole.
4. What is found in it becomes `expected.json`. Findings of the case that need more than these records (a habit of all
   runs, a sampling rate) are listed as not reproduced: nothing is promised that the case cannot show.
5. A sealed manifest names every file. All of it is written beside the target, checked once, and renamed.
"""

from __future__ import annotations

import json
import shutil
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail import config as configs
from auditrail.check import found, frozen, keyring, loading
from auditrail.errors import OutputExistsError, UsageError
from auditrail.incident import publickeys, select
from auditrail.incident.select import FreezeError
from auditrail.incident.state import Incident
from auditrail.incident.withhold import Withholder
from auditrail.report.check_types import PASSED
from auditrail.report.types import Reconstruction
from auditrail.verify.keys import Keyring

if TYPE_CHECKING:
    import duckdb

    from auditrail.notes import Signer

_SAID = ("that these records are all that there was of the incident: what was never recorded is not here either",)
_NO_KEY = "signatures of the evidence: no key is kept with the case"
_KEYS = "whose the keys are that are kept with the case: whoever froze it named them"


# What is expected of a run depends on the other runs of its agent, which are not here.
_OF_ALL_RUNS = ("grade", "score")
# What a redaction may change of a run and its steps; all else must be the same.
_REDACTED = ("id", "agent", "principal", "children", "name", "rule", "args", "result", "error", "said", "joins")
# What differs where a run is named by its file, which lies elsewhere now.
_NAMED_BY_FILE = ("id", "children")
_PARTS = ("rule", "cause", "agent", "stream", "tool")


class Frozen(NamedTuple):
    """What was made: folder, hash of the last record of its manifest, and sentences for a person."""

    folder: Path
    head: str
    notes: tuple[str, ...]


def freeze(
    connection: duckdb.DuckDBPyConnection, incident: Incident, target: Path, settings: configs.Config,
    *, whole: bool = False, withholder: Withholder | None = None, signer: Signer | None = None,
    recorded_ns: int | None = None, keys: Keyring | None = None,
) -> Frozen:  # fmt: skip
    """Freezes an incident.

    Args:
        connection: to the case that holds its runs.
        incident: from the ledger.
        target: the folder to make; it must not be there.
        settings: the configuration that the case was loaded with.
        whole: keep every source whole.
        withholder: redacts the records; None: they stay as they are.
        signer: signs the manifest.
        recorded_ns: the times in it; None: the clock.
        keys: the evidence is verified with them; what is public of them and was needed is kept.

    Raises:
        FreezeError: evidence is gone or changed, or would not tell the same. OutputExistsError: the folder is there.
        RunNotFoundError: a run is not in the case.
    """
    if target.exists():
        raise OutputExistsError(f"{target} exists", hint="name another folder, or remove it first")
    if not incident.runs:
        raise UsageError(f"{incident.id} names no run", hint="open it with the runs it is about")
    runs = select.runs(connection, incident.runs)  # 1
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        stage = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    except OSError as error:
        raise UsageError(f"{target} can't be made: {(error.strerror or str(error)).lower()}") from None
    try:
        case = stage / target.name
        made = _made(connection, incident, runs, case, settings, withholder, keys, whole=whole)
        head = _manifest(case, signer, recorded_ns)
        _proven(case)
        case.rename(target)
    finally:
        shutil.rmtree(stage, ignore_errors=True)
    return Frozen(target, head, made)


def _made(
    connection: duckdb.DuckDBPyConnection, incident: Incident, runs: list[Reconstruction], case: Path,
    settings: configs.Config, withholder: Withholder | None, keys: Keyring | None, *, whole: bool,
) -> tuple[str, ...]:  # fmt: skip
    told = [found.run(run, Path("/")) for run in runs]
    problem = ""
    for entire in (True,) if whole else (False, True):
        shutil.rmtree(case, ignore_errors=True)
        root = case / frozen.EVIDENCE
        root.mkdir(parents=True)
        pieces = select.pieces(connection, runs, whole=entire)
        numbers = {}
        if withholder is not None:
            withholder.look(pieces)
            pieces = [piece._replace(name=withholder.name(select.unpacked(piece.name))) for piece in pieces]
        for piece in pieces:  # 2
            numbers[piece.path] = select.write(piece, root / piece.name if withholder is None else None)
            if withholder is not None:
                numbers[piece.path] = withholder.write(piece, root / piece.name)
        names = {piece.path: str(root / piece.name) for piece in pieces}
        if settings.path is not None:
            text = settings.path.read_text("utf-8")
            (case / frozen.CONFIG).write_text(text if withholder is None else withholder.configuration(text), "utf-8")
        kept = publickeys.keep(case, root, keys or Keyring(), settings)
        with loading.held([root], settings, keyring.load(case, kept.entries)) as held:  # 3
            asked = [_again(held.connection, run, names, numbers) for run in runs]
            if None not in asked:
                seen = found.all_of(held.connection, [name for name in asked if name], held.verification, root)
                moved = any("@" in run.id and run.id != name for run, name in zip(runs, asked, strict=True))
                left = _REDACTED if withholder is not None else _NAMED_BY_FILE if moved else ()
                problem = _differs(told, seen["runs"], left)
                if not problem:
                    lost = _lost(
                        connection, runs, seen["gaps"], ("rule", "cause") if withholder is not None else _PARTS
                    )
                    notes = _written(incident, case, seen, lost, pieces, withholder, kept)  # 4
                    if withholder is not None:
                        withholder.audit(case)
                    return notes
            else:
                problem = "a run is not found again in its own records"
    raise FreezeError(
        f"the evidence alone does not tell what the case tells: {problem}",
        hint="load the evidence into a new case (auditrail ingest --case NEW ...), and freeze from there",
    )


def _again(
    connection: duckdb.DuckDBPyConnection,
    run: Reconstruction,
    names: dict[str, str],
    numbers: dict[str, dict[int, int]],
) -> str | None:
    """The id under which a run is found in the frozen evidence: its own, or else that of its first record's run.

    Ids are renamed by a redaction, and readers name runs that have no id by the file and its first record.
    """
    other = None
    for event in run.events:
        place = event.source
        again = found.run_of_record(connection, names[place.path], numbers[place.path][place.record])
        if again == run.id:
            return again
        other = other or again
    return other


def _differs(told: list[dict[str, Any]], seen: list[dict[str, Any]], left: tuple[str, ...]) -> str:
    """The first difference between what the case tells of the runs and what is told now, places apart; blank: none."""
    for one, other in zip(told, seen, strict=True):
        for name in one:
            if name in _OF_ALL_RUNS or name in left:
                continue
            if name == "steps":
                a, b = (
                    [{**step, "at_record": None, **dict.fromkeys(left)} for step in row["steps"]]
                    for row in (one, other)
                )
                if a != b:
                    return f"run {one['id']}: its steps are not the same"
            elif one[name] != other[name]:
                return f"run {one['id']}: {name} was {one[name]!r} and is {other[name]!r}"
    return ""


def _lost(
    connection: duckdb.DuckDBPyConnection,
    runs: list[Reconstruction],
    seen: list[dict[str, Any]],
    parts: tuple[str, ...],
) -> list[dict[str, str | None]]:
    """Findings of the case on these runs that the frozen evidence does not show."""
    from auditrail.gaps.engine import Question
    from auditrail.report import lookup
    from auditrail.report.gaps import gaps

    keys = tuple(one.run for run in runs if (one := lookup.find(connection, run.id)).run is not None)
    known = {tuple(row[part] for part in parts) for row in seen}
    rows = {tuple(getattr(gap, part) for part in parts) for gap in gaps(connection, Question(runs=keys)).gaps}
    return [dict(zip(parts, row, strict=True)) for row in sorted(rows - known, key=str)]


def _written(
    incident: Incident,
    case: Path,
    seen: dict[str, Any],
    lost: list[dict[str, str | None]],
    pieces: Sequence[select.Piece],
    withholder: Withholder | None,
    kept: publickeys.Kept,
) -> tuple[str, ...]:
    cut = [piece for piece in pieces if piece.lines]
    steps = sum(len(run["steps"]) for run in seen["runs"])
    notes = [
        f"{len(seen['runs']):,} run(s), {steps:,} steps, {len(seen['gaps']):,} finding(s), {len(pieces):,} files",
        f"{len(cut):,} file(s) hold the lines of these runs alone; {len(pieces) - len(cut):,} are whole",
    ]
    if withholder is not None:
        notes.append(
            f"the policy {withholder.policy.name} redacted the records: {withholder.withheld:,} values are withheld, "
            f"{withholder.renamed:,} names and ids have another one"
        )
        if withholder.copies:
            notes.append(
                f"{withholder.copies:,} chained log(s) are redacted copies: the hashes of the original's lines stand "
                "beside them, and what can be shown by these is verified"
            )
        if words := withholder.words():
            notes.append("words and numbers that stay, since records are read by them: " + "; ".join(words))
    if lost:
        notes.append(
            f"{len(lost):,} finding(s) of the case need more than these records and are not expected here: "
            + ", ".join(sorted({f"{row['rule']} ({row['cause']})" for row in lost}))
        )
    if kept.entries:
        notes.append(f"{len(kept.entries):,} public key(s) are kept, and the evidence is verified with them")
    if kept.unheld:
        notes.append(f"judged without a key that is secret, which no case holds: {', '.join(kept.unheld)}")
    said = [*_SAID, _KEYS if kept.entries else _NO_KEY]
    title = incident.title if withholder is None else withholder.told(incident.title)
    document = {
        "schema": frozen.SCHEMA,
        "incident": {"id": incident.id, "title": title},
        "not_checked": said,
        **({"keys": list(kept.entries)} if kept.entries else {}),
        **seen,
        "not_reproduced": lost,
    }
    text = json.dumps(document, indent=2, ensure_ascii=True) + "\n"
    (case / frozen.EXPECTED).write_text(text, "utf-8")
    (case / frozen.README).write_text(_readme(incident.id, title, notes, pieces, said), "utf-8")
    return tuple(notes)


def _readme(name: str, title: str, notes: list[str], pieces: Sequence[select.Piece], said: list[str]) -> str:
    from auditrail.text import markdown_cell

    lines = [
        f"# {markdown_cell(name)}: {markdown_cell(title)}",
        "",
        "A frozen incident: what was recorded of it, and what must be found in that from now on. Run it with",
        "",
        "    auditrail check .",
        "",
        "or with pytest, which collects `expected.json` where auditrail is installed.",
        "",
        *(f"- {markdown_cell(note)}" for note in notes),
        "",
        "| file | holds |",
        "|---|---|",
        *(
            f"| evidence/{markdown_cell(piece.name)} | {len(piece.places):,} record(s) of these runs"
            f"{'' if piece.lines else ', and the rest of the file'} |"
            for piece in pieces
        ),
        "",
        "`manifest.jsonl` is a sealed log that names every file but this one by its SHA-256.",
        "Contents stand in `expected.json` as digests.",
        "",
        "Not checked:",
        "",
        *(f"- {each}" for each in said),
    ]
    return "\n".join(lines) + "\n"


def _manifest(case: Path, signer: Signer | None, recorded_ns: int | None) -> str:
    """Step 5: the hash of the last record."""
    import hashlib

    from auditrail.seal.log import SealedLog

    named = frozen.files(case)
    sums = "".join(f"{digest}  {name}\n" for name, digest in named.items())
    name = f"frozen-{hashlib.sha256(sums.encode('utf-8', 'surrogatepass')).hexdigest()[:16]}"
    clock = time.time_ns if recorded_ns is None else lambda: recorded_ns
    with SealedLog(case / frozen.MANIFEST, log_id=name, signer=signer, clock=clock) as log:
        for path, digest in named.items():
            log.append({"path": path, "bytes": (case / path).stat().st_size, "sha256": digest})
        head = log.finish().hash
    (case / f"{frozen.MANIFEST}.lock").unlink(missing_ok=True)
    return head


def _proven(case: Path) -> None:
    failed = [check for check in frozen.check(case) if check.outcome != PASSED]
    if failed:
        details = "; ".join(failed[0].details[:3])
        raise FreezeError(
            f"the frozen case does not pass its own check: {failed[0].id}: {failed[0].summary}: {details}",
            hint="this is a fault of auditrail: report it, with the version",
        )
