"""`auditrail diff`, end to end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.test_cli import ANY_RESULT, EVIDENCE, refused, run


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("diff") / "auditrail.duckdb"
    assert run("ingest", "--case", path, EVIDENCE).returncode == 0
    return path


def test_runs_that_differ_leave_with_1_and_say_where_they_part(loaded: Path) -> None:
    done = run("diff", "run-7f3a91", "run-e6b913", "--case", loaded)
    assert done.returncode == 1, done.stderr
    assert done.stderr == ""
    assert "decision DENY issue_refund" in done.stdout
    assert "The first step that only one of them took is" in done.stdout


def test_a_run_beside_itself_leaves_with_0_by_whatever_id_it_is_asked_for(loaded: Path) -> None:
    done = run("diff", "run-7f3a", "bb70f1edbd02983ba953edfa49e9dcf7", "--case", loaded, "-f", "json")
    assert done.returncode == 0, done.stderr
    document = json.loads(done.stdout)
    assert document["alike"] is True
    assert document["a"]["id"] == document["b"]["id"] == "run-7f3a91"


@pytest.mark.parametrize("name", ANY_RESULT)
def test_every_format_gives_the_same_bytes_twice(loaded: Path, name: str) -> None:
    one, two = (
        run("diff", "run-7f3a91", "run-2b84d0", "--case", loaded, "-f", name, PYTHONHASHSEED=seed) for seed in "12"
    )
    assert one.returncode == two.returncode == 1
    assert one.stdout == two.stdout
    assert one.stdout


def test_a_format_for_runs_alone_is_refused_and_so_is_a_run_that_is_not_there(loaded: Path) -> None:
    assert "nothing-like-it" in refused(run("diff", "run-7f3a91", "nothing-like-it", "--case", loaded), 3)
    refused(run("diff", "run-7f3a91", "--case", loaded), 2)
