"""Clean logs at the speed of the hash: stretches of a large file in several processes, their ends stitched afterwards.

Does steps 1 to 8 of `walk` for files in which there is nothing to find, and nothing else: at the first record that is
not as it should be it gives up, and the walk begins anew, slower and with an eye for what happened. So a verdict other
than intact never comes from here.

1. Cut the file into stretches at line ends. 2. In each: every record parses, gives its own hash, links to the one
before it in its chain, counts up by one, and its signatures fit. 3. Stitch: the first record of each chain in a
stretch links to the last one of that chain before it; the first of all begins its chain.
"""

from __future__ import annotations

import gc
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from typing import Any, BinaryIO

from auditrail.verify import bulk
from auditrail.verify.anchors import Anchor, same_hash
from auditrail.verify.coverage import Coverage
from auditrail.verify.detect import Guess
from auditrail.verify.evidence import Call, Evidence
from auditrail.verify.paths import get
from auditrail.verify.plan import Context, Plan
from auditrail.verify.quick import VOUCHED, checker
from auditrail.verify.segments import Chain, Entry
from auditrail.verify.signatures import BAD, UNSIGNED, Signer, tally
from auditrail.verify.stitching import Ends, Stretch, skips, stitch
from auditrail.verify.walk import Walker

# Smaller files are walked: a second look at them costs nothing.
LEAST = 1 << 20
_STRETCH = 16 << 20
# Small enough for what is parsed of it to stay in the processor's cache, and for its memory not to be mapped anew
# each time: blocks of 192 KiB take half as long again.
_BLOCK = 3 << 15
_CHAINS = 50_000
_BOM = b"\xef\xbb\xbf"


def possible(item: Evidence, guess: Guess, call: Call) -> bool:
    """Whether a file is one for which this way is worth it, and exact."""
    profile = guess.profile
    return (
        guess.shape.kind == "lines"
        and item.compression is None
        and item.size >= LEAST
        and profile.verifiable
        and profile.hash is not None
        and profile.prev is not None
        and profile.links
        and profile.root is None
        and profile.terminal is None
        and not profile.prechain
        and call.max_record >= _BLOCK
        and not (profile.tree and call.anchors)
    )


def walk(item: Evidence, guess: Guess, call: Call) -> Walker | None:
    """A finished walk of the file, None if there is anything in it that has to be looked at."""
    walker = Walker(Plan(guess.profile, guess.secret), (), ())
    walker.file(item.shown)
    lines = 0
    latest: float | None = None
    for stretch in _stretches(item, guess, call):
        if stretch is None or not stitch(walker, stretch, lines):
            return None
        if stretch.times is not None:
            if latest is not None and stretch.times[0] < latest:
                return None
            latest = stretch.times[1]
        lines += stretch.lines
    for chain in walker.chains.values():
        for index, anchor in enumerate(call.anchors):
            about = anchor.chain == chain.key if anchor.path is not None else len(walker.chains) == 1
            if about and not _satisfied(anchor, chain, *chain.anchored.get(index, (None, None))):
                return None
    return walker


def _satisfied(anchor: Anchor, chain: Chain, at: Entry | None, found: Entry | None) -> bool:
    """Whether the chain is as an anchor says; if not, the walk tells what is wrong."""
    if anchor.head is None:
        return anchor.records in (None, chain.count)
    if found is None or (anchor.seq is not None and (at is None or at.place != found.place)):
        return False
    return anchor.records in (None, found.position)


def _stretches(item: Evidence, guess: Guess, call: Call) -> Iterator[Stretch | None]:
    """Step 1; the stretches in the order of the file."""
    size = max(min(_STRETCH, -(-item.size // max(call.processes, 1))), LEAST)
    starts = range(0, item.size, size)
    global _JOB  # noqa: PLW0603 - handed to forked processes as it stands: keys can't be pickled
    _JOB = (item, guess, call, size)
    if call.processes < 2 or len(starts) < 2 or "fork" not in multiprocessing.get_all_start_methods():
        yield from map(_stretch, starts)
        return
    with ProcessPoolExecutor(min(call.processes, len(starts)), multiprocessing.get_context("fork")) as pool:
        try:
            yield from pool.map(_stretch, starts)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


_JOB: tuple[Evidence, Guess, Call, int] | None = None


def _stretch(start: int) -> Stretch | None:
    """Step 2."""
    assert _JOB is not None  # noqa: S101 - set by whoever calls
    item, guess, call, size = _JOB
    # Records are many small objects without cycles: to look for cycles among them costs a sixth of the time.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _Reader(item, guess, call).read(start, min(start + size, item.size))
    finally:
        if collecting:
            gc.enable()


class _Reader:
    """Checks one stretch."""

    def __init__(self, item: Evidence, guess: Guess, call: Call) -> None:
        from auditrail.verify import typed  # loads msgspec: for large logs only
        from auditrail.verify.agreement import Agreement

        profile = guess.profile
        self._item = item
        self._style = guess.style
        self._longest = call.max_record - _BLOCK + 1
        self._plan = Plan(profile, guess.secret)
        self._profile = profile
        self._agreement = Agreement(profile.body.canon)
        self._check = checker(self._plan, self._agreement)
        self._signers = [Signer(spec, self._plan, call.keys) for spec in profile.signatures]
        self._heads = [(index, a.head, a.seq) for index, a in enumerate(call.anchors) if a.head or a.seq is not None]
        self._ends: dict[str | None, Ends] = {}
        self._times: tuple[float, float] | None = None
        self._own, self._link, self._seq = (_getter(name) for name in (profile.hash, profile.prev, profile.seq))
        self._time = _getter(profile.time)
        self._more = bool(self._heads or self._signers or profile.checks)
        self._bulk = None if self._signers else bulk.plan_of(self._plan)
        self._count = bulk.counter(item.size)
        self._shapes = typed.Shapes(self._bulk, self._agreement, (profile.seq, profile.key, profile.time))

    def read(self, start: int, end: int) -> Stretch | None:
        lines = 0
        with self._item.path.open("rb") as stream:
            offset = _begin(stream, start)
            while offset < end:
                block = stream.read(min(_BLOCK, end - offset))
                if not block:
                    break
                if block[-1:] != b"\n":
                    block += (rest := stream.readline(self._longest))
                    if len(rest) == self._longest:
                        return None
                read = self._at_once(block, lines, offset)
                if read is None:
                    read = self._block(block, lines, offset)
                if read is None:
                    return None
                lines += read
                offset += len(block)
        return Stretch(self._ends, lines, self._times)

    def _at_once(self, block: bytes, number: int, offset: int) -> int | None:
        """Checks the lines of a block together; None, and nothing taken in, where it can't or finds something."""
        if self._bulk is None or b"\r" in block:
            return None
        self._agreement.odd = False
        shaped = self._shapes.rows(block)
        if shaped is not None and not self._agreement.odd:
            if (read := self._take(self._bulk, block, shaped, number, offset)) is not None:
                return read
            self._shapes.missed()
        try:
            rows = bulk.Parsed(self._bulk, self._agreement, block)
        except (ValueError, TypeError, RecursionError):
            return None
        if self._agreement.odd:
            return None
        self._shapes.learn(block)
        return self._take(self._bulk, block, rows, number, offset)

    def _take(self, how: bulk.Bulk, block: bytes, rows: bulk.Rows, number: int, offset: int) -> int | None:
        seqs, keys, times = map(rows.column, (self._profile.seq, self._profile.key, self._profile.time))
        timed, kinds = self._profile.time is not None, set(map(type, keys))
        if kinds != {type(None) if self._profile.key is None else str}:
            return None
        if timed and not bulk.ascend(self._times[1] if self._times else None, times):
            return None
        coverage = Coverage(self._profile)
        # Shapes are kept apart for each chain only where there are several in a block: those take the other way.
        if not coverage.plain or len(set(keys)) != 1 or self._is_named(rows.column(how.own), seqs):
            return None
        samples = rows.samples()
        for value in samples:
            coverage.see(value)
        ends = self._ends.get(keys[0])
        owns, links = bulk.check(how, self._agreement, block, rows, self._count) or (None, None)
        if owns is None or links is None or not bulk.linked(None if ends is None else ends.last_own, owns, links):
            return None
        if not bulk.counts_up(None if ends is None else ends.last_seq, seqs):
            return None
        if ends is None:
            ends = self._begin(samples[0], number + 1, offset, seqs[0], links[0], owns[0])
        ends.coverage.by_hash |= coverage.by_hash
        ends.coverage.by_both |= coverage.by_both
        ends.count += len(owns)
        ends.last_own, ends.last_link, ends.last_seq = owns[-1], links[-1], seqs[-1]
        ends.last_place = number + len(owns), offset + block.rfind(b"\n", 0, -1) + 1
        if timed:
            self._times = (self._times[0] if self._times else times[0]), times[-1]
        return len(owns) if len(self._ends) <= _CHAINS else None

    def _is_named(self, owns: list[Any], seqs: list[Any]) -> bool:
        """Whether an anchor names one of these records: its place is noted record by record."""
        wanted = {head.rpartition(":")[2] for _, head, _ in self._heads if head is not None}
        named = any(type(own) is str and (own in wanted or own.rpartition(":")[2] in wanted) for own in owns)
        return named or any(seq is not None and seq in seqs for _, _, seq in self._heads)

    def _block(self, block: bytes, number: int, offset: int) -> int | None:  # noqa: C901 - the one hot loop
        """Checks the lines of a block; how many there are, None where there is anything to look at."""
        check, own_of, link_of, seq_of = self._check, self._own, self._link, self._seq
        agreement, loads = self._agreement, self._agreement.loads
        style, more, numbered = self._style, self._more, self._profile.seq is not None
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        ends = self._ends.get(None)
        keyed, timed, time_of = self._profile.key is not None, self._profile.time is not None, self._time
        latest = self._times[1] if self._times else None
        seq: Any = None
        shape: tuple[str, ...] | None = None
        for raw in lines:
            number += 1
            length = len(raw) + 1
            if raw[-1:] == b"\r":
                raw = raw[:-1]  # noqa: PLW2901 - a line end of two bytes
            if not raw or raw.isspace():
                offset += length
                continue
            agreement.odd = False
            try:
                value = loads(raw)
                own, link = own_of(value), link_of(value)
                if numbered:
                    seq = seq_of(value)
            except (ValueError, AttributeError, RecursionError):
                return None
            if keyed:
                ends = self._ends.get(self._name(value))
            if type(own) is not str or (ends is not None and link != ends.last_own):
                return None
            fits = check(value, raw, link if type(link) is str else None, own)
            if not fits or (fits != VOUCHED and style is not None and b"\\" in raw and style.odd(value, raw)):
                return None
            if ends is None:
                ends = self._begin(value, number, offset, seq, link, own)
            elif numbered and skips(ends.last_seq, seq):
                return None
            ends.count += 1
            ends.last_own, ends.last_link, ends.last_seq, ends.last_place = own, link, seq, (number, offset)
            last, shape = shape, tuple(value)
            if keyed or shape != last or not ends.coverage.plain:
                ends.coverage.see(value)
            if timed:
                time = time_of(value)
                if type(time) is not int and type(time) is not float:
                    return None
                if latest is not None and not latest <= time:
                    return None
                latest = time
                self._times = (self._times[0] if self._times else time), time
            if more and not self._rest(ends, value, raw, link, own):
                return None
            offset += length
        return len(lines) if len(self._ends) <= _CHAINS else None

    def _name(self, value: Any) -> str | None:
        if self._profile.key is None:
            return None
        found = get(value, self._profile.key)
        return found if isinstance(found, str) else "" if found is None else repr(found)

    def _begin(self, value: Any, number: int, offset: int, seq: int | None, link: Any, own: str) -> Ends:
        key = self._name(value)
        ends = self._ends[key] = Ends(key, Coverage(self._profile))
        first = self._plan.is_genesis(value, link if isinstance(link, str) else None)
        ends.first = Entry(0, number, offset, seq, link, own, own, first, 1)
        return ends

    def _rest(self, ends: Ends, value: Any, raw: bytes, link: Any, own: str) -> bool:
        for index, head, seq in self._heads:
            found, at = head is not None and same_hash(head, own), seq is not None and seq == ends.last_seq
            if found or at:
                hit = Entry(0, *ends.last_place, ends.last_seq, link, own, own, False, ends.count)
                ends.hits.append((index, at, found, hit))
        if not self._signers and not self._profile.checks:
            return True
        context = Context(value, raw, link if isinstance(link, str) else None, own)
        if self._plan.checks(context):
            return False
        for signer in self._signers:
            outcome = signer.check(context)
            if outcome.state == BAD or list(tally(ends.chain, signer, outcome)):
                return False
            if outcome.state == UNSIGNED and ends.chain.signed:
                return False
        return True


def _getter(path: str | None) -> Callable[[Any], Any]:
    """The quickest function that reads a field; it raises AttributeError for what is no object."""
    if path is None:
        return lambda _value: None
    if "." in path:
        return lambda value: get(value, path)
    return lambda value: value.get(path)


def _begin(stream: BinaryIO, start: int) -> int:
    """Goes to the first line that begins inside the stretch; returns its offset."""
    if start:
        stream.seek(start - 1)
        return start - 1 + len(stream.readline())
    if stream.read(3) == _BOM:
        return 3
    stream.seek(0)
    return 0
