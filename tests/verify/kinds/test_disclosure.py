import json
from pathlib import Path
from typing import Any

import pytest

from auditrail.redact import commit
from auditrail.redact.commit import Committer, Disclosure, Place
from auditrail.verify import engine, keys
from auditrail.verify.evidence import Call
from auditrail.verify.types import BROKEN, INTACT, UNANCHORED, UNVERIFIABLE, Result
from tests.bundle import _bundles as bundles

COMMITTER = Committer(bytes(range(32)))
PLACE = Place("events", "17", "args", "/to")
VALUE = b"Alice Miller"
TOKEN = COMMITTER.withheld("contents", PLACE.info(), VALUE)
FILES = {**bundles.FILES, "records/events.csv": f'event,args\n16,x\n17,"{{""to"":""{TOKEN}""}}"\n'.encode()}
KEY = "text:" + bundles.SIGNER.verifier.render()


def opened(**changed: Any) -> dict[str, Any]:
    made = Disclosure(PLACE, "contents", COMMITTER.salt(PLACE.info()), VALUE, TOKEN, joined=False)
    return {**made.document(), "column": "args", **changed}


def judged(folder: Path, document: Any, *known: str, bundle: bool = True, files: dict[str, bytes] = FILES) -> Result:
    record = folder / "opened.json"
    record.write_text(json.dumps(document, indent=2))
    paths = [bundles.archive(bundles.contents(files), folder / "q3.zip")] if bundle else []
    report = engine.run([*paths, record], Call(keys.load(list(known))))
    return next(result for result in report.results if result.kind == "disclosure")


def test_the_value_is_as_sure_as_the_bundle(tmp_path: Path) -> None:
    result = judged(tmp_path, [opened()])
    assert (result.verdict, result.records, result.checked) == (UNANCHORED, 1, 1)
    assert result.notes == ("proven: args/to of event 17, withheld by rule contents",)
    signed = judged(tmp_path, opened(), KEY)
    assert (signed.verdict, signed.anchor) == (
        INTACT,
        "the bundle: manifest.note, signed by example.com/bundles",
    )


@pytest.mark.parametrize(
    "changed",
    [
        {"value": "Alice Milner"},
        {"salt": "00" * 32},
        {"event": "16"},
        {"event": "18"},
        {"token": TOKEN[:-1] + ("0" if TOKEN[-1] != "0" else "1")},
        {"column": "result"},
    ],
)
def test_what_does_not_fit_is_refuted(changed: dict[str, Any], tmp_path: Path) -> None:
    result = judged(tmp_path, [opened(), opened(**changed)])
    assert (result.verdict, result.checked) == (BROKEN, 0)
    assert [defect.record for defect in result.defects] == [2]


def test_a_bundle_that_does_not_hold_proves_nothing(tmp_path: Path) -> None:
    made = {**bundles.contents(FILES), "README.txt": b"other"}
    record = tmp_path / "opened.json"
    record.write_text(json.dumps(opened()))
    folder = bundles.folder(made, tmp_path / "q3")
    found = {one.kind: one for one in engine.run([record, folder], Call(keys.load([]))).results}
    assert found["bundle"].verdict == BROKEN
    assert found["disclosure"].verdict == UNVERIFIABLE
    assert any("is BROKEN" in said for said in found["disclosure"].not_checked)


def test_a_disclosure_alone_is_not_decided(tmp_path: Path) -> None:
    result = judged(tmp_path, opened(), bundle=False)
    assert result.verdict == UNVERIFIABLE
    assert "give the bundle" in result.not_checked[0]


@pytest.mark.parametrize("document", [{**opened(), "salt": 5}, {"schema": "auditrail.disclosure/1"}])
def test_a_damaged_disclosure_is_told(document: Any, tmp_path: Path) -> None:
    assert judged(tmp_path, document).verdict == BROKEN


def test_cut_off_it_is_no_disclosure(tmp_path: Path) -> None:
    (tmp_path / "opened.json").write_text(json.dumps([opened()])[:-5])
    (result,) = engine.run([tmp_path / "opened.json"], Call(keys.load([]))).results
    assert (result.kind, result.verdict) == ("disclosure", UNVERIFIABLE)


def test_salts_of_a_family_are_told(tmp_path: Path) -> None:
    token = COMMITTER.pseudonym("people", VALUE)
    files = {**FILES, "records/events.csv": f"event,principal\n17,{token}\n".encode()}
    place = Place("events", "17", "principal")
    salt = COMMITTER.salt(commit.family_info("people"))
    made = Disclosure(place, "people", salt, VALUE, token, joined=True).document()
    result = judged(tmp_path, {**made, "column": "principal"}, files=files)
    assert result.verdict == UNANCHORED
    assert any("opens every value" in said for said in result.not_checked)
