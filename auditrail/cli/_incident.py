"""What the commands of `auditrail incident` share: the ledger, the evidence, and how a PDF is written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from auditrail.cli import _options as options

if TYPE_CHECKING:
    from auditrail.incident.ledger import Ledger


@contextmanager
def ledger(folder: Path, operator: str | None, sign: Path | None, generated: str | None) -> Iterator[Ledger]:
    """The ledger, opened to be appended to, signed where a key is named."""
    from auditrail.incident.ledger import Ledger
    from auditrail.incident.ledger import operator as named

    signer = None
    if sign is not None:
        from auditrail.seal import keys

        signer = keys.signer(sign)
    with Ledger(
        folder, operator=named(operator), signer=signer, recorded_ns=options.moment(generated, "--generated-at")
    ) as opened:
        yield opened


def id_of(folder: Path, asked: str) -> str:
    """The whole id of an incident."""
    from auditrail.incident import ledger, state

    return state.one(ledger.exists(folder).entries, asked).id


def append(
    incident: str, kind: str, data: dict[str, Any], at: str | None, operator: str | None, sign: Path | None,
    folder: Path, generated: str | None, *, quiet: bool,
) -> None:  # fmt: skip
    """Writes an entry and says where it stands."""
    from auditrail.incident.entries import Entry

    moment = options.moment(at, "--at")
    name = id_of(folder, incident)
    with ledger(folder, operator, sign, generated) as opened:
        receipt = opened.append(Entry(kind, name, "", data, moment))
    options.say(f"{name}: recorded as {receipt.seq}, hash {receipt.hash}", quiet=quiet)


@contextmanager
def evidence(
    case: Path | None,
    sources: list[str],
    config: Path | None,
    *,
    quiet: bool,
    needed: bool = True,
    keys: Sequence[str] = (),
) -> Iterator[Any]:
    """The case, or one in memory of the paths that were given; None where there is no case and none is needed."""
    if not sources:
        if not needed:
            yield None
            return
        from auditrail.cli._case import analysing

        with analysing(case) as connection:
            yield connection
        return
    from auditrail import case as cases
    from auditrail import config as configs
    from auditrail.cli._load import checking, load_into

    settings = configs.load(config)
    with closing(cases.memory_case()) as connection:
        load_into(
            connection, sources, Path("auditrail.duckdb"), settings, reader=None, max_record=None, max_expansion=None,
            quiet=quiet, check=checking(settings, keys),
        )  # fmt: skip
        yield connection


def pdf(made: Any, how: options.Emission, shown: Any) -> None:
    """Writes the PDF; the renderer is `outputs._pdf.incident.render(report, view) -> bytes`."""
    import importlib

    from auditrail.errors import OutputExistsError, UsageError

    if how.output is None:
        raise UsageError("a PDF is written to a file", hint="add -o incident.pdf")
    if how.output.exists() and not how.force:
        raise OutputExistsError(f"{how.output} exists", hint="add --force to overwrite it")
    try:
        renderer = importlib.import_module("auditrail.outputs._pdf.incident")
    except ModuleNotFoundError:
        raise UsageError("this version can't write an incident as PDF", hint="--format html can be printed") from None
    part = how.output.with_name(how.output.name + ".part")
    try:
        part.write_bytes(renderer.render(made, shown))
        part.replace(how.output)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise UsageError(f"{how.output} can't be written: {(error.strerror or str(error)).lower()}") from None
