"""What the cell answers to each call of a style B PSP, and what it does with the call's news."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from synthetic.reference.cell.cashier.chargebacks import hear_of_chargeback
from synthetic.reference.cell.cashier.charging import SECOND_PAYMENTS
from synthetic.reference.cell.cashier.deposit_book import Heard, hear_again
from synthetic.reference.cell.cashier.deposits import DepositDesk
from synthetic.reference.cell.cashier.models import DepositRow, WithdrawalRow
from synthetic.reference.cell.cashier.news import News
from synthetic.reference.cell.cashier.psp_clients.notifications import failure_state
from synthetic.reference.cell.cashier.withdrawal_book import hear_of_withdrawal
from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.players import load_player
from synthetic.reference.currency import from_decimal
from synthetic.reference.ledger import LedgerTransaction


class Refusal(Exception):  # noqa: N818 - the domain's word
    """A call that is answered `success: false`."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.answer = {"success": False, "errCode": code, "errMsg": message}


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to a call, and what the call did to a deposit."""

    answer: Mapping[str, Any]
    heard: Heard | None = None


@dataclass(frozen=True, slots=True)
class _Call:
    """The facts that `authorize`, `transfer` and `cancel` share. `amount_minor` is negative for a withdrawal."""

    transaction_id: str
    reference: str
    key: str
    player_id: str
    amount_minor: int
    currency: str
    body: Mapping[str, Any]

    @property
    def auth_code(self) -> str:
        """The code that `authorize` gives and `transfer` has to bring back."""
        return f"auth-{self.reference}"

    @property
    def status_code(self) -> str | None:
        """Why the PSP cancels."""
        code = self.body.get("statusCode")
        return code if isinstance(code, str) else None

    def accepted(self) -> dict[str, Any]:
        """The answer of success."""
        return {
            "userId": self.player_id,
            "success": True,
            "txId": self.transaction_id,
            "merchantTxId": self.reference,
        }

    def news(self, event: str, code: str | None = None) -> News:
        """The call as news; amounts in news have no sign."""
        return News(event, self.transaction_id, abs(self.amount_minor), self.currency, code, self.key)


class CallbackAnswers:
    """Decides the answers. Every method works inside the caller's ledger transaction."""

    CALLS: ClassVar[frozenset[str]] = frozenset({"verifyuser", "authorize", "transfer", "cancel", "debit"})

    def __init__(self, context: CellContext, deposits: DepositDesk) -> None:
        self._context = context
        self._deposits = deposits

    def verify_user(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Is this our player, and may he pay? Raises Refusal."""
        with self._context.ledger.reading() as session:
            player = load_player(session, str(body.get("userId")))
        if player is None:
            raise Refusal("UNKNOWN_USER", "no such player")
        if player.self_excluded:
            raise Refusal("SELF_EXCLUDED", "the player has excluded himself")
        kyc = "Approved" if player.kyc == "verified" else "Pending"
        return {"success": True, "kycStatus": kyc, "balanceCy": player.currency}

    def hear_again(self, transaction: LedgerTransaction, call: str, body: Mapping[str, Any]) -> None:
        """A call that has its answer already: only a cell with a fault does something about it."""
        facts, event = _parse(body), {"transfer": "captured", "authorize": "processing"}.get(call)
        if event is not None and facts.amount_minor > 0:
            hear_again(transaction, facts.reference, facts.news(event), acts=self._context.acts)

    def answer(self, transaction: LedgerTransaction, psp: str, call: str, body: Mapping[str, Any]) -> Told:
        """Obey or refuse the call. Raises Refusal."""
        facts = _parse(body)
        about = self._about_deposit if facts.amount_minor > 0 else self._about_withdrawal
        return about(transaction, psp, call, facts)

    def _about_deposit(self, transaction: LedgerTransaction, psp: str, call: str, facts: _Call) -> Told:
        row = transaction.session.get(DepositRow, facts.reference, with_for_update=True)
        if row is None or (row.player_id, row.psp) != (facts.player_id, psp):
            raise Refusal("UNKNOWN_TX", "we asked for no such deposit")
        if call == "authorize":
            self._check_expected(facts, row, row.deposit_id)
            return Told(facts.accepted() | {"authCode": facts.auth_code})
        if call == "debit":
            hear_of_chargeback(transaction, row.deposit_id, facts.news("chargeback"), acts=self._context.acts)
            return Told(facts.accepted())
        if call == "transfer":
            _check_auth_code(facts)
            news = facts.news("captured")
        else:
            news = facts.news(failure_state(facts.status_code), facts.status_code)
        heard = self._deposits.hear_in(transaction, row.deposit_id, news, is_webhook=True)
        return Told(facts.accepted(), heard)

    def _about_withdrawal(self, transaction: LedgerTransaction, psp: str, call: str, facts: _Call) -> Told:
        row = transaction.session.get(WithdrawalRow, facts.reference, with_for_update=True)
        if row is None or (row.player_id, row.psp) != (facts.player_id, psp):
            raise Refusal("UNKNOWN_TX", "we asked for no such withdrawal")
        more: dict[str, Any] = {}
        if call == "authorize":
            self._check_expected(facts, row, row.withdrawal_id)
            news, more = facts.news("leave"), {"authCode": facts.auth_code}
        elif call == "transfer":
            _check_auth_code(facts)
            news = facts.news("paid")
        elif call == "cancel":
            news = facts.news("failed", facts.status_code)
        else:
            raise Refusal("INVALID_REQUEST", f"{call} is not about withdrawals")
        if not facts.key.endswith(SECOND_PAYMENTS):  # the ledger shows one payout, whichever of the two is told first
            hear_of_withdrawal(transaction, row.withdrawal_id, news, acts=self._context.acts)
        return Told(facts.accepted() | more)

    def _check_expected(self, facts: _Call, row: DepositRow | WithdrawalRow, our_id: str) -> None:
        """Only a payment that is pending, in the amount and under the key that we gave it. Raises Refusal."""
        if facts.key.endswith(SECOND_PAYMENTS):
            return  # a defect of ours has started it, and takes it for the first
        if (abs(facts.amount_minor), facts.currency) != (row.amount_minor, row.currency):
            raise Refusal("WRONG_AMOUNT", f"we asked for {row.amount_minor} minor units of {row.currency}")
        if facts.key != our_id or (row.state != "pending" and not self._pays_again(facts, row)):
            raise Refusal("NOT_PENDING", f"the payment is {row.state}")

    def _pays_again(self, facts: _Call, row: DepositRow | WithdrawalRow) -> bool:
        """The fault `retries_without_looking_up`: another payment of the same deposit is welcome."""
        is_second = row.psp_reference not in (None, facts.transaction_id)
        return is_second and self._context.switch("retries_without_looking_up", psp=row.psp)


def _parse(body: Mapping[str, Any]) -> _Call:
    try:
        currency = str(body["txAmountCy"])
        key = str(body["merchantTxId"])
        attributes = body.get("attributes") or {}
        return _Call(
            transaction_id=str(body["txId"]),
            reference=str(attributes.get("reference") or key),
            key=key,
            player_id=str(body["userId"]),
            amount_minor=from_decimal(body["txAmount"], currency),
            currency=currency,
            body=body,
        )
    except (KeyError, ValueError, AttributeError) as error:
        raise Refusal("INVALID_REQUEST", f"a field is missing or wrong: {error}") from None


def _check_auth_code(facts: _Call) -> None:
    if facts.body.get("authCode") != facts.auth_code:
        raise Refusal("INVALID_AUTH_CODE", "this is not the code that authorize answered")
