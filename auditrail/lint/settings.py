"""What a user may set for lint: the table `[lint]` of `auditrail.toml` as types."""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

# What a waiver can be narrowed to; each is a glob.
SELECTORS = ("rule", "path", "kind", "subject")


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that somebody takes responsibility for, until a day.

    Attributes:
        reason: why it is accepted.
        until: the last day on which it is, YYYY-MM-DD.
        where: selector (`SELECTORS`) -> glob; all of them must fit, and there is at least one.
    """

    reason: str
    until: str
    where: tuple[tuple[str, str], ...]

    def covers(self, **values: str) -> bool:
        """Whether all globs fit the values of a finding; a path fits from any of its folders on."""
        for name, glob in self.where:
            value = values[name]
            tails = [value]
            if name == "path":
                parts = value.split("/")
                tails += ["/".join(parts[index:]) for index in range(1, len(parts))]
            if not any(fnmatchcase(tail, glob) for tail in tails):
                return False
        return True


@dataclass(frozen=True, slots=True)
class LintSettings:
    """The table `[lint]`.

    Attributes:
        paths: what is looked at when no path is given; `gaps` looks there for causes, too.
        require: names of frameworks, as `--require` takes them.
        fail_on: the severity from which on a finding fails a check, or `never`; None: not set.
        params: `<rule>.<name>` -> value.
        waivers: in the order of the file.
    """

    paths: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    fail_on: str | None = None
    params: tuple[tuple[str, float], ...] = ()
    waivers: tuple[Waiver, ...] = ()
