"""The chain profiles: what each covers, and what it can't say."""

from __future__ import annotations

from collections.abc import Iterable

from auditrail.report.types import Column, Listing
from auditrail.verify import listing
from auditrail.verify.profile import Profile


def chains(profiles: Iterable[Profile]) -> Listing:
    """All profiles as a table."""
    details = ("covers", "source")
    shows = {"name": "id", "covers": "list", "limits": "list"}
    columns = tuple(
        Column(name, title, shows.get(name, "text"), detail=name in details) for name, title in listing.COLUMNS
    )
    notes = (
        "auditrail chains NAME shows what one profile covers and where its facts are from.",
        "auditrail chains --infer LOG searches for a profile of a log that none of these reproduces.",
    )
    return Listing("chains", "chains", "Chain profiles", columns, tuple(listing.rows(profiles)), {}, notes)


def chain_of(profile: Profile) -> Listing:
    """One profile in full."""
    columns = (Column("fact", "fact", "id"), Column("value", "value"))
    ((name, title, tested, verifies, covers, limits, source),) = listing.rows([profile])
    rows = [
        ("name", name),
        ("title", title),
        ("known from", tested),
        ("source", source or "not told"),
        ("verifies", verifies),
        *(("covers", item) for item in covers),
        *(("can't say", item) for item in limits),
        ("chain", f"one for each {profile.key}" if profile.key else f"one for each {profile.scope}"),
        ("hash", f"{profile.digest.algorithm}, {profile.digest.encoding}"),
        ("form", profile.body.canon),
        ("hashed", " + ".join(profile.digest.preimage)),
    ]
    return Listing("chain", "facts", f"Chain profile {name}", columns, tuple(rows))
