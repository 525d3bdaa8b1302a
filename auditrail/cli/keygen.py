"""`auditrail keygen NAME`: makes a key to seal logs with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Make a key to seal logs with.")(keygen)


def keygen(
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Name of the key, as signatures carry it: example.com/sealing-2026.")
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Where the private key goes; never overwritten.")
    ] = Path("auditrail-seal.key"),
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Make an Ed25519 key: the private half in FILE (mode 0600), the public half in FILE.pub and on standard output.

    The private key is never shown. Give the public one to whoever is to verify the seals, on another way than the logs.
    """
    from auditrail.seal import keys

    signer = keys.create(name, output)
    sys.stdout.write(signer.verifier.render() + "\n")
    options.say(f"private key: {output} (keep it away from who can write to the logs)", quiet=quiet)
    options.say(f"public key:  {output}{keys.PUBLIC}", quiet=quiet)
