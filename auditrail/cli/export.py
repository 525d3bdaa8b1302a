"""`auditrail export`: a bundle that auditors can keep, read and check without installing anything."""

from __future__ import annotations

import shlex
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditrail.cli import _options as options

if TYPE_CHECKING:
    from auditrail.cli._asking import Opening


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Make a bundle of evidence for auditors.")(export)


def export(
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="BUNDLE", help="A name that ends in .zip, or a folder to make.")
    ],
    quarter: options.Quarter = None,
    since: options.PeriodSince = None,
    until: options.PeriodUntil = None,
    run: options.Runs = None,
    agent: options.Agent = None,
    incident: Annotated[
        str | None, typer.Option("--incident", metavar="ID", help="Only the runs of this incident.")
    ] = None,
    ledger: Annotated[
        Path, typer.Option("--ledger", metavar="FOLDER", help="Where the ledger of incidents lies.")
    ] = Path("incidents"),
    records: Annotated[
        list[str] | None,
        typer.Option(
            "--records", metavar="FORM", help="The events in this form, too: ocsf, cloudevents, otlp (repeat for more)."
        ),
    ] = None,
    records_text: Annotated[
        str, typer.Option("--records-text", metavar="FORM", help="What stands beside Parquet: csv or jsonl.")
    ] = "csv",
    raw: Annotated[bool, typer.Option("--raw", help="Put the original records' bytes in, too.")] = False,
    profile: Annotated[
        list[str] | None,
        typer.Option("--profile", metavar="NAME", help="Map what a framework asks for (repeat for more)."),
    ] = None,
    redact: Annotated[
        str | None, typer.Option("--redact", metavar="POLICY", help="Withhold values: a ready policy or a file.")
    ] = None,
    redact_key: Annotated[
        Path | None,
        typer.Option("--redact-key", metavar="FILE", help="The key to withhold with. [default: a new one beside it]"),
    ] = None,
    sign: Annotated[
        Path | None, typer.Option("--sign", metavar="KEY", help="Sign the manifest with this private key (keygen).")
    ] = None,
    operator: Annotated[str | None, typer.Option("--operator", metavar="NAME", help="Who makes it.")] = None,
    generated_at: Annotated[
        str | None, typer.Option("--generated-at", metavar="TIME", help="When it is made; no clock is read.")
    ] = None,
    sources: options.Sources = None,
    case: options.Case = None,
    config: options.ConfigFile = None,
    max_record: options.MaxRecord = None,
    max_expansion: options.MaxExpansion = None,
    reader: options.Reader = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Make a bundle: the records of a scope, what is missing and why, and digests by which all of it can be checked.

    Its README says how, with auditrail and without. The same case and options give the same bytes.

    With --redact, salted commitments stand in place of contents; the key stays with you, beside the bundle.
    """
    from auditrail import config as configs
    from auditrail.bundle import export as exporting
    from auditrail.bundle import write
    from auditrail.bundle.context import TEXT_FORMS, Wishes
    from auditrail.bundle.parts import records as forms
    from auditrail.bundle.scope import Asked
    from auditrail.cli._asking import Opening
    from auditrail.cli._signals import ended_like_interrupted
    from auditrail.errors import UsageError
    from auditrail.gaps import configured
    from auditrail.seal import keys

    write.check_target(output)
    if records_text not in TEXT_FORMS:
        raise UsageError(f"there is no text form {records_text!r}", hint=f"one of: {', '.join(TEXT_FORMS)}")
    for name in records or ():
        forms.form(name)
    if profile:
        from auditrail.bundle import profile as profiles

        profiles.select(tuple(profile))
    runs = tuple(run or ())
    if incident is not None:
        if runs:
            raise UsageError("--incident excludes --run: the incident names its runs")
        runs = _of_incident(incident, ledger)
    signer = keys.signer(sign) if sign is not None else None
    loading = configs.load(config)
    with ended_like_interrupted(), _transform(redact, redact_key, output) as transform:
        order = exporting.Order(
            asked=Asked(quarter, since, until, runs, agent, incident),
            wishes=Wishes(
                text=records_text, forms=_each(records), profiles=_each(profile), raw=raw, operator=operator,
                generated_at=_time(generated_at),
            ),
            settings=configured.read(loading),
            signer=signer,
            transform=transform,
            policy=transform.policy.name if transform is not None else None,
        )  # fmt: skip
        opening = Opening(case, tuple(sources or ()), config, reader, max_record, max_expansion, quiet)
        with _case(opening, loading, output) as path:
            document = exporting.export(path, order, output)
    _tell(document, output, quiet=quiet)


def _each(words: Sequence[str] | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(words or ()))


def _time(text: str | None) -> str | None:
    from auditrail import times

    moment = options.moment(text, "--generated-at")
    return times.iso(moment, digits=0) if moment is not None else None


def _of_incident(name: str, folder: Path) -> tuple[str, ...]:
    """The runs that an incident names.

    Raises:
        AuditrailError: there is no such incident. UsageError: it names no run.
    """
    from auditrail.errors import UsageError
    from auditrail.incident import ledger, state

    found = state.one(ledger.exists(folder).entries, name)
    if not found.runs:
        raise UsageError(f"the incident {name} names no run", hint="name runs with --run instead")
    return found.runs


@contextmanager
def _transform(policy: str | None, key: Path | None, target: Path) -> Iterator[Any]:
    """The redaction that was asked for. A new key is left beside the bundle, and taken back if none was made."""
    from auditrail.errors import UsageError

    if policy is None:
        if key is not None:
            raise UsageError("--redact-key needs --redact")
        yield None
        return
    from auditrail.redact import commit
    from auditrail.redact import policy as policies
    from auditrail.redact.apply import Redaction

    rules = policies.load(policy)
    if key is not None and key.exists():
        yield Redaction(rules, commit.read_key(key))
        return
    place = key or target.with_name(f"{target.name}.redaction-key")
    secret = commit.make_key(place)
    try:
        yield Redaction(rules, secret)
    except BaseException:
        place.unlink(missing_ok=True)
        raise
    options.say(f"redaction key: {place} (it opens every withheld value: keep it, and keep it away from the bundle)")


@contextmanager
def _case(opening: Opening, settings: Any, target: Path) -> Iterator[Path]:
    """The case, or one beside the target of the paths that were given, which is gone afterwards."""
    from auditrail.cli._case import _settled

    if not opening.sources:
        yield _settled(opening.case)
        return
    from auditrail import case as cases
    from auditrail.cli._load import checking, load_into
    from auditrail.errors import NothingReadableError

    with tempfile.TemporaryDirectory(prefix=f".{target.name}.", dir=target.absolute().parent) as folder:
        path = Path(folder) / cases.DEFAULT_NAME
        with cases.open_write(path) as connection:
            loaded = load_into(
                connection, opening.sources, path, settings, reader=opening.reader, max_record=opening.max_record,
                max_expansion=opening.max_expansion, quiet=opening.quiet, check=checking(settings, []),
            )  # fmt: skip
        if not any(source.format for source, _ in loaded):
            raise NothingReadableError(
                "nothing could be read under these paths", hint="see what can be read with: auditrail formats"
            )
        yield path


def _tell(document: dict[str, Any], target: Path, *, quiet: bool) -> None:
    counts = document["counts"]
    size = sum(file["size"] for file in document["files"])
    options.say(
        f"{target}: {counts['events']:,} events of {counts['runs']:,} runs, {counts['gaps']:,} findings, "
        f"{len(document['files']):,} files, {size:,} bytes",
        quiet=quiet,
    )
    options.say(f"Merkle root: {document['merkle']['root']}", quiet=quiet)
    if not counts["events"]:
        options.say("no event lies in this scope: the bundle says so", quiet=quiet)
    signed = " --key KEY.pub" if document["signer"] else ""
    options.say(f"check it with: auditrail verify {shlex.quote(str(target))}{signed}", quiet=quiet)
