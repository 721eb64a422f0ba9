"""What auditors read: both sides of every entry, open items, and what was exported or told to the other systems of a brand."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from synthetic.reference.cell.cashier.models import DepositRow, WithdrawalRow
from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.events import read_events
from synthetic.reference.cell.models import PlayerRow, PromoClaim, RoundRow
from synthetic.reference.ledger.models import Account, JournalEntry, Posting

STATEMENT_SWITCHES = {
    "exports_synthetic_players": "synthetic players' money is in the exports to GGR, AML, CRM and tax"
}

SINKS = {
    "ggr": ("bet", "win", "rollback"),
    "aml": ("deposit", "refund", "withdraw_paid"),
    "crm": ("deposit", "bet", "bonus"),
    "tax": ("win", "withdraw_paid"),
    "affiliate": ("deposit",),
}
"""Which kinds of ledger entries each of the other systems gets; all of them leave synthetic players out."""


def double_entry(context: CellContext, player_id: str) -> list[dict[str, Any]]:
    """Each leg of the player's entries, with its account, oldest first."""
    query = (
        sa.select(Posting, Account.name)
        .join(JournalEntry, JournalEntry.id == Posting.entry_id)
        .join(Account, Account.id == Posting.account_id)
        .where(JournalEntry.player_id == player_id)
        .order_by(Posting.id)
    )
    with context.ledger.reading() as session:
        return [
            {
                "entry": str(posting.entry_id),
                "account": account,
                "amount_minor": posting.amount_minor,
                "currency": posting.currency,
            }
            for posting, account in session.execute(query)
        ]


def open_items(context: CellContext, player_id: str) -> list[dict[str, Any]]:
    """What of the player's is not at its end: rounds, payments, bonuses."""
    with context.ledger.reading() as session:
        row = session.get(PlayerRow, player_id)
        if row is None:
            raise ApiError(404, "unknown_player", f"there is no player {player_id!r}")
        return [
            {"kind": kind, "reference": reference, "amount_minor": amount_minor, "currency": row.currency}
            for kind, reference, amount_minor in _open(session, player_id)
        ]


def _open(session: Session, player_id: str) -> Iterator[tuple[str, str, int]]:
    rounds = sa.select(RoundRow).where(RoundRow.player_id == player_id, RoundRow.state == "OPEN")
    for round_ in session.scalars(rounds):
        yield "round", round_.round_id, round_.stake_minor
    deposits = sa.select(DepositRow).where(DepositRow.player_id == player_id, DepositRow.state == "pending")
    for deposit in session.scalars(deposits):
        yield "deposit", deposit.deposit_id, deposit.amount_minor
    leaving = WithdrawalRow.state.in_(("pending", "in_transit"))
    for withdrawal in session.scalars(sa.select(WithdrawalRow).where(WithdrawalRow.player_id == player_id, leaving)):
        yield "withdrawal", withdrawal.withdrawal_id, withdrawal.amount_minor
    claims = sa.select(PromoClaim).where(PromoClaim.player_id == player_id, PromoClaim.state == "active")
    for claim in session.scalars(claims):
        yield "bonus", claim.claim_id, claim.bonus_minor


def exported(context: CellContext, sink: str, player_id: str) -> list[dict[str, Any]]:
    """What was exported of a player. Raises ApiError 404 `unknown_sink`."""
    kinds = SINKS.get(sink)
    if kinds is None:
        raise ApiError(404, "unknown_sink", f"there is no sink {sink!r}; there are: {', '.join(SINKS)}")
    query = (
        sa.select(JournalEntry, PlayerRow.synthetic)
        .join(PlayerRow, PlayerRow.player_id == JournalEntry.player_id)
        .where(JournalEntry.player_id == player_id, JournalEntry.kind.in_(kinds))
        .order_by(JournalEntry.id)
    )
    with context.ledger.reading() as session:
        entries = [(entry, is_synthetic) for entry, is_synthetic in session.execute(query)]
    if any(is_synthetic for _, is_synthetic in entries) and not context.switch("exports_synthetic_players"):
        return []
    return [{"id": f"{sink}-{entry.id}", "reference": entry.reference, "kind": entry.kind} for entry, _ in entries]


def published(context: CellContext, after: int, limit: int) -> list[dict[str, Any]]:
    """The cell's events behind position `after`, oldest first: protobuf messages of `contracts/proto/`, in base64."""
    return [
        {
            "id": row.position,
            "type": row.type,
            "message": row.message,
            "content_type": "application/protobuf",
            "content": base64.b64encode(row.content).decode(),
        }
        for row in read_events(context.ledger, after, limit)
    ]
