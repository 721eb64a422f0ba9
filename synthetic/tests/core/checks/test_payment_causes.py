"""Why a payment did not come to its end: what the PSP's own log says of it."""

from __future__ import annotations

import pytest

from synthetic.core.checks.payments import no_retry_storm, pending_payment_was_told
from synthetic.core.history import Deposit, Fact, History, PspEvent, PspEvents, Withdrawal
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, StepOutcome

EURO = Money(100, "EUR")
DONE = StepOutcome.DONE


def deposit(state: str = "pending") -> Deposit:
    return Deposit("deposit", DONE, "dep_1", EURO, state, psp="psp-a")


def history(payment: Fact, *events: PspEvent) -> History:
    return History((payment, PspEvents("told", DONE, "psp-a", events)), "EUR")


def event(name: str, status: int, signature: str = "good", reference: str = "dep_1") -> PspEvent:
    return PspEvent("e", name, reference, status, signature)


@pytest.mark.parametrize(
    ("events", "blame"),
    [
        ((), Blame.PSP),
        ((event("other", 200),), Blame.PSP),
        ((event("request", 500),), Blame.PSP),
        ((event("captured", 200, reference="dep_2"),), Blame.PSP),
        ((event("captured", 200),), Blame.PLATFORM),
        ((event("failed", 204),), Blame.PLATFORM),
        ((event("captured", 400),), Blame.PLATFORM),
        ((event("captured", 0),), Blame.PLATFORM),
        ((event("other", 403),), Blame.PLATFORM),
        ((event("captured", 400, "bad"),), Blame.PSP),
        ((event("captured", 400, "stale"),), Blame.PSP),
        ((event("other", 403, "bad"), event("captured", 200)), Blame.PLATFORM),
    ],
)
def test_who_is_to_blame_for_a_pending_deposit(events: tuple[PspEvent, ...], blame: Blame) -> None:
    """Not told, or told with a signature that does not verify: the PSP. Told, and not heard: the platform."""
    findings = pending_payment_was_told.judge(history(deposit(), *events))
    assert findings is not None
    assert [finding.blame for finding in findings] == [blame]


@pytest.mark.parametrize("state", ["pending", "in_transit"])
def test_a_payout_on_its_way_is_held_against_the_same_log(state: str) -> None:
    """Withdrawals, too."""
    payout = Withdrawal("withdraw", DONE, "wd_1", EURO, state, psp="psp-a")
    findings = pending_payment_was_told.judge(history(payout, event("paid", 200, reference="wd_1")))
    assert findings is not None
    assert [finding.blame for finding in findings] == [Blame.PLATFORM]


@pytest.mark.parametrize("state", ["succeeded", "declined", "failed", "refunded"])
def test_a_payment_that_has_ended_needs_no_cause(state: str) -> None:
    """Nothing to explain, as long as the PSP's questions were answered."""
    assert pending_payment_was_told.judge(history(deposit(state))) == ()


def test_without_a_log_nothing_is_said() -> None:
    """No evidence, no verdict."""
    assert pending_payment_was_told.judge(History((deposit(),), "EUR")) is None
    assert no_retry_storm.judge(History((deposit(),), "EUR")) is None


def test_a_few_requests_are_retries_and_many_are_a_storm() -> None:
    """Of this run's payments only."""
    few = [event("request", 500)] * no_retry_storm.REQUESTS_MAX
    assert (
        no_retry_storm.judge(history(deposit("failed"), *few, *[event("request", 500, reference="dep_2")] * 50)) == ()
    )
    findings = no_retry_storm.judge(history(deposit("failed"), *few, event("request", 500)))
    assert findings is not None
    assert [finding.blame for finding in findings] == [Blame.PLATFORM]
