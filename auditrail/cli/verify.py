"""`auditrail verify PATH...`: were the records changed?"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Check hash chains, signatures and digests of logs.")(verify)


def verify(
    paths: Annotated[
        list[str], typer.Argument(metavar="PATH...", help="Files, folders and archives; - is standard input.")
    ],
    profile: Annotated[
        str | None,
        typer.Option(
            "--profile", metavar="NAME", help="Use this chain profile, or one from a TOML file (see: auditrail chains)."
        ),
    ] = None,
    key: Annotated[
        list[str] | None,
        typer.Option(
            "--key",
            metavar="KEY",
            help="A public key or HMAC secret: a file, env:NAME, or hex:, base64: or text: and the value. Repeatable.",
        ),
    ] = None,
    expect_head: Annotated[
        str | None, typer.Option("--expect-head", metavar="HASH", help="Hash that the last record must have.")
    ] = None,
    expect_count: Annotated[
        int | None, typer.Option("--expect-count", metavar="N", help="Number of records that there must be.")
    ] = None,
    anchor: Annotated[
        list[Path] | None,
        typer.Option(
            "--anchor",
            metavar="FILE",
            help="A checkpoint, a signed note, a file with a hash, or what --save-anchor wrote. Repeatable.",
        ),
    ] = None,
    save_anchor: Annotated[
        Path | None,
        typer.Option("--save-anchor", metavar="FILE", help="Write heads and counts, to be given as --anchor later."),
    ] = None,
    timestamp_root: Annotated[
        list[Path] | None,
        typer.Option("--timestamp-root", metavar="FILE", help="Certificate (PEM) of a time-stamping authority."),
    ] = None,
    identity: Annotated[
        str | None, typer.Option("--identity", metavar="NAME", help="Who must have signed a Sigstore bundle.")
    ] = None,
    issuer: Annotated[
        str | None, typer.Option("--issuer", metavar="URL", help="Who must have vouched for that identity.")
    ] = None,
    trusted_root: Annotated[
        Path | None,
        typer.Option("--trusted-root", metavar="FILE", help="Roots of trust of Sigstore. [default: its library's]"),
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="Unanchored, unchained, unsigned or unverifiable is not green.")
    ] = False,
    processes: Annotated[
        int | None, typer.Option("--processes", metavar="N", min=1, help="Processes for large files. [default: all]")
    ] = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    config: options.ConfigFile = None,
    max_record: options.MaxRecord = None,
    max_expansion: options.MaxExpansion = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Check the hash chains and signatures of logs and evidence bundles, and tell what was done to them.

    A bundle (a folder or a ZIP of auditrail export) is checked as it lies there: every file that was changed, removed
    or added is named. Values that were disclosed later are proven against it: auditrail verify q3.zip disclosed.json

    Verdicts: INTACT (up to a head that was given), INTACT-UNANCHORED, BROKEN, UNVERIFIABLE, NOT-CHAINED. Exit code 0:
    intact; 1: something is BROKEN; 3: nothing could be read; 4: something could not be decided.
    """
    from auditrail import config as configs
    from auditrail.containers import limits
    from auditrail.verify import anchors, engine, keys
    from auditrail.verify.evidence import Call

    known = anchors.expected(expect_head, expect_count)
    for path in anchor or ():
        known += anchors.load(path)
    settings = configs.load(config)
    call = Call(
        keys=keys.load(key or []),
        anchors=known,
        profile=profile,
        profiles=settings.chains,
        strict=strict,
        roots=keys.certificates(timestamp_root or []),
        trusted_root=trusted_root,
        identity=identity,
        issuer=issuer,
        processes=processes or os.cpu_count() or 1,
        max_expansion=max_expansion or limits.MAX_EXPANSION,
        max_record=options.size(max_record, limits.MAX_RECORD),
    )
    report = engine.run(paths, call)
    if not report.results and not report.unreadable:
        from auditrail.errors import NothingReadableError

        raise NothingReadableError("there is no file under these paths")
    if save_anchor is not None:
        how = options.Emission("json", save_anchor, force)
        options.emit(report, how, options.view(no_color=True))
    options.emit(report, options.Emission(format, output, force, no_color), options.view(no_color=no_color))
    if report.exit_code:
        raise typer.Exit(report.exit_code)
