"""The comparison of two lists of leaf hashes: whatever it calls a change, doing it again gives the other list."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from auditrail.merkle import leaf_hash
from auditrail.seal import compare
from auditrail.seal.compare import Change


def hashes(items: str) -> bytes:
    return b"".join(leaf_hash(item.encode()) for item in items)


def changes(old: str, new: str) -> list[Change]:
    return compare.changes(hashes(old), len(old), hashes(new), len(new))


@settings(max_examples=500, deadline=None)
@given(st.text("abcdefgh", max_size=40), st.text("abcdefgh", max_size=40))
def test_what_is_no_change_is_the_same_on_both_sides(old: str, new: str) -> None:
    found = changes(old, new)
    gone = {place for change in found for place in range(change.old, change.old_end)}
    come = {place for change in found for place in range(change.new, change.new_end)}
    # Each place is told once.
    assert sum(change.old_end - change.old for change in found) == len(gone)
    assert sum(change.new_end - change.new for change in found) == len(come)
    kept = [item for place, item in enumerate(old) if place not in gone]
    assert kept == [item for place, item in enumerate(new) if place not in come]
    for change in found:
        if change.kind == compare.REORDERED:
            assert old[change.old] == new[change.new]
    assert (found == []) == (old == new)


def test_names_of_changes() -> None:
    assert changes("abcd", "abXd") == [Change("edited", 2, 3, 2, 3)]
    assert changes("abcd", "abd") == [Change("deleted", 2, 3, 2, 2)]
    assert changes("abcd", "abXcd") == [Change("inserted", 2, 2, 2, 3)]
    assert changes("abcd", "abcdef") == [Change("inserted", 4, 4, 4, 6)]
    assert changes("abcdefg", "bcdaefg") == [Change("reordered", 0, 1, 3, 4)]
    assert changes("abcd", "wxyz") == [Change("edited", 0, 4, 0, 4)]
    assert changes("", "ab") == [Change("inserted", 0, 0, 0, 2)]
    assert changes("ab", "") == [Change("deleted", 0, 2, 0, 0)]


def test_changes_far_apart_and_long() -> None:
    old = [leaf_hash(b"%d" % number) for number in range(20_000)]
    new = [*old[:7000], *old[9000:], *old[100:101]]
    new[50] = leaf_hash(b"other")
    found = compare.changes(b"".join(old), len(old), b"".join(new), len(new))
    assert found == [
        Change("edited", 50, 51, 50, 51),
        Change("deleted", 7000, 9000, 7000, 7000),
        Change("inserted", 20_000, 20_000, 18_000, 18_001),
    ]
    other = b"".join(leaf_hash(b"x%d" % number) for number in range(20_000))
    assert compare.changes(b"".join(old), 20_000, other, 20_000) == [Change("edited", 0, 20_000, 0, 20_000)]
