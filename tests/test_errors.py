"""Errors: a code for programs, a message and a hint for people, and the exit code of the contract."""

from __future__ import annotations

import inspect

import pytest

from auditrail import errors
from auditrail.errors import AuditrailError, RecordError

SHOWN = [
    found
    for found in vars(errors).values()
    if inspect.isclass(found) and issubclass(found, AuditrailError) and found is not AuditrailError
]


def test_codes_are_unique_and_spelt_alike() -> None:
    codes = [error.code for error in SHOWN]
    assert len(set(codes)) == len(codes)
    assert all(code == code.lower() and " " not in code and "_" not in code for code in codes)


@pytest.mark.parametrize("error", SHOWN, ids=lambda error: error.__name__)
def test_every_error_has_what_a_person_and_a_program_need(error: type[AuditrailError]) -> None:
    made = error("what", hint="what to do")
    assert (made.message, made.hint, str(made)) == ("what", "what to do", "what")
    # A log that is not the one that was sealed is an answer, with a finding.
    finding = issubclass(error, errors.RewrittenError)
    assert made.exit_code == (2 if issubclass(error, errors.UsageError) else 1 if finding else 3)
    assert error("what").hint == ""
    assert error.__doc__
    with pytest.raises(TypeError):
        error("what", "a hint without its name")  # type: ignore[call-arg]


def test_facts_stay_on_the_error() -> None:
    assert errors.CaseLockedError("x", holder="process 7").holder == "process 7"
    assert errors.AmbiguousRunError("x", candidates=("a", "b")).candidates == ("a", "b")
    found = errors.RunNotFoundError("x", nearest=("a",), searched=("b",))
    assert (found.nearest, found.searched) == (("a",), ("b",))


def test_a_refused_record_is_no_error_of_the_command() -> None:
    error = RecordError("invalid-json", "it stops")
    assert not isinstance(error, AuditrailError)
    assert (error.code, error.reason, str(error)) == ("invalid-json", "it stops", "invalid-json: it stops")
