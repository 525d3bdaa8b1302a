"""Which profiles a call may use: those of the package, of `auditrail.toml`, and of a file named by `--profile`."""

from __future__ import annotations

from pathlib import Path

from auditrail.errors import ConfigError, UsageError
from auditrail.verify.evidence import Call
from auditrail.verify.profile import Profile, builtin, load, parse


def known(call: Call) -> dict[str, Profile]:
    """All profiles by name; one of the user's replaces one of the package.

    Raises:
        ConfigError: a profile of the configuration breaks the vocabulary.
    """
    made = dict(builtin())
    for number, (name, table) in enumerate(call.profiles):
        try:
            made[name] = parse(name, table)
        except ConfigError as error:
            raise ConfigError(f"chain[{number}] ({name}): {error.message}", hint=error.hint) from None
    return made


def chosen(call: Call) -> list[Profile]:
    """The profiles to try: all, or the one that was named.

    Raises:
        UsageError: there is no profile of that name. ConfigError: the file that was named is no profile.
    """
    every = known(call)
    if call.profile is None:
        return list(every.values())
    if call.profile in every:
        return [every[call.profile]]
    path = Path(call.profile)
    if path.suffix == ".toml" or path.is_file():
        return [load(path)]
    raise UsageError(f"there is no chain profile {call.profile!r}", hint=f"profiles: {', '.join(sorted(every))}")
