"""The laws of each cent: what is sent is durable, has one effect, comes home in order, and adds up."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from synthetic.core.outcome import IntentState
from synthetic.simulation.evidence import Evidence, Violation
from synthetic.simulation.platform import Happening

_BEGUN = ("deposit", "bet", "withdraw")
_FITS = {
    IntentState.SETTLED: {"captured", "won", "lost", "paid"},
    IntentState.COMPENSATED: {"refunded", "void", "cancelled"},
    IntentState.REFUSED: {"declined", "void", "cancelled"},
}
_OPEN_ITEMS = {"pending", "open"}
_SIGNS = {"deposit": 1, "withdraw": -1}


def intent_before_effect(seen: Evidence) -> Iterator[Violation]:
    """No request that moves money leaves before its intent is durable."""
    for sent in seen.sent:
        if not sent.undoes and not sent.durable:
            yield Violation("intent-before-effect", f"{sent.life} sent {sent.key} without a durable intent", sent.at_ns)


def one_effect_per_step(seen: Evidence) -> Iterator[Violation]:
    """A step of a run has one effect at most, under the one key that the journal knows."""
    steps = {entry.intent.key: (entry.intent.run_id, entry.intent.step) for entry in seen.entries}
    done: Counter[tuple[str, str]] = Counter()
    for happening in seen.record:
        if happening.what not in _BEGUN:
            continue
        step = steps.get(happening.cause.key)
        if step is None:
            yield Violation("one-effect-per-step", f"{happening.cause.key} is in no journal", happening.at_ns)
            continue
        done[step] += 1
        if done[step] > 1:
            yield Violation("one-effect-per-step", f"step {step} had effect {done[step]}", happening.at_ns)


def one_undo_per_effect(seen: Evidence) -> Iterator[Violation]:
    """What was taken back is not taken back again."""
    undone: Counter[int] = Counter()
    for happening in seen.record:
        if happening.what in ("refunded", "void", "cancelled"):
            undone[happening.payment] += 1
            if undone[happening.payment] > 1:
                yield Violation("one-undo-per-effect", f"{happening.cause.key} went back twice", happening.at_ns)


def nothing_stranded(seen: Evidence) -> Iterator[Violation]:
    """In the end no run and no effect is open, and no run that was given up has left a deposit, a bet or a payout behind."""
    for run in seen.runs.values():
        if run.outcome in ("", "stranded"):
            yield Violation(
                "nothing-stranded", f"run {run.run.run_id} is still {run.outcome or 'open'}: {run.reason}", seen.end_ns
            )
    for entry in seen.entries:
        if entry.state not in _FITS:
            yield Violation("nothing-stranded", f"{entry.intent.key} is still {entry.state}", seen.end_ns)
    swept = seen.swept()
    paid_out = {one.cause.run_id for one in seen.payments if one.state == "paid" and one.key not in swept}
    for payment in seen.payments:
        run_id = payment.cause.run_id
        given_up = run_id in seen.runs and seen.runs[run_id].outcome != "ok"
        if payment.state in _OPEN_ITEMS:
            yield Violation("nothing-stranded", f"{payment.key} is {payment.state} at the platform", seen.end_ns)
        if payment.state == "refunded" and run_id in paid_out:
            yield Violation("nothing-stranded", f"{payment.key} was refunded, and withdrawn, too", seen.end_ns)
        if payment.state == "captured" and given_up and run_id not in paid_out:
            yield Violation(
                "nothing-stranded", f"{payment.key} of a run that was given up is in the wallet", seen.end_ns
            )


def journal_is_ledger(seen: Evidence) -> Iterator[Violation]:
    """Journal = ledger = PSP: each key by itself, and the sum of each account."""
    payments = seen.payments_by_key()
    for entry in seen.entries:
        key, payment = entry.intent.key, payments.get(entry.intent.key)
        state = payment.state if payment is not None else "unknown"
        fits = state in _FITS.get(entry.state, {state}) or (entry.state is IntentState.REFUSED and payment is None)
        if not fits:
            yield Violation(
                "journal-is-ledger", f"{key}: the journal says {entry.state}, the platform {state}", seen.end_ns
            )
        if payment is not None and payment.minor != entry.intent.amount.minor:
            yield Violation("journal-is-ledger", f"{key}: another amount", seen.end_ns)
    yield from _report_fits(seen)
    yield from _balances_fit(seen)


def _report_fits(seen: Evidence) -> Iterator[Violation]:
    """What the PSP has moved is what settled deposits and withdrawals say."""
    payments, expected = seen.payments_by_key(), {}
    for entry in seen.entries:
        key, sign = entry.intent.key, _SIGNS.get(entry.intent.kind, 0)
        moved = key in payments and payments[key].state in ("captured", "paid")
        if sign and moved and entry.state is IntentState.SETTLED:
            expected[key] = sign * entry.intent.amount.minor
    if expected != seen.report:
        differing = sorted(
            key for key in expected.keys() | seen.report.keys() if expected.get(key) != seen.report.get(key)
        )
        yield Violation("journal-is-ledger", f"the PSP's report differs in {', '.join(differing)}", seen.end_ns)


def _balances_fit(seen: Evidence) -> Iterator[Violation]:
    """Each wallet holds what it began with, and what settled effects have changed."""
    expected = dict.fromkeys(seen.balances, seen.float_minor)
    states = seen.states()
    for payment in seen.payments:
        if states.get(payment.key) is IntentState.SETTLED:
            sign = 1 if payment.kind == "deposit" else -1
            kept = 0 if payment.state in ("void", "cancelled") else sign * payment.minor
            expected[payment.cause.account] += kept + payment.won_minor
    for account, minor in seen.balances.items():
        if minor != expected[account]:
            what = f"{account} holds {minor}, and by the journal it should hold {expected[account]}"
            yield Violation("journal-is-ledger", what, seen.end_ns)


def sweeps_leave_the_baseline(seen: Evidence) -> Iterator[Violation]:
    """A sweep takes what is above the cash that the last clean run has left its player, and never a cent of that."""
    swept, baseline = seen.swept(), dict[str, int]()
    acts = [(act.at_ns, act.account.partition("/")[2], act.told) for act in seen.acts if act.what == "set_baseline"]
    sweeps = [
        (one.at_ns, one.cause.account, one) for one in seen.record if one.what == "withdraw" and one.cause.key in swept
    ]
    for at_ns, account, told in sorted([*acts, *sweeps], key=lambda event: event[0]):
        if isinstance(told, int):
            baseline[account] = told
        elif told.cash_minor < baseline.get(account, seen.float_minor):
            what = f"{told.cause.key} left {told.cash_minor} of {baseline.get(account)} in the wallet of {account}"
            yield Violation("sweeps-leave-the-baseline", what, at_ns)


def wallets_keep_their_cash(seen: Evidence) -> Iterator[Violation]:
    """In the end a wallet holds what the last clean run has left it, less what rounds have lost since: nothing left it twice."""
    floors, since = dict.fromkeys(seen.balances, seen.float_minor), dict.fromkeys(seen.balances, 0)
    for act in seen.acts:
        account = act.account.partition("/")[2]
        if act.what == "set_baseline" and isinstance(act.told, int):
            floors[account], since[account] = act.told, act.at_ns
    for one in seen.record:
        if one.what == "lost" and one.at_ns >= since[one.cause.account]:
            floors[one.cause.account] -= one.minor
    for account, minor in seen.balances.items():
        if minor < floors[account]:
            what = f"{account} holds {minor}, and {floors[account]} at least should be in it"
            yield Violation("wallets-keep-their-cash", what, seen.end_ns)


def newest_first(seen: Evidence) -> Iterator[Violation]:
    """Nothing is taken back before everything later of its run was at least looked for."""
    asked: dict[str, int] = {}
    for look in seen.looked_up:
        asked.setdefault(look.key, look.at_ns)
    begun: dict[str, list[Happening]] = defaultdict(list)
    for happening in seen.record:
        if happening.what in _BEGUN:
            begun[happening.cause.run_id].append(happening)
        if happening.what != "refunded":
            continue
        sent_ns = happening.cause.sent_ns
        for later in begun[seen.payments[happening.payment - 1].cause.run_id]:
            unasked = asked.get(later.cause.key, seen.end_ns) > sent_ns
            if later.payment > happening.payment and later.at_ns < sent_ns and unasked:
                what = f"a deposit went back before anybody had asked for {later.cause.key}"
                yield Violation("newest-first", what, happening.at_ns)


def budgets_hold(seen: Evidence) -> Iterator[Violation]:
    """At no instant is more in wallets than a cap allows: of a run, of an account and of all on the day, and unsettled."""
    unsettled: dict[str, int] = {}
    spent: Counter[str] = Counter()
    caps = {
        "outstanding": seen.caps.outstanding, "day": seen.caps.day, "account": seen.caps.account_day, "run": seen.caps.run
    }  # fmt: skip
    settled = (IntentState.SETTLED, IntentState.COMPENSATED, IntentState.REFUSED)
    events: list[tuple[int, int, str, Happening | None]] = [
        (act.at_ns, 1, act.key, None) for act in seen.acts if act.what == "resolve" and act.told in settled
    ]
    events += [(one.at_ns, 0, one.cause.key, one) for one in seen.record if one.what == "deposit"]
    declined = {payment.key for payment in seen.payments if payment.state == "declined"}
    for at_ns, _, key, deposit in sorted(events, key=lambda event: event[:3]):
        if deposit is None:
            unsettled.pop(key, None)
            continue
        unsettled[key] = deposit.minor
        if key not in declined:
            for scope in ("day", f"account {deposit.cause.account}", f"run {deposit.cause.run_id}"):
                spent[scope] += deposit.minor
        now = spent | Counter({"outstanding": sum(unsettled.values())})
        for scope, minor in now.items():
            cap = caps[scope.split(" ")[0]]
            if cap is not None and minor > cap.minor:
                yield Violation("budgets-hold", f"{scope}: {minor} of {cap.minor} at {key}", at_ns)
