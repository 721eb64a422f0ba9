"""One tree of errors, by whose fault it is.

    SyntheticError
    ├── AuthorError       the author of a scenario, mapping or cells file: has places; exit code 2
    │   └── RefusedByPolicy   our own safety rules forbid it (allow-list, limits); exit code 2
    ├── TargetUnreachable     the cell can't be talked to at all; exit code 3
    └── HarnessError          ours: a missing extra, an impossible state; exit code 3
        ├── JournalUnavailable    a full disk, a lost database: nothing may begin, nothing may be sent
        ├── FencedOff             the lease is over, or somebody else has it: nothing may be sent
        ├── OverBudget            a cap would be passed: nothing may be sent
        └── Killed                the kill switch is on: nothing may begin

What a target answers wrongly during a run is not an exception but the run's outcome, and a broken invariant is a `Finding`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something is written: file, line and column, both counted from 1."""

    file: str = "<memory>"
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Mistake:
    """One mistake in a file: where, what is wrong (and was expected), and what to do about it."""

    place: Place
    message: str
    hint: str = ""

    def __str__(self) -> str:
        where = f"{self.place}: " if self.place.file else ""  # a name on the command line stands in no file
        return f"{where}{self.message}" + (f"; {self.hint}" if self.hint else "")


class SyntheticError(Exception):
    """The root of everything that this package raises on purpose."""

    exit_code = 3


class AuthorError(SyntheticError):
    """Mistakes of an author, all of them at once."""

    exit_code = 2

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        assert mistakes, "an AuthorError names at least one mistake"
        self.mistakes = tuple(sorted(set(mistakes)))
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))

    @classmethod
    def at(cls, place: Place, message: str, hint: str = "") -> AuthorError:
        """One mistake as an error."""
        return cls([Mistake(place, message, hint)])


class RefusedByPolicy(SyntheticError):  # noqa: N818 - a refusal is not an error of the harness
    """Our own safety rules forbid it: a target off the allow-list, a step over its limit."""

    exit_code = 2


class TargetUnreachable(SyntheticError):  # noqa: N818 - the sentence reads "target unreachable"
    """The target can't be talked to: refused connection, unknown host, bad certificate."""


class HarnessError(SyntheticError):
    """Our own fault or our own machine's."""


class JournalUnavailable(HarnessError):  # noqa: N818 - the sentence reads "journal unavailable"
    """What moves money can't be written down (a full disk, a lost database), so that nothing may begin and nothing be sent."""


class FencedOff(HarnessError):  # noqa: N818 - the sentence reads "fenced off"
    """The lease of a run is over, or another worker has taken it, so that the run may send no money any more."""


class OverBudget(HarnessError):  # noqa: N818 - the sentence reads "over budget"
    """A cap would be passed: of a run, of an account's day, of the day, or of what is unsettled."""


class Killed(HarnessError):  # noqa: N818 - the sentence reads "killed"
    """The kill switch is on, so that no run begins."""
