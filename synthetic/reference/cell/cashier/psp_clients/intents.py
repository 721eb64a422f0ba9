"""The client of a style A PSP: payment intents (docs/reference-platform.md 4)."""

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
    PspUnknown,
    nothing,
)
from synthetic.reference.settings import PspAccount

_PENDING = "requires_confirmation requires_action requires_capture processing".split()
_INTENT_STATES = {**dict.fromkeys(_PENDING, "pending"), "succeeded": "succeeded", "canceled": "cancelled"}
_PAYOUT_STATES = {
    "pending": "pending",
    "in_transit": "in_transit",
    "paid": "paid",
    "failed": "failed",
    "canceled": "cancelled",
}


class IntentsClient:
    """Talks to psp-a and psp-c. Give it the cell's account; `http` only to share or to watch the connections."""

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
        """Create and confirm an intent; see PspClient."""
        return await until_known(
            lambda: self.send_deposit(order), lambda: self.find_deposit(order.key), self._retry, on_unknown
        )

    async def send_deposit(self, order: DepositOrder) -> PspPayment:
        """Create and confirm an intent, one attempt."""
        body = {
            "amount": order.amount_minor,
            "currency": order.currency,
            "payment_method": order.instrument,
            "confirm": True,
            "metadata": {"reference": order.reference, "player": order.player_id, "key": order.key},
        }
        reply = await self._exchange.call("POST", "/v1/payment_intents", json=body, key=order.key)
        return self._payment(self._declined_or_ok(reply), reply)

    async def find_deposit(self, key: str) -> PspPayment | None:
        """The intent that was created under this idempotency key."""
        found = await self._list("/v1/payment_intents", key)
        return None if found is None else self._payment(*found)

    async def cancel_deposit(self, psp_reference: str) -> PspPayment:
        """Cancel the intent."""
        reply = await self._post(f"/v1/payment_intents/{psp_reference}/cancel", {}, f"{psp_reference}:cancel")
        return self._payment(reply.body, reply)

    async def refund_deposit(self, psp_reference: str, amount_minor: int, currency: str, key: str) -> PspRefund:
        """Refund the intent; its currency is the intent's."""
        del currency
        reply = await self._post("/v1/refunds", {"payment_intent": psp_reference, "amount": amount_minor}, key)
        match reply.body:
            case {"id": str(id_), "status": "succeeded" | "pending", "amount": int(given)} if given == amount_minor:
                return PspRefund(id_, given)
        raise self._exchange.unreadable(reply)

    async def start_payout(self, order: PayoutOrder) -> PspPayment:
        """Create a payout; see PspClient."""
        return await until_known(lambda: self._send_payout(order), lambda: self.find_payout(order.key), self._retry)

    async def find_payout(self, key: str) -> PspPayment | None:
        """The payout that was created under this idempotency key."""
        found = await self._list("/v1/payouts", key)
        return None if found is None else self._payout(*found)

    async def cancel_payout(self, psp_reference: str) -> PspPayment:
        """Cancel the payout."""
        reply = await self._post(f"/v1/payouts/{psp_reference}/cancel", {}, f"{psp_reference}:cancel")
        return self._payout(reply.body, reply)

    async def aclose(self) -> None:
        """Close the connections."""
        await self._exchange.aclose()

    async def _send_payout(self, order: PayoutOrder) -> PspPayment:
        body = {
            "amount": order.amount_minor,
            "currency": order.currency,
            "destination": order.instrument,
            "metadata": {"reference": order.reference, "player": order.player_id, "key": order.key},
        }
        reply = await self._exchange.call("POST", "/v1/payouts", json=body, key=order.key)
        return self._payout(self._ok(reply), reply)

    async def _post(self, path: str, body: Mapping[str, Any], key: str) -> Reply:
        async def send() -> Reply:
            reply = await self._exchange.call("POST", path, json=body, key=key)
            self._ok(reply)
            return reply

        return await repeated(send, self._retry)

    async def _list(self, path: str, key: str) -> tuple[Mapping[str, Any], Reply] | None:
        reply = await repeated(lambda: self._exchange.call("GET", path, params={"idempotency_key": key}), self._retry)
        match self._ok(reply).get("data"):
            case []:
                return None
            case [dict(found)]:
                return found, reply
        raise self._exchange.unreadable(reply, "ambiguous")

    def _declined_or_ok(self, reply: Reply) -> Mapping[str, Any]:
        """The intent in the answer; a 402 carries the intent that was declined."""
        match reply.body:
            case {"error": {"payment_intent": dict(intent)}} if reply.status == 402:
                return intent
        return self._ok(reply)

    def _ok(self, reply: Reply) -> Mapping[str, Any]:
        """The body of a success. Raises PspRejected for a refusal, PspUnknown where the body contradicts the status."""
        error = reply.body.get("error")
        code = error.get("code") if isinstance(error, dict) else None
        if reply.status == 409:
            raise PspUnknown(self._exchange.psp, str(code), status=409)  # a twin under this key is in progress
        if reply.status >= 300:
            raise self._exchange.rejected(reply, code or f"http_{reply.status}")
        if error is not None:
            raise self._exchange.unreadable(reply, code)
        return reply.body

    def _payment(self, intent: Mapping[str, Any], reply: Reply) -> PspPayment:
        match intent:
            case {"id": str(id_), "status": str(status), "amount": int(amount_minor), "currency": str(currency)}:
                pass
            case _:
                raise self._exchange.unreadable(reply)
        failure = intent.get("last_payment_error") or {}
        if status == "requires_payment_method":
            state = "declined" if failure.get("code") == "card_declined" else "failed"
            return PspPayment(id_, state, amount_minor, currency.upper(), failure.get("decline_code"))
        if status not in _INTENT_STATES:
            raise self._exchange.unreadable(reply, "unknown_status")
        taken_minor = intent.get("amount_received", amount_minor) if status == "succeeded" else amount_minor
        if not isinstance(taken_minor, int):
            raise self._exchange.unreadable(reply)
        return PspPayment(id_, _INTENT_STATES[status], taken_minor, currency.upper())

    def _payout(self, payout: Mapping[str, Any], reply: Reply) -> PspPayment:
        match payout:
            case {"id": str(id_), "status": str(status), "amount": int(amount_minor), "currency": str(currency)}:
                pass
            case _:
                raise self._exchange.unreadable(reply)
        if status not in _PAYOUT_STATES:
            raise self._exchange.unreadable(reply, "unknown_status")
        return PspPayment(id_, _PAYOUT_STATES[status], amount_minor, currency.upper(), payout.get("failure_code"))
