"""`auditrail disclose EVENT FIELD`: opens one withheld value of a bundle, and proves it against the bundle."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from auditrail.cli import _options as options


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Open or prove a value that an export withheld.")(disclose)


def disclose(
    event: Annotated[
        int | None, typer.Argument(metavar="EVENT", help="The event, as column `event` of the bundle has it.")
    ] = None,
    field: Annotated[
        str | None, typer.Argument(metavar="FIELD", help="The field: args, result, error, attributes, agent, ...")
    ] = None,
    policy: Annotated[
        str | None, typer.Option("--redact", metavar="POLICY", help="The policy of the export. [default: contents]")
    ] = None,
    key: Annotated[
        Path | None, typer.Option("--redact-key", metavar="FILE", help="The key that the export withheld with.")
    ] = None,
    proof: Annotated[
        Path | None, typer.Option("--check", metavar="FILE", help="Prove this disclosure against --bundle.")
    ] = None,
    bundle: Annotated[
        Path | None, typer.Option("--bundle", metavar="BUNDLE", help="The bundle, a ZIP or a folder, for --check.")
    ] = None,
    case: options.Case = None,
    output: options.Output = None,
    force: options.Force = False,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
) -> None:
    """Open what was withheld in one field of one event: values with their salts, as JSON, and nothing else.

    Whoever gets it proves it against the bundle, without case and key: auditrail disclose --check FILE --bundle q3.zip
    """
    from auditrail.errors import UsageError

    if proof is not None or bundle is not None:
        if proof is None or bundle is None or event is not None:
            raise UsageError("to prove a disclosure give --check FILE and --bundle BUNDLE, and no event")
        _check(proof, bundle, quiet=quiet)
        return
    if event is None or field is None or key is None:
        raise UsageError("give EVENT, FIELD and --redact-key FILE, or --check FILE and --bundle BUNDLE")
    from auditrail.cli._case import reading
    from auditrail.redact import commit
    from auditrail.redact import disclose as disclosing
    from auditrail.redact import policy as policies

    rules = policies.load(policy or policies.DEFAULT)
    secret = commit.read_key(key)
    with reading(case) as connection:
        made = disclosing.make(connection, rules, secret, event, field)
    text = json.dumps(made, indent=2, ensure_ascii=False) + "\n"
    if output is None:
        sys.stdout.write(text)
    else:
        options.write_file([text], options.Emission(output=output, force=force))
    if any(one["joined"] for one in made):
        options.say("a pseudonym's salt opens every value of its family to whoever guesses it", quiet=quiet)


def _check(proof: Path, bundle: Path, *, quiet: bool) -> None:
    from auditrail.redact import disclose as disclosing
    from auditrail.text import one_line

    proven = disclosing.check(disclosing.read(proof), bundle)
    for one in proven:
        where = f"event {one.place.row}, {one.place.field}{one.place.path}"
        sys.stdout.write(f"proven: {one_line(where)} was withheld by rule {one_line(one.rule)}\n")
    options.say(f"not checked: whether {bundle} itself is whole: auditrail verify {bundle}", quiet=quiet)
