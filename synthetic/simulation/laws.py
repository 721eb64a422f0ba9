"""The laws, judged over a whole seed. They read records and know nothing of how the harness keeps its promises."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from synthetic.simulation.evidence import Evidence, Violation
from synthetic.simulation.laws_of_money import (
    budgets_hold,
    intent_before_effect,
    journal_is_ledger,
    newest_first,
    nothing_stranded,
    one_effect_per_step,
    one_undo_per_effect,
    sweeps_leave_the_baseline,
    wallets_keep_their_cash,
)
from synthetic.simulation.laws_of_workers import (
    every_slot_counts,
    kill_stops_admissions,
    live_leases_are_left_alone,
    one_owner,
    recovery_moves_nothing_new,
)

Law = Callable[[Evidence], Iterator[Violation]]

LAWS: tuple[Law, ...] = (
    intent_before_effect,
    one_effect_per_step,
    one_undo_per_effect,
    nothing_stranded,
    journal_is_ledger,
    one_owner,
    live_leases_are_left_alone,
    recovery_moves_nothing_new,
    sweeps_leave_the_baseline,
    wallets_keep_their_cash,
    newest_first,
    budgets_hold,
    kill_stops_admissions,
    every_slot_counts,
)


def judge(seen: Evidence) -> list[Violation]:
    """Everything that speaks against the harness, in the order of time."""
    return sorted((violation for law in LAWS for violation in law(seen)), key=lambda violation: violation.at_ns)
