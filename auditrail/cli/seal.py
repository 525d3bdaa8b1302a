"""`auditrail seal LOG...`: makes logs tamper-evident, each by a sidecar `LOG.seal`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditrail.cli import _options as options

if TYPE_CHECKING:
    from auditrail.seal.make import Outcome


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Make logs tamper-evident: LOG.seal beside each.")(seal)


def seal(
    paths: Annotated[list[Path], typer.Argument(metavar="LOG...", help="Logs of any format, and folders of them.")],
    key: Annotated[
        Path | None,
        typer.Option(
            "--key", metavar="FILE", help="The private key. [default: $AUDITRAIL_SEAL_KEY holds the key itself]"
        ),
    ] = None,
    cosign: Annotated[
        list[Path] | None,
        typer.Option("--cosign", metavar="FILE", help="A second private key that signs, too. Without --key: it alone."),
    ] = None,
    trust: Annotated[
        list[str] | None,
        typer.Option(
            "--trust", metavar="KEY", help="A public key (or file) that may have made the seal that is there."
        ),
    ] = None,
    origin: Annotated[
        str | None,
        typer.Option("--origin", metavar="NAME", help="Name of the log. [default: as before, or KEY-NAME/FILE-NAME]"),
    ] = None,
    time: Annotated[
        str | None,
        typer.Option(
            "--time", metavar="TIME", help="When it is sealed; the seal says that it was given. [default: now]"
        ),
    ] = None,
    closed: Annotated[
        bool, typer.Option("--closed", help="The log is finished: its last line is whole, and nothing may follow.")
    ] = False,
    after: Annotated[
        Path | None,
        typer.Option("--after", metavar="SEAL", help="The seal of the log that this one goes on from (rotation)."),
    ] = None,
    force_new: Annotated[
        bool,
        typer.Option("--force-new", help="Seal a log that was rewritten as it is now; the new seal names the old one."),
    ] = False,
    timestamp: Annotated[
        str | None,
        typer.Option("--timestamp", metavar="URL", help="Ask this RFC 3161 authority for the time, too (extra: tsa)."),
    ] = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Make logs tamper-evident: LOG.seal holds a Merkle tree of the records and a signed checkpoint.

    The logs themselves stay as they are.

    A log that grew is sealed again, with a proof that it only grew. One that was rewritten is not (exit code 1), unless
    --force-new is given. Verify with: auditrail verify LOG --key KEY.pub
    """
    from auditrail.errors import NothingReadableError, SealError, UnreadableError, UsageError
    from auditrail.ingest.inputs import expand
    from auditrail.seal import keys, make, sidecar, stamps

    wishes = make.Wishes(
        origin,
        _seconds(time),
        closed,
        force_new,
        after,
        tuple(keys.signer(path) for path in cosign or ()),
        tuple(keys.verifiers(trust or ())),
        stamps.asker(timestamp) if timestamp else None,
    )
    signer = None if key is None and cosign else keys.signer(key)
    logs = [item for item in expand(paths) if not _is_ours(item.path, sidecar.SUFFIX)]
    if not logs:
        raise NothingReadableError("there is nothing to seal under these paths")
    if after is not None and len(logs) > 1:
        raise UsageError("--after speaks of one log")
    done: list[Outcome] = []
    failed: list[tuple[str, SealError | UnreadableError]] = []
    for item in logs:
        try:
            if item.error is not None:
                raise UnreadableError(f"{item.shown}: {item.error}")  # noqa: TRY301 - told with the others
            done.append(make.seal(item.path, signer, wishes) if signer else make.cosign(item.path, wishes))
        except (SealError, UnreadableError) as error:
            failed.append((item.shown, error))
    if done:
        from auditrail.report.seals import sealed

        how = options.Emission(format, output, force, no_color)
        options.emit(sealed(done), how, options.view(no_color=no_color))
    for shown, problem in failed[:-1]:
        options.say(f"auditrail: error: {shown}: {problem.message}")
    if failed:
        raise failed[-1][1]


def _is_ours(path: Path, suffix: str) -> bool:
    from auditrail.seal import sidecar

    if not path.name.endswith(suffix):
        return False
    try:
        with path.open("rb") as file:
            return sidecar.is_seal(file.read(64))
    except OSError:
        return False


def _seconds(time: str | None) -> int | None:
    moment = options.moment(time, "--time")
    return None if moment is None else moment // 1_000_000_000
