"""SOFTSWISS's way, second version (domain reference 1, dialect B): atomic batches, decimal strings, HMAC-SHA256, `api_code`s."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic.conformance.answers import json_object
from synthetic.conformance.dialects.protocol import UNPROVEN, Action, Answer, Ask, Message, Move, Reason
from synthetic.core.effects import HttpReply
from synthetic.core.money import Money, MoneyError
from synthetic.core.outcome import StepOutcome
from synthetic.core.signing import sign

NUMBER = "the balance is a JSON number, and the dialect has decimal texts"
REASONS = {
    100: Reason.FUNDS,
    101: Reason.TOKEN,
    403: Reason.SIGNATURE,
    404: Reason.UNKNOWN_BET,
    409: Reason.ROLLED_BACK,
    422: Reason.DUPLICATE,
}
PATHS = {
    Action.BALANCE: "/balance",
    Action.BET: "/betwin",
    Action.WIN: "/betwin",
    Action.BATCH: "/betwin",
    Action.ROLLBACK: "/rollback",
    Action.CLOSE: "/finish",
}


class Softswiss:
    """Ordered transactions that happen all or none. A zero amount is refused: `/finish` closes a round that pays nothing."""

    name = "softswiss"
    signature_header = "X-REQUEST-SIGN"
    untestable: Mapping[int, str] = {
        25: "the dialect's bets are the player's own money; free spins have an API of theirs"
    }

    def __init__(self, key: str) -> None:
        self._key = key

    def message(self, ask: Ask, request_id: str) -> Message:  # noqa: ARG002 - the dialect's requests have no id
        """The body of `/balance`, `/betwin`, `/rollback` and `/finish`."""
        seat = ask.seat
        currency = next((move.amount.currency for move in ask.moves), seat.currency)
        body: dict[str, Any] = {"token": seat.token, "user_id": seat.player, "currency": currency, "game": seat.game}
        if ask.action is Action.BALANCE:
            return Message(PATHS[ask.action], body)
        body["round_id"] = ask.round
        if ask.action is Action.ROLLBACK:
            body["transactions"] = [
                {"id_provider": move.id, "type": "rollback", "id_original": move.reference} for move in ask.moves
            ]
        elif ask.action is not Action.CLOSE:
            body |= {"finished": ask.closes, "transactions": [_transaction(move) for move in ask.moves]}
        return Message(PATHS[ask.action], body)

    def sign(self, raw: bytes) -> str:
        """Hex HMAC-SHA256 over the raw body."""
        return sign("hmac-sha256-hex", self._key, raw)

    def read(self, ask: Ask, request_id: str, reply: HttpReply) -> Answer:  # noqa: ARG002 - the dialect's requests have no id
        """HTTP 200 with a balance is done, 400 with an `api_code` a refusal; all else proves nothing."""
        body = json_object(reply.body) or {}
        balance = _balance(body, ask.seat.currency)
        if reply.status == 200:
            if balance is None:
                return UNPROVEN
            flaw = "" if isinstance(body.get("balance"), str) else NUMBER
            return Answer(StepOutcome.DONE, balance=balance, stored=_stored(body), flaw=flaw)
        if 400 <= reply.status < 500 and reply.status not in (404, 408, 429):
            code = _api_code(body)
            shown = f"api_code {code}" if code is not None else f"HTTP {reply.status}"
            return Answer(StepOutcome.REFUSED, shown, REASONS.get(code or 0, Reason.OTHER), balance)
        return UNPROVEN


def _transaction(move: Move) -> dict[str, Any]:
    return {"id_provider": move.id, "type": move.action.value, "amount": move.amount.decimal()}


def _api_code(body: Mapping[str, Any]) -> int | None:
    meta = body.get("meta")
    code = meta.get("api_code") if isinstance(meta, dict) else None
    return code if isinstance(code, int) else None


def _stored(body: Mapping[str, Any]) -> str:
    items = body.get("transactions")
    first = items[0] if isinstance(items, list) and items else None
    return str(first.get("id_casino") or "") if isinstance(first, dict) else ""


def _balance(body: Mapping[str, Any], currency: str) -> Money | None:
    amount = body.get("balance")
    if isinstance(amount, bool) or not isinstance(amount, str | int | float):
        return None
    try:
        return Money.from_decimal(amount, currency)
    except MoneyError:
        return None
