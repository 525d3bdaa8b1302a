"""`auditrail report`: what it writes, where, and what it refuses. In process: a start costs more than the rest."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from auditrail.cli import _main, report
from auditrail.report import lookup, run_pages
from auditrail.report.overview import overview
from tests.gaps._case import loaded as held
from tests.outputs import _report_samples as samples
from tests.outputs.test_html import Elements
from tests.report.test_gaps import lines


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A case of six small runs, of which two have no end."""
    folder = tmp_path_factory.mktemp("report")
    path = folder / "auditrail.duckdb"
    assert _main.run(["ingest", "--case", str(path), str(lines(folder / "logs")), "--quiet"]) == 0
    return path


def made(case: Path, *words: str | Path) -> int:
    return _main.run(["report", "--case", str(case), "--quiet", *map(str, words)])


def test_a_folder_holds_the_page_and_the_runs_it_leads_to(case: Path, tmp_path: Path) -> None:
    folder = tmp_path / "q3"
    assert made(case, "--quarter", "-o", folder) == 0
    links = {a["href"] for tag, a in Elements((folder / "index.html").read_text()).found if tag == "a" and "href" in a}
    pages = {link for link in links if link and link.startswith("runs/")}
    assert pages == {f"runs/{path.name}" for path in (folder / "runs").iterdir()}
    assert len(pages) == 6
    assert "run-2" in (folder / "runs" / "000003.html").read_text()
    assert sorted(path.name for path in folder.iterdir()) == ["index.html", "runs"]


def test_pages_are_bounded_and_old_ones_go(case: Path, tmp_path: Path) -> None:
    folder = tmp_path / "q3"
    (folder / "runs").mkdir(parents=True)
    for name in ("000001.html", "notes.html"):
        (folder / "runs" / name).write_text("of an earlier report, and not of this program")
    assert made(case, "-o", folder, "--pages", "3") == 2  # it is not empty
    assert made(case, "-o", folder, "--pages", "3", "--force") == 0
    assert {path.name for path in (folder / "runs").iterdir()} == {
        "000003.html", "000005.html", "000006.html", "notes.html",
    }  # fmt: skip
    assert "3 have none" in (folder / "index.html").read_text()


def test_one_file_tells_a_small_case_whole(case: Path, tmp_path: Path) -> None:
    whole, bare, again = (tmp_path / f"{name}.html" for name in ("whole", "bare", "again"))
    assert made(case, "-o", whole) == made(case, "-o", bare, "--pages", "none") == made(case, "-o", again) == 0
    assert len(re.findall(r'<section id="run-\d+"', whole.read_text())) == 6
    assert '<section id="run-' not in bare.read_text()
    assert again.read_bytes() == whole.read_bytes()
    assert len(list(tmp_path.iterdir())) == 3


def test_json_and_charts(case: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert made(case, "--format", "json", "--agent", "refunds", "--charts", tmp_path / "charts") == 0
    document = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["scope"]["agent"], len(document["runs"])) == (
        "auditrail.report/1",
        "refunds",
        6,
    )
    drawn = sorted(path.name for path in (tmp_path / "charts").iterdir())
    assert [f"{Path(name).stem}.png" for name in drawn[1::2]] == drawn[::2]
    assert made(case, "--charts", tmp_path / "charts") == 2  # they are there
    assert made(case, "-o", tmp_path / "r.json", "--run", "run-2") == 0
    assert json.loads((tmp_path / "r.json").read_text())["scope"]["runs"] == ["run-2"]


def test_a_period_without_anything_is_not_decided(case: Path, tmp_path: Path) -> None:
    assert made(case, "--quarter", "2020Q1", "-o", tmp_path / "r.html") == 4
    assert "No run began in this period" in (tmp_path / "r.html").read_text()


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--format", "csv", "-o", "r.csv"],
        ["-o", "r.html", "--pages", "some"],
        ["-o", "r.html", "--quarter", "2026Q3", "--since", "7d"],
        ["-o", "there.html"],
        ["-o", "file"],
        ["-o", "r.html", "--require", "no-such-law"],
    ],
)
def test_wrong_usage_is_refused_and_writes_nothing(
    words: list[str], case: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("there.html", "file"):
        Path(name).write_text("mine")
    assert made(case, *words) == 2
    assert capsys.readouterr().err.startswith("auditrail: error: ")
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"there.html": "mine", "file": "mine"}


def test_what_is_made_is_told_by_the_name() -> None:
    for name, kind in (
        ("r.html", "html"),
        ("r.HTM", "html"),
        ("r.json", "json"),
        ("q3", "folder"),
        ("q3.v1", "folder"),
    ):
        assert report._kind(None, Path(name), None) == kind
    assert report._kind("json", Path("r.txt"), None) == "json"
    assert report._kind(None, None, Path("charts")) == "charts"


def test_the_worst_and_the_latest_runs_get_a_page() -> None:
    made = samples.quarter(40)
    chosen = run_pages.chosen(made, 12)
    assert len(chosen) == 12
    assert [run.severity for run in chosen].count("critical") == 8  # all fragments of the forty
    assert {run.run for run in chosen} >= {37, 38, 39}
    assert list(chosen) == sorted(chosen, key=lambda run: run.run)
    assert run_pages.chosen(made, 0) == ()
    assert run_pages.chosen(made, None) == run_pages.chosen(made, 99) == made.runs


def test_a_run_whose_id_leads_elsewhere_gets_no_page(tmp_path: Path) -> None:
    with held(lines(tmp_path / "logs", 2)) as connection:
        runs = overview(connection).runs
        other = runs[0]._replace(id=runs[1].id)
        assert lookup.find(connection, other.id).run == runs[1].run
        told = list(run_pages.told(connection, (other, runs[1], runs[0]._replace(id="nowhere"))))
    assert [run.id for run, _ in told] == [runs[1].id]
