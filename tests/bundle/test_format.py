import hashlib
import subprocess
from pathlib import Path

import pytest
from blake3 import blake3
from hypothesis import given
from hypothesis import strategies as st

from auditrail import merkle, notes
from auditrail.bundle import format as form
from auditrail.bundle.format import FileEntry
from auditrail.errors import BundleError


def entry(path: str, data: bytes = b"x") -> FileEntry:
    return FileEntry(path, len(data), hashlib.sha256(data).hexdigest(), blake3(data).hexdigest())


BODY = {"generated_by": {"name": "auditrail", "version": "1"}, "not_checked": [], "scope": {"runs": None}}
FILES = [entry("records/b.csv", b"b"), entry("README.txt", b"r"), entry("records/a \u00e9.csv", b"a")]


def test_what_is_written_is_read_again() -> None:
    document = form.manifest(BODY, FILES)
    read = form.read_manifest(form.manifest_bytes(document))
    assert [one.path for one in read.files] == ["README.txt", "records/a \u00e9.csv", "records/b.csv"]
    assert read.document == document
    assert (read.size, read.root) == (3, form.root(read.files).hex())
    assert read.own == form.self_digest(document)
    assert list(document) == list(form.KEYS)


def test_the_root_is_that_of_rfc_6962_over_the_lines() -> None:
    lines = [f"{one.sha256}  {one.path}\n".encode() for one in FILES]
    leaves = b"".join(merkle.leaf_hash(text) for text in lines)
    assert form.root(FILES) == merkle.root(merkle.Leaves(leaves), 3)


def test_the_bytes_do_not_depend_on_the_order_of_the_files() -> None:
    made = form.manifest_bytes(form.manifest(BODY, FILES))
    assert made == form.manifest_bytes(form.manifest(BODY, FILES[::-1]))
    assert made.endswith(b"}\n")


def test_sha256sum_reads_the_sums(tmp_path: Path) -> None:
    for path, data in (("README.txt", b"r"), ("records/a \u00e9.csv", b"a"), ("records/b.csv", b"b")):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    document = form.manifest(BODY, FILES)
    raw = form.manifest_bytes(document)
    (tmp_path / form.MANIFEST).write_bytes(raw)
    text = form.sums_text(form.read_manifest(raw).files, hashlib.sha256(raw).hexdigest())
    (tmp_path / form.SUMS).write_text(text, "utf-8")
    done = subprocess.run(["sha256sum", "--strict", "-c", form.SUMS], cwd=tmp_path, capture_output=True)
    assert done.returncode == 0, done.stderr


def test_the_note_is_a_checkpoint() -> None:
    head = notes.checkpoint(form.note_text(3, form.root(FILES), "ab" * 32))
    assert (head.origin, head.size, head.root) == (form.ORIGIN, 3, form.root(FILES))
    assert head.extensions == ("manifest-sha256 " + "ab" * 32,)


@pytest.mark.parametrize(
    "path",
    [
        "", "/etc/passwd", "../up", "a/../b", "a//b", "./a", "a/", "a\\b", "C:/x", "a\nb", "a\x1b[0m", "a\u202eb",
        "a\ud800", "nul.txt", "a./b", "a /b", "x" * 1025,
    ],
)  # fmt: skip
def test_unsafe_paths_are_refused(path: str) -> None:
    assert form.unsafe(path)
    with pytest.raises(BundleError):
        form.manifest(BODY, [entry(path)])


@pytest.mark.parametrize("path", ["README.txt", "raw/1-a b.jsonl", "raw/12-\u00e9t\u00e9.log", ".a/..b", "a.b.c"])
def test_plain_paths_are_safe(path: str) -> None:
    assert form.unsafe(path) is None


@pytest.mark.parametrize("twice", ["a.txt", "A.txt", "manifest.json", "SHA256SUMS", "manifest.note"])
def test_a_path_stands_once(twice: str) -> None:
    with pytest.raises(BundleError, match="twice"):
        form.manifest(BODY, [entry("a.txt"), entry(twice)])


def test_accents_in_either_form_are_one_place() -> None:
    assert form.same_place("\u00c9t\u00e9") == form.same_place("e\u0301te\u0301")


@pytest.mark.parametrize("body", [{"files": []}, {"other": 1}, {"scope": 2**60}, {"scope": "\ud800"}, {"scope": 1e999}])
def test_what_no_manifest_holds_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(BundleError):
        form.manifest_bytes(form.manifest(body, FILES))


@given(st.binary(max_size=200))
def test_hostile_bytes_are_no_manifest(raw: bytes) -> None:
    with pytest.raises(BundleError):
        form.read_manifest(raw)
    form.read_sums(raw)
    form.is_manifest(raw)


@given(st.integers(0, 10**6), st.binary(min_size=1, max_size=1))
def test_any_changed_byte_shows(at: int, new: bytes) -> None:
    raw = form.manifest_bytes(form.manifest(BODY, FILES))
    at %= len(raw)
    changed = raw[:at] + new + raw[at + 1 :]
    if changed == raw:
        return
    try:
        read = form.read_manifest(changed)
    except BundleError:
        return
    same = form.self_digest(read.document) == read.own
    assert not same or form.manifest_bytes(read.document) != changed


@given(st.lists(st.tuples(st.binary(min_size=32, max_size=32), st.text(min_size=1, max_size=20)), max_size=8))
def test_sums_are_read_as_they_are_written(pairs: list[tuple[bytes, str]]) -> None:
    files = [FileEntry(path, 0, digest.hex(), "00" * 32) for digest, path in pairs if form.unsafe(path) is None]
    read = form.read_sums(form.sums_text(files, "ab" * 32).encode())
    assert read.faults == ()
    assert read.entries == (*((one.sha256, one.path) for one in files), ("ab" * 32, form.MANIFEST))
