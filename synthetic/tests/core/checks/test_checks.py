"""Every named check: no finding on a clean history, one on a broken one, none of either without evidence."""

from __future__ import annotations

import re
from dataclasses import dataclass

import pytest

from synthetic.core.checks import CHECKS
from synthetic.core.checks.shortest import show
from synthetic.core.history import History
from synthetic.core.outcome import Blame
from synthetic.tests.core.checks.histories import (
    REFUSED,
    UNKNOWN,
    acknowledged,
    bet,
    deposit,
    ended,
    history,
    ledger,
    ours,
    posted_under,
    psp_report,
    rolled_back,
    shown,
    tampered,
    withdrawal,
)
from synthetic.tests.core.checks.shipped import shipped_cases


@dataclass(frozen=True)
class Case:
    """One history and what a check has to say of it: `found` None for "can't say", else what each message tells."""

    check: str
    title: str
    history: History
    found: tuple[str, ...] | None = ()
    evidence: tuple[str, ...] = ()
    blame: Blame = Blame.PLATFORM

    def __str__(self) -> str:
        return f"{self.check}: {self.title}"


CASES = (
    # --- one-credit-per-deposit
    Case("one-credit-per-deposit", "credited once", history(ledger(("deposit", "d1", 100)), deposit("d1", 100))),
    Case("one-credit-per-deposit", "declined, not credited", history(ledger(), deposit("d1", 100, "declined", REFUSED))),
    Case("one-credit-per-deposit", "pending: not at its end", history(ledger(), deposit("d1", 100, "pending")), None),
    Case(
        "one-credit-per-deposit",
        "pending and credited: the end is not known yet",
        history(ledger(("deposit", "d1", 100)), deposit("d1", 100, "pending")),
    ),
    Case("one-credit-per-deposit", "seen twice, credited once",
        history(ledger(("deposit", "d1", 100)), deposit("d1", 100, "pending"), deposit("d1", 100), deposit("d1", 100)),
    ),
    Case("one-credit-per-deposit", "refunded after its credit",
        history(ledger(("deposit", "d1", 100), ("refund", "d1", -100)), deposit("d1", 100, "refunded"))),
    Case("one-credit-per-deposit", "called back while pending", history(ledger(), deposit("d1", 100, "refunded"))),
    Case("one-credit-per-deposit", "a bonus beside the credit",
        history(ledger(("deposit", "d1", 100), ("deposit", "d1", 50, "bonus")), deposit("d1", 100))),
    Case("one-credit-per-deposit", "credited twice",
        history(ledger(("deposit", "d1", 100), ("deposit", "d1", 100)), deposit("d1", 100)),
        ("deposit d1 (succeeded) has 2 credits (1.00 EUR, 1.00 EUR), expected one credit of 1.00 EUR",),
        ("ledger e1: deposit 1.00 EUR for d1", "ledger e2: deposit 1.00 EUR for d1")),
    Case("one-credit-per-deposit", "never credited", history(ledger(), deposit("d1", 100)),
        ("has 0 credits (none), expected one credit of 1.00 EUR",)),
    Case("one-credit-per-deposit", "another amount", history(ledger(("deposit", "d1", 10)), deposit("d1", 100)),
        ("has 1 credits (0.10 EUR)",), ("ledger e1: deposit 0.10 EUR for d1",)),
    Case("one-credit-per-deposit", "another currency", history(ledger(("deposit", "d1", 100, "USD")), deposit("d1", 100)),
        ("has 1 credits (1.00 USD)",), ("ledger e1: deposit 1.00 USD for d1",)),
    Case("one-credit-per-deposit", "a split credit",
        history(ledger(("deposit", "d1", 50), ("deposit", "d1", 50)), deposit("d1", 100)), ("has 2 credits",),
        ("ledger e1: deposit 0.50 EUR for d1", "ledger e2: deposit 0.50 EUR for d1")),
    Case("one-credit-per-deposit", "declined and credited",
        history(ledger(("deposit", "d1", 100)), deposit("d1", 100, "declined", REFUSED)),
        ("(declined) has 1 credits (1.00 EUR), expected no credit",), ("ledger e1: deposit 1.00 EUR for d1",)),
    Case("one-credit-per-deposit", "refunded and credited twice",
        history(ledger(("deposit", "d1", 100), ("deposit", "d1", 100)), deposit("d1", 100, "refunded")),
        ("(refunded) has 2 credits",),
        ("ledger e1: deposit 1.00 EUR for d1", "ledger e2: deposit 1.00 EUR for d1")),
    Case("one-credit-per-deposit", "one of two is wrong, and the other's lines are left out",
        history(ledger(("deposit", "d1", 100), ("deposit", "d2", 7)), deposit("d1", 100), deposit("d2", 70)),
        ("deposit d2 ",), ("ledger e2: deposit 0.07 EUR for d2",)),
    Case("one-credit-per-deposit", "no statements", history(deposit("d1", 100)), None),
    # --- one-debit-per-bet
    Case("one-debit-per-bet", "debited once", history(ledger(("bet", "b1", -20)), bet("b1", 20))),
    Case("one-debit-per-bet", "refused, not debited", history(ledger(), bet("b1", 20, REFUSED))),
    Case("one-debit-per-bet", "sent twice under one id, debited once",
        history(ledger(("bet", "b1", -20)), bet("b1", 20), bet("b1", 20))),
    Case("one-debit-per-bet", "no bets, no debits", history(ledger(("deposit", "d1", 100))), None),
    Case("one-debit-per-bet", "an answer was lost, and the bet stands",
        history(ledger(("bet", "b1", -20)), unknown_stakes=(20,))),
    Case("one-debit-per-bet", "an answer was lost, and the bet does not stand", history(ledger(), unknown_stakes=(20,))),
    Case("one-debit-per-bet", "debited twice", history(ledger(("bet", "b1", -20), ("bet", "b1", -20)), bet("b1", 20)),
        ("bet b1 of 0.20 EUR was acknowledged once and debited 2 times",),
        ("ledger e1: bet -0.20 EUR for b1", "ledger e2: bet -0.20 EUR for b1")),
    Case("one-debit-per-bet", "acknowledged and never debited", history(ledger(), bet("b1", 20)), ("debited 0 times",)),
    Case("one-debit-per-bet", "another stake", history(ledger(("bet", "b1", -25)), bet("b1", 20)),
        ("bet b1 of 0.20 EUR",), ("ledger e1: bet -0.25 EUR for b1",)),
    Case("one-debit-per-bet", "another currency", history(ledger(("bet", "b1", -20, "USD")), bet("b1", 20)),
        ("bet b1 of 0.20 EUR",), ("ledger e1: bet -0.20 USD for b1",)),
    Case("one-debit-per-bet", "refused and debited", history(ledger(("bet", "b1", -20)), bet("b1", 20, REFUSED)),
        ("a debit for b1, a bet that was not acknowledged",), ("ledger e1: bet -0.20 EUR",)),
    Case("one-debit-per-bet", "an answer was lost, and the bet stands twice",
        history(ledger(("bet", "b1", -20), ("bet", "b1", -20)), unknown_stakes=(20,)),
        ("a debit for b1",), ("ledger e2: bet -0.20 EUR",)),
    Case("one-debit-per-bet", "an answer was lost, and another stake stands",
        history(ledger(("bet", "b1", -30)), unknown_stakes=(20,)), ("a debit for b1",), ("ledger e1: bet -0.30 EUR",)),
    Case("one-debit-per-bet", "no statements", history(bet("b1", 20)), None),
    # --- won-round-pays
    Case("won-round-pays", "won and paid", history(ledger(("win", "b1", 40)), ended("b1", "WON", 40))),
    Case("won-round-pays", "lost and not paid", history(ledger(("bet", "b1", -20)), ended("b1", "LOST"))),
    Case("won-round-pays", "lost and closed by a win of zero", history(ledger(("win", "b1", 0)), ended("b1", "LOST"))),
    Case("won-round-pays", "paid in two parts", history(ledger(("win", "b1", 15), ("win", "b1", 25)), ended("b1", "WON", 40))),
    Case("won-round-pays", "won and not paid", history(ledger(("bet", "b1", -20)), ended("b1", "WON", 40)),
        ("the round of bet b1 says WON and paid 0.40 EUR; the ledger has nothing",)),
    Case("won-round-pays", "paid twice", history(ledger(("win", "b1", 40), ("win", "b1", 40)), ended("b1", "WON", 40)),
        ("the ledger has 0.80 EUR",), ("ledger e1: win 0.40 EUR for b1", "ledger e2: win 0.40 EUR for b1")),
    Case("won-round-pays", "paid in another currency", history(ledger(("win", "b1", 40, "USD")), ended("b1", "WON", 40)),
        ("the ledger has 0.40 USD",), ("ledger e1: win 0.40 USD for b1",)),
    Case("won-round-pays", "lost and paid", history(ledger(("win", "b1", 40)), ended("b1", "LOST")),
        ("says LOST and paid 0.00 EUR; the ledger has 0.40 EUR",), ("ledger e1: win 0.40 EUR for b1",)),
    Case("won-round-pays", "the round is still open", history(ledger(), ended("b1", "OPEN")), None),
    Case("won-round-pays", "no statements", history(ended("b1", "WON", 40)), None),
    # --- voided-bet-is-refunded
    Case("voided-bet-is-refunded", "refunded", history(ledger(("bet", "b1", -20), ("rollback", "b1", 20)), ended("b1", "VOID"))),
    Case("voided-bet-is-refunded", "refunded by a win (as some providers do)",
        history(ledger(("bet", "b1", -20), ("win", "b1", 20)), ended("b1", "VOID"))),
    Case("voided-bet-is-refunded", "refunded too much is the matter of refund-at-most-stake",
        history(ledger(("bet", "b1", -20), ("rollback", "b1", 20), ("rollback", "b1", 20)), ended("b1", "VOID"))),
    Case("voided-bet-is-refunded", "not refunded", history(ledger(("bet", "b1", -20)), ended("b1", "VOID")),
        ("the round of bet b1 is void, and 0.20 EUR of its stake did not come back",), ("ledger e1: bet -0.20 EUR for b1",)),
    Case("voided-bet-is-refunded", "refunded in part",
        history(ledger(("bet", "b1", -20), ("rollback", "b1", 5)), ended("b1", "VOID")), ("0.15 EUR of its stake",),
        ("ledger e1: bet -0.20 EUR for b1", "ledger e2: rollback 0.05 EUR for b1")),
    Case("voided-bet-is-refunded", "refunded in another currency",
        history(ledger(("bet", "b1", -20), ("rollback", "b1", 20, "USD")), ended("b1", "VOID")), ("0.20 EUR of its stake",),
        ("ledger e1: bet -0.20 EUR for b1",)),
    Case("voided-bet-is-refunded", "refunded, and a win on top",
        history(ledger(("bet", "b1", -20), ("rollback", "b1", 20), ("win", "b1", 40)), ended("b1", "VOID")),
        ("is void, and the player won 0.40 EUR in it",),
        ("ledger e1: bet -0.20 EUR for b1", "ledger e2: rollback 0.20 EUR for b1", "ledger e3: win 0.40 EUR for b1")),
    Case("voided-bet-is-refunded", "no void round", history(ledger(), ended("b1", "LOST")), None),
    Case("voided-bet-is-refunded", "no statements", history(ended("b1", "VOID")), None),
    # --- refund-at-most-stake
    Case("refund-at-most-stake", "one refund", history(ledger(("bet", "b1", -20), ("rollback", "b1", 20)))),
    Case("refund-at-most-stake", "two refunds of parts",
        history(ledger(("bet", "b1", -20), ("rollback", "b1", 5), ("rollback", "b1", 15)))),
    Case("refund-at-most-stake", "an unknown bet is rolled back, and nothing moves", history(ledger(("rollback", "b9", 0)))),
    Case("refund-at-most-stake", "no refunds at all", history(ledger(("bet", "b1", -20))), None),
    Case("refund-at-most-stake", "refunded twice",
        history(ledger(("bet", "b1", -20), ("rollback", "b1", 20), ("rollback", "b1", 20))),
        ("bet b1 was refunded 0.20 EUR more than its stake",),
        ("ledger e1: bet -0.20 EUR for b1", "ledger e2: rollback 0.20 EUR for b1", "ledger e3: rollback 0.20 EUR for b1")),
    Case("refund-at-most-stake", "an unknown bet is refunded", history(ledger(("rollback", "b9", 20))),
        ("bet b9 was refunded 0.20 EUR more",), ("ledger e1: rollback 0.20 EUR for b9",)),
    Case("refund-at-most-stake", "refunded once more in another currency",
        history(ledger(("bet", "b1", -20), ("rollback", "b1", 20), ("rollback", "b1", 20, "USD"))),
        ("bet b1 was refunded 0.20 USD more",),
        ("ledger e1: bet -0.20 EUR for b1", "ledger e2: rollback 0.20 EUR for b1", "ledger e3: rollback 0.20 USD for b1")),
    Case("refund-at-most-stake", "no statements", history(rolled_back("b1")), None),
    # --- late-bet-never-sticks
    Case("late-bet-never-sticks", "a tombstone: nothing was posted", history(ledger(), rolled_back("b1"))),
    Case("late-bet-never-sticks", "bet, then rollback",
        history(ledger(("bet", "b1", -20), ("rollback", "b1", 20)), rolled_back("b1"))),
    Case("late-bet-never-sticks", "another bet stands", history(ledger(("bet", "b2", -20)), rolled_back("b1"))),
    Case("late-bet-never-sticks", "the late bet sticks", history(ledger(("bet", "b1", -20)), rolled_back("b1")),
        ("bet b1 was rolled back, and still costs the player 0.20 EUR",), ("ledger e1: bet -0.20 EUR for b1",)),
    Case("late-bet-never-sticks", "refunded in another currency",
        history(ledger(("bet", "b1", -20), ("rollback", "b1", 20, "USD")), rolled_back("b1")), ("costs the player 0.20 EUR",),
        ("ledger e1: bet -0.20 EUR for b1",)),
    Case("late-bet-never-sticks", "the rollback was not acknowledged",
        history(ledger(("bet", "b1", -20)), rolled_back("b1", REFUSED), rolled_back("b1", UNKNOWN)), None),
    Case("late-bet-never-sticks", "no statements", history(rolled_back("b1")), None),
    # --- bad-signature-changes-nothing
    Case("bad-signature-changes-nothing", "refused and not posted", history(ledger(("bet", "b1", -20)), tampered("t1"))),
    Case("bad-signature-changes-nothing", "refused and posted", history(ledger(("bet", "t1", -20)), tampered("t1")),
        ("a request with a bad signature has posted -0.20 EUR under t1",), ("ledger e1: bet -0.20 EUR",)),
    Case("bad-signature-changes-nothing", "posted without an answer",
        history(ledger(("win", "t1", 500)), tampered("t1", UNKNOWN)), ("has posted 5.00 EUR",), ("ledger e1: win 5.00 EUR",)),
    Case("bad-signature-changes-nothing", "nothing was tampered with", history(ledger(("bet", "b1", -20))), None),
    Case("bad-signature-changes-nothing", "no statements", history(tampered("t1")), None),
    # --- balance-equals-ledger
    Case("balance-equals-ledger", "the sum of the postings", history(ledger(("deposit", "d1", 100)), shown(1100))),
    Case("balance-equals-ledger", "bonus and locked money are no cash",
        history(ledger(("bonus", "x", 50, "bonus"), ("withdraw_reserve", "w", 30, "locked")), shown(1000))),
    Case("balance-equals-ledger", "another purse's currency is left out",
        history(ledger(("deposit", "d1", 100, "USD")), shown(1000))),
    Case("balance-equals-ledger", "an old balance", history(ledger(("deposit", "d1", 100)), shown(1000)),
        ("step balance shows a balance of 10.00 EUR; the postings sum up to 11.00 EUR",), ("ledger e1: deposit 1.00 EUR for d1",)),
    Case("balance-equals-ledger", "a unit too much", history(ledger(), shown(1001)), ("10.01 EUR",),
        ("ledger e0: funding 10.00 EUR for opening",)),
    Case("balance-equals-ledger", "something happened between balance and statement",
        history(ledger(("bet", "b1", -20)), shown(1000), bet("b1", 20)), None),
    Case("balance-equals-ledger", "no statements", history(shown(1000)), None),
    # --- psp-report-matches
    Case("psp-report-matches", "captured once, paid out once",
        history(psp_report(("capture", "d1", 100), ("payout", "w1", 80)), deposit("d1", 100), withdrawal("w1", 80))),
    Case("psp-report-matches", "declined, not captured", history(psp_report(), deposit("d1", 100, "declined", REFUSED))),
    Case("psp-report-matches", "cancelled, not paid out", history(psp_report(), withdrawal("w1", 80, "cancelled", REFUSED))),
    Case("psp-report-matches", "captured, and given back beside it",
        history(psp_report(("capture", "d1", 100), ("refund", "d1", -100)), deposit("d1", 100))),
    Case("psp-report-matches", "pending: not at its end", history(psp_report(), deposit("d1", 100, "pending"))),
    Case("psp-report-matches", "captured twice",
        history(psp_report(("capture", "d1", 100), ("capture", "d1", 100)), deposit("d1", 100)),
        ("the PSP reports 2 captures (1.00 EUR, 1.00 EUR) for d1; the platform has one of 1.00 EUR",),
        ("psp p1: capture 1.00 EUR for d1", "psp p2: capture 1.00 EUR for d1")),
    Case("psp-report-matches", "credited without a capture", history(psp_report(), deposit("d1", 100)),
        ("reports 0 captures (none) for d1",)),
    Case("psp-report-matches", "captured another amount", history(psp_report(("capture", "d1", 99)), deposit("d1", 100)),
        ("1 captures (0.99 EUR)",), ("psp p1: capture 0.99 EUR for d1",)),
    Case("psp-report-matches", "captured in another currency",
        history(psp_report(("capture", "d1", 100, "USD")), deposit("d1", 100)), ("1 captures (1.00 USD)",),
        ("psp p1: capture 1.00 USD for d1",)),
    Case("psp-report-matches", "declined and captured",
        history(psp_report(("capture", "d1", 100)), deposit("d1", 100, "declined", REFUSED)), ("the platform has none",),
        ("psp p1: capture 1.00 EUR for d1",)),
    Case("psp-report-matches", "paid out twice",
        history(psp_report(("payout", "w1", 80), ("payout", "w1", 80)), withdrawal("w1", 80)), ("2 payouts",),
        ("psp p1: payout 0.80 EUR for w1", "psp p2: payout 0.80 EUR for w1")),
    Case("psp-report-matches", "no reports", history(ledger(), deposit("d1", 100)), None),
    # --- own-keys-only
    Case("own-keys-only", "acknowledged under the key that was sent", ours(acknowledged("r1-bet"), "r1-bet")),
    Case("own-keys-only", "another run's key", ours(acknowledged("r2-bet"), "r1-bet")),
    Case("own-keys-only", "acknowledged under a second key of ours", ours(acknowledged("r1-bet-2"), "r1-bet"),
        ("under r1-bet-2, a key of ours that this run never sent",), ("type bet_ack, req id r1-bet-2",), Blame.HARNESS),
    Case("own-keys-only", "posted under a second key of ours", ours(posted_under("r1-bet-2"), "r1-bet"),
        ("under r1-bet-2",), ("ledger e1: bet -0.20 EUR for b1, key r1-bet-2",), Blame.HARNESS),
    Case("own-keys-only", "nothing tells of keys", ours(shown(1000), "r1-bet"), None),
)  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=str)
def test_a_check_says_of_a_history_what_the_law_says(case: Case) -> None:
    """No finding where the law holds; one where it is broken, with blame and exactly its lines; None without evidence."""
    findings = CHECKS[case.check].judge(case.history)
    if case.found is None:
        assert findings is None
        return
    assert findings is not None
    assert len(findings) == len(case.found)
    for finding, told in zip(findings, case.found, strict=True):
        assert told in finding.message
        assert finding.blame is case.blame
        shown = show(CHECKS[case.check], case.history, finding).evidence
        assert [line for line in case.evidence if not any(line in told for told in shown)] == []


@pytest.mark.parametrize("name", sorted(CHECKS))
def test_every_check_is_documented_and_has_its_three_kinds_of_example(name: str) -> None:
    """A law in words, its numbers in the domain reference (1-51), and examples: clean, broken, not to be judged."""
    check = CHECKS[name]
    own = [case.found for case in CASES if case.check == name]
    own += [case.found for case in shipped_cases() if case.check == name]
    assert check.name == name
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+", name)
    assert len(check.law.split()) >= 5
    assert all(1 <= number <= 51 for number in check.invariants)
    assert {() if found == () else None if found is None else "broken" for found in own} == {(), None, "broken"}


def test_no_check_judges_a_run_that_gathered_nothing() -> None:
    """Of an empty history every check says that it can't say."""
    assert {name: check.judge(history()) for name, check in CHECKS.items()} == dict.fromkeys(CHECKS)
