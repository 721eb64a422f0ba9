"""Invariant 49: the net of a run is its expected cost: what it moved itself and what its rounds paid, and nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import product

from synthetic.core.checks.amounts import in_words, sums, written
from synthetic.core.checks.finding import Check, Finding
from synthetic.core.checks.harness.keys import lost_keys
from synthetic.core.checks.payments.statements import psp_entries
from synthetic.core.checks.postings import is_ours, rounds, wallet_calls, wins_told
from synthetic.core.history import (
    Bet,
    Deposit,
    Fact,
    Frame,
    History,
    Ledger,
    LedgerEntry,
    Moved,
    Notification,
    PaymentState,
    Promo,
    Redirect,
    Rollback,
    Round,
    Tampered,
    WalletCall,
    Withdrawal,
)  # fmt: skip
from synthetic.core.outcome import Blame, StepOutcome

# What a run causes by what it moves, and what gives back something that was moved: other laws count that, if it is known what.
_CAUSED = ("deposit", "bet", "win", "withdraw_reserve")
_GIVES_BACK = (
    "refund", "refund_failed", "rollback", "withdraw_release", "withdraw_paid", "payout_failed", "chargeback",
    "bonus", "bonus_forfeit", "funding",
)  # fmt: skip
_UNKNOWN_MAX = 8  # 2^8 possible costs; a run with more unknowns can't be judged by its net
_SIGNS = {"in": 1, "out": -1, "stake": -1}


def judge(history: History) -> tuple[Finding, ...] | None:
    """Compare what cash has gained, by the two statements, with what the run's own movements and rounds explain."""
    gained = history.new_ledger_entries()
    if gained is None or not history.finished or not (history.moved or history.run_id):
        return None
    own = [e for e in gained if e.amount.currency == history.currency]
    strange = [e for e in own if e.bucket == "cash" and e.kind not in (*_CAUSED, *_GIVES_BACK)]
    if strange:
        entry = strange[0]
        return (Finding(f"the run cost {entry.amount} as {entry.kind} {entry.reference}", Blame.PLATFORM),)
    unexplained = _unexplained(history, own)
    if unexplained is not None:
        accused = Blame.HARNESS if is_ours(history, unexplained) else Blame.PLATFORM
        moved = f"{unexplained.amount} as {unexplained.kind} {unexplained.reference}"
        return (Finding(f"the run cost {moved}, and nothing is known that this belongs to", accused),)
    ends = _payouts(history)
    counted = [e for e in own if _counts(e) and (e.kind != "win" or e.reference in ends)]
    net = sums(e.amount for e in counted).get(history.currency, 0)
    costs = _possible(history, sum(ends.values()))
    if costs is None:
        return None
    if net in costs:
        return ()
    spent, due = written(net, history.currency), written(min(costs, key=lambda cost: abs(cost - net)), history.currency)
    key = _our_key(history, counted)
    whose = f"; our own key {key} moved money that the run did not mean to move" if key else ""
    blame = Blame.HARNESS if key else Blame.PLATFORM
    by_kind = {kind: sums(e.amount for e in counted if e.kind == kind) for kind in _CAUSED}
    parts = ", ".join(f"{kind} {in_words(amounts)}" for kind, amounts in by_kind.items() if amounts)
    return (Finding(f"the run was to move {due} net, and {spent} moved ({parts or 'nothing'}){whose}", blame),)


def _unexplained(history: History, gained: Sequence[LedgerEntry]) -> LedgerEntry | None:
    """What gives back, or pays out, of a payment or bet that neither the run knows nor the ledger.

    What belongs to something of an earlier run may come late; the statement shows what it belongs to.
    """
    known = {name for fact in history.facts for name in _names(fact)} | {moved.key for moved in history.moved}
    known |= {entry.reference for entry in history.of(Ledger)[0].entries}
    known |= {entry.reference for entry in gained if entry.kind in _CAUSED and entry.kind != "win"}
    suspects = (e for e in gained if e.bucket != "bonus" and e.kind in (*_GIVES_BACK, "win"))
    return next((e for e in suspects if not {e.reference, e.round} & known), None)


def _names(fact: Fact) -> set[str]:
    """What a fact calls the payments, bets and rounds that it tells of."""
    match fact:
        case WalletCall():
            names = {fact.transaction, fact.reference, fact.round}
        case Bet() | Round():
            names = {fact.reference, fact.round}
        case Frame():
            names = {fact.bet}
        case Promo():
            names = {fact.id}
        case Deposit() | Withdrawal() | PaymentState() | Redirect() | Notification() | Rollback() | Tampered():
            names = {fact.reference}
        case _:
            names = set()
    return names - {""}


def _counts(entry: LedgerEntry) -> bool:
    """Payments move cash; a stake may come out of the bonus."""
    return entry.kind in _CAUSED and (
        entry.bucket == "cash" or (entry.bucket == "bonus" and entry.kind in ("bet", "win"))
    )


def _payouts(history: History) -> dict[str, int]:
    """What rounds and wallet calls say that they paid, by bet. Wins of other bets are not counted on either side."""
    paid = {r.reference: r.payout.minor for r in rounds(history) if r.state in ("WON", "LOST", "VOID")}
    return paid | wins_told(history)


def _possible(history: History, payouts: int) -> set[int] | None:
    """All nets that what is known allows: what is unknown or pending may have happened or not."""
    certain, open_ = payouts, []
    for moved in _once(history.moved):
        sign = _SIGNS.get(moved.direction, 0)
        amount = sign * (_credited(history, moved) if moved.direction == "in" else moved.amount.minor)
        failed_later = moved.outcome is StepOutcome.REFUSED and moved.direction == "out"  # reserved, then released
        if not sign or (moved.outcome is StepOutcome.REFUSED and not failed_later):
            continue
        if moved.outcome is StepOutcome.UNKNOWN or failed_later or _is_pending(history, moved):
            open_.append(amount)
        else:
            certain += amount
    for call in _calls_beside(history):
        if call.outcome is StepOutcome.DONE:
            certain -= call.amount.minor
        elif call.outcome is StepOutcome.UNKNOWN:
            open_.append(-call.amount.minor)
    if len(open_) > _UNKNOWN_MAX:
        return None
    return {certain + sum(chosen) for chosen in product(*((0, amount) for amount in open_))}


def _calls_beside(history: History) -> list[WalletCall]:
    """The bets that were sent as a provider sends them, and that no movement stands for; each once."""
    steps, keys = {moved.step for moved in history.moved}, {moved.key for moved in history.moved}
    calls: dict[tuple[str, str], WalletCall] = {}
    for call in wallet_calls(history, "bet"):
        ours = call.step in steps or call.transaction in keys
        moves = not call.free and call.outcome is not StepOutcome.REFUSED and call.amount.currency == history.currency
        if moves and not ours:
            calls.setdefault((call.provider, call.transaction), call)
    return list(calls.values())


def _once(moved: Sequence[Moved]) -> Iterator[Moved]:
    """Each key once; a step that has two keys has asked for its money twice, and meant it once."""
    steps: set[str] = set()
    for one in moved:
        if one.step not in steps:
            steps.add(one.step)
            yield one


def _credited(history: History, moved: Moved) -> int:
    """What a deposit is to credit: what the PSP has captured, less fees; else what the platform says, else what was asked for.

    A wrong capture is a breach of its own (psp-report-matches), and not a run that costs more than it should.
    """
    own = [deposit for deposit in history.of(Deposit) if deposit.step == moved.step]
    for deposit in own[-1:]:
        captures = psp_entries(history, deposit.reference, "capture") or []
        if len(captures) == 1:
            fees = [-entry.fee for entry in captures if entry.fee is not None]
            return sums([captures[0].amount, *fees]).get(history.currency, 0)
        if deposit.credited is not None:
            return sums((deposit.credited,)).get(history.currency, 0)
    return moved.amount.minor


def _is_pending(history: History, moved: Moved) -> bool:
    return any(d.step == moved.step and d.state not in ("succeeded", "refunded") for d in history.of(Deposit))


def _our_key(history: History, counted: Sequence[LedgerEntry]) -> str:
    """Our own key that moved what the run did not mean to move; `""` where there is none."""
    keys: dict[str, set[str]] = {}
    for moved in history.moved:
        if moved.outcome is not StepOutcome.REFUSED:
            keys.setdefault(moved.step, set()).add(moved.key)
    twice = [max(known) for known in keys.values() if len(known) > 1]
    lost = [entry.key or entry.reference for entry in counted if is_ours(history, entry)]
    return next(iter([*twice, *lost_keys(history), *lost]), "")


CHECK = Check("run-costs-what-it-should", (49,), "a run costs what it moved and what its rounds paid", judge)
