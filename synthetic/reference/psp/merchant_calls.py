"""The calls of a style B PSP to its merchant, each signed and retried: verifyuser, authorize, transfer, cancel, debit."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import httpx

from synthetic.reference.currency import to_decimal
from synthetic.reference.psp.clock import WallClock
from synthetic.reference.psp.merchants import Merchants
from synthetic.reference.psp.signing import Seal, sign_body
from synthetic.reference.psp.transactions import Transaction
from synthetic.reference.psp.webhooks import Announcement, Message, WebhookSender

UNREACHABLE = {"success": False, "errCode": "MERCHANT_UNREACHABLE", "errMsg": "no answer"}


class MerchantCalls:
    """One PSP's calls. The first two ask and wait; the others tell, at least once, until they are answered."""

    def __init__(self, psp: str, merchants: Merchants, webhooks: WebhookSender, now: WallClock) -> None:
        self._psp = psp
        self._merchants = merchants
        self._webhooks = webhooks
        self._now = now

    async def verify_user(self, transaction: Transaction) -> Mapping[str, Any]:
        """Does the merchant know this player, and may he pay?"""
        return await self._call("verifyuser", transaction, {"userId": transaction.order.player})

    async def authorize(self, transaction: Transaction) -> Mapping[str, Any]:
        """May this amount move? The merchant answers an `authCode`."""
        return await self._call("authorize", transaction, self._ordered(transaction))

    def transfer(self, transaction: Transaction, auth_code: str) -> None:
        """The money has moved: credit it, or finalise the withdrawal."""
        transfer = self._announcement("transfer", transaction, self._facts(transaction) | {"authCode": auth_code})
        older = self._announcement("authorize", transaction, self._ordered(transaction))
        self._webhooks.tell(transfer, older=older if transaction.order.kind == "deposit" else None)

    def cancel(self, transaction: Transaction) -> None:
        """The money has not moved, or has come back: release it."""
        body = self._ordered(transaction) | {"statusCode": transaction.code}
        self._webhooks.tell(self._announcement("cancel", transaction, body))

    def debit(self, transaction: Transaction) -> None:
        """The player's bank has taken a deposit back (as Trustly's `debit`)."""
        self._webhooks.tell(self._announcement("debit", transaction, self._facts(transaction)))

    async def _call(self, call: str, transaction: Transaction, body: Mapping[str, Any]) -> Mapping[str, Any]:
        response = await self._webhooks.ask(self._announcement(call, transaction, body))
        answer: Mapping[str, Any] = UNREACHABLE if response is None else response.json()
        return answer

    def _announcement(self, call: str, transaction: Transaction, body: Mapping[str, Any]) -> Announcement:
        order = transaction.order

        def render(seal: Seal) -> Message:
            merchant, at = self._merchants.named(order.merchant), seal.at(self._now())
            raw = json.dumps({**body, "timestamp": int(at.timestamp())}).encode()
            signed = sign_body(seal.secret(merchant.webhook_secret), raw, at)
            headers = {"Content-Type": "application/json", "X-Signature": signed.header}
            return Message(f"{merchant.webhook_url}/{call}", raw, headers, signed)

        cell, kind = self._merchants.named(order.merchant).cell, f"{order.kind}.{call}"
        return Announcement(cell, order.merchant, order.player, order.reference, kind, render)

    def _ordered(self, transaction: Transaction) -> dict[str, Any]:
        """The facts of what was ordered."""
        return self._written(transaction, (transaction.order.amount_minor, transaction.order.currency))

    def _facts(self, transaction: Transaction) -> dict[str, Any]:
        """The facts of what has moved."""
        return self._written(transaction, transaction.moved)

    def _written(self, transaction: Transaction, amount: tuple[int, str]) -> dict[str, Any]:
        order, (amount_minor, currency) = transaction.order, amount
        sign = 1 if order.kind == "deposit" else -1
        return {
            "userId": order.player,
            "txId": transaction.id,
            "merchantTxId": order.key,
            "txName": f"CreditCard{order.kind.capitalize()}",
            "txAmount": to_decimal(sign * amount_minor, currency),
            "txAmountCy": currency,
            "provider": self._psp,
            "attributes": {"reference": order.reference},
        }


def is_answer(response: httpx.Response) -> bool:
    """Only a 200 with a JSON object that says `success` is an answer; anything else is asked again."""
    if response.status_code != 200:
        return False
    try:
        body = response.json()
    except ValueError:
        return False
    return isinstance(body, dict) and isinstance(body.get("success"), bool)
