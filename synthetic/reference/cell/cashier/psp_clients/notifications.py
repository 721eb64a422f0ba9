"""The client of a style B PSP: redirect and notification (docs/reference-platform.md 5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from synthetic.reference.cell.cashier.psp_clients.attempts import RetryPolicy, repeated, until_known
from synthetic.reference.cell.cashier.psp_clients.exchange import TIMEOUT_S, PspExchange, Reply
from synthetic.reference.cell.cashier.psp_clients.protocol import (
    DepositOrder,
    OnUnknown,
    PayoutOrder,
    PspPayment,
    PspRefund,
    nothing,
)
from synthetic.reference.currency import from_decimal, to_decimal
from synthetic.reference.settings import PspAccount

_DEPOSIT_STATES = {
    "pending": "pending",
    "authorized": "pending",
    "successful": "succeeded",
    "refunded": "succeeded",  # it was captured; what went back is our own refund
    "failed": "failed",
    "cancelled": "cancelled",
}
_WITHDRAWAL_STATES = {
    "pending": "pending",
    "authorized": "in_transit",
    "successful": "paid",
    "failed": "failed",
    "cancelled": "cancelled",
}


def failure_state(status_code: str | None) -> str:
    """Whether a failed deposit was `declined` by the issuer (lower-case codes) or `failed` at the PSP or with us."""
    is_issuers = status_code is not None and status_code.islower() and status_code != "processing_error"
    return "declined" if is_issuers else "failed"


class NotificationsClient:
    """Talks to psp-b. Give it the cell's account; `http` only to share or to watch the connections."""

    def __init__(
        self,
        account: PspAccount,
        http: httpx.AsyncClient | None = None,
        *,
        timeout_s: float = TIMEOUT_S,
        retry: RetryPolicy | None = None,
    ) -> None:
        self._exchange = PspExchange(account, http, timeout_s)
        self._retry = retry or RetryPolicy()

    async def start_deposit(self, order: DepositOrder, on_unknown: OnUnknown = nothing) -> PspPayment:
        """Place a deposit; see PspClient."""
        return await until_known(
            lambda: self.send_deposit(order), lambda: self.find_deposit(order.key), self._retry, on_unknown
        )

    async def send_deposit(self, order: DepositOrder) -> PspPayment:
        """Place a deposit, one attempt."""
        body = _order_body(order) | {"successUrl": order.return_url}
        return self._payment(await self._call("POST", "/api/deposits", body))

    async def find_deposit(self, key: str) -> PspPayment | None:
        """The deposit with this merchantTxId."""
        return await self._find(key)

    async def cancel_deposit(self, psp_reference: str) -> PspPayment:
        """Cancel the deposit."""
        return self._payment(await self._repeat(f"/api/transactions/{psp_reference}/cancel", {}))

    async def refund_deposit(self, psp_reference: str, amount_minor: int, currency: str, key: str) -> PspRefund:
        """Refund the deposit."""
        body = {"amount": to_decimal(amount_minor, currency), "currency": currency, "merchantTxId": key}
        reply = await self._repeat(f"/api/transactions/{psp_reference}/refund", body)
        payment = self._payment(reply)
        try:
            given_minor = from_decimal(reply.body.get("refunded"), payment.currency)  # all refunds of the deposit
        except ValueError:
            raise self._exchange.unreadable(reply) from None
        if given_minor < amount_minor:
            raise self._exchange.unreadable(reply)
        return PspRefund(payment.psp_reference, amount_minor)

    async def start_payout(self, order: PayoutOrder) -> PspPayment:
        """Place a withdrawal; see PspClient."""

        async def send() -> PspPayment:
            return self._payment(await self._call("POST", "/api/withdrawals", _order_body(order)))

        return await until_known(send, lambda: self.find_payout(order.key), self._retry)

    async def find_payout(self, key: str) -> PspPayment | None:
        """The withdrawal with this merchantTxId."""
        return await self._find(key)

    async def cancel_payout(self, psp_reference: str) -> PspPayment:
        """Cancel the withdrawal."""
        return self._payment(await self._repeat(f"/api/transactions/{psp_reference}/cancel", {}))

    async def aclose(self) -> None:
        """Close the connections."""
        await self._exchange.aclose()

    async def _repeat(self, path: str, body: Mapping[str, Any]) -> Reply:
        return await repeated(lambda: self._call("POST", path, body), self._retry)

    async def _find(self, key: str) -> PspPayment | None:
        async def send() -> Reply:
            return self._ok(await self._exchange.call("GET", "/api/transactions", params={"merchantTxId": key}))

        reply = await repeated(send, self._retry)
        match reply.body.get("transactions"):
            case []:
                return None
            case [dict(found)]:
                return self._payment(Reply(reply.status, found))
        raise self._exchange.unreadable(reply)

    async def _call(self, method: str, path: str, body: Mapping[str, Any]) -> Reply:
        return self._ok(await self._exchange.call(method, path, json=body))

    def _ok(self, reply: Reply) -> Reply:
        code = reply.body.get("errCode")
        if reply.status >= 300:
            raise self._exchange.rejected(reply, code or f"http_{reply.status}")
        if code is not None or reply.body.get("success") is False:
            raise self._exchange.unreadable(reply, code)
        return reply

    def _payment(self, reply: Reply) -> PspPayment:
        match reply.body:
            case {"txId": str(id_), "type": str(kind), "state": str(wire_state), "amount": amount, "currency": str(cy)}:
                states = _DEPOSIT_STATES if kind == "deposit" else _WITHDRAWAL_STATES
            case _:
                raise self._exchange.unreadable(reply)
        try:
            amount_minor = from_decimal(amount, cy)
            state = states[wire_state]
        except (KeyError, ValueError):
            raise self._exchange.unreadable(reply) from None
        code = reply.body.get("statusCode")
        if kind == "deposit" and state == "failed":
            state = failure_state(code)
        return PspPayment(id_, state, amount_minor, cy, code, reply.body.get("redirectUrl") or "")


def _order_body(order: DepositOrder | PayoutOrder) -> dict[str, Any]:
    return {
        "merchantTxId": order.key,
        "userId": order.player_id,
        "amount": to_decimal(order.amount_minor, order.currency),
        "currency": order.currency,
        "instrument": order.instrument,
        "attributes": {"reference": order.reference},
    }
