"""Transparency logs in tiles, and checkpoints alone, as `auditrail verify` judges them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from auditrail import merkle, notes, tlog
from auditrail.notes import Checkpoint, Note
from auditrail.verify import anchors
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE
from tests.seal._logs import KEY, SIGNER, WITNESS, write
from tests.verify.kinds._calls import result

HEX = f"hex:{KEY.public.hex()}"
ORIGIN = "example.com/log"


def entry(number: int) -> bytes:
    return b"entry %d" % number


def build(folder: Path, size: int) -> Path:
    """A log as a server publishes it."""
    leaves = [merkle.leaf_hash(entry(number)) for number in range(size)]
    nodes = merkle.Leaves(b"".join(leaves))
    for level in range(4):
        for number, width in tlog.widths(size, level):
            first = number * 256
            hashes = b"".join(nodes.node(8 * level, first + place) for place in range(width))
            put(folder, tlog.path(level, number, width), hashes)
    for number, width in tlog.widths(size, 0):
        entries = (entry(number * 256 + place) for place in range(width))
        bundle = b"".join(len(one).to_bytes(2, "big") + one for one in entries)
        put(folder, tlog.path("entries", number, width), bundle)
    text = Checkpoint(ORIGIN, size, merkle.root(nodes, size)).text()
    signed = Note(text, (SIGNER.sign(text), WITNESS.cosign(text, 99)))
    write(folder / "checkpoint", signed.render().encode())
    return folder


def put(folder: Path, name: str, data: bytes) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def test_names_of_tiles() -> None:
    assert tlog.path(0, 1_234_067) == "tile/0/x001/x234/067"
    assert tlog.path(1, 0, 17) == "tile/1/000.p/17"
    assert tlog.path("entries", 5) == "tile/entries/005"
    sizes = [[width for _, width in tlog.widths(70_000, level)] for level in range(4)]
    assert [len(level) for level in sizes] == [274, 2, 1, 0]
    assert (sizes[0][-1], sizes[1], sizes[2]) == (112, [256, 17], [1])


@pytest.mark.parametrize("size", [1, 255, 256, 257, 700])
def test_a_log_is_walked_to_its_root(tmp_path: Path, size: int) -> None:
    build(tmp_path, size)
    found = result(tmp_path, key=(HEX,))
    assert (found.verdict, found.records, found.checked, found.defects) == (INTACT, size, size, ())
    assert result(tmp_path).verdict == UNANCHORED
    assert result(tmp_path / "checkpoint", key=(HEX,)).checked == 0


def test_a_large_log(tmp_path: Path) -> None:
    build(tmp_path, 66_000)
    assert result(tmp_path, key=(HEX,)).checked == 66_000
    target = tmp_path / tlog.path(1, 0)
    data = target.read_bytes()
    target.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    found = result(tmp_path, key=(HEX,))
    assert found.verdict == BROKEN
    assert "from entry 65281 on" in found.defects[0].note


def test_each_change_is_named(tmp_path: Path) -> None:
    build(tmp_path, 600)
    bundle = tmp_path / tlog.path("entries", 1)
    good = bundle.read_bytes()
    bundle.write_bytes(good.replace(b"entry 300", b"entry 999"))
    found = result(tmp_path, key=(HEX,))
    assert (found.verdict, [(one.kind, one.record) for one in found.defects]) == (BROKEN, [("edited", 301)])
    bundle.write_bytes(good[:-1])
    assert result(tmp_path, key=(HEX,)).verdict == BROKEN
    bundle.write_bytes(good)
    tile = tmp_path / tlog.path(0, 0)
    hashes = tile.read_bytes()
    tile.write_bytes(b"\0" * 32 + hashes[32:])
    assert {one.kind for one in result(tmp_path, key=(HEX,)).defects} == {"edited", "rewritten"}
    tile.unlink()
    found = result(tmp_path, key=(HEX,))
    assert (found.verdict, found.defects[0].kind) == (UNVERIFIABLE, "missing-file")
    tile.write_bytes(hashes)
    for path in (tmp_path / "tile" / "entries").rglob("*"):
        if path.is_file():
            path.unlink()
    found = result(tmp_path, key=(HEX,))
    assert (found.verdict, found.checked) == (INTACT, 600)
    assert any("only their hashes" in sentence for sentence in found.not_checked)


def test_a_size_that_cannot_be_takes_no_time(tmp_path: Path) -> None:
    build(tmp_path, 600)
    text = Checkpoint(ORIGIN, 1 << 62, b"\0" * 32).text()
    write(tmp_path / "checkpoint", Note(text, (SIGNER.sign(text),)).render().encode())
    found = result(tmp_path, key=(HEX,))
    assert (found.verdict, found.checked) == (UNVERIFIABLE, 0)


def test_a_checkpoint_alone(tmp_path: Path) -> None:
    build(tmp_path / "log", 600)
    alone = write(tmp_path / "checkpoint", (tmp_path / "log" / "checkpoint").read_bytes())
    assert result(alone, key=(HEX,)).verdict == INTACT
    assert result(alone).verdict == UNVERIFIABLE
    write(alone, alone.read_bytes().replace(b"\n600\n", b"\n601\n"))
    found = result(alone, key=(HEX,))
    assert (found.verdict, [one.kind for one in found.defects]) == (BROKEN, ["bad-signature"])


def test_two_histories(tmp_path: Path) -> None:
    build(tmp_path / "log", 600)
    text = Checkpoint(ORIGIN, 600, b"\x01" * 32).text()
    kept = write(tmp_path / "kept", Note(text, (SIGNER.sign(text),)).render().encode())
    found = result(tmp_path / "log", key=(HEX,), anchor=(kept,))
    assert (found.verdict, [one.kind for one in found.defects]) == (BROKEN, ["forked"])
    assert notes.parse(kept.read_bytes())


def checkpoint(size: int, root: bytes, origin: str = ORIGIN) -> bytes:
    text = Checkpoint(origin, size, root).text()
    return Note(text, (SIGNER.sign(text),)).render().encode()


def root_at(size: int) -> bytes:
    return merkle.root(merkle.Leaves(b"".join(merkle.leaf_hash(entry(number)) for number in range(size))), size)


@pytest.mark.parametrize("size", [1, 256, 300, 512])
def test_growth_from_a_kept_checkpoint_shows_in_the_tiles(size: int, tmp_path: Path) -> None:
    build(tmp_path / "log", 600)
    kept = write(tmp_path / "kept", checkpoint(size, root_at(size)))
    found = result(tmp_path / "log", key=(HEX,), anchor=(kept,))
    assert (found.verdict, found.anchor, found.not_checked) == (INTACT, "signed by example.com/sealing; kept", ())
    assert result(tmp_path / "log", anchor=(kept,)).verdict == INTACT
    write(kept, checkpoint(size, b"\x01" * 32))
    found = result(tmp_path / "log", key=(HEX,), anchor=(kept,))
    assert (found.verdict, [one.kind for one in found.defects]) == (BROKEN, ["forked"])


def test_a_log_that_is_shorter_than_a_kept_checkpoint_was_rolled_back(tmp_path: Path) -> None:
    build(tmp_path / "log", 600)
    kept = write(tmp_path / "kept", checkpoint(600, root_at(600)))
    write(tmp_path / "log" / "checkpoint", checkpoint(300, root_at(300)))
    told = result(tmp_path / "log", key=(HEX,))
    assert any("an older checkpoint stands in the place of the newest" in sentence for sentence in told.not_checked)
    found = result(tmp_path / "log", key=(HEX,), anchor=(kept,))
    assert (found.verdict, [one.kind for one in found.defects if one.breaks]) == (BROKEN, ["truncated-tail"])


def test_a_kept_checkpoint_of_another_log_is_told_and_decides_nothing(tmp_path: Path) -> None:
    build(tmp_path / "log", 600)
    kept = write(tmp_path / "kept", checkpoint(600, b"\x02" * 32, "example.org/other"))
    found = result(tmp_path / "log", key=(HEX,), anchor=(kept,))
    assert (found.verdict, found.defects) == (INTACT, ())
    assert found.not_checked == ("kept: it is about another log, example.org/other",)


def test_what_the_caller_expects(tmp_path: Path) -> None:
    build(tmp_path, 600)
    head = root_at(600).hex()
    for expected, kinds in (
        ((head, 600), []),
        ((head, None), []),
        ((None, 601), ["truncated-tail"]),
        ((None, 599), ["inserted"]),
        (("00" * 32, None), ["rewritten"]),
    ):
        found = result(tmp_path, expected=anchors.expected(*expected))
        assert [one.kind for one in found.defects] == kinds
        assert found.verdict == (BROKEN if kinds else INTACT)
    assert result(tmp_path, expected=anchors.expected(None, 600)).verdict == UNANCHORED


def test_bundles_that_hold_more_or_are_gone(tmp_path: Path) -> None:
    build(tmp_path, 600)
    bundle = tmp_path / tlog.path("entries", 0)
    good = bundle.read_bytes()
    bundle.write_bytes(good + b"\0\x01x")
    found = result(tmp_path, key=(HEX,))
    assert (found.verdict, [(one.kind, one.record) for one in found.defects]) == (BROKEN, [("inserted", 257)])
    bundle.unlink()
    found = result(tmp_path, key=(HEX,))
    assert (found.verdict, found.checked, [one.kind for one in found.defects]) == (UNVERIFIABLE, 344, ["missing-file"])


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.partition(b"\n\n")[0] + b"\n",
        lambda data: data.replace(b"\n300\n", b"\n0300\n"),
        lambda data: data.replace(b"\n", b"\r\n"),
        lambda _data: b"",
    ],
    ids=["unsigned", "number", "line-ends", "empty"],
)
def test_tiles_whose_checkpoint_is_none_are_told_as_one_log(change: Callable[[bytes], bytes], tmp_path: Path) -> None:
    build(tmp_path, 300)
    path = tmp_path / "checkpoint"
    path.write_bytes(change(path.read_bytes()))
    found = result(tmp_path, key=(HEX,))
    assert (found.verdict, found.checked) == (UNVERIFIABLE, 0)
    assert "in the place of their checkpoint" in found.not_checked[0]


def test_what_the_name_of_a_tile_says_of_the_log() -> None:
    assert tlog.reaches("tile/0/x001/x234/067") == 1_234_068 * 256
    assert tlog.reaches("tile/1/000.p/17") == 17 * 256
    assert tlog.reaches("tile/entries/005.p/3") == 5 * 256 + 3
    assert [tlog.reaches(name) for name in ("tile/0/5", "tile/x/000", "tile/0/000.p/", "checkpoint")] == [0] * 4
