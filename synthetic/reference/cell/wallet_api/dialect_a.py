"""Wallet dialect A, in the style of Hub88: one transaction a call, x 100,000 integers, RSA signatures.

Business refusals are HTTP 200 with a `status` (domain reference 1).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.wallet_api import fields
from synthetic.reference.cell.wallet_api.calls import Kind, Reason, Refused, WalletCall, WalletRequest
from synthetic.reference.cell.wallet_api.desk import Knobs
from synthetic.reference.cell.wallet_api.service import WalletService, answered_minor
from synthetic.reference.cell.wallet_api.signatures import signed_by
from synthetic.reference.currency import from_fine, to_fine
from synthetic.reference.ledger import Balance

KNOBS_A = Knobs(unknown_rollback="ok", duplicate="ok", rolled_back_again="ok")

STATUSES = {
    Reason.SIGNATURE: "RS_ERROR_INVALID_SIGNATURE",
    Reason.MALFORMED: "RS_ERROR_WRONG_SYNTAX",
    Reason.WRONG_TYPE: "RS_ERROR_WRONG_TYPES",
    Reason.UNKNOWN_PLAYER: "RS_ERROR_INVALID_TOKEN",
    Reason.INVALID_TOKEN: "RS_ERROR_INVALID_TOKEN",
    Reason.TOKEN_EXPIRED: "RS_ERROR_TOKEN_EXPIRED",
    Reason.PLAYER_DISABLED: "RS_ERROR_USER_DISABLED",
    Reason.WRONG_GAME: "RS_ERROR_INVALID_GAME",
    Reason.WRONG_CURRENCY: "RS_ERROR_WRONG_CURRENCY",
    Reason.FUNDS: "RS_ERROR_NOT_ENOUGH_MONEY",
    Reason.DUPLICATE: "RS_ERROR_DUPLICATE_TRANSACTION",
    Reason.UNKNOWN_BET: "RS_ERROR_TRANSACTION_DOES_NOT_EXIST",
    Reason.ROLLED_BACK: "RS_ERROR_TRANSACTION_ROLLED_BACK",
    # The dialect has no code for a closed round; a known error keeps the provider from sending it again.
    Reason.ROUND_CLOSED: "RS_ERROR_DUPLICATE_TRANSACTION",
}

Reader = Callable[[dict[str, Any]], WalletCall]


class DialectA:
    """The handlers of `/wallet/a/*` of one cell."""

    def __init__(self, context: CellContext, knobs: Knobs = KNOBS_A) -> None:
        self._context = context
        self._service = WalletService(context, knobs)

    def routes(self) -> list[BaseRoute]:
        """`/wallet/a/user/{info,balance}` and `/wallet/a/transaction/{bet,win,rollback}`."""
        user: list[BaseRoute] = [
            Route(f"/wallet/a/user/{name}", self.user, methods=["POST"]) for name in ("info", "balance")
        ]
        return user + [
            Route(f"/wallet/a/transaction/{name}", partial(self.transaction, reader), methods=["POST"])
            for name, reader in READERS.items()
        ]

    async def user(self, request: Request) -> Response:
        """Who the token's player is, and what he has."""
        raw = await request.body()
        try:
            wallet_request = self._read(raw, request, None)
            balance = await run_in_threadpool(self._service.balance, wallet_request)
        except Refused as refused:
            return _refusal(raw, refused)
        return self._answer(raw, balance, country=self._context.settings.market)

    async def transaction(self, reader: Reader, request: Request) -> Response:
        """A bet, a win or a rollback."""
        raw = await request.body()
        try:
            wallet_request = self._read(raw, request, reader)
            (done,) = await self._service.perform(wallet_request)
        except Refused as refused:
            return _refusal(raw, refused)
        if done.call.kind is Kind.BET and not done.replayed and self._context.switch("loses_bet_response"):
            return Response(status_code=504)
        return self._answer(raw, done.balance)

    def _answer(self, raw: bytes, balance: Balance, **more: str) -> Response:
        money = {"currency": balance.currency, "balance": self._written(balance)}
        return JSONResponse(_echo(raw) | {"status": "RS_OK"} | money | more)

    def _written(self, balance: Balance) -> int | float:
        fine = to_fine(answered_minor(self._context, balance), balance.currency)
        return float(fine) if self._context.switch("answers_float_balance") else fine

    def _read(self, raw: bytes, request: Request, reader: Reader | None) -> WalletRequest:
        """Verify, then parse. Raises Refused."""
        provider = signed_by(self._context, "a", raw, request.headers.get("x-hub88-signature", ""))
        body = fields.parse(raw)
        fields.text(body, "request_uuid")
        needs_token = reader in {None, _bet}
        return WalletRequest(
            provider=provider,
            player_id=fields.text(body, "user"),
            token=fields.text(body, "token", default=None if needs_token else ""),
            round_id=fields.text(body, "round") if reader else "",
            game=fields.text(body, "game_code", default=None if reader else ""),
            currency=fields.text(body, "currency", default=None if reader in {_bet, _win} else ""),
            calls=(reader(body),) if reader else (),
        )


def _bet(body: dict[str, Any]) -> WalletCall:
    return WalletCall(
        kind=Kind.BET,
        transaction=fields.text(body, "transaction_uuid"),
        amount_minor=_amount_minor(body),
        closes=fields.flag(body, "round_closed", default=False),
        free=fields.flag(body, "is_free", default=False),
    )


def _win(body: dict[str, Any]) -> WalletCall:
    return WalletCall(
        kind=Kind.WIN,
        transaction=fields.text(body, "transaction_uuid"),
        amount_minor=_amount_minor(body),
        reference=fields.text(body, "reference_transaction_uuid"),
        closes=fields.flag(body, "round_closed", default=True),
    )


def _rollback(body: dict[str, Any]) -> WalletCall:
    return WalletCall(
        kind=Kind.ROLLBACK,
        transaction=fields.text(body, "transaction_uuid"),
        reference=fields.text(body, "reference_transaction_uuid"),
    )


READERS: dict[str, Reader] = {"bet": _bet, "win": _win, "rollback": _rollback}


def _amount_minor(body: dict[str, Any]) -> int:
    if "amount" not in body:
        raise Refused(Reason.MALFORMED, "'amount' is missing")
    try:
        amount_minor = from_fine(body["amount"], fields.text(body, "currency"))
    except TypeError as error:
        raise Refused(Reason.WRONG_TYPE, str(error)) from None
    except ValueError as error:
        raise Refused(Reason.MALFORMED, str(error)) from None
    if not 0 <= amount_minor < 2**53:
        raise Refused(Reason.MALFORMED, "'amount' is out of range")
    return amount_minor


def _refusal(raw: bytes, refused: Refused) -> Response:
    body = _echo(raw) | {"status": STATUSES[refused.reason]}
    if refused.balance is not None:
        body["currency"] = refused.balance.currency
        body["balance"] = to_fine(refused.balance.cash_minor, refused.balance.currency)
    return JSONResponse(body)


def _echo(raw: bytes) -> dict[str, Any]:
    """`user` and `request_uuid` of the request, as far as it can be read at all."""
    try:
        body = fields.parse(raw)
    except Refused:
        body = {}
    return {name: body.get(name, "") for name in ("user", "request_uuid")}
