"""A wish that comes a moment too late: the PSP completes the payment between our question and our cancellation."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.reference.settings import PspAccount
from synthetic.tests.reference.cell.cashier.market import SECRET, Market, open_market
from synthetic.tests.reference.psp.serving import serving


@dataclass
class HastyPsp:
    """A style A PSP whose one payment is pending until somebody wants to cancel it. With `stubborn` it stays pending."""

    stubborn: bool = False
    completed: bool = False

    def app(self) -> Starlette:
        """Creates, lists, and refuses to cancel."""

        async def handle(request: Request) -> Response:
            is_payout = "payouts" in request.url.path
            if request.url.path.endswith("/cancel"):
                self.completed = not self.stubborn
                return JSONResponse({"error": {"code": "payout_unexpected_state"}}, 400)
            if request.url.path == "/v1/refunds":
                return JSONResponse({"id": "re_1", "status": "succeeded", "amount": (await request.json())["amount"]})
            payment = self.payment("po_1" if is_payout else "pi_1", "paid" if is_payout else "succeeded")
            return JSONResponse(payment if request.method == "POST" else {"data": [payment]})

        return Starlette(routes=[Route("/{path:path}", handle, methods=["GET", "POST"])])

    def payment(self, id_: str, final: str) -> dict[str, Any]:
        """The payment as it is now."""
        before = "processing" if final == "succeeded" else "pending"
        return {"id": id_, "status": final if self.completed else before, "amount": 100, "currency": "EUR"}


@contextmanager
def hasty_market(folder: Path, psp: HastyPsp) -> Iterator[Market]:
    with serving(psp.app()) as url:
        account = PspAccount("psp-h", "intents", url, "m", "key", SECRET)
        with open_market(folder, psps=(account,)) as market:
            yield market


def test_a_payout_that_leaves_during_the_cancellation_is_too_late(tmp_path: Path) -> None:
    """409 `too_late`, and the withdrawal is paid: the reserve is not given back."""
    with hasty_market(tmp_path, HastyPsp()) as market:
        withdrawal_id = market.withdraw("psp-h").json()["id"]
        answer = market.cancel(withdrawal_id)
        assert (answer.status_code, answer.json()["error"]) == (409, "too_late")
        assert (market.state("withdrawals", withdrawal_id), market.cash(), market.locked()) == ("paid", 900, 0)


def test_a_deposit_that_is_captured_during_the_cancellation_is_refunded(tmp_path: Path) -> None:
    """Credited, because it was captured, and then returned: 1.00 in, 1.00 out."""
    with hasty_market(tmp_path, HastyPsp()) as market:
        deposit_id = market.deposit("psp-h").json()["id"]
        assert market.refund(deposit_id).json() == {"id": deposit_id, "refunded_minor": 100, "state": "refunded"}
        assert (market.cash(), len(market.postings("deposit")), len(market.postings("refund"))) == (1000, 1, 1)


@pytest.mark.parametrize("what", ["deposits", "withdrawals"])
def test_a_psp_that_neither_completes_nor_cancels_is_unavailable(tmp_path: Path, what: str) -> None:
    """502 `psp_unavailable`, nothing changed: the caller asks again."""
    with hasty_market(tmp_path, HastyPsp(stubborn=True)) as market:
        payment_id = (market.deposit if what == "deposits" else market.withdraw)("psp-h").json()["id"]
        answer = (market.refund if what == "deposits" else market.cancel)(payment_id)
        assert (answer.status_code, answer.json()["error"]) == (502, "psp_unavailable")
        assert market.state(what, payment_id) == "pending"
