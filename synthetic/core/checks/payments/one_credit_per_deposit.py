"""Invariant 28: a deposit is credited once, with its amount; a declined one is not credited at all."""

from __future__ import annotations

from collections.abc import Iterator

from synthetic.core.checks.amounts import as_money, listed
from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.checks.payments.known import Unanswered, named_payments, reported
from synthetic.core.checks.payments.statements import credits_of, deposits, psp_entries
from synthetic.core.checks.postings import entries_of, nets
from synthetic.core.history import Deposit, History, LedgerEntry
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome

_FINAL = ("succeeded", "declined", "failed", "refunded")


def judge(history: History) -> tuple[Finding, ...] | None:
    """Hold each ended deposit against what the ledger gained under its reference, and each credit against its deposit."""
    gained = history.new_ledger_entries()
    if gained is None:
        return None
    ended = [deposit for deposit in deposits(history).values() if deposit.state in _FINAL]
    refused = any(deposit.outcome is StepOutcome.REFUSED for deposit in history.of(Deposit))
    if not (ended or refused or any(entry.kind == "deposit" for entry in gained)):
        return None
    findings = [finding for deposit in ended if (finding := _judge_one(history, deposit, gained))]
    return (*findings, *_nobodys(history, gained))


def _nobodys(history: History, gained: tuple[LedgerEntry, ...]) -> Iterator[Finding]:
    """Credits of deposits that nobody knows. Without a PSP's report an earlier run's may have come to its end."""
    if history.new_psp_entries() is None:
        return
    known = named_payments(history) | {entry.reference for entry in reported(history)}
    unanswered = Unanswered(history, "in")
    for entry in gained:
        if (entry.kind, entry.bucket) != ("deposit", "cash") or entry.reference in known:
            continue
        is_undone = not nets(e for e in entries_of(gained, entry.reference, "deposit", "refund") if e.bucket == "cash")
        if not is_undone and not unanswered.takes(entry.amount):
            yield platform(
                f"the ledger has a credit of {entry.amount} for {entry.reference}, which neither the player has deposited "
                "nor a PSP captured"
            )


def _judge_one(history: History, deposit: Deposit, gained: tuple[LedgerEntry, ...]) -> Finding | None:
    succeeded = deposit.outcome is StepOutcome.DONE and deposit.state == "succeeded"
    credited = [entry.amount for entry in credits_of(gained, deposit.reference)]
    allowed = _allowed(history, deposit, succeeded=succeeded)
    if credited in allowed:
        return None
    wanted = f"one credit of {deposit.amount}" if succeeded else "no credit"
    return platform(
        f"deposit {deposit.reference} ({deposit.state}) has {len(credited)} credits ({listed(credited)}), "
        f"expected {wanted}"
    )


def _allowed(history: History, deposit: Deposit, *, succeeded: bool) -> list[list[Money]]:
    """What may be credited. What the PSP captured less its fee is right, too: a wrong capture is no double credit."""
    if not (succeeded or deposit.state == "refunded"):
        return [[]]
    allowed = [[deposit.amount]]
    captures = psp_entries(history, deposit.reference, "capture") or []
    if len(captures) == 1:
        captured, fee = captures[0].amount, captures[0].fee
        net = captured.minor - (fee.minor if fee is not None and fee.currency == captured.currency else 0)
        allowed += [[amount] for amount in (as_money(net, captured.currency),) if amount is not None]
    if deposit.state == "refunded":  # called back at the PSP while it was pending
        allowed.append([])
    return allowed


CHECK = Check("one-credit-per-deposit", (28,), "a deposit is credited once, and only if it succeeded", judge)
