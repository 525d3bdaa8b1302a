"""Transparency logs in tiles, and checkpoints alone, as `auditrail verify` judges them."""

from __future__ import annotations

from pathlib import Path

import pytest

from auditrail import merkle, notes, tlog
from auditrail.notes import Checkpoint, Note
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
