"""The command line: ONE FILE = ONE COMMAND; the folder is the registry, and the one place that prints and exits.

A command module has `register(app)`, which adds its command. Modules import nothing heavy at their top: `--help`
must start at once. Results go to standard output, progress and messages to standard error.

Exit codes: 0 answered and nothing wrong; 1 answered, with findings; 2 wrong usage; 3 could not answer;
4 inconclusive; 130 interrupted.
"""

from auditrail.cli._main import main

__all__ = ["main"]
