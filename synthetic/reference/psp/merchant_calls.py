"""The calls of a style B PSP to its merchant: verifyuser, authorize, transfer, cancel (as PaymentIQ), each signed and retried."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from synthetic.reference.background import Background
from synthetic.reference.currency import to_decimal
from synthetic.reference.psp.clock import WallClock
from synthetic.reference.psp.merchants import Merchants
from synthetic.reference.psp.signing import body_signature
from synthetic.reference.psp.transactions import Transaction
from synthetic.reference.psp.webhooks import Message, WebhookSender

UNREACHABLE = {"success": False, "errCode": "MERCHANT_UNREACHABLE", "errMsg": "no answer"}


class MerchantCalls:
    """One PSP's calls. The first two ask and wait; `transfer` and `cancel` tell, at least once, until they are answered."""

    def __init__(
        self, psp: str, merchants: Merchants, webhooks: WebhookSender, background: Background, now: WallClock
    ) -> None:
        self._psp = psp
        self._merchants = merchants
        self._webhooks = webhooks
        self._background = background
        self._now = now

    async def verify_user(self, transaction: Transaction) -> Mapping[str, Any]:
        """Does the merchant know this player, and may he pay?"""
        return await self._call("verifyuser", transaction, {"userId": transaction.order.player})

    async def authorize(self, transaction: Transaction) -> Mapping[str, Any]:
        """May this amount move? The merchant answers an `authCode`."""
        return await self._call("authorize", transaction, self._facts(transaction))

    def transfer(self, transaction: Transaction, auth_code: str) -> None:
        """The money has moved: credit it, or finalise the withdrawal."""
        self._tell("transfer", transaction, {"authCode": auth_code})

    def cancel(self, transaction: Transaction) -> None:
        """The money has not moved, or has come back: release it."""
        self._tell("cancel", transaction, {"statusCode": transaction.code})

    def _tell(self, call: str, transaction: Transaction, more: Mapping[str, Any]) -> None:
        body = {**self._facts(transaction), **more}
        cell = self._merchants.named(transaction.order.merchant).cell
        for _ in range(self._webhooks.copies_of(cell)):
            self._background.spawn(self._call_and_forget(call, transaction, body), name=f"{call} of {transaction.id}")

    async def _call_and_forget(self, call: str, transaction: Transaction, body: Mapping[str, Any]) -> None:
        await self._webhooks.jitter()
        await self._call(call, transaction, body)

    async def _call(self, call: str, transaction: Transaction, body: Mapping[str, Any]) -> Mapping[str, Any]:
        def render() -> Message:
            merchant = self._merchants.named(transaction.order.merchant)
            raw = json.dumps({**body, "timestamp": int(self._now().timestamp())}).encode()
            signature = body_signature(merchant.webhook_secret, raw)
            headers = {"Content-Type": "application/json", "X-Signature": signature}
            return Message(f"{merchant.webhook_url}/{call}", raw, headers)

        response = await self._webhooks.post(render, accepts=_is_answer)
        answer: Mapping[str, Any] = UNREACHABLE if response is None else response.json()
        return answer

    def _facts(self, transaction: Transaction) -> dict[str, Any]:
        order = transaction.order
        sign = 1 if order.kind == "deposit" else -1
        return {
            "userId": order.player,
            "txId": transaction.id,
            "merchantTxId": order.key,
            "txName": f"CreditCard{order.kind.capitalize()}",
            "txAmount": to_decimal(sign * order.amount_minor, order.currency),
            "txAmountCy": order.currency,
            "provider": self._psp,
            "attributes": {"reference": order.reference},
        }


def _is_answer(response: httpx.Response) -> bool:
    """Only a 200 with a JSON object that says `success` is an answer; anything else is asked again."""
    if response.status_code != 200:
        return False
    try:
        body = response.json()
    except ValueError:
        return False
    return isinstance(body, dict) and isinstance(body.get("success"), bool)
