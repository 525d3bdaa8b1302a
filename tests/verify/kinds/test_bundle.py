import io
import os
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auditrail.bundle import format as form
from auditrail.cli import _main
from auditrail.containers import zip_layout
from auditrail.ingest.inputs import Input
from auditrail.notes import Note, Signer
from auditrail.verify import anchors, engine, keys
from auditrail.verify.evidence import Call, Evidence
from auditrail.verify.kinds import bundle
from auditrail.verify.kinds._bundle_check import check
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE, Result
from tests.bundle import _bundles as bundles

MADE = bundles.contents()
KEY = "text:" + bundles.SIGNER.verifier.render()
PACKED = {"folder": bundles.folder, "archive": lambda made, path: bundles.archive(made, path.with_suffix(".zip"))}


def judged(path: Path, *known: str, **more: object) -> Result:
    call = Call(keys.load(list(known)), **more)  # type: ignore[arg-type]
    (result,) = engine.run([path], call).results
    assert result.kind == "bundle"
    return result


def named(result: Result) -> list[tuple[str, str]]:
    """Kind and file of each defect that breaks."""
    root = len(result.path) + 1
    return [(one.kind, one.path[root:]) for one in result.defects if one.breaks]


@pytest.fixture(params=PACKED)
def packed(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., Path]:
    return lambda made=MADE: PACKED[request.param](made, tmp_path / "q3")


def test_a_bundle_as_it_was_written(packed: Callable[..., Path]) -> None:
    path = packed()
    result = judged(path)
    assert (result.verdict, result.records, result.checked, result.defects) == (UNANCHORED, 5, 5, ())
    assert result.head == bundles.entry("", MADE[form.MANIFEST]).sha256
    assert any("raw/" in said for said in result.not_checked)
    assert any("--key" in said for said in result.not_checked)
    signed = judged(path, KEY)
    assert (signed.verdict, signed.anchor) == (INTACT, "manifest.note, signed by example.com/bundles")
    assert (signed.signed, signed.verified) == (1, 1)


def test_a_key_that_did_not_sign_decides_nothing(packed: Callable[..., Path]) -> None:
    other = "text:" + Signer("example.com/other", bytes(32)).verifier.render()
    assert judged(packed(), other).verdict == UNVERIFIABLE
    unsigned = bundles.contents(signer=None)
    path = packed({**unsigned, "README.txt": unsigned["README.txt"]})
    if path.is_dir():
        (path / form.NOTE).unlink()
    result = judged(path, KEY)
    assert result.verdict == UNVERIFIABLE
    assert any("not signed" in said for said in result.not_checked)


@pytest.mark.parametrize("name", MADE)
def test_each_file_changed_by_one_byte_is_named(name: str, packed: Callable[..., Path]) -> None:
    data = MADE[name]
    for at in {0, len(data) // 2, len(data) - 2}:
        changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
        result = judged(packed({**MADE, name: changed}))
        assert result.verdict == BROKEN
        assert {path for _, path in named(result)} == {name}, (at, named(result))


@pytest.mark.parametrize("name", MADE)
def test_each_file_removed_is_named(name: str, packed: Callable[..., Path]) -> None:
    result = judged(packed({path: data for path, data in MADE.items() if path != name}))
    assert (result.verdict, named(result)) == (BROKEN, [("missing-file", name)])


@pytest.mark.parametrize("name", ["added.txt", "records/zzz.csv", "raw/.hidden", "manifest.json.bak", "sub/README.txt"])
def test_a_file_added_is_named(name: str, packed: Callable[..., Path]) -> None:
    result = judged(packed({**MADE, name: b"more"}))
    assert (result.verdict, named(result)) == (BROKEN, [("extra-file", name)])


def test_all_is_named_not_the_first(packed: Callable[..., Path]) -> None:
    made = {**MADE, "README.txt": b"other", "x": b""}
    del made["records/runs.csv"]
    assert set(named(judged(packed(made)))) == {
        ("edited", "README.txt"),
        ("extra-file", "x"),
        ("missing-file", "records/runs.csv"),
    }


def test_a_file_and_its_line_changed_together(packed: Callable[..., Path]) -> None:
    other = b"another"
    old, new = (bundles.entry("README.txt", data).line.encode() for data in (MADE["README.txt"], other))
    made = {**MADE, "README.txt": other, form.SUMS: MADE[form.SUMS].replace(old, new)}
    assert set(named(judged(packed(made)))) == {("edited", "README.txt"), ("edited", form.SUMS)}


def test_a_damaged_manifest_accuses_no_file(packed: Callable[..., Path]) -> None:
    digest = bundles.entry("README.txt", MADE["README.txt"]).sha256.encode()
    raw = MADE[form.MANIFEST].replace(digest, digest[::-1])
    result = judged(packed({**MADE, form.MANIFEST: raw}))
    assert named(result) == [("edited", form.MANIFEST)]
    assert any("SHA256SUMS was used" in said for said in result.not_checked)


def test_a_bundle_made_anew_fits_in_itself_and_not_the_key(packed: Callable[..., Path]) -> None:
    files = {**bundles.FILES, "records/runs.csv": b"run\n"}
    forger = Signer("example.com/bundles", bytes(32))
    path = packed(bundles.contents(files, forger))
    assert judged(path).verdict == UNANCHORED
    assert judged(path, KEY).verdict == UNVERIFIABLE
    kept = anchors.expected(bundles.entry("", MADE[form.MANIFEST]).sha256, None)
    assert named(judged(path, anchors=kept)) == [("rewritten", form.MANIFEST)]


def test_the_note_of_another_bundle(packed: Callable[..., Path]) -> None:
    other = bundles.contents({**bundles.FILES, "README.txt": b"other"})
    path = packed({**MADE, form.NOTE: other[form.NOTE]})
    assert named(judged(path)) == [("edited", form.NOTE)]
    assert named(judged(path, KEY)) == [("rewritten", form.MANIFEST)]


def test_a_note_where_nobody_signed(packed: Callable[..., Path]) -> None:
    unsigned = bundles.contents(signer=None)
    result = judged(packed({**unsigned, form.NOTE: MADE[form.NOTE]}))
    assert ("extra-file", form.NOTE) in named(result)


def test_a_signature_of_someone_else_in_place_of_the_named_one(packed: Callable[..., Path]) -> None:
    other = Signer("example.com/other", bytes(32))
    text = form.note_text(
        len(bundles.FILES),
        form.root(form.read_manifest(MADE[form.MANIFEST]).files),
        bundles.entry("", MADE[form.MANIFEST]).sha256,
    )
    path = packed({**MADE, form.NOTE: Note(text, (other.sign(text),)).render().encode()})
    assert named(judged(path)) == [("bad-signature", form.NOTE)]


def test_what_was_told_elsewhere_is_an_anchor(packed: Callable[..., Path], tmp_path: Path) -> None:
    path = packed()
    digest = bundles.entry("", MADE[form.MANIFEST]).sha256
    assert judged(path, anchors=anchors.expected(digest, 5)).verdict == INTACT
    root = form.read_manifest(MADE[form.MANIFEST]).root
    by_root = judged(path, anchors=anchors.expected(root, None))
    assert by_root.verdict == INTACT
    assert any("root alone" in said for said in by_root.not_checked)
    assert judged(path, anchors=anchors.expected(None, 6)).verdict == BROKEN
    kept = tmp_path / "kept.note"
    kept.write_bytes(MADE[form.NOTE])
    assert judged(path, anchors=anchors.load(kept)).verdict == INTACT


def test_a_saved_result_is_an_anchor(packed: Callable[..., Path], tmp_path: Path) -> None:
    path = packed()
    saved = tmp_path / "kept" / "anchor.json"
    saved.parent.mkdir()
    assert _main.run(["verify", str(path), "--save-anchor", str(saved), "--format", "json"]) == 0
    assert judged(path, anchors=anchors.load(saved)).verdict == INTACT
    changed = packed(bundles.contents({**bundles.FILES, "README.txt": b"other"}))
    assert named(judged(changed, anchors=anchors.load(saved))) == [("rewritten", form.MANIFEST)]


def test_an_expectation_may_be_about_the_log_beside_it(packed: Callable[..., Path], tmp_path: Path) -> None:
    path = packed()
    log = tmp_path / "log.jsonl"
    log.write_bytes(b'{"a":1}\n')
    known = anchors.expected("ab" * 32, None)
    results = engine.run([path, log], Call(keys.load([]), anchors=known)).results
    (result,) = [one for one in results if one.kind == "bundle"]
    assert result.verdict == UNANCHORED
    assert any("--expect-head" in said for said in result.not_checked)


def test_a_kept_note_breaks_no_other_bundle(tmp_path: Path) -> None:
    one = bundles.archive(MADE, tmp_path / "q3.zip")
    two = bundles.archive(bundles.contents({**bundles.FILES, "README.txt": b"other"}), tmp_path / "q4.zip")
    kept = tmp_path / "kept.note"
    kept.write_bytes(MADE[form.NOTE])
    call = Call(keys.load([]), anchors=anchors.load(kept))
    assert [result.verdict for result in engine.run([one, two], call).results] == [INTACT, UNANCHORED]
    assert judged(two, anchors=anchors.load(kept)).verdict == BROKEN


def test_the_command_says_what_was_found(packed: Callable[..., Path], capsys: pytest.CaptureFixture[str]) -> None:
    assert _main.run(["verify", str(packed())]) == 0
    assert "nobody" not in capsys.readouterr().out
    path = packed({**MADE, "README.txt": b"other"})
    assert _main.run(["verify", str(path)]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert "README.txt: it was changed: 5 byte(s) instead of 9" in said


def test_a_list_that_no_writer_makes(packed: Callable[..., Path]) -> None:
    made = form.read_manifest(MADE[form.MANIFEST]).document
    made = {**made, "files": made["files"][::-1]}
    raw = form.manifest_bytes({**made, "self": form.self_digest(made)})
    assert ("edited", form.MANIFEST) in named(judged(packed({**MADE, form.MANIFEST: raw})))


def test_an_empty_bundle_checks_nothing(packed: Callable[..., Path]) -> None:
    made = bundles.contents({}, signer=None)
    result = judged(packed({**made, "README.txt": b"r"}))
    assert (result.verdict, named(result)) == (BROKEN, [("extra-file", "README.txt")])


def test_an_archive_of_an_empty_bundle_is_not_intact(tmp_path: Path) -> None:
    result = judged(bundles.archive(bundles.contents({}), tmp_path / "q3.zip"), KEY)
    assert result.verdict == UNVERIFIABLE
    assert any("lists no files" in said for said in result.not_checked)


# -- folders ---------------------------------------------------------------------------------------------------------


def test_what_a_system_drops_is_told_and_breaks_nothing(tmp_path: Path) -> None:
    path = bundles.folder({**MADE, "records/.DS_Store": b"\0"}, tmp_path / "q3")
    result = judged(path)
    assert result.verdict == UNANCHORED
    assert [(one.kind, one.breaks) for one in result.defects] == [("extra-file", False)]


def test_links_are_not_followed(tmp_path: Path) -> None:
    path = bundles.folder(MADE, tmp_path / "q3")
    (tmp_path / "moved.csv").write_bytes(MADE["records/runs.csv"])
    (path / "records/runs.csv").unlink()
    (path / "records/runs.csv").symlink_to(tmp_path / "moved.csv")
    (path / "sub").symlink_to(tmp_path)
    assert set(named(judged(path))) == {("unsafe-path", "records/runs.csv"), ("extra-file", "sub")}


def test_a_pipe_is_not_read(tmp_path: Path) -> None:
    path = bundles.folder(MADE, tmp_path / "q3")
    (path / "README.txt").unlink()
    os.mkfifo(path / "README.txt")
    assert named(judged(path)) == [("unsafe-path", "README.txt")]


def test_a_name_that_is_no_text(tmp_path: Path) -> None:
    path = bundles.folder(MADE, tmp_path / "q3")
    Path(os.fsdecode(os.fsencode(path) + b"/\xff\x1b[0m")).write_bytes(b"")
    kinds = {kind for kind, _ in named(judged(path))}
    assert kinds == {"extra-file", "unsafe-path"}


def test_bundles_among_other_evidence(tmp_path: Path) -> None:
    bundles.folder(MADE, tmp_path / "a" / "q3")
    bundles.archive(MADE, tmp_path / "a" / "q4.zip")
    (tmp_path / "a" / "log.jsonl").write_bytes(b'{"a":1}\n')
    report = engine.run([tmp_path / "a"], Call(keys.load([])))
    assert sorted((Path(one.path).name, one.kind) for one in report.results) == [
        ("log.jsonl", "none"),
        ("q3", "bundle"),
        ("q4.zip", "bundle"),
    ]


def test_a_bundle_inside_an_archive(tmp_path: Path) -> None:
    inner = bundles.archive(MADE, tmp_path / "q3.zip").read_bytes()
    path = bundles.archive({"handed-over/q3.zip": inner}, tmp_path / "all.zip")
    result = judged(path)
    assert (result.path, result.verdict) == (f"{path}!handed-over/q3.zip", UNANCHORED)


def test_a_manifest_that_was_kept_alone_is_no_bundle(tmp_path: Path) -> None:
    (tmp_path / form.MANIFEST).write_bytes(MADE[form.MANIFEST])
    (result,) = engine.run([tmp_path], Call(keys.load([]))).results
    assert result.kind == "none"


# -- archives --------------------------------------------------------------------------------------------------------


def archived(tmp_path: Path, change: Callable[[bytes], bytes]) -> Result:
    path = bundles.archive(MADE, tmp_path / "q3.zip")
    path.write_bytes(change(path.read_bytes()))
    return judged(path)


def end_of(data: bytes) -> int:
    return data.rindex(b"PK\x05\x06")


CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "bytes before": lambda data: b"MZ" * 50 + data,
    "bytes behind": lambda data: data + b"\0",
    "a comment": lambda data: data[:-2] + b"\x03\0abc",
    "a hole before the directory": lambda data: (
        data[: (at := struct.unpack_from("<L", data, end_of(data) + 16)[0])]
        + b"hole"
        + data[at : end_of(data) + 16]
        + struct.pack("<L", at + 4)
        + data[end_of(data) + 20 :]
    ),
    "another method in the header": lambda data: data[:8] + b"\0\0" + data[10:],
    "another name in the header": lambda data: data.replace(b"README.html", b"README.htmL", 1),
    "another count": lambda data: data[: end_of(data) + 8] + b"\x01\0\x01\0" + data[end_of(data) + 12 :],
    "no directory": lambda data: data[: data.index(b"PK\x01\x02")],
}


@pytest.mark.parametrize("change", CHANGES)
def test_an_archive_that_holds_more_or_reads_in_two_ways(change: str, tmp_path: Path) -> None:
    result = archived(tmp_path, CHANGES[change])
    assert result.verdict == BROKEN
    assert "archive-layout" in {kind for kind, _ in named(result)}


def test_a_name_that_stands_twice(tmp_path: Path) -> None:
    path = bundles.archive(MADE, tmp_path / "q3.zip")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as out:
        out.writestr(zipfile.ZipInfo("README.txt"), b"another text")
    found = named(judged(path))
    assert ("duplicate-file", "README.txt") in found
    assert ("edited", "README.txt") in found


@pytest.mark.parametrize("name", ["../../etc/cron.d/x", "/etc/x", "a\\..\\b", "C:x", "a/../b", "nul.txt"])
def test_a_path_that_leads_out(name: str, tmp_path: Path) -> None:
    assert ("unsafe-path", name) in named(judged(bundles.archive({**MADE, name: b"x"}, tmp_path / "q3.zip")))


def test_two_names_of_one_place(tmp_path: Path) -> None:
    result = judged(bundles.archive({**MADE, "readme.TXT": b"x"}, tmp_path / "q3.zip"))
    assert {kind for kind, _ in named(result)} == {"duplicate-file", "extra-file"}


def test_members_that_share_bytes_are_not_unpacked(tmp_path: Path) -> None:
    path = bundles.archive(MADE, tmp_path / "q3.zip")
    data = bytearray(path.read_bytes())
    # The directory's second entry leads to the first member, too.
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    data[second + 42 : second + 46] = b"\0\0\0\0"
    path.write_bytes(data)
    result = judged(path)
    assert any(one.kind == "archive-layout" and "shares bytes" in one.note for one in result.defects)


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    """A member that inflates to more than the manifest says is read no further than shows it."""
    path = bundles.archive({**MADE, "README.txt": b"\0" * (64 << 20)}, tmp_path / "q3.zip")
    result = judged(path)
    assert named(result) == [("edited", "README.txt")]
    assert "67,108,864 byte(s) instead of 9" in result.defects[0].note


def test_a_size_beyond_what_an_archive_may_grow_to_is_refused(tmp_path: Path) -> None:
    path = bundles.archive(MADE, tmp_path / "q3.zip")
    data = bytearray(path.read_bytes())
    at = data.rindex(b"PK\x01\x02")
    data[at + 24 : at + 28] = struct.pack("<L", 1 << 31)
    path.write_bytes(data)
    made = zip_layout.layout(path, len(data))
    assert "--max-expansion" in str(made.members[-1].error)


def test_packed_again_by_another_program_is_a_remark(tmp_path: Path) -> None:
    path = tmp_path / "q3.zip"
    with zipfile.ZipFile(path, "w") as out:
        out.writestr("q3/", b"")
        for name, data in MADE.items():
            out.writestr(zipfile.ZipInfo(f"q3/{name}", (2026, 1, len(name), 0, 0, 0)), data)
    result = judged(path)
    assert (result.verdict, [one.kind for one in result.defects]) == (UNANCHORED, ["other-form"])
    assert "a folder around all files" in result.defects[0].note
    report = engine.run([path], Call(keys.load([KEY]), strict=True))
    assert (report.results[0].verdict, report.exit_code) == (INTACT, 4)


def test_sizes_behind_the_data_are_read(tmp_path: Path) -> None:
    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

        def tell(self) -> int:
            raise OSError

    out = Pipe()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in MADE.items():
            made.writestr(zipfile.ZipInfo(name), data)
    path = tmp_path / "q3.zip"
    path.write_bytes(out.getvalue())
    result = judged(path)
    assert (result.verdict, [one.kind for one in result.defects]) == (UNANCHORED, ["other-form"])


def test_zip64_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 2)
    path = bundles.archive(MADE, tmp_path / "q3.zip")
    assert b"PK\x06\x06" in path.read_bytes()
    assert (judged(path).verdict, judged(path).defects) == (UNANCHORED, ())


def test_an_encrypted_member_is_not_checked(tmp_path: Path) -> None:
    path = bundles.archive(MADE, tmp_path / "q3.zip")
    data = bytearray(path.read_bytes())
    local, central = data.index(b"README.txt") - 30, data.rindex(b"README.txt") - 46
    data[local + 6] |= 1
    data[central + 8] |= 1
    path.write_bytes(data)
    result = judged(path)
    assert result.verdict == UNVERIFIABLE
    assert "README.txt: it is encrypted" in result.not_checked


def test_no_changed_byte_of_an_archive_goes_unseen(tmp_path: Path) -> None:
    """But for what no reader uses: unused bits behind deflated data, which do not change what comes out."""
    small = bundles.contents({"README.html": b"h", "README.txt": b"r"})
    path = bundles.archive(small, tmp_path / "q3.zip", zipfile.ZIP_STORED)
    data = path.read_bytes()
    unseen = []
    for at in {*range(0, len(data), 17), *range(data.index(b"PK\x01\x02"), len(data), 5), *range(30)}:
        path.write_bytes(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])
        results = engine.run([path], Call(keys.load([KEY]))).results
        if any(one.verdict == INTACT and not one.defects for one in results):
            unseen.append(at)
    assert unseen == []


SMALL = bundles.contents({"README.html": b"h" * 40, "README.txt": b"r"})


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    wide=st.booleans(),
    cuts=st.lists(
        st.tuples(st.integers(0, 1 << 20), st.integers(0, 30), st.binary(max_size=30)), min_size=1, max_size=4
    ),
)
def test_no_hostile_archive_raises_or_passes(wide: bool, cuts: list[tuple[int, int, bytes]], tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        if wide:
            patched.setattr(zipfile, "ZIP_FILECOUNT_LIMIT", 1)
        path = bundles.archive(SMALL, tmp_path / "q3.zip")
    data = path.read_bytes()
    changed = data
    for place, length, new in cuts:
        at = place % (len(changed) + 1)
        changed = changed[:at] + new + changed[at + length :]
    path.write_bytes(changed)
    found = check(Evidence(path, "q3.zip", len(changed), whole="bundle"), Call(keys.load([KEY])), alone=True)
    if found.verdict == INTACT and not found.defects:
        with zipfile.ZipFile(path) as archive:
            assert {name: archive.read(name) for name in archive.namelist()} == SMALL
    bundle.whole(Input("q3.zip", path, len(changed)))


def test_threads_change_nothing(tmp_path: Path) -> None:
    files = {**bundles.FILES, **{f"raw/{number}-x": bytes([number]) * 5000 for number in range(40)}}
    path = bundles.archive({**bundles.contents(files), "raw/7-x": b"other"}, tmp_path / "q3.zip")
    one, other = judged(path, processes=1), judged(path, processes=8)
    assert one == other
    assert named(one) == [("edited", "raw/7-x")]
