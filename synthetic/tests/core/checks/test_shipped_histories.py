"""The histories in `fixtures/histories/`: each law says of each of them what is written there."""

from __future__ import annotations

import pytest

from synthetic.config.histories import HistoryCase
from synthetic.core.checks import CHECKS
from synthetic.core.checks.shortest import show
from synthetic.tests.core.checks.shipped import shipped_cases

INVARIANTS = frozenset(range(1, 52))


@pytest.mark.parametrize("case", shipped_cases(), ids=lambda case: f"{case.invariant} {case.check}: {case.title}")
def test_a_law_says_of_a_history_what_is_written_there(case: HistoryCase) -> None:
    """Broken, with blame and words; held; or not enough evidence. A finding has its evidence."""
    check = CHECKS[case.check]
    findings = check.judge(case.history)
    if case.found is None:
        assert findings is None
        return
    assert findings is not None
    assert len(findings) == len(case.found), findings
    for finding, told in zip(findings, case.found, strict=True):
        assert told in finding.message
        assert finding.blame is case.blame
        assert show(check, case.history, finding).evidence


def test_each_of_the_51_invariants_has_a_bad_history_and_a_check_with_its_number() -> None:
    """A law that nothing breaks proves nothing; and the check that finds it has the number of the law that is broken."""
    broken = {case.invariant for case in shipped_cases() if case.found}
    assert broken - {0} == INVARIANTS
    assert all(set(CHECKS[case.check].invariants) == {case.invariant} - {0} for case in shipped_cases())


def test_every_law_is_told_apart_from_what_it_can_not_judge() -> None:
    """Each check of an invariant has a history that holds, one that breaks it, and one of which it can't say."""
    kinds: dict[str, set[str]] = {name: set() for name, check in CHECKS.items() if check.invariants}
    for case in shipped_cases():
        kinds.setdefault(case.check, set()).add(
            "undecided" if case.found is None else "broken" if case.found else "holds"
        )
    assert {name: found for name, found in kinds.items() if len(found) < 3} == {}
