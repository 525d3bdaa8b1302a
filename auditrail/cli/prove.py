"""`auditrail prove LOG`: a proof of one record, or of growth, for someone who has not the log."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Prove that a record stands in a sealed log.")(prove)


def prove(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="A log that was sealed.")],
    record: Annotated[int | None, typer.Option("--record", metavar="N", help="The record to prove, from 1.")] = None,
    since: Annotated[
        Path | None,
        typer.Option("--since", metavar="FILE", help="Prove that the log grew from this earlier seal or checkpoint."),
    ] = None,
    without_record: Annotated[
        bool, typer.Option("--without-record", help="Leave the record's content out: whoever checks needs it, too.")
    ] = False,
    seal: Annotated[Path | None, typer.Option("--seal", metavar="FILE", help="The seal. [default: LOG.seal]")] = None,
    output: options.Output = None,
    force: options.Force = False,
    verbose: options.Verbose = False,
) -> None:
    """Prove that record N stands in a sealed log: the proof is a C2SP tlog-proof that needs neither log nor seal.

    Check it with: auditrail verify FILE --key KEY.pub; or by the steps of RFC 6962 and C2SP alone.
    """
    from auditrail.errors import UsageError
    from auditrail.seal import check, proving, sidecar

    if (record is None) == (since is None):
        raise UsageError("give --record N or --since FILE")
    if record is not None:
        text = proving.prove(log, record, seal, with_record=not without_record).render()
    else:
        assert since is not None  # noqa: S101 - by the lines above
        try:
            data = since.read_bytes()
            kept = sidecar.header_of(since).statement if sidecar.is_seal(data[:64]) else check.checkpoint_of(data)
            text = proving.prove_growth(log, check.head(kept), seal).render()
        except OSError as error:
            raise UsageError(f"{error.filename}: {(error.strerror or str(error)).lower()}") from error
    if output is None:
        sys.stdout.write(text)
    else:
        options.write_file([text], options.Emission(output=output, force=force))
