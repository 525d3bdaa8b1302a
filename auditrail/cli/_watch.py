"""What `auditrail watch` is made of: puts the parts together, prints, and turns signals into an end."""

from __future__ import annotations

import gc
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from auditrail.cli import _options as options
from auditrail.errors import ConfigError, UsageError

if TYPE_CHECKING:
    from auditrail.watch.configured import ActionChoice
    from auditrail.watch.delivery import Channel
    from auditrail.watch.session import Ending


class Wishes(NamedTuple):
    """What the command line asks for."""

    paths: tuple[Path, ...]
    state: Path | None
    from_end: bool
    reader: str | None
    config: Path | None
    poll: float | None
    format: str
    quiet: bool
    no_color: bool
    actions: tuple[ActionChoice, ...]
    ending: Ending


def checked(from_: str, format: str | None, least: str, exit_on: str | None) -> None:  # noqa: A002
    """Refuses words that are none of the known ones.

    Raises:
        UsageError: the message names the option.
    """
    from auditrail.watch.types import SEVERITIES

    if from_ not in ("start", "end"):
        raise UsageError(f"--from {from_!r} is neither start nor end")
    if format not in (None, "text", "jsonl"):
        raise UsageError(f"there is no format {format!r} for alerts", hint="text or jsonl")
    for name, value in (("--min-severity", least), ("--exit-on", exit_on)):
        if value is not None and value not in SEVERITIES:
            raise UsageError(f"{name} {value!r} is no severity", hint=f"severities: {', '.join(SEVERITIES)}")


def tell_rules(name: str | None) -> None:
    """Prints the rules, or what one of them judges.

    Raises:
        UsageError: there is no rule of that name.
    """
    from auditrail.watch.configured import rules

    known = rules()
    if name is None:
        for rule in sorted(known):
            print(f"{rule:<20}  {known[rule].SEVERITY:<8}  {known[rule].TITLE}")  # noqa: T201
        return
    if name not in known:
        raise UsageError(f"there is no rule {name!r}", hint=f"rules: {', '.join(sorted(known))}")
    module = known[name]
    settings = ", ".join(f"{key} = {value}" for key, value in module.SETTINGS.items()) or "none"
    judged = (module.__doc__ or "").strip()
    print(f"{name}: {module.TITLE} ({module.SEVERITY})\n\n{module.EXPLAIN}\n\n{judged}\n\nsettings: {settings}")  # noqa: T201


def run(wishes: Wishes) -> int:
    """Watches until the end; the exit code.

    Raises:
        AuditrailError: the configuration or the state is wrong, or the journal is damaged.
    """
    from auditrail import config as configuration
    from auditrail.ingest import choose
    from auditrail.watch import configured
    from auditrail.watch.clock import SystemClock
    from auditrail.watch.engine import Engine, Source
    from auditrail.watch.follow import SETTLE, Follower
    from auditrail.watch.journal import Journal
    from auditrail.watch.log import Settings
    from auditrail.watch.pipe import Pipe
    from auditrail.watch.session import Session
    from auditrail.watch.wake import Waker

    # What is read has no circles, and what rules remember lives long: looking for garbage so often finds none.
    gc.set_threshold(100_000, 20, 50)
    loaded = configuration.load(wishes.config)
    try:
        settings = configured.read(loaded.watch)
    except ConfigError as error:
        raise ConfigError(f"{loaded.path}: {error.message}", hint=error.hint) from None
    clock = SystemClock()
    reading = Settings(wishes.reader, lambda shown: configuration.mapping_for(loaded, shown))
    files = tuple(path for path in wishes.paths if path != Path("-"))
    once = wishes.ending.once
    choose.readers()  # loaded now: the first record must not wait for them
    journal = Journal(None if wishes.state is None else wishes.state.with_name(wishes.state.name + ".alerts.jsonl"))
    view = _view(wishes)
    actions = _channels((*wishes.actions, *settings.actions), journal, view)
    skip = [path for path in (wishes.state, *_folders((*wishes.actions, *settings.actions))) if path is not None]
    follower = Follower(files, reading, clock, from_end=wishes.from_end, skip=skip, settle=0.0 if once else SETTLE)
    waker = Waker(files, wishes.poll, notify=wishes.poll is None and not once)
    pipe = Pipe(sys.stdin.fileno(), reading, waker.wake) if len(files) < len(wishes.paths) else None
    source = None if pipe is None else Source(pipe.take, pipe.finish, pipe)
    engine = Engine(
        follower,
        settings.rules,
        actions,
        journal,
        clock,
        memory=settings.memory,
        state_path=wishes.state,
        live=not once,
        source=source,
    )
    session = Session(
        engine,
        wishes.ending,
        clock,
        waker.wait,
        beat=view.beat,
        shown=view.shown,
        ended=None if pipe is None else lambda: pipe.ended,
    )
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def asked(*_words: object) -> None:
        session.stop()
        waker.wake()

    for number in before:
        signal.signal(number, asked)
    try:
        with view:
            code = session.run()
    finally:
        waker.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    if session.left:
        options.say(f"auditrail: {session.left} alert(s) could not be handed over in time", quiet=wishes.quiet)
    return code


def _folders(actions: tuple[ActionChoice, ...]) -> list[Path]:
    return [Path(action.settings["folder"]) for action in actions if "folder" in action.settings]


def _channels(actions: tuple[ActionChoice, ...], journal: Any, view: Any) -> list[Channel]:
    from auditrail.watch.delivery import Channel

    made: list[Channel] = []
    for action in actions:
        name = f"{action.kind}-{sum(item.name.startswith(action.kind) for item in made) + 1}"
        output = view.output if action.kind == "print" else sys.stdout
        module = action.module
        made.append(
            Channel(
                name, action.start(output), action.wants, journal.done, queued=module.QUEUED, retried=module.RETRIED
            )
        )
    return made


def _view(wishes: Wishes) -> Any:
    """How it is shown: live on a terminal, else plain."""
    import os

    from auditrail.cli._watch_view import Live, Plain

    live = (
        wishes.format == "text"
        and sys.stdout.isatty()
        and not (wishes.quiet or wishes.ending.once or os.environ.get("TERM") == "dumb")
    )
    if not live:
        return Plain(jsonl=wishes.format == "jsonl")
    return Live(colour=not (wishes.no_color or os.environ.get("NO_COLOR")))
