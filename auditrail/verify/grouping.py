"""Files that one chain runs through, in the order of their links; and the hashes of a file's records, read quickly."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from auditrail.errors import AuditrailError
from auditrail.verify import detect
from auditrail.verify import parse as parsing
from auditrail.verify.evidence import Call, Evidence
from auditrail.verify.paths import get
from auditrail.verify.plan import Context, Plan
from auditrail.verify.records import Outside, Raw, Shape, read

_UUID = re.compile(r"(?i:[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})")
# Spans name their parents by ids of 16 digits; a hash of 64 bits would protect nothing.
_SHORTEST_HASH = 20

Group = tuple[tuple[Evidence, detect.Guess], ...]


class Identity(NamedTuple):
    """One record by its hashes."""

    number: int
    offset: int
    seq: int | None
    key: str | None
    link: str | None
    ident: str | None
    first: bool


def base(path: str) -> str:
    """The last part of a path, of an archive's member, too."""
    return posixpath.basename(path.replace("\\", "/").rpartition("!")[2]) or path


def identities(item: Evidence, shape: Shape, plan: Plan, call: Call) -> Iterator[Identity]:
    """The hashes of all records of a file that can be read; a hash is recomputed only where none is stored."""
    profile = plan.profile
    for part, one in _objects(item, shape, plan, call):
        own = get(one, profile.hash) if profile.hash else None
        link = get(one, profile.prev) if profile.prev else None
        link = link if isinstance(link, str) else None
        if profile.hash is None:
            own = plan.compute(Context(one, part.raw, link if link is not None else plan.genesis_text or "", None))
        key = get(one, profile.key) if profile.key else None
        seq = get(one, profile.seq) if profile.seq else None
        yield Identity(
            part.number,
            part.offset,
            seq if isinstance(seq, int) and not isinstance(seq, bool) else None,
            (key if isinstance(key, str) else "" if key is None else repr(key)) if profile.key else None,
            link,
            own if isinstance(own, str) else None,
            plan.is_genesis(one, link),
        )


def objects(item: Evidence, shape: Shape, plan: Plan, call: Call) -> Iterator[tuple[dict[str, Any], bytes]]:
    """The chained objects of a file that can be read, with the bytes of their records."""
    for part, one in _objects(item, shape, plan, call):
        yield one, part.raw


def _objects(item: Evidence, shape: Shape, plan: Plan, call: Call) -> Iterator[tuple[Raw, dict[str, Any]]]:
    for part in read(item, shape, call):
        if isinstance(part, Outside) or part.defect is not None:
            continue
        value = part.value
        if value is None:
            try:
                value = parsing.parse(part.raw).value
            except parsing.ParseError:
                continue
        one = plan.object_of(value)
        if isinstance(one, dict):
            yield part, one


def groups(known: Sequence[tuple[Evidence, detect.Guess]], call: Call) -> list[Group]:
    """Files that are walked together: those of one folder, where the format's chain runs on from file to file."""
    made: list[Group] = []
    together: dict[tuple[str, str], list[tuple[Evidence, detect.Guess]]] = {}
    for item, guess in known:
        if guess.profile.scope == "directory":
            together.setdefault((guess.profile.name, posixpath.dirname(item.shown.replace("\\", "/"))), []).append(
                (item, guess)
            )
        else:
            made.append(((item, guess),))
    for files in together.values():
        made += [(files[0],)] if len(files) == 1 else _linked(files, call)
    order = {item.shown: number for number, (item, _) in enumerate(known)}
    return sorted(made, key=lambda group: order[group[0][0].shown])


def _linked(files: list[tuple[Evidence, detect.Guess]], call: Call) -> list[Group]:
    """Puts files in the order of their links.

    One that begins a chain begins a group; one that links to nothing that is here goes behind the files before it,
    where the walk says that a file is missing.
    """
    ends: dict[str, int] = {}
    starts: list[Identity | None] = []
    for number, (item, guess) in enumerate(files):
        first = last = None
        try:
            for one in identities(item, guess.shape, Plan(guess.profile, guess.secret), call):
                first, last = first or one, one
        except AuditrailError:
            pass
        starts.append(first)
        if last is not None and last.ident is not None:
            ends.setdefault(last.ident, number)
    behind: dict[int, list[int]] = {}
    heads: list[int] = []
    for number, first in enumerate(starts):
        before = ends.get(first.link) if first is not None and first.link is not None and not first.first else None
        if before is None or before == number:
            heads.append(number)
        else:
            behind.setdefault(before, []).append(number)
    made: list[list[int]] = []
    done: set[int] = set()
    for head in [*heads, *range(len(files))]:
        if head in done:
            continue
        run = _follow(head, behind, done)
        first = starts[head]
        if made and first is not None and not first.first:
            made[-1] += run
        else:
            made.append(run)
    return [tuple(files[number] for number in run) for run in made]


def _follow(head: int, behind: dict[int, list[int]], done: set[int]) -> list[int]:
    run, stack = [], [head]
    while stack:
        number = stack.pop()
        if number not in done:
            done.add(number)
            run.append(number)
            stack += reversed(behind.get(number, []))
    return run


def chained_fields(item: Evidence, call: Call) -> tuple[str, str] | None:
    """Two fields of which one holds in each record what the other held in the record before: (hash, previous hash).

    A sign that a log is chained, though no profile knows how.
    """
    for looks in detect.shapes(item, (), call):
        pair = linked_fields([value for value, _ in looks.records], shortest=_SHORTEST_HASH)
        if pair is not None:
            return pair
    return None


def linked_fields(records: Sequence[dict[str, Any]], shortest: int = 16) -> tuple[str, str] | None:
    """Of records in order, the field that the next record repeats, and the one that repeats it.

    UUIDs, by which transcripts link their lines, are no hashes.
    """
    flat = [{path: text for path, text in _texts(record, "", 3) if len(text) >= shortest} for record in records]
    counts: dict[tuple[str, str], int] = {}
    for before, after in pairwise(flat):
        where = {text: path for path, text in before.items()}
        for path, text in after.items():
            own = where.get(text)
            # A value that both records hold alike is a name or an id, and no link.
            if own is not None and own != path and before.get(path) != text and after.get(own) != text:
                counts[own, path] = counts.get((own, path), 0) + 1
    best = max(counts, key=lambda pair: (counts[pair], pair), default=None)
    return best if best is not None and counts[best] * 2 >= len(flat) - 1 else None


def _texts(value: Any, at: str, depth: int) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in list(value.items())[:200]:
            if isinstance(item, str) and 16 <= len(item) <= 200 and " " not in item and not _UUID.fullmatch(item):
                yield f"{at}{key}", item
            elif depth:
                yield from _texts(item, f"{at}{key}.", depth - 1)
