"""The 51 invariants: what breaks each of them, and whether its check says so, with its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from synthetic.config.histories import HistoryCase, load_histories
from synthetic.config.shipped import shipped_root
from synthetic.core.checks import CHECKS
from synthetic.reference.catalogue import Fault
from synthetic.reference.defects import DEFECTS
from synthetic.reference.faults import FAULTS

INVARIANTS = range(1, 52)


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing that breaks an invariant: a history by hand, or a bug that is planted in the running platform."""

    invariant: int
    check: str
    what: str
    caught: bool
    planted: bool = False


@dataclass(frozen=True, slots=True)
class Law:
    """One invariant, and all that breaks it."""

    invariant: int
    broken: tuple[Broken, ...]

    @property
    def is_caught(self) -> bool:
        """Whether there is anything that breaks it, and all of it is caught."""
        return bool(self.broken) and all(one.caught for one in self.broken)


def laws(broken: Sequence[Broken]) -> list[Law]:
    """All 51, with what breaks them."""
    return [Law(number, tuple(one for one in broken if one.invariant == number)) for number in INVARIANTS]


def shipped_cases() -> list[HistoryCase]:
    """The histories in `fixtures/histories/`."""
    files = sorted((shipped_root() / "fixtures" / "histories").glob("*.yaml"))
    return [case for file in files for case in load_histories(file, known_checks=frozenset(CHECKS))]


def judged_by_hand(cases: Sequence[HistoryCase]) -> list[Broken]:
    """Every bad history, judged: caught where the check of that number finds what is written there, and blames whom it says."""
    return [Broken(case.invariant, case.check, case.title, _is_caught(case)) for case in cases if case.found]


def false_alarms(cases: Sequence[HistoryCase]) -> list[str]:
    """The good histories, and those that can't be judged, of which the check says anything else."""
    return [f"{case.check}: {case.title}" for case in cases if not case.found and _told(case) != case.found]


def _told(case: HistoryCase) -> tuple[str, ...] | None:
    findings = CHECKS[case.check].judge(case.history)
    return None if findings is None else tuple(finding.message for finding in findings)


def planted_for(invariant: int) -> list[Fault]:
    """The bugs of the reference platform that a check of this invariant has to catch."""
    every = (*DEFECTS.values(), *FAULTS.values())
    return [one for one in every if one.caught_by in CHECKS and invariant in CHECKS[one.caught_by].invariants]


def _is_caught(case: HistoryCase) -> bool:
    check = CHECKS[case.check]
    findings, told = check.judge(case.history) or (), case.found or ()
    said = len(findings) == len(told) and all(
        words in finding.message and finding.blame is case.blame for finding, words in zip(findings, told, strict=True)
    )
    return said and case.invariant in check.invariants
