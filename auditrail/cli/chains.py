"""`auditrail chains`: which hash chains can be verified, and the search for the profile of an unknown one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from auditrail.cli import _options as options

if TYPE_CHECKING:
    from auditrail.verify.evidence import Call

EXIT_INCONCLUSIVE = 4


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="List the hash chains that can be verified.")(chains)


def chains(
    name: Annotated[
        str | None, typer.Argument(metavar="[NAME]", help="One profile: what it covers.", show_default=False)
    ] = None,
    infer: Annotated[
        Path | None,
        typer.Option(
            "--infer", metavar="LOG", help="Search for a profile that reproduces the hashes of this log; print it."
        ),
    ] = None,
    format: options.Format = None,  # noqa: A002
    output: options.Output = None,
    force: options.Force = False,
    config: options.ConfigFile = None,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """List the chain profiles: what each covers, and what it can't say.

    A profile of your own goes into auditrail.toml as [[chain]], or into a file for verify --profile FILE.
    """
    from auditrail import config as configs
    from auditrail.errors import UsageError
    from auditrail.report import chains as report
    from auditrail.verify import keys, profiles
    from auditrail.verify.evidence import Call

    call = Call(keys=keys.Keyring(), profiles=configs.load(config).chains)
    if infer is not None:
        _infer(infer, call, options.Emission(format, output, force, no_color))
        return
    known = profiles.known(call)
    if name is not None and name not in known:
        raise UsageError(f"there is no chain profile {name!r}", hint=f"profiles: {', '.join(sorted(known))}")
    listing = report.chains(known.values()) if name is None else report.chain_of(known[name])
    options.emit(listing, options.Emission(format, output, force, no_color), options.view(no_color=no_color))


def _infer(path: Path, call: Call, how: options.Emission) -> None:
    """Prints the profile that was found, or says that none was."""
    from auditrail.errors import UnreadableError
    from auditrail.verify import evidence, infer

    try:
        size = path.stat().st_size
    except OSError as error:
        raise UnreadableError(f"{path}: {(error.strerror or str(error)).lower()}") from None
    item = evidence.look(path, str(path), size)
    if item.error is not None:
        raise UnreadableError(f"{path}: {item.error}")
    found = infer.infer(item, call)
    if found is None:
        typer.echo("auditrail: no profile reproduces the hashes of this log", err=True)
        raise typer.Exit(EXIT_INCONCLUSIVE)
    text = infer.toml(found)
    if how.output is not None:
        options.write_file([text], how)
    else:
        typer.echo(text, nl=False)
