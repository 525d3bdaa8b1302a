"""Reads the recommended configurations of `policies/`."""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import NamedTuple

from auditrail.errors import UsageError


class Policy(NamedTuple):
    """One: its name, the name of its file, and its text as it is to be used."""

    name: str
    file: str
    text: str


@cache
def policies() -> dict[str, Policy]:
    """Every policy by its name, sorted."""
    found = (entry for entry in resources.files("auditrail.lint.policies").iterdir() if entry.is_file())
    files = sorted((entry.name, entry) for entry in found if not entry.name.endswith((".py", ".pyc")))
    made = [Policy(name.partition(".")[0], name, entry.read_text("utf-8")) for name, entry in files]
    return {policy.name: policy for policy in made}


def policy(name: str) -> Policy:
    """The policy of that name.

    Raises:
        UsageError: there is none; the hint lists all.
    """
    if name not in policies():
        raise UsageError(f"there is no policy {name!r}", hint=f"one of: {', '.join(policies())}")
    return policies()[name]
