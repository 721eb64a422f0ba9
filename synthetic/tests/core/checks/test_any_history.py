"""A check is a judge of whatever it is shown: it never raises, and its evidence is the shortest there is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetic.config.histories import HistoryCase
from synthetic.core.checks import CHECKS, Finding
from synthetic.core.checks.shortest import LINES_MAX, shortest, show
from synthetic.core.history import Bet, DoubleEntry, History, Ledger, LedgerEntry, OpenItems
from synthetic.core.history.telling import lines_of
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.tests.core.checks.arbitrary import arbitrary_history, twisted_history
from synthetic.tests.core.checks.shipped import shipped_cases

BAD = [case for case in shipped_cases() if case.found]


def test_no_check_raises_whatever_the_history() -> None:
    """Facts of all kinds in any order, amounts at their limits, foreign currencies: an answer, never an exception.

    Every check finds something in some of them, so that the claim is not an empty one.
    """
    shipped = [case.history for case in shipped_cases()]
    found: set[str] = set()
    for seed in range(3_000):
        for history in (arbitrary_history(seed), twisted_history(seed, shipped)):
            assert all(line.strip() for line in lines_of(history))
            found |= {check.name for check in CHECKS.values() if check.judge(history)}
    assert {name for name, check in CHECKS.items() if check.invariants} - found == set()


@settings(deadline=None)  # what else the machine does is no property of a check
@given(st.integers(0, 2**32))
def test_the_shortest_piece_of_an_arbitrary_history_is_broken_in_the_same_way(seed: int) -> None:
    """The same words and the same blame; and without any one fact of it they are gone."""
    history = twisted_history(seed, [case.history for case in shipped_cases()])
    for check in CHECKS.values():
        for finding in (check.judge(history) or ())[:1]:
            short = shortest(check, history, finding)
            assert same(check.judge(short), finding)
            assert not any(same(check.judge(smaller), finding) for smaller in with_one_less(short))


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_a_history_without_facts_is_never_judged(name: str) -> None:
    """Whatever the run asked for: without evidence nothing holds and nothing is broken."""
    assert {CHECKS[name].judge(replace(case.history, facts=())) for case in shipped_cases()} == {None}


@pytest.mark.parametrize("case", BAD, ids=lambda case: f"{case.check}: {case.title}")
def test_the_shortest_piece_still_breaks_the_law_and_nothing_of_it_can_be_spared(case: HistoryCase) -> None:
    """Among twice as many facts that have nothing to do with it: what is left is broken, and without any one part it is not."""
    check = CHECKS[case.check]
    finding = (check.judge(case.history) or ())[0]
    short = shortest(check, case.history, finding)
    assert same(check.judge(short), finding)
    for smaller in with_one_less(short):
        assert not same(check.judge(smaller), finding), lines_of(smaller)


def test_the_evidence_is_bounded_however_long_the_statement_is() -> None:
    """A balance that is not the sum of 5 000 postings: some lines, a word about the rest, and few judgings."""
    entries = tuple(LedgerEntry(f"e{n}", "win", f"b{n}", "cash", Money(n + 1, "EUR")) for n in range(5_000))
    below = (*entries[:-1], replace(entries[-1], amount=Money(-(2**50), "EUR")))
    history = History((Ledger("before", StepOutcome.DONE, ()), Ledger("after", StepOutcome.DONE, below)), "EUR")
    check = CHECKS["cash-never-negative"]
    (finding,) = check.judge(history) or ()
    shown = show(check, history, finding)
    assert len(shown.evidence) <= LINES_MAX
    assert shown.message == finding.message


def test_what_was_there_all_the_time_goes_together_where_it_is_much() -> None:
    """A posting that counts twice among thousands of old ones: found in a few tries, and shown without the old ones."""
    old = tuple(LedgerEntry(f"e{n}", "deposit", f"d{n}", "cash", Money(500, "EUR")) for n in range(3_000))
    strays = tuple(LedgerEntry(f"x{n}", "bet", "b9", "cash", Money(-20, "EUR")) for n in range(2))
    bet = Bet("bet", StepOutcome.DONE, "b9", Money(20, "EUR"))
    statements = Ledger("before", StepOutcome.DONE, old), bet, Ledger("after", StepOutcome.DONE, (*old, *strays))
    check = CHECKS["one-debit-per-bet"]
    (finding,) = check.judge(History(statements, "EUR")) or ()
    shown = show(check, History(statements, "EUR"), finding)
    assert [line.strip() for line in shown.evidence if "ledger x" in line or "ledger e" in line] == [
        "ledger x0: bet -0.20 EUR for b9",
        "ledger x1: bet -0.20 EUR for b9",
    ]


def test_a_line_is_taken_out_of_every_statement_at_once() -> None:
    """Nothing looks newly posted in the evidence that was there before the run."""
    old = LedgerEntry("e1", "deposit", "d0", "cash", Money(500, "EUR"))
    stray = LedgerEntry("e2", "bet", "b9", "cash", Money(-20, "EUR"))
    history = History(
        (Ledger("before", StepOutcome.DONE, (old,)), Ledger("after", StepOutcome.DONE, (old, stray))), "EUR"
    )
    check = CHECKS["one-debit-per-bet"]
    (finding,) = check.judge(history) or ()
    assert [fact.entries for fact in shortest(check, history, finding).of(Ledger)] == [(), (stray,)]


def same(findings: tuple[Finding, ...] | None, wanted: Finding) -> bool:
    """Whether the finding is among them."""
    return (wanted.message, wanted.blame) in {(finding.message, finding.blame) for finding in findings or ()}


def with_one_less(history: History) -> Iterator[History]:
    """Every history that lacks one fact of this one."""
    for index in range(len(history.facts)):
        yield replace(history, facts=history.facts[:index] + history.facts[index + 1 :])


def test_no_law_holds_over_statements_that_tell_of_nothing() -> None:
    """Empty statements show that a run cost nothing and left nothing open; of payments, bets and balances they tell nothing."""
    told = (
        Ledger("a", StepOutcome.DONE, ()),
        DoubleEntry("b", StepOutcome.DONE, ()),
        OpenItems("c", StepOutcome.DONE, ()),
    )
    empty = History((*told, *told), "EUR", run_id="run-1")
    judged = {name for name, check in CHECKS.items() if check.judge(empty) is not None}
    assert judged == {"run-costs-what-it-should", "nothing-left-open"}
