"""`auditrail ingest PATH...`: loads logs into the case."""

from __future__ import annotations

from typing import Annotated

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Load logs into the case.")(ingest)


def ingest(
    paths: Annotated[
        list[str],
        typer.Argument(
            metavar="PATH...",
            help="Files, folders, and addresses (s3://, gs://, abfs://, cloudwatch://) to load; - is standard input.",
        ),
    ],
    case: options.Case = None,
    reader: options.Reader = None,
    key: Annotated[
        list[str] | None,
        typer.Option("--key", metavar="KEY", help="A key for chains and signatures, as `auditrail verify` takes it."),
    ] = None,
    no_verify: Annotated[
        bool, typer.Option("--no-verify", help="Do not check hash chains and signatures while loading.")
    ] = False,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    config: options.ConfigFile = None,
    max_record: options.MaxRecord = None,
    max_expansion: options.MaxExpansion = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
    tz: options.Zone = "UTC",
) -> None:
    """Load logs into the case; nothing is lost and nothing is loaded twice.

    Formats are recognised by content. Every record becomes events, or a quarantine row with the reason, or is
    counted as blank or ignored. Loading again changes nothing; a file that grew gives only its new records. Hash chains
    and signatures are checked, and the verdicts kept beside the records: auditrail verify says more of each.
    """
    from auditrail import case as cases
    from auditrail import config as configs
    from auditrail.cli._load import checking, load_into
    from auditrail.errors import NothingReadableError
    from auditrail.report import listings

    settings = configs.load(config)
    path = cases.locate(case)
    shown = options.view(tz=tz, no_color=no_color)
    with cases.open_write(path) as connection:
        loaded = load_into(
            connection,
            paths,
            path,
            settings,
            reader=reader,
            max_record=max_record,
            max_expansion=max_expansion,
            quiet=quiet,
            check=checking(settings, key or [], not no_verify),
        )
        report = listings.loaded(connection, loaded, str(path))
    options.emit(report, options.Emission(format, output, force, no_color), shown)
    if not any(source.format and source.format != "empty" for source, _ in loaded):
        raise NothingReadableError(
            "nothing was loaded: no source could be read, or no reader knows any of them"
            if loaded
            else "nothing was loaded: there are no files under these paths",
            hint="see what can be read with: auditrail formats; or name a reader with --reader",
        )
