"""`auditrail chains`: which hash chains can be verified, and the search for the profile of an unknown one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from auditrail.cli import _options as options


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
        _infer(infer, call)
        return
    known = profiles.known(call)
    if name is not None and name not in known:
        raise UsageError(f"there is no chain profile {name!r}", hint=f"profiles: {', '.join(sorted(known))}")
    listing = report.chains(known.values()) if name is None else report.chain_of(known[name])
    options.emit(listing, options.Emission(format, output, force, no_color), options.view(no_color=no_color))


def _infer(path: Path, call: object) -> None:
    raise typer.Exit(4)
