import ast
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from auditrail.bundle import check_script
from auditrail.bundle import format as form
from tests.bundle import _bundles as bundles

MADE = bundles.contents()


def run(path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[bool, str]:
    """Whether the script is content, and what it says: run here, as `python3 -I` does in a process of its own."""
    with monkeypatch.context() as patched:
        patched.setattr(sys, "argv", [check_script.NAME, str(path)])
        patched.chdir(path.parent)
        with pytest.raises(SystemExit) as left:
            exec(compile(check_script.SCRIPT, check_script.NAME, "exec"), {"__name__": "__main__"})  # noqa: S102
    return left.value.code is None, capsys.readouterr().out if left.value.code is None else str(left.value.code)


@pytest.fixture(params=["folder", "archive"])
def checked(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> Callable[..., tuple[bool, str]]:
    pack = {"folder": bundles.folder, "archive": bundles.archive}[request.param]
    return lambda made=MADE: run(pack(made, tmp_path / "q3"), capsys, monkeypatch)


def test_it_is_short_and_uses_the_standard_library_alone() -> None:
    lines = check_script.SCRIPT.splitlines()
    assert len(lines) <= 12
    assert max(map(len, lines)) <= 120
    tree = ast.parse(check_script.SCRIPT, feature_version=(3, 9))
    names = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    names |= {str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert names <= set(sys.stdlib_module_names)


@pytest.mark.parametrize("pack", [bundles.folder, bundles.archive])
def test_it_runs_by_itself(pack: Callable[..., Path], tmp_path: Path) -> None:
    script = tmp_path / check_script.NAME
    script.write_text(check_script.SCRIPT, "utf-8")
    path = pack(MADE, tmp_path / "q3")
    done = subprocess.run(
        [sys.executable, "-I", "-W", "ignore", script, path], capture_output=True, text=True, cwd=tmp_path
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert bundles.entry("", MADE[form.MANIFEST]).sha256 in done.stdout


@pytest.mark.filterwarnings("ignore::ResourceWarning")
class TestResults:
    def test_good(self, checked: Callable[..., tuple[bool, str]]) -> None:
        assert checked()[0]

    def test_good_without_a_signature(self, checked: Callable[..., tuple[bool, str]]) -> None:
        assert checked(bundles.contents(signer=None))[0]

    @pytest.mark.parametrize("name", sorted(set(MADE) - {form.MANIFEST, form.NOTE}))
    def test_changed(self, name: str, checked: Callable[..., tuple[bool, str]]) -> None:
        good, said = checked({**MADE, name: MADE[name][:-1] + b"?"})
        assert not good
        assert said.startswith(f"{name!a}: ")
        assert "\n" not in said

    def test_a_changed_manifest(self, checked: Callable[..., tuple[bool, str]]) -> None:
        good, said = checked({**MADE, form.MANIFEST: MADE[form.MANIFEST].replace(b"agent.jsonl", b"other.jsonl")})
        assert not good
        assert said.startswith("'SHA256SUMS': ")

    @pytest.mark.parametrize("name", sorted(set(MADE) - {form.MANIFEST, form.NOTE}))
    def test_removed(self, name: str, checked: Callable[..., tuple[bool, str]]) -> None:
        good, said = checked({path: data for path, data in MADE.items() if path != name})
        assert not good
        assert said.startswith(f"{name!a}: missing, not ")

    def test_added(self, checked: Callable[..., tuple[bool, str]]) -> None:
        good, said = checked({**MADE, "records/more\u202e.csv": b"x"})
        assert not good
        assert said.startswith("'records/more\\u202e.csv': ")
        assert said.endswith(", not listed")

    def test_another_root(self, checked: Callable[..., tuple[bool, str]]) -> None:
        made = form.read_manifest(MADE[form.MANIFEST]).document
        raw = form.manifest_bytes({**made, "merkle": {**made["merkle"], "root": "00" * 32}})
        sums = form.sums_text(form.read_manifest(MADE[form.MANIFEST]).files, bundles.entry("", raw).sha256)
        assert checked({**MADE, form.MANIFEST: raw, form.SUMS: sums.encode()}) == (False, "Merkle root")


@pytest.mark.filterwarnings("ignore::ResourceWarning")
def test_a_name_that_stands_twice(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bundles.archive(MADE, tmp_path / "q3.zip")
    with pytest.warns(UserWarning, match="Duplicate"), zipfile.ZipFile(path, "a") as out:
        out.writestr(zipfile.ZipInfo("README.txt"), b"another text")
    good, said = run(path, capsys, monkeypatch)
    assert not good
    assert said.startswith("'README.txt': twice, not ")
