"""`auditrail watch PATH...`: follows logs, and raises alerts while things happen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from auditrail.cli import _options as options

if TYPE_CHECKING:
    from auditrail.watch.configured import ActionChoice


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command(short_help="Follow logs, and raise alerts while things happen.")(watch)


def watch(
    paths: Annotated[
        list[Path] | None, typer.Argument(metavar="PATH...", help="Logs and folders of them; `-`: standard input.")
    ] = None,
    state: Annotated[
        Path | None,
        typer.Option(
            "--state", metavar="FILE", help="Go on after a restart; alerts go into FILE.alerts.jsonl, sealed."
        ),
    ] = None,
    from_: Annotated[
        str, typer.Option("--from", metavar="start|end", help="Where logs that are there already are read from.")
    ] = "start",
    on_alert: Annotated[
        list[str] | None,
        typer.Option("--on-alert", metavar="CMD", help="Run this command; the alert is JSON on its standard input."),
    ] = None,
    shell: Annotated[bool, typer.Option("--shell", help="Let a shell read the commands of --on-alert.")] = False,
    timeout: Annotated[
        float, typer.Option("--timeout", metavar="SECONDS", min=0.1, help="End a command that takes longer.")
    ] = 30.0,
    webhook: Annotated[
        list[str] | None,
        typer.Option("--webhook", metavar="URL", help="Post alerts there; env:NAME takes it from $NAME."),
    ] = None,
    shape: Annotated[
        str, typer.Option("--webhook-shape", metavar="NAME", help="generic, slack or pagerduty.")
    ] = "generic",
    incident: Annotated[
        Path | None, typer.Option("--incident", metavar="DIR", help="Write alerts into the ledger of this folder.")
    ] = None,
    min_severity: Annotated[
        str, typer.Option("--min-severity", metavar="SEVERITY", help="Least severity that the options here act upon.")
    ] = "info",
    exit_on: Annotated[
        str | None, typer.Option("--exit-on", metavar="SEVERITY", help="End with exit code 1 at such an alert.")
    ] = None,
    once: Annotated[bool, typer.Option("--once", help="Read what is there and end. Exit code 1: alerts.")] = False,
    until_idle: Annotated[
        float | None, typer.Option("--until-idle", metavar="SECONDS", min=0, help="End when nothing comes for so long.")
    ] = None,
    heartbeat: Annotated[
        float, typer.Option("--heartbeat", metavar="SECONDS", min=0, help="Tell the state so often; 0: never.")
    ] = 30.0,
    poll: Annotated[
        float | None,
        typer.Option("--poll", metavar="SECONDS", min=0.01, help="Look so often, and ask the system nothing."),
    ] = None,
    explain: Annotated[
        str | None, typer.Option("--explain", metavar="RULE", help="What a rule judges, and end.")
    ] = None,
    list_rules: Annotated[bool, typer.Option("--list-rules", help="Show the rules, and end.")] = False,
    reader: options.Reader = None,
    format: options.Format = None,  # noqa: A002
    config: options.ConfigFile = None,
    quiet: options.Quiet = False,
    verbose: options.Verbose = False,
    no_color: options.NoColor = False,
) -> None:
    """Follow logs while they are written, and raise alerts: calls without a result, runs without an end, arguments that
    are no longer recorded, denied calls that were carried out, holes, broken chains, silent streams, odd agents.

    Nothing is changed, paused or killed by the watch itself; --on-alert does what you let it do.

    Rules and actions of your own: [watch] in auditrail.toml. Ends with Ctrl-C; --exit-on, --once and --until-idle end
    it by themselves.
    """  # noqa: D205 - the help of the command
    from auditrail.cli import _watch
    from auditrail.errors import UsageError
    from auditrail.watch.session import Ending

    if list_rules or explain is not None:
        _watch.tell_rules(explain)
        return
    if not paths:
        raise UsageError("nothing to watch", hint="auditrail watch LOGS, or: tail -F LOG | auditrail watch -")
    _watch.checked(from_, format, min_severity, exit_on)
    ending = Ending(once=once, until_idle=until_idle, exit_on=exit_on, heartbeat=0.0 if quiet else heartbeat)
    chosen = _actions(on_alert, shell, timeout, webhook, shape, incident, min_severity, format)
    run = _watch.Wishes(
        tuple(paths), state, from_ == "end", reader, config, poll, format or "text", quiet, no_color, chosen, ending
    )
    raise typer.Exit(_watch.run(run))


def _actions(
    on_alert: list[str] | None,
    shell: bool,
    timeout: float,
    webhook: list[str] | None,
    shape: str,
    incident: Path | None,
    least: str,
    format: str | None,  # noqa: A002
) -> tuple[ActionChoice, ...]:
    """The actions that the options ask for."""
    from auditrail.watch.configured import ActionChoice

    made: list[tuple[str, dict[str, Any]]] = [("print", {"format": format or "text"})]
    made += [("command", {"command": words, "shell": shell, "timeout": timeout}) for words in on_alert or ()]
    for url in webhook or ():
        place = {"url_env": url.removeprefix("env:")} if url.startswith("env:") else {"url": url}
        made.append(("webhook", {**place, "shape": shape}))
    if incident is not None:
        made.append(("incident", {"folder": str(incident)}))
    return tuple(ActionChoice(kind, settings, ("*",), least) for kind, settings in made)
