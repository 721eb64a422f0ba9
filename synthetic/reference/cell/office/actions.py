"""What the staff does to a player's account. Runs in worker threads, each action in one transaction."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa

from synthetic.reference.cell.auth import is_locked
from synthetic.reference.cell.cashier.deposit_book import deposited_today
from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.gateway.models import GameSessionRow
from synthetic.reference.cell.models import AuthSession, Credential, PlayerRow, PromoClaim
from synthetic.reference.cell.players import limit_now
from synthetic.reference.cell.restrictions import NO_LIMIT_MINOR
from synthetic.reference.ledger import Entry, LedgerTransaction

KYC_STATES = ("pending", "verified")


def describe(context: CellContext, player_id: str) -> dict[str, Any]:
    """The account as the staff sees it. Raises ApiError 404 `unknown_player`."""
    with context.ledger.transaction() as transaction:
        return _view(transaction, _player(transaction, player_id))


def change(context: CellContext, player_id: str, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """Set what restricts a player. Raises ApiError 400 `malformed`, 404 `unknown_player`."""
    with context.ledger.transaction() as transaction:
        row = _player(transaction, player_id)
        for name, value in wanted.items():
            _set(transaction, row, name, value)
        return _view(transaction, row)


def expire(context: CellContext, player_id: str) -> dict[str, Any]:
    """Let the player's game sessions run out, as they do by themselves after a while."""
    with context.ledger.transaction() as transaction:
        row = _player(transaction, player_id)
        past = datetime.now(UTC) - timedelta(seconds=1)
        mine = sa.update(GameSessionRow).where(GameSessionRow.player_id == player_id)
        transaction.session.execute(mine.values(expires_at=past))
        return _view(transaction, row)


def log_out(context: CellContext, player_id: str) -> dict[str, Any]:
    """Let the player's log-ins run out."""
    with context.ledger.transaction() as transaction:
        row = _player(transaction, player_id)
        past = datetime.now(UTC) - timedelta(seconds=1)
        mine = sa.update(AuthSession).where(AuthSession.player_id == player_id)
        transaction.session.execute(mine.values(expires_at=past))
        return _view(transaction, row)


def forget_promos(context: CellContext, player_id: str) -> dict[str, Any]:
    """Take back what the player has claimed and not used, and let him claim it again."""
    with context.ledger.transaction() as transaction:
        row = _player(transaction, player_id)
        transaction.lock(player_id)
        for claim in transaction.session.scalars(sa.select(PromoClaim).where(PromoClaim.player_id == player_id)):
            if claim.state == "active":
                moves = {"bonus": -claim.bonus_minor}
                transaction.post(Entry("bonus_forfeit", player_id, claim.claim_id, moves, "promo", row.currency))
            transaction.session.delete(claim)
        return _view(transaction, row)


def _player(transaction: LedgerTransaction, player_id: str) -> PlayerRow:
    row = transaction.session.get(PlayerRow, player_id, with_for_update=True, populate_existing=True)
    if row is None:
        raise ApiError(404, "unknown_player", f"there is no player {player_id!r}")
    return row


def _set(transaction: LedgerTransaction, row: PlayerRow, name: str, value: Any) -> None:
    match name, value:
        case "self_excluded" | "geo_blocked", bool():
            setattr(row, name, value)
        case "kyc", str() if value in KYC_STATES:
            row.kyc = value
        case "wagering_minor", int() if not isinstance(value, bool) and value >= 0:
            row.wagering_minor = value
        case "locked", False:
            credential = transaction.session.get_one(Credential, row.player_id, with_for_update=True)
            credential.failures, credential.locked_until = 0, None
        case "deposit_left_minor", None:
            row.deposit_day_minor, row.raised_limit_minor, row.raised_limit_from = NO_LIMIT_MINOR, None, None
        case "deposit_left_minor", int() if not isinstance(value, bool) and value >= 0:
            row.deposit_day_minor = deposited_today(transaction, row.player_id) + value
            row.raised_limit_minor, row.raised_limit_from = None, None
        case _:
            raise ApiError(400, "malformed", f"{name!r} can't be set to {value!r}")


def _view(transaction: LedgerTransaction, row: PlayerRow) -> dict[str, Any]:
    transaction.session.flush()
    credential = transaction.session.get(Credential, row.player_id)
    deposited_minor = deposited_today(transaction, row.player_id)
    return {
        "player_id": row.player_id,
        "currency": row.currency,
        "synthetic": row.synthetic,
        "self_excluded": row.self_excluded,
        "geo_blocked": row.geo_blocked,
        "kyc": row.kyc,
        "wagering_minor": row.wagering_minor,
        "locked": credential is not None and is_locked(credential),
        "deposit_day_minor": limit_now(row),
        "deposit_left_minor": max(0, limit_now(row) - deposited_minor),
    }
