"""A folder is the registry: what lies in it is found, and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from auditrail import discover


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    folder = tmp_path / "made_registry"
    folder.mkdir()
    for name, text in {
        "__init__.py": "", "_private.py": "raise RuntimeError", "zeta.py": "NAME = 'zeta'",
        "two_words.py": "NAME = 'two-words'",
        "notes.txt": "", "broken.py": "raise RuntimeError('imported')",
    }.items():  # fmt: skip
        (folder / name).write_text(text)
    monkeypatch.syspath_prepend(tmp_path)
    yield "made_registry"
    for name in [name for name in sys.modules if name.startswith("made_registry")]:
        del sys.modules[name]
    discover.names.cache_clear()
    discover.modules.cache_clear()


def test_names_are_sorted_and_nothing_is_imported(package: str) -> None:
    assert discover.names(package) == ("broken", "two_words", "zeta")
    assert "made_registry.zeta" not in sys.modules


def test_one_module_is_imported_without_the_others(package: str) -> None:
    found = discover.module(package, "two-words")
    assert found is not None
    assert found.NAME == "two-words"
    assert "made_registry.zeta" not in sys.modules


@pytest.mark.parametrize("name", ["nothing", "_private", "", "-", "..os", "__init__", "zeta.NAME", "notes"])
def test_what_is_no_module_of_the_registry(package: str, name: str) -> None:
    assert discover.module(package, name) is None


def test_all_modules_by_name(package: str, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="imported"):
        discover.modules(package)
    (tmp_path / package / "broken.py").unlink()
    discover.names.cache_clear()
    assert sorted(discover.modules(package)) == ["two-words", "zeta"]


def test_the_registries_of_this_project_are_found() -> None:
    assert {"jsonl", "otlp", "opa"} <= set(discover.modules("auditrail.readers"))
    assert {"text", "json"} <= set(discover.modules("auditrail.outputs"))
