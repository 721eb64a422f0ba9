"""Hub88's way (domain reference 1, dialect A): x 100,000 integers, RSA-SHA256, business refusals under HTTP 200.

Source: https://hub88.io/docs, and the OpenAPI document of the same API that Caleta publishes.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic.conformance.answers import json_object
from synthetic.conformance.dialects.protocol import UNPROVEN, Action, Answer, Ask, Message, Move, Reason
from synthetic.core.effects import HttpReply
from synthetic.core.money import Money, MoneyError, exponent
from synthetic.core.outcome import StepOutcome
from synthetic.core.signing import sign

FINE_UNITS = 100_000
FLOAT = "the balance is a JSON number with a fraction, and the dialect has integers"
REASONS = {
    "RS_ERROR_DUPLICATE_TRANSACTION": Reason.DUPLICATE,
    "RS_ERROR_TRANSACTION_DOES_NOT_EXIST": Reason.UNKNOWN_BET,
    "RS_ERROR_TRANSACTION_ROLLED_BACK": Reason.ROLLED_BACK,
    "RS_ERROR_INVALID_SIGNATURE": Reason.SIGNATURE,
    "RS_ERROR_INVALID_TOKEN": Reason.TOKEN,
    "RS_ERROR_TOKEN_EXPIRED": Reason.TOKEN,
    "RS_ERROR_NOT_ENOUGH_MONEY": Reason.FUNDS,
}
UNDECIDED = frozenset({"RS_ERROR_UNKNOWN", "RS_ERROR_TIMEOUT"})
PATHS = {
    Action.BALANCE: "/user/balance",
    Action.BET: "/transaction/bet",
    Action.WIN: "/transaction/win",
    Action.ROLLBACK: "/transaction/rollback",
    Action.CLOSE: "/transaction/win",
}


class Hub88:
    """One transaction a request. A round is closed by a win of zero."""

    name = "hub88"
    signature_header = "X-Hub88-Signature"
    untestable: Mapping[int, str] = {16: "the dialect has one transaction a request, so there are no batches"}

    def __init__(self, key: str) -> None:
        self._key = key

    def message(self, ask: Ask, request_id: str) -> Message:
        """The body of `/user/balance` and `/transaction/*`."""
        seat = ask.seat
        body: dict[str, Any] = {"user": seat.player, "token": seat.token, "request_uuid": request_id}
        if ask.action is Action.BALANCE:
            return Message(PATHS[ask.action], body | {"game_code": seat.game, "currency": seat.currency})
        (move,) = ask.moves
        body |= {"transaction_uuid": move.id, "round": ask.round, "round_closed": ask.closes, "game_code": seat.game}
        if move.reference:
            body["reference_transaction_uuid"] = move.reference
        if ask.action is not Action.ROLLBACK:
            body |= _money(move) | {"is_free": ask.free}
        return Message(PATHS[ask.action], body)

    def sign(self, raw: bytes) -> str:
        """Base64 RSA-SHA256 (PKCS #1 v1.5) over the raw body. Raises BadKey."""
        return sign("rsa-sha256-base64", self._key, raw)

    def read(self, ask: Ask, request_id: str, reply: HttpReply) -> Answer:
        """`RS_OK` with a balance is done; an error that is known to move nothing is a refusal; all else proves nothing."""
        body = json_object(reply.body)
        status = None if body is None else body.get("status")
        if body is None or not isinstance(status, str):
            refused = reply.status in (400, 401, 403)
            return Answer(StepOutcome.REFUSED, f"HTTP {reply.status}", Reason.OTHER) if refused else UNPROVEN
        balance = _balance(body, ask.seat.currency)
        if status == "RS_OK":
            mine = reply.status == 200 and body.get("request_uuid") == request_id and balance is not None
            flaw = FLOAT if isinstance(body.get("balance"), float) else ""
            return Answer(StepOutcome.DONE if mine else StepOutcome.UNKNOWN, status, balance=balance, flaw=flaw)
        if status in UNDECIDED or reply.status >= 500:
            return Answer(StepOutcome.UNKNOWN, status)
        return Answer(StepOutcome.REFUSED, status, REASONS.get(status, Reason.OTHER), balance)


def _money(move: Move) -> dict[str, Any]:
    amount = move.amount
    return {"currency": amount.currency, "amount": amount.minor * FINE_UNITS // 10 ** exponent(amount.currency)}


def _balance(body: Mapping[str, Any], currency: str) -> Money | None:
    units = body.get("balance")
    if isinstance(units, bool) or not isinstance(units, int | float) or units != int(units):
        return None
    try:
        return Money.from_units(int(units), FINE_UNITS // 10 ** exponent(currency), currency)
    except MoneyError:
        return None
