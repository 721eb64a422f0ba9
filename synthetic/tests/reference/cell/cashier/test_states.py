"""Laws of the state tables, for every order of events that a PSP may send."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from synthetic.reference.cell.cashier.states import DEPOSIT, MOVES, WITHDRAWAL, WITHDRAWAL_ENTRIES
from synthetic.reference.psp.states import DEPOSIT_TRANSACTION, INTENT, PAYOUT, WITHDRAWAL_TRANSACTION
from synthetic.reference.state_table import StateTable

TABLES = [DEPOSIT, WITHDRAWAL, INTENT, PAYOUT, DEPOSIT_TRANSACTION, WITHDRAWAL_TRANSACTION]


def histories(table: StateTable) -> st.SearchStrategy[list[str]]:
    return st.lists(st.sampled_from(sorted(table.events)), max_size=20)


def play(table: StateTable, events: list[str]) -> list[tuple[str, str, str]]:
    """The steps (state, event, next state) that had an effect."""
    state, steps = table.initial, []
    for event in events:
        after = table.after(state, event)
        if after is not None:
            steps.append((state, event, after))
            state = after
    return steps


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_state_can_be_reached_and_every_life_can_end(table: StateTable) -> None:
    """No orphan states, and from each state there is a way to a final one."""
    reached = {table.initial}
    for _ in table.states:
        reached |= {after for (state, _), after in table.rows.items() if state in reached}
    assert reached == table.states
    ends = set(table.terminal)
    for _ in table.states:
        ends |= {state for (state, _), after in table.rows.items() if after in ends}
    assert ends == table.states


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_state_that_does_not_exist_is_an_error(table: StateTable) -> None:
    """A typing error must not pass for an event without effect."""
    with pytest.raises(KeyError):
        table.after("no such state", next(iter(table.events)))


@given(histories(DEPOSIT))
def test_a_deposit_is_captured_at_most_once_and_refunded_only_after(events: list[str]) -> None:
    """Whatever comes, and however often: one capture, at most one refund, and a capture only while it is pending."""
    steps = play(DEPOSIT, events)
    captures = [step for step in steps if step[1] == "captured"]
    assert len(captures) <= 1
    assert all(state == "pending" for state, _, _ in captures)
    assert sum(event == "refunded" for _, event, _ in steps) <= len(captures)


@given(histories(WITHDRAWAL))
def test_a_withdrawal_neither_loses_nor_makes_money(events: list[str]) -> None:
    """After its reserve, cash and locked end as the final state says, for every order of events."""
    cash, locked, state = -1, 1, WITHDRAWAL.initial
    for before, event, after in play(WITHDRAWAL, events):
        moves = MOVES.get(WITHDRAWAL_ENTRIES.get((before, event), ""), {})
        cash, locked, state = cash + moves.get("cash", 0), locked + moves.get("locked", 0), after
    expected = {"paid": (-1, 0), "failed": (0, 0), "cancelled": (0, 0)}.get(state, (-1, 1))
    assert (cash, locked) == expected


def test_what_a_step_posts_is_a_step() -> None:
    """Each posting belongs to a row of the table, and each kind says what it moves."""
    assert set(WITHDRAWAL_ENTRIES) <= set(WITHDRAWAL.rows)
    assert set(WITHDRAWAL_ENTRIES.values()) <= set(MOVES)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_the_diagram_has_every_row(table: StateTable) -> None:
    """One arrow per row, and one per beginning and end."""
    assert table.as_mermaid().count("-->") == len(table.rows) + 1 + len(table.terminal)
