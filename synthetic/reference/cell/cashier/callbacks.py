"""Callbacks of style B (verifyuser, authorize, transfer, cancel, debit): verified, then answered once per transaction and call.

The PSP repeats a call until it is answered with 200, and a duplicate has to get the same answer: an answer is stored in the
transaction that does what it says. A refusal is an answer too: HTTP 200 with `success: false`. Only a call whose
signature is bad gets a 403, so that the PSP tries again when the keys are in order.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from synthetic.reference.cell.cashier.callback_answers import CallbackAnswers, Refusal, Told
from synthetic.reference.cell.cashier.cashier import Cashier
from synthetic.reference.cell.cashier.deposits import DepositDesk
from synthetic.reference.cell.cashier.refunds import RefundSender
from synthetic.reference.cell.cashier.signatures import BadSignature, check_fresh, verify_body_signature
from synthetic.reference.cell.cashier.webhook_guard import Now, WebhookGuard, utc_now
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.logs import log_event
from synthetic.reference.settings import PspAccount


class NotificationCallbacks:
    """Receives a style B PSP's calls."""

    def __init__(self, cashier: Cashier, deposits: DepositDesk, refunds: RefundSender, now: Now = utc_now) -> None:
        self._context = cashier.context
        self._refunds = refunds
        self._answers = CallbackAnswers(cashier.context, deposits)
        self._guard = WebhookGuard(cashier.context, now)

    async def receive(self, request: Request) -> Response:
        """`POST /cashier/webhooks/{psp}/{call}`."""
        account, call = self._context.psp(request.path_params["psp"]), request.path_params["call"]
        if account is None or account.style != "notifications" or call not in CallbackAnswers.CALLS:
            raise ApiError(404, "unknown_psp", "no PSP of this cell makes this call")
        raw = await request.body()
        try:
            body = self._verified(account, call, raw, request.headers.get("x-signature", ""))
        except BadSignature as error:
            log_event("callback_refused", psp=account.psp, call=call, why=str(error))
            return JSONResponse({"success": False, "errCode": "BAD_SIGNATURE", "errMsg": str(error)}, 403)
        told = await run_in_threadpool(self._answer, account, call, body)
        if told.heard is not None and told.heard.refund is not None:
            self._refunds.send_soon(told.heard.refund, told.heard.deposit)
        log_event("callback", psp=account.psp, call=call, tx=body.get("txId"), success=told.answer["success"])
        return JSONResponse(told.answer)

    def _verified(self, account: PspAccount, call: str, raw: bytes, signature: str) -> dict[str, Any]:
        """The body without its time stamp. Raises BadSignature."""
        with self._guard.pardoning(account.psp):
            verify_body_signature(signature, raw, account.webhook_secret)
        body = _json_object(raw)
        stamp = body.pop("timestamp", None)
        with self._guard.pardoning(account.psp):
            check_fresh(stamp, self._guard.now(f"{call}:{_fingerprint(body)}"))
        return body

    def _answer(self, account: PspAccount, call: str, body: Mapping[str, Any]) -> Told:
        """The stored answer to this call about this transaction, or a new one. Runs in a worker thread."""
        user = {"userId": body.get("userId")}
        try:
            if call == "verifyuser":
                return Told(user | self._answers.verify_user(body))
            return self._answer_once(account, call, _transaction_id(body), body)
        except Refusal as refusal:
            return Told(user | refusal.answer)

    def _answer_once(self, account: PspAccount, call: str, transaction_id: str, body: Mapping[str, Any]) -> Told:
        scope, fingerprint = f"{account.psp}:{call}", _fingerprint(body)
        with self._context.ledger.transaction() as transaction:
            seen = transaction.recall(scope, transaction_id)
            if seen is not None and seen.fingerprint != fingerprint:
                raise Refusal("DUPLICATE_TX", "this call was made before, with other facts")
            if seen is not None:
                self._answers.hear_again(transaction, call, body)
                return Told(seen.response)
            try:
                told = self._answers.answer(transaction, account.psp, call, body)
            except Refusal as refusal:
                told = Told({"userId": body.get("userId"), **refusal.answer})
            transaction.remember(scope, transaction_id, fingerprint, told.answer)
            return told


def _transaction_id(body: Mapping[str, Any]) -> str:
    transaction_id = body.get("txId")
    if isinstance(transaction_id, str) and transaction_id:
        return transaction_id
    raise Refusal("INVALID_REQUEST", "txId is a text")


def _json_object(raw: bytes) -> dict[str, Any]:
    """The body. Raises BadSignature for what nobody would sign."""
    try:
        body = json.loads(raw)
    except ValueError:
        raise BadSignature("the body is not JSON") from None
    if not isinstance(body, dict):
        raise BadSignature("the body is not a JSON object")
    return body


def _fingerprint(body: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(body, sort_keys=True).encode()).hexdigest()
