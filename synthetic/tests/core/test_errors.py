"""One tree of errors by whose fault it is, each with the exit code that the command line promises."""

from __future__ import annotations

import pytest

from synthetic.core.errors import (
    AuthorError,
    HarnessError,
    Mistake,
    Place,
    RefusedByPolicy,
    SyntheticError,
    TargetUnreachable,
)


@pytest.mark.parametrize(
    ("error", "exit_code"),
    [
        (AuthorError.at(Place(), "wrong"), 2),
        (RefusedByPolicy("off the allow-list"), 2),
        (TargetUnreachable("connection refused"), 3),
        (HarnessError("disk full"), 3),
    ],
)
def test_each_error_is_in_the_tree_and_has_its_exit_code(error: SyntheticError, exit_code: int) -> None:
    """2: mend what you wrote; 3: it could not be run. No caller needs a list of error classes."""
    assert isinstance(error, SyntheticError)
    assert error.exit_code == exit_code


def test_mistakes_are_told_all_at_once_in_the_order_of_the_file_and_once_each() -> None:
    """Line 9 comes before line 10, and two checks that find the same mistake tell it once."""
    late, early, first = (
        Mistake(Place("b.yaml", 10, 1), "late"),
        Mistake(Place("b.yaml", 9, 30), "early", "write it so"),
        Mistake(Place("a.yaml", 50, 1), "another file"),
    )
    error = AuthorError([late, early, first, late])
    assert error.mistakes == (first, early, late)
    assert str(error).splitlines() == [
        "a.yaml:50:1: another file",
        "b.yaml:9:30: early; write it so",
        "b.yaml:10:1: late",
    ]


def test_a_mistake_without_a_file_is_told_without_a_place() -> None:
    """A name on the command line stands in no file."""
    assert str(Mistake(Place(""), "no scenario 'x'", "did you mean 'y'?")) == "no scenario 'x'; did you mean 'y'?"


def test_an_error_without_a_mistake_can_not_be_made() -> None:
    """An AuthorError that names nothing to mend is our own bug."""
    with pytest.raises(AssertionError):
        AuthorError([])
