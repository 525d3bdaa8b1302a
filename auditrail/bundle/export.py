"""Makes a bundle of a case: looks the scope up, redacts a copy where asked for, and has everything written."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail import case, discover
from auditrail.bundle import scope as scopes
from auditrail.bundle import scratch, write
from auditrail.bundle.context import Context, Wishes
from auditrail.bundle.scope import Asked, Scope
from auditrail.report import periods

if TYPE_CHECKING:
    from auditrail.bundle.scratch import Transform
    from auditrail.gaps.settings import GapSettings
    from auditrail.notes import Signer


@dataclass(frozen=True, slots=True)
class Order:
    """What is ordered.

    Attributes:
        asked: the scope. wishes: what goes in. settings: `[gaps]` of the configuration.
        require: frameworks whose retention and fields are judged.
        signer: signs the manifest. transform: withholds values; `policy` is its name, for the command.
    """

    asked: Asked
    wishes: Wishes
    settings: GapSettings
    require: tuple[str, ...] = ()
    signer: Signer | None = None
    transform: Transform | None = None
    policy: str | None = None
    places: dict[int, str] = field(default_factory=dict)


def export(path: Path, order: Order, target: Path) -> dict[str, Any]:
    """Writes the bundle of a settled case and returns its manifest.

    Raises:
        OutputExistsError: the target is there. UsageError, RunNotFoundError, NothingReadableError: the scope is none.
        AuditrailError: what a part or the redaction raises.
    """
    write.check_target(target)
    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.absolute().parent) as name:
        folder = Path(name)
        results = folder / "results"
        results.mkdir()
        with (
            _evidence(path, order, folder) as (held, scope, places),
            case.open_analysis(held, results=results) as connection,
        ):
            return _written(connection, order, scope, places, results, target)


@contextmanager
def _evidence(path: Path, order: Order, folder: Path) -> Iterator[tuple[Path, Any, dict[int, str]]]:
    """The case that everything is made from, what gives the scope in it, and the places of its sources."""
    with case.open_analysis(path) as connection:
        fiscal = periods.Fiscal(order.settings.fiscal_year_start, order.settings.fiscal_year_named_by)
        scope = scopes.resolve(connection, order.asked, fiscal)
        seen = scopes.witness(connection, scope)
        places = dict(connection.execute("SELECT source, path FROM sources").fetchall())
    if order.transform is None:
        yield path, scope, places
        return
    with scratch.redacted(path, order.transform, folder) as copy:
        with case.open_read(copy) as connection:
            scope = scopes.renamed(connection, scope, seen)
        yield copy, scope, places


def _written(
    connection: Any, order: Order, scope: Scope, places: dict[int, str], folder: Path, target: Path
) -> dict[str, Any]:
    from auditrail.report.gaps import Judging
    from auditrail.report.overview import overview

    judging = Judging(scope.period, order.settings, order.require)
    seen = overview(connection, scope.question(), judging)
    # They fill the engine's memory, which the writing of records needs; a part that wants one builds it again.
    case.drop(connection, *discover.names("auditrail.gaps.facts"))
    selection = scopes.select(connection, scope)
    context = Context(
        connection=connection,
        scope=scope,
        selection=selection,
        held=scopes.held(connection),
        overview=seen,
        wishes=order.wishes,
        folder=folder,
        redaction=order.transform.document() if order.transform is not None else None,
        places=places,
        command=command(scope, order),
    )
    return write.write(context, target, order.signer, order.transform)


def command(scope: Scope, order: Order) -> str:
    """The command that gives this bundle again, without what tells of this machine: case, target and keys."""
    asked, wishes = order.asked, order.wishes
    words = ["auditrail", "export"]
    for option, value in (("--quarter", asked.quarter), ("--since", asked.since), ("--until", asked.until)):
        words += [option, value] if value is not None else []
    if asked.incident is not None:
        words += ["--incident", asked.incident]
    elif scope.runs is not None:
        words += [word for name in scope.names for word in ("--run", name)]
    words += ["--agent", scope.agent] if scope.agent is not None else []
    words += ["--raw"] if wishes.raw else []
    words += ["--records-text", wishes.text] if wishes.text != "csv" else []
    words += [word for name in wishes.forms for word in ("--records", name)]
    words += [word for name in wishes.profiles for word in ("--profile", name)]
    words += ["--redact", order.policy] if order.policy is not None else []
    words += ["--sign", "KEY"] if order.signer is not None else []
    words += ["--operator", wishes.operator] if wishes.operator is not None else []
    words += ["--generated-at", wishes.generated_at] if wishes.generated_at is not None else []
    return shlex.join(words)
