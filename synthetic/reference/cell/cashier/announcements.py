"""What the cashier tells the rest of the platform: deposits that are credited, withdrawals that are paid."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.orm import Session

from synthetic.reference.cell.cashier.models import DepositRow, WithdrawalRow
from synthetic.reference.cell.events import DepositCompleted, Money, Timestamp, WithdrawalCompleted, header, publish


def announce_deposit(session: Session, row: DepositRow) -> None:
    """`deposit.completed`, in the transaction that credits it."""
    event = DepositCompleted(
        header=header(session, row.player_id, datetime.now(UTC)),
        deposit_id=row.deposit_id,
        player_id=row.player_id,
        psp=row.psp,
        psp_reference=row.psp_reference,
        amount=Money(row.amount_minor, row.currency),
        requested_at=Timestamp.of(row.created_at),
    )
    publish(session, event, row.deposit_id)


def announce_withdrawal(session: Session, row: WithdrawalRow) -> None:
    """`withdrawal.completed`, in the transaction that hears of the payment."""
    event = WithdrawalCompleted(
        header=header(session, row.player_id, datetime.now(UTC)),
        withdrawal_id=row.withdrawal_id,
        player_id=row.player_id,
        psp=row.psp,
        psp_reference=row.psp_reference,
        amount=Money(row.amount_minor, row.currency),
        requested_at=Timestamp.of(row.created_at),
    )
    publish(session, event, row.withdrawal_id)
