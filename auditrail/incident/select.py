"""Which bytes an incident needs: the records of its runs and of those that they spawned, out of the sources of a case.

Of a file of lines that no chain protects, the lines of the runs are enough. Any other file is kept whole: a chain with
records left out is broken, and what stands around the records of an array belongs to them.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections import defaultdict
from collections.abc import Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, NamedTuple

from auditrail.containers.compression import open_bytes
from auditrail.digest import record_digest
from auditrail.errors import AuditrailError
from auditrail.ingest.streams import read_fully
from auditrail.report.types import Place, Reconstruction

if TYPE_CHECKING:
    from collections.abc import Iterator

    import duckdb

_PLAIN = "NOT-CHAINED"
_PACKED = (".gz", ".zst", ".bz2", ".xz")
_SEAL = ".seal"
_BLOCK = 1 << 20
# Runs spawned by runs spawned by runs...
MOST_RUNS = 200


class FreezeError(AuditrailError):
    """An incident cannot be frozen: evidence is gone or changed, or what is frozen would not say the same."""

    code = "freeze"


class Guard(NamedTuple):
    """What protects a source, and how it was judged."""

    kind: str
    profile: str | None
    chain: str | None
    verdict: str


class Piece(NamedTuple):
    """A source that is needed.

    Attributes:
        path: as loaded. name: in the case. places: its records. lines: whether they are cut out of it.
        guards: the chains, signatures and digests that protect it.
    """

    path: str
    name: str
    places: dict[int, Place]
    lines: bool
    guards: tuple[Guard, ...] = ()


def runs(connection: duckdb.DuckDBPyConnection, asked: Sequence[str]) -> list[Reconstruction]:
    """The runs, each once, with all that they spawned.

    Raises:
        RunNotFoundError, AmbiguousRunError: one is not in the case. FreezeError: they spawned too many.
    """
    from auditrail.report.reconstruction import reconstruct

    made: dict[str, Reconstruction] = {}
    left = list(asked)
    while left:
        report = reconstruct(connection, left.pop(0))
        if report.id in made:
            continue
        if len(made) >= MOST_RUNS:
            raise FreezeError(f"the incident has more than {MOST_RUNS} runs with those that they spawned")
        made[report.id] = report
        left += [child.id for child in report.children]
    return list(made.values())


def pieces(connection: duckdb.DuckDBPyConnection, found: Sequence[Reconstruction], *, whole: bool) -> list[Piece]:
    """What is needed of each source.

    Raises:
        FreezeError: a source is no local file.
    """
    places: dict[str, dict[int, Place]] = defaultdict(dict)
    for report in found:
        for event in report.events:
            places[event.source.path][event.source.record] = event.source
    framing = dict(connection.execute("SELECT path, framing FROM sources WHERE superseded_by IS NULL").fetchall())
    guards: dict[str, list[Guard]] = defaultdict(list)
    for path, *row in connection.execute(
        "SELECT path, kind, profile, chain, verdict FROM verdicts WHERE verdict <> ? ORDER BY ALL", [_PLAIN]
    ).fetchall():
        guards[path].append(Guard(*row))
    names = _names(sorted(places))
    made = []
    for path in sorted(places):
        lines = not whole and framing.get(path) == "lines" and path not in guards
        name = unpacked(names[path]) if lines else names[path]
        made.append(Piece(path, name, places[path], lines, tuple(guards.get(path, ()))))
    return made


def _names(paths: list[str]) -> dict[str, str]:
    """Path -> its name below `evidence/`: as much of its folders as tells the sources apart."""
    real: dict[str, PurePosixPath] = {}
    for path in paths:
        file, _, member = path.partition("!")
        if not Path(file).is_file():
            raise FreezeError(
                f"{path} is not there any more, or was no file",
                hint="put the evidence back where it was loaded from, or name it with --from",
            )
        real[path] = PurePosixPath(os.path.abspath(file), *PurePosixPath(member).parts)  # noqa: PTH100 - links stay links
    parent = os.path.commonpath([str(made.parent) for made in real.values()]) if real else "/"
    names = {path: made.relative_to(parent).as_posix() for path, made in real.items()}
    if any(".." in PurePosixPath(name).parts for name in names.values()):
        raise FreezeError("a member of an archive has a name that leads out of it")
    return names


def unpacked(name: str) -> str:
    """The name of a file without what says that it is compressed."""
    return next((name.removesuffix(end) for end in _PACKED if name.lower().endswith(end)), name)


def write(piece: Piece, target: Path | None) -> dict[int, int]:
    """Writes what is needed of a source; returns record -> its number in the file that was written.

    Without a target, the records are compared with what was loaded, and nothing is written.

    Raises:
        FreezeError: the source holds other bytes than those that were loaded.
    """
    if target is not None:
        target.parent.mkdir(parents=True, exist_ok=True)
    with local(piece.path) as path:
        try:
            with (
                open_bytes(path, size=path.stat().st_size) as stream,
                (target if target is not None and piece.lines else Path(os.devnull)).open("wb") as out,
            ):
                at, numbers = 0, {}
                for number, (record, place) in enumerate(sorted(piece.places.items(), key=lambda p: p[1].offset), 1):
                    while at < place.offset and (block := stream.read(min(place.offset - at, _BLOCK))):
                        at += len(block)
                    data = read_fully(stream, place.length)
                    at += len(data)
                    if record_digest(data).hex() != place.blake3:
                        raise FreezeError(f"{piece.path}:{record} is not what was loaded: the file was changed")
                    out.write(data if data.endswith(b"\n") else data + b"\n")
                    numbers[record] = number if piece.lines else record
            if target is not None and not piece.lines:
                shutil.copyfile(path, target)
                seal = Path(piece.path + _SEAL)
                if seal.is_file():
                    shutil.copyfile(seal, target.with_name(target.name + _SEAL))
        except OSError as error:
            raise FreezeError(f"{piece.path}: {(error.strerror or str(error)).lower()}") from None
    return numbers


@contextmanager
def local(path: str) -> Iterator[Path]:
    """The file of a source; a member of an archive is unpacked for as long."""
    from auditrail.ingest import inputs

    archive, stroke, _ = path.partition("!")
    if not stroke:
        yield Path(path)
        return
    with inputs.open_archives(inputs.expand([Path(archive)]), Path(tempfile.gettempdir())) as opened:
        for item in opened:
            if item.shown == path:
                yield item.path
                return
    raise FreezeError(f"{path} is not in the archive any more")
