"""Runs a command for each alert, with the alert as JSON on its standard input.

The words of the command are given as they are; no shell reads them unless `shell = true`. Nothing of the alert becomes
part of the command line. A command that takes longer than `timeout` seconds is ended, with all that it started. Exit
code 0 is success; any other is told, and not tried again: a command that pauses an agent may have done so.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import signal
import subprocess
from typing import Any, TextIO

import orjson

from auditrail.errors import ConfigError
from auditrail.watch.delivery import DeliveryError

NAME = "command"
TITLE = "run a command, the alert as JSON on its standard input"
SETTINGS: dict[str, type] = {"command": str, "timeout": float, "shell": bool}
QUEUED = True
RETRIED = False
_TIMEOUT = 30.0


def make(settings: dict[str, Any], output: TextIO) -> Command:  # noqa: ARG001 - the contract
    """The action.

    Raises:
        ConfigError: there is no command, or its quotes do not close.
    """
    text = settings.get("command", "")
    if not text.strip():
        raise ConfigError("watch.action.command: missing", hint='write command = "/usr/local/bin/pause-agent"')
    timeout = float(settings.get("timeout", _TIMEOUT))
    if timeout <= 0:
        raise ConfigError("watch.action.timeout: expected a number of seconds above 0")
    if settings.get("shell"):
        return Command(text, timeout, shell=True)  # noqa: S604 - asked for, and no text of a log is in it
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise ConfigError(f"watch.action.command: {error}") from None
    return Command(words, timeout)


class Command:
    """Runs the command, in a session of its own."""

    def __init__(self, command: str | list[str], timeout: float, *, shell: bool = False) -> None:
        self._command = command
        self._timeout = timeout
        self._shell = shell

    def deliver(self, alert: dict[str, Any]) -> None:
        try:
            process = subprocess.Popen(  # noqa: S603 - the command is the user's own, and no text of a log is in it
                self._command,
                shell=self._shell,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise DeliveryError(f"the command can't be run: {error.strerror or error}", again=False) from None
        try:
            _, said = process.communicate(orjson.dumps(alert) + b"\n", timeout=self._timeout)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)  # its own group: what it started goes with it
            process.communicate()
            raise DeliveryError(f"the command took longer than {self._timeout:g} s", again=False) from None
        if process.returncode != 0:
            last = said.decode("utf-8", "replace").strip().rpartition("\n")[2][:200]
            raise DeliveryError(f"the command ended with {process.returncode}: {last}".rstrip(": "), again=False)
