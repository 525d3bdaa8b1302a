"""The chain profiles as a table, and one of them in full: what `auditrail chains` shows."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from auditrail.verify.profile import Profile

COLUMNS = (
    ("name", "profile"),
    ("title", "what it is"),
    ("tested", "known from"),
    ("verifies", "verifies"),
    ("covers", "covers"),
    ("limits", "can't say"),
    ("source", "source"),
)


def rows(profiles: Iterable[Profile]) -> list[tuple[Any, ...]]:
    """A row for each profile, in the order of `COLUMNS`."""
    return [
        (
            profile.name,
            profile.title,
            {"run": "its output", "source": "its source", "documentation": "documentation"}[profile.tested],
            verifies(profile),
            list(profile.covers),
            limits(profile),
            profile.source,
        )
        for profile in sorted(profiles, key=lambda item: item.name)
    ]


def verifies(profile: Profile) -> str:
    """What can be checked, in a few words."""
    if not profile.verifiable:
        return "links only" if profile.links else "nothing"
    made = []
    if profile.hash is not None or profile.of == "previous":
        made.append("chain" if not profile.keyed else "chain, with the key")
    if profile.signatures:
        made.append("signatures")
    return ", ".join(made)


def limits(profile: Profile) -> list[str]:
    """What a verdict on it can't say."""
    made = list(profile.limits)
    if profile.reason:
        made.insert(0, profile.reason)
    if profile.weak:
        made.append(profile.weak)
    return made
