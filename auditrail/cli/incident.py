"""`auditrail incident`: what was seen and done about an incident, in a record that holds up later."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from auditrail.cli import _incident as shared
from auditrail.cli import _options as options

_FOLDER = Path("incidents")

Incident = Annotated[str, typer.Argument(metavar="ID", help="The incident: INC-2026-0007, or its number.")]
Folder = Annotated[Path, typer.Option("--ledger", metavar="DIR", help="Folder of the ledger.")]
Operator = Annotated[
    str | None, typer.Option("--operator", metavar="NAME", help="Who writes this. [default: $AUDITRAIL_OPERATOR]")
]
Sign = Annotated[Path | None, typer.Option("--sign", metavar="KEY", help="Sign the ledger with this private key.")]
At = Annotated[str | None, typer.Option("--at", metavar="TIME", help="When it happened (UTC). [default: now]")]
Generated = Annotated[
    str | None,
    typer.Option("--generated-at", metavar="TIME", help="Time of recording, in place of the clock; marked as given."),
]
Key = Annotated[
    list[str] | None, typer.Option("--key", metavar="KEY", help="A public key to check the ledger with. Repeatable.")
]


def register(app: typer.Typer) -> None:
    """Adds the command with its sub-commands."""
    group = typer.Typer(
        name="incident",
        help="Answer an incident with a record that holds: a chained ledger of what was seen and done.",
        no_args_is_help=True,
        rich_markup_mode=None,
    )
    for command in (open_, note, action, attach, close, list_, show, timeline, report, freeze):
        group.command(name=command.__name__.rstrip("_"))(command)
    app.add_typer(group, name="incident", short_help="Answer an incident: a chained ledger, a report, a test case.")


def open_(
    runs: Annotated[
        list[str] | None, typer.Argument(metavar="RUN...", help="The runs it is about, by any id of theirs.")
    ] = None,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="What happened, in one line.")] = "",
    at: At = None,
    operator: Operator = None,
    sign: Sign = None,
    folder: Folder = _FOLDER,
    generated_at: Generated = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Open an incident; prints its id."""
    with shared.ledger(folder, operator, sign, generated_at) as ledger:
        name, receipt = ledger.open(title, runs or (), at_ns=options.moment(at, "--at"))
    typer.echo(name)
    options.say(f"recorded as {receipt.seq}, hash {receipt.hash}", quiet=quiet)


def note(
    incident: Incident,
    text: Annotated[str, typer.Argument(metavar="TEXT", help="What was seen or thought.")],
    at: At = None,
    operator: Operator = None,
    sign: Sign = None,
    folder: Folder = _FOLDER,
    generated_at: Generated = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Write down an observation."""
    shared.append(incident, "note", {"text": text}, at, operator, sign, folder, generated_at, quiet=quiet)


def action(
    incident: Incident,
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND",
            help="aware, classify, pause, resume, revoke, hotfix, rollback, redeploy, restore, preserve, notify, other",
        ),
    ],
    what: Annotated[str, typer.Argument(metavar="WHAT", help="What was done.")],
    by: Annotated[str | None, typer.Option("--by", metavar="NAME", help="Who did it. [default: the operator]")] = None,
    framework: Annotated[
        str | None, typer.Option("--framework", metavar="NAME", help="Of notify: the framework that asks for it.")
    ] = None,
    stage: Annotated[
        str | None,
        typer.Option("--stage", metavar="NAME", help="Of notify: which report of it. [default: its first]"),
    ] = None,
    at: At = None,
    operator: Operator = None,
    sign: Sign = None,
    folder: Folder = _FOLDER,
    generated_at: Generated = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Write down what was done, by whom and when.

    `aware` and `classify` are the moments from which deadlines are counted.
    """
    from auditrail.errors import UsageError
    from auditrail.incident.ledger import operator as named

    data: dict[str, Any] = {"action": kind, "what": what, "by": by or named(operator)}
    if framework is not None:
        if kind != "notify":
            raise UsageError("--framework belongs to the action notify")
        from auditrail.incident import deadlines

        data["framework"], data["report"] = deadlines.known_report(framework, stage)
    elif stage is not None:
        raise UsageError("--stage names a report of a framework", hint="add --framework NAME")
    shared.append(incident, "action", data, at, operator, sign, folder, generated_at, quiet=quiet)


def attach(
    incident: Incident,
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A file to keep with the incident.")],
    at: At = None,
    operator: Operator = None,
    sign: Sign = None,
    folder: Folder = _FOLDER,
    generated_at: Generated = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Copy a file into the incident's folder, and write down its digest."""
    from auditrail.incident import attach as files
    from auditrail.incident.ledger import operator as named

    who = named(operator)
    data = files.copy(folder, shared.id_of(folder, incident), file)
    shared.append(incident, "attach", data, at, who, sign, folder, generated_at, quiet=quiet)
    options.say(f"{data['file']}: {data['bytes']:,} bytes, sha256 {data['sha256']}", quiet=quiet)


def close(
    incident: Incident,
    cause: Annotated[str, typer.Option("--cause", metavar="TEXT", help="The root cause.")] = "",
    changed: Annotated[
        list[str] | None,
        typer.Option("--changed", metavar="TEXT", help="What was changed to prevent it. Repeatable."),
    ] = None,
    at: At = None,
    operator: Operator = None,
    sign: Sign = None,
    folder: Folder = _FOLDER,
    generated_at: Generated = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Close an incident with its root cause; closing it again adds what became known later."""
    data = {"cause": cause, "changed": changed or []}
    shared.append(incident, "close", data, at, operator, sign, folder, generated_at, quiet=quiet)


def list_(
    folder: Folder = _FOLDER,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    tz: options.Zone = "UTC",
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """List the incidents of a ledger."""
    from auditrail.incident import listings

    options.emit(
        listings.all_of(folder),
        options.Emission(format, output, force, no_color),
        options.view(tz=tz, no_color=no_color),
    )


def show(
    incident: Incident,
    key: Key = None,
    folder: Folder = _FOLDER,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    tz: options.Zone = "UTC",
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Show an incident, with the verdict on its ledger and its files.

    Exit code 0: the ledger is intact; 1: it was changed, or an attached file was; 4: that could not be decided.
    """
    from auditrail.incident import ledger, listings, proof, state

    found = state.one(ledger.exists(folder).entries, incident)
    checked = proof.verdict(folder, key or ())
    options.emit(
        listings.one(folder, found, checked),
        options.Emission(format, output, force, no_color),
        options.view(tz=tz, no_color=no_color),
    )
    if checked.exit_code:
        raise typer.Exit(checked.exit_code)


def timeline(
    incident: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="One incident; none: all entries, with alerts of no incident.")
    ] = None,
    folder: Folder = _FOLDER,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    tz: options.Zone = "UTC",
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Show what was done in the order in which it happened, with the time of recording beside it."""
    from auditrail.incident import ledger, listings, state

    ledger.exists(folder)
    found = ledger.read(folder).entries
    made = (
        listings.timeline(found, "All entries")
        if incident is None
        else listings.timeline((one := state.one(found, incident)).entries, f"{one.id}: {one.title}")
    )
    options.emit(made, options.Emission(format, output, force, no_color), options.view(tz=tz, no_color=no_color))


def report(
    incident: Incident,
    framework: Annotated[
        list[str] | None,
        typer.Option(
            "--framework", metavar="NAME", help="Show deadlines of eu-ai-act, dora, gdpr, hipaa or all. Repeatable."
        ),
    ] = None,
    key: Key = None,
    case: options.Case = None,
    sources: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="PATH", help="Read this evidence instead of a case. Repeatable."),
    ] = None,
    folder: Folder = _FOLDER,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    show_content: options.ShowContent = False,
    hide_content: options.HideContent = False,
    tz: options.Zone = "UTC",
    generated_at: Annotated[
        str | None, typer.Option("--generated-at", metavar="TIME", help="Say in the report when it was made.")
    ] = None,
    config: options.ConfigFile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Report an incident: what happened, who answered how, what hindered it, the cause, and what is due.

    Formats besides the common ones: pdf. Deadlines are reading aids from a dated file, never legal advice.
    """
    from auditrail import case as cases
    from auditrail.incident import report as reports

    shown = options.view(tz=tz, no_color=no_color, show=show_content, hide=hide_content)
    when = options.moment(generated_at, "--generated-at")
    needed = case is not None or cases.locate(None).exists()
    with shared.evidence(case, sources or [], config, quiet=quiet, needed=needed) as db:
        made = reports.report(folder, incident, db, frameworks=framework or (), keys=key or (), generated_ns=when)
    if format == "pdf" or (format is None and output is not None and output.suffix == ".pdf"):
        shared.pdf(made, options.Emission("pdf", output, force), shown)
        return
    options.emit(made, options.Emission(format, output, force, no_color), shown)


def freeze(
    incident: Incident,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help="The folder to make.")],
    redact: Annotated[
        str | None, typer.Option("--redact", metavar="POLICY", help="Withhold contents: a policy's name or file.")
    ] = None,
    redact_key: Annotated[
        Path | None,
        typer.Option("--redact-key", metavar="FILE", help="Key of the commitments. [default: one that nobody keeps]"),
    ] = None,
    whole: Annotated[
        bool, typer.Option("--whole", help="Keep every source whole, and not only the records of the runs.")
    ] = False,
    case: options.Case = None,
    sources: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="PATH", help="Read this evidence instead of a case. Repeatable."),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key", metavar="KEY", help="A public key to verify the evidence with; the case keeps it. Repeatable."
        ),
    ] = None,
    operator: Operator = None,
    sign: Sign = None,
    folder: Folder = _FOLDER,
    generated_at: Generated = None,
    config: options.ConfigFile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Freeze an incident as a test case: its evidence, and what must be found in it, for `auditrail check DIR`."""
    from auditrail import config as configs
    from auditrail.errors import UsageError
    from auditrail.incident import freeze as frozen
    from auditrail.incident import ledger, state
    from auditrail.incident.entries import FREEZE
    from auditrail.incident.ledger import operator as named
    from auditrail.incident.withhold import Withholder
    from auditrail.seal import keys
    from auditrail.verify import keys as rings

    if redact_key is not None and redact is None:
        raise UsageError("--redact-key belongs to --redact")
    who = named(operator)
    found = state.one(ledger.exists(folder).entries, incident)
    settings = configs.load(config)
    withholder = Withholder(redact, redact_key, settings) if redact is not None else None
    with shared.evidence(case, sources or [], config, quiet=quiet, keys=key or []) as connection:
        made = frozen.freeze(
            connection, found, output, settings, whole=whole, withholder=withholder,
            signer=keys.signer(sign) if sign is not None else None,
            recorded_ns=options.moment(generated_at, "--generated-at"), keys=rings.load(key or []),
        )  # fmt: skip
    for note in made.notes:
        options.say(note, quiet=quiet)
    data = {"folder": str(output), "head": made.head}
    shared.append(found.id, FREEZE, data, None, who, sign, folder, generated_at, quiet=quiet)
    typer.echo(str(made.folder))
