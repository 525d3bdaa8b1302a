"""The dated file of frameworks."""

from __future__ import annotations

import re

import pytest

from auditrail.errors import UsageError
from auditrail.gaps import frameworks
from auditrail.gaps.rule import rules
from auditrail.report import retention


def test_the_file_is_dated_and_whole() -> None:
    assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", frameworks.as_of())
    names = [each.name for each in frameworks.frameworks()]
    assert len(set(names)) == len(names) == 13
    known = {*retention.FIELDS, "policy", "principal"}
    for each in frameworks.frameworks():
        assert each.clauses
        for clause in each.clauses:
            assert clause.note
            assert clause.months is None or clause.months > 0
            assert set(clause.fields) <= known


def test_no_name_means_two_frameworks() -> None:
    words = [word for each in frameworks.frameworks() for word in {each.name, *each.aliases}]
    plain = ["".join(letter for letter in word.lower() if letter.isalnum()) for word in words]
    for each in frameworks.frameworks():
        assert frameworks.select([each.name]) == (each,)
        assert frameworks.select([each.title.upper()]) == (each,)
    owners = {word: each.name for each in frameworks.frameworks() for word in (each.name, *each.aliases)}
    assert len(set(plain)) >= len(owners) - len(frameworks.frameworks())


def test_names_are_forgiving_and_unknown_ones_are_told() -> None:
    assert [each.name for each in frameworks.select(["PCI DSS", "pci", "EU_AI_Act"])] == ["eu-ai-act", "pci-dss"]
    with pytest.raises(UsageError) as caught:
        frameworks.select(["fedramp"])
    assert "nist-800-53" in caught.value.hint


def test_nobody_is_called_compliant() -> None:
    words = " ".join(clause.note for each in frameworks.frameworks() for clause in each.clauses).lower()
    assert "compliant" not in words
    assert "compliant" not in " ".join(rule.explains + rule.says for rule in rules().values()).lower()
