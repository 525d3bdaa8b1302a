"""Runs a verification: paths in, report out. Prints nothing, and loads neither DuckDB nor Arrow (but for zstd).

1. Find the files; archives are unpacked beside, into a folder that is removed at the end. What a kind judges as a
   whole (a bundle, in an archive or a folder) stays as it is.
2. Let every kind of evidence look at every file; the highest claim wins.
3. Let each kind verify what it won. A file that nobody claims is NOT-CHAINED, unless it is a key or the like.

Before all of it, the signatures of anchors are checked: one that fails is no anchor, and nothing is compared with it.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType

from auditrail import discover
from auditrail.ingest import inputs, protection
from auditrail.ingest.inputs import Input
from auditrail.verify import evidence, notekeys
from auditrail.verify.evidence import Call, Claim, Evidence
from auditrail.verify.types import NOT_CHAINED, Result, VerificationReport

_KINDS = "auditrail.verify.kinds"


def run(paths: Sequence[str | Path], call: Call) -> VerificationReport:
    """Verifies everything that the paths name.

    Raises:
        UsageError, ConfigError: the call names a profile that does not exist or breaks the vocabulary, or an anchor
            whose signature fails.
    """
    held, unchecked = notekeys.attested(call) if call.anchors else ((), ())
    with ExitStack() as stack:
        found = _find([Path(path) for path in paths], call, stack)
        unreadable = tuple((item.shown, item.error) for item in found if item.error is not None)
        results, others = _results([item for item in found if item.error is None], call)
        return VerificationReport(results, call.strict, unreadable, unchecked, (*held, *others))


def _find(paths: list[Path], call: Call, stack: ExitStack) -> list[Evidence]:
    """Step 1."""
    here = Path(tempfile.gettempdir())
    real, names = stack.enter_context(inputs.standard_input(paths, here))
    listed = [item._replace(shown=names.get(item.path, item.shown)) for item in inputs.expand(real)]
    wholes = _Wholes()
    listed = wholes.gathered(listed)
    opened = stack.enter_context(
        inputs.open_archives(listed, here, max_expansion=call.max_expansion, closed=wholes.is_one)
    )
    found: list[Evidence] = []
    kept: Path | None = None
    for number, item in enumerate(opened):
        path = item.path
        if item.error is None and "!" in item.shown and item.path not in {entry.path for entry in listed}:
            # The member's file is there until the next one is asked for: it is moved where it may stay.
            if kept is None:
                kept = Path(tempfile.mkdtemp(prefix=".auditrail-verify-"))
                stack.callback(shutil.rmtree, kept, ignore_errors=True)
            path = Path(shutil.move(item.path, kept / str(number)))
        if item.error is not None:
            found.append(Evidence(path, item.shown, 0, error=item.error))
        elif (kind := wholes.kind(item)) is not None:
            found.append(Evidence(path, item.shown, item.size, complete=False, whole=kind))
        else:
            found.append(evidence.look(path, item.shown, item.size, call.max_expansion))
    return found


class _Wholes:
    """What kinds judge as a whole: found among the files, and among the members of archives as they come."""

    def __init__(self) -> None:
        self._kinds = {name: kind for name, kind in discover.modules(_KINDS).items() if hasattr(kind, "whole")}
        self._looked: dict[str, str | None] = {}

    def _sign(self, item: Input) -> tuple[Path, str] | None:
        signs = ((kind.whole(item), kind.NAME) for kind in self._kinds.values() if item.error is None)
        return next(((path, name) for path, name in signs if path is not None), None)

    def gathered(self, items: list[Input]) -> list[Input]:
        """The inputs, with one for each folder that is judged as a whole instead of the files in it."""
        folders: dict[Path, str] = {}
        for item in items:
            sign = self._sign(item)
            if sign is None or sign[0] == item.path:
                self._looked[item.shown] = sign[1] if sign is not None else None
            else:
                folders[sign[0]] = sign[1]
        made: dict[Path, Input] = {}
        for item in items:
            around = [folder for folder in item.path.parents if folder in folders]
            if not around:
                made[item.path] = item
                continue
            folder = around[-1]  # the outermost
            below = len(item.path.relative_to(folder).parts)
            shown = str(Path(item.shown).parents[below - 1])
            made.setdefault(folder, Input(shown, folder, 0))
            self._looked[shown] = folders[folder]
        return list(made.values())

    def is_one(self, item: Input) -> bool:
        """Whether an archive is not to be opened."""
        if item.shown not in self._looked:
            sign = self._sign(item)
            self._looked[item.shown] = sign[1] if sign is not None and sign[0] == item.path else None
        return self._looked[item.shown] is not None

    def kind(self, item: Input) -> str | None:
        """The kind that judges an input as a whole, None if it is a file like others."""
        return self._looked.get(item.shown)


def _results(items: list[Evidence], call: Call) -> tuple[tuple[Result, ...], list[str]]:
    """Steps 2 and 3: the results, and what is to be told of files that are no logs."""
    won: dict[str, list[Evidence]] = {}
    companions: dict[str, list[Evidence]] = {}
    kinds = discover.modules(_KINDS)
    unclaimed: list[Evidence] = []
    for item in items:
        name, claimed = _best(item, items, kinds, call)
        if claimed is None:
            unclaimed.append(item)
        else:
            (companions if claimed.companion else won).setdefault(name, []).append(item)
    others = {item.shown: what for item in unclaimed if (what := protection.named(item.head)) is not None}
    results = [_nothing(item) for item in unclaimed if item.shown not in others]
    for name in sorted(won):
        results += kinds[name].verify(won[name], companions.get(name, []), call)
    for name in sorted(set(companions) - set(won)):
        results += [_nothing(item) for item in companions[name]]
    order = {item.shown: number for number, item in enumerate(items)}
    told = [f"{shown} is no log, but {what}" for shown, what in others.items()]
    return tuple(sorted(results, key=lambda result: order.get(result.path, len(order)))), told


def _best(item: Evidence, items: list[Evidence], kinds: dict[str, ModuleType], call: Call) -> tuple[str, Claim | None]:
    claims = [
        (name, claimed) for name in sorted(kinds) if (claimed := kinds[name].claim(item, items, call)) is not None
    ]
    return max(claims, key=lambda pair: pair[1].score, default=("", None))


def _nothing(item: Evidence) -> Result:
    said = "nothing in it protects it: no chain, signature or digest that is known here (see: auditrail chains)"
    if not item.head.strip():
        said = "the file is empty: there is nothing to check"
    return Result(item.shown, "none", None, None, 0, 0, NOT_CHAINED, not_checked=(said,))
