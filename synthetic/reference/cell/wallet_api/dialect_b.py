"""Wallet dialect B, in the style of SOFTSWISS v2: atomic ordered batches, decimal strings, HMAC signatures.

Refusals are HTTP 400 with the meaning in `meta.api_code` (domain reference 1); a zero amount is refused, `finished` or
`/finish` closes a round.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.wallet_api import fields
from synthetic.reference.cell.wallet_api.calls import Done, Kind, Reason, Refused, WalletCall, WalletRequest
from synthetic.reference.cell.wallet_api.desk import Knobs
from synthetic.reference.cell.wallet_api.service import WalletService, answered_minor
from synthetic.reference.cell.wallet_api.signatures import signed_by
from synthetic.reference.currency import from_decimal, to_decimal
from synthetic.reference.ledger import Balance

KNOBS_B = Knobs(unknown_rollback="ok", duplicate="ok", rolled_back_again="refuse")

API_CODES = {
    Reason.FUNDS: 100,
    Reason.UNKNOWN_PLAYER: 101,
    Reason.INVALID_TOKEN: 101,
    Reason.TOKEN_EXPIRED: 101,
    Reason.WRONG_GAME: 107,
    Reason.PLAYER_DISABLED: 110,
    Reason.WRONG_CURRENCY: 154,
    Reason.MALFORMED: 400,
    Reason.WRONG_TYPE: 400,
    Reason.SIGNATURE: 403,
    Reason.UNKNOWN_BET: 404,
    Reason.ROLLED_BACK: 409,
    Reason.ROUND_CLOSED: 410,
    Reason.DUPLICATE: 422,
}

_CALLS_MAX = 50

Reader = Callable[[dict[str, Any]], tuple[WalletCall, ...]]


class DialectB:
    """The handlers of `/wallet/b/*` of one cell."""

    def __init__(self, context: CellContext, knobs: Knobs = KNOBS_B) -> None:
        self._context = context
        self._service = WalletService(context, knobs)

    def routes(self) -> list[BaseRoute]:
        """`/wallet/b/{balance,betwin,rollback,finish}`."""
        balance: BaseRoute = Route("/wallet/b/balance", self.balance, methods=["POST"])
        return [balance] + [
            Route(f"/wallet/b/{name}", partial(self.operation, reader), methods=["POST"])
            for name, reader in READERS.items()
        ]

    async def balance(self, request: Request) -> Response:
        """What the token's player has."""
        try:
            wallet_request = self._read(await request.body(), request, None)
            return JSONResponse(self._money(await run_in_threadpool(self._service.balance, wallet_request)))
        except Refused as refused:
            return _refusal(refused)

    async def operation(self, reader: Reader, request: Request) -> Response:
        """A batch of bets and wins, a batch of rollbacks, or the end of a round."""
        try:
            wallet_request = self._read(await request.body(), request, reader)
            done = await self._service.perform(wallet_request)
        except Refused as refused:
            return _refusal(refused)
        fresh_bet = any(outcome.call.kind is Kind.BET and not outcome.replayed for outcome in done)
        if fresh_bet and self._context.switch("loses_bet_response"):
            return Response(status_code=504)
        return JSONResponse(self._answer(wallet_request, done))

    def _answer(self, request: WalletRequest, done: list[Done]) -> dict[str, Any]:
        """The balance is the one after the batch's last transaction; closing a round moves nothing, so it has none of its own."""
        transactions = [
            {"id_provider": outcome.call.transaction, "id_casino": self._own_id(request, outcome)}
            for outcome in done
            if outcome.call.transaction
        ]
        last = next((outcome for outcome in reversed(done) if outcome.call.transaction), done[-1])
        answer = self._money(last.balance) | {"round_id": request.round_id}
        return answer | {"transactions": transactions} if transactions else answer

    def _own_id(self, request: WalletRequest, outcome: Done) -> str:
        """The wallet's own id of a transaction, the same for each repetition."""
        own = f"{request.scope}:{outcome.call.transaction}"
        is_new = outcome.replayed and self._context.switch("replays_under_new_id")
        return f"{own}:{secrets.token_hex(4)}" if is_new else own

    def _money(self, balance: Balance) -> dict[str, str]:
        return _money(answered_minor(self._context, balance), balance.currency)

    def _read(self, raw: bytes, request: Request, reader: Reader | None) -> WalletRequest:
        """Verify, then parse. Raises Refused."""
        provider = signed_by(self._context, "b", raw, request.headers.get("x-request-sign", ""))
        body = fields.parse(raw)
        needs_token = reader in {None, _betwin}
        return WalletRequest(
            provider=provider,
            player_id=fields.text(body, "user_id"),
            token=fields.text(body, "token", default=None if needs_token else ""),
            round_id=fields.text(body, "round_id") if reader else "",
            game=fields.text(body, "game", default=None if reader is _betwin else ""),
            currency=fields.text(body, "currency", default=None if reader is _betwin else ""),
            calls=reader(body) if reader else (),
        )


def _betwin(body: dict[str, Any]) -> tuple[WalletCall, ...]:
    currency = fields.text(body, "currency")
    calls = tuple(_bet_or_win(item, currency) for item in _items(body))
    close = (WalletCall(Kind.CLOSE),) if fields.flag(body, "finished", default=False) else ()
    return calls + close


def _bet_or_win(item: dict[str, Any], currency: str) -> WalletCall:
    kind = fields.text(item, "type")
    if kind not in {Kind.BET, Kind.WIN}:
        raise Refused(Reason.MALFORMED, "'type' has to be bet or win")
    try:
        amount_minor = from_decimal(item.get("amount"), currency)
    except ValueError as error:
        raise Refused(Reason.MALFORMED, str(error)) from None
    if amount_minor <= 0:
        raise Refused(Reason.MALFORMED, "'amount' has to be above zero")
    return WalletCall(Kind(kind), transaction=fields.text(item, "id_provider"), amount_minor=amount_minor)


def _rollback(body: dict[str, Any]) -> tuple[WalletCall, ...]:
    return tuple(
        WalletCall(
            kind=Kind.ROLLBACK,
            transaction=fields.text(item, "id_provider"),
            reference=fields.text(item, "id_original"),
        )
        for item in _items(body)
    )


def _finish(_body: dict[str, Any]) -> tuple[WalletCall, ...]:
    return (WalletCall(Kind.CLOSE),)


READERS: dict[str, Reader] = {"betwin": _betwin, "rollback": _rollback, "finish": _finish}


def _items(body: dict[str, Any]) -> list[dict[str, Any]]:
    items = body.get("transactions")
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise Refused(Reason.WRONG_TYPE, "'transactions' has to be a list of objects")
    if not 0 < len(items) <= _CALLS_MAX:
        raise Refused(Reason.MALFORMED, f"'transactions' has to have 1 to {_CALLS_MAX} items")
    return items


def _refusal(refused: Refused) -> Response:
    balance = refused.balance
    money = {} if balance is None else _money(balance.cash_minor, balance.currency)
    return JSONResponse({"message": str(refused), **money, "meta": {"api_code": API_CODES[refused.reason]}}, 400)


def _money(cash_minor: int, currency: str) -> dict[str, str]:
    return {"balance": to_decimal(cash_minor, currency), "currency": currency}
