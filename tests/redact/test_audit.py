"""The search of finished files: what is found in which packing, and what is no hit."""

from __future__ import annotations

import base64
import gzip
import io
import random
import zipfile
import zlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditrail.redact import audit
from auditrail.redact.errors import LeakError
from auditrail.redact.needles import LEAST_PIECE, LEAST_VALUE, WINDOW, Needles

VALUE = b"DE89370400440532013000"
CONTENT = '{"to":"Alice Miller, Berlin","memo":"the parcel never came to my new address, please pay it back"}'
RULES = ("accounts", "contents")


def needles() -> Needles:
    made = Needles()
    made.add_values([VALUE], 0)
    made.add_contents([CONTENT.encode()], 1)
    return made


def zipped(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.txt", data)
    return out.getvalue()


def parquet(data: bytes) -> bytes:
    out = io.BytesIO()
    table = pa.table({"n": [1, 2], "text": ["other", data.decode()]})
    pq.write_table(table, out, compression="zstd", write_statistics=False)
    return out.getvalue()


def pdf(data: bytes) -> bytes:
    half = len(data) // 2
    drawn = b"BT [(" + data[:half] + b") -20 (" + data[half:] + b")] TJ ET"
    return b"%PDF-1.7\n1 0 obj\n<</Filter/FlateDecode>>\nstream\n" + zlib.compress(drawn) + b"\nendstream\nendobj\n"


def page(data: bytes) -> bytes:
    return b"<script>const data = '" + base64.b64encode(gzip.compress(data * 3)) + b"'</script>"


PACKED = {
    "plain.csv": lambda data: b"x,y\n1," + data + b"\n",
    "inner.zip": zipped,
    "twice.zip": lambda data: zipped(zipped(data)),
    "events.parquet": parquet,
    "report.pdf": pdf,
    "log.gz": gzip.compress,
    "report.html": page,
    "far.txt": lambda data: b"." * ((1 << 22) - 10) + data,
}


@pytest.mark.parametrize("name", PACKED)
def test_a_withheld_value_is_found_in_every_packing(tmp_path: Path, name: str) -> None:
    clean, leaky = tmp_path / "clean", tmp_path / name
    clean.write_bytes(PACKED[name](b"nothing of interest stands here at all, believe it"))
    leaky.write_bytes(PACKED[name](VALUE))
    made = needles()
    audit.search(made, [(name, clean)], RULES)
    with pytest.raises(LeakError) as error:
        audit.search(made, [("a", clean), (name, leaky)], RULES)
    assert {hit[:2] for hit in error.value.hits} == {(name, "accounts")}
    assert VALUE.decode() not in error.value.message + error.value.hint


def test_pieces_of_contents_are_found_and_shortened_ones_too(tmp_path: Path) -> None:
    for number, text in enumerate(("Alice Miller, Berlin", "the parcel never came to my new ...", CONTENT)):
        path = tmp_path / f"{number}.txt"
        path.write_text(f"<td>{text}</td>")
        with pytest.raises(LeakError, match="contents"):
            audit.search(needles(), [("x", path)], RULES)


@pytest.mark.parametrize(
    "content",
    ['{"a":"ok","n":1}', '{"at":"2026-08-01T10:00:00.000000Z"}', '{"status":"completed"}', '{"ns":1789639564061000000}',
     '{"customer_full_name":"Al"}', '{"x":"short text"}', "12:00:00, 13:00:00, 14:00:00"],
)  # fmt: skip
def test_what_occurs_everywhere_is_not_searched_for(content: str) -> None:
    made = Needles()
    made.add_contents([content.encode()], 0)
    assert len(made) == 0


def test_short_values_are_not_searched_for() -> None:
    made = Needles()
    made.add_values([b"x" * (LEAST_VALUE - 1), b"ok", b"1", b""], 0)
    assert len(made) == 0


def test_words_of_auditrail_itself_are_dropped() -> None:
    made = needles()
    before = len(made)
    made.add_contents([b'{"x":"What can go wrong where values are withheld"}'], 1)
    assert len(made) > before
    audit.drop_own_words(made)
    assert len(made) == before


@given(
    st.lists(st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=90), max_size=6),
    st.binary(max_size=20),
    st.integers(1, 70),
)
def test_every_value_is_found_wherever_it_stands(values: list[str], before: bytes, chunk: int) -> None:
    made = Needles()
    encoded = [value.encode() for value in values]
    made.add_values(encoded, 0)
    for value in encoded:
        if len(value) < LEAST_VALUE:
            continue
        text = before + value + b"!" + before
        assert len(made.search(text)) > 0
        once = audit.count(made, io.BytesIO(text), "x")
        rest, found = b"", 0
        for at in range(0, len(text), chunk):  # chunks of any size see what one piece shows
            data = rest + text[at : at + chunk]
            found += len(made.search(data, len(rest)))
            rest = data[-(WINDOW - 1) :]
        assert found == sum(once.values())


@pytest.mark.parametrize("name", PACKED)
def test_damaged_packings_end(name: str) -> None:
    data = PACKED[name](VALUE * 3)
    for cut in range(0, min(len(data), 4000), 37):
        flipped = data[:cut] + bytes([data[cut] ^ 0xFF]) + data[cut + 1 :] if name != "far.txt" else data[:cut]
        for text in (data[:cut], flipped):
            audit.count(needles(), io.BytesIO(text), name)


def test_random_bytes_are_no_hit() -> None:
    rnd = random.Random(7)
    made = Needles()
    made.add_values([rnd.randbytes(rnd.randint(8, 60)) for _ in range(20_000)], 0)
    made.add_contents([b" ".join(rnd.randbytes(LEAST_PIECE).hex().encode() for _ in range(5_000))], 1)
    assert len(made.search(rnd.randbytes(2_000_000))) == 0
