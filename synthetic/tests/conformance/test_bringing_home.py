"""What an examination leaves behind where answers get lost: nothing is paid twice, and nothing is forgotten."""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from starlette.applications import Starlette
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.conformance.dialects.protocol import Seat
from synthetic.conformance.playing import Bounds, Prober
from synthetic.conformance.psp import LAWS
from synthetic.conformance.psp.examination import Account, PspExamination
from synthetic.conformance.psp.merchant import Terms
from synthetic.conformance.ruling import Report
from synthetic.conformance.wallet.provider import Given
from synthetic.core.money import Money
from synthetic.core.secrets import Redactor
from synthetic.reference.psp.intents import PSP_INTENTS_SWITCHES, build_intents_psp
from synthetic.reference.switchboard import Switchboard
from synthetic.reference.tls import client_tls
from synthetic.tests.conformance.bad_psps import Dispatch, Next, trusts_anyone
from synthetic.tests.conformance.wallets import STAKE, Examined, private_pem
from synthetic.tests.reference.psp.serving import serving

START_UNITS, STAKE_UNITS = 5_000_000, 10_000


class Wallet:
    """A wallet of dialect hub88 that rolls back without an answer, and pays any win (which breaks 22)."""

    def __init__(self) -> None:
        self.balance = START_UNITS
        self.wins = 0
        self._bets: set[str] = set()
        self._done: set[str] = set()

    @contextmanager
    def served(self) -> Iterator[Examined]:
        """This wallet under examination."""
        routes = [Route("/{rest:path}", self._answer, methods=["POST"])]
        with serving(Starlette(routes=routes)) as url:
            yield Examined(url, "hub88", private_pem(), Given(Seat("ada", "a-token-of-ada", "dice", "EUR"), STAKE))

    async def _answer(self, request: Request) -> Response:
        body = json.loads(await request.body())
        name = request.url.path.rpartition("/")[2]
        if name == "rollback":
            self._once("rollback of " + body["reference_transaction_uuid"], STAKE_UNITS)
            return Response("", 504)
        if name == "bet":
            self._once(body["transaction_uuid"], -STAKE_UNITS)
        if name == "win":
            self.wins += 1
            self._once(body["transaction_uuid"], body["amount"])
        answer = {"request_uuid": body["request_uuid"], "status": "RS_OK", "currency": "EUR", "balance": self.balance}
        return JSONResponse(answer)

    def _once(self, what: str, units: int) -> None:
        if what not in self._done:
            self._done.add(what)
            self.balance += units


def test_no_win_follows_a_rollback_whose_answer_never_came() -> None:
    """The stake may be back already: it is listed for a person, and not paid a second time."""
    wallet = Wallet()
    with wallet.served() as examined:
        report = examined.examine([5])
    assert (wallet.wins, wallet.balance) == (0, START_UNITS)
    (listed, _) = report.remarks
    assert listed.startswith("perhaps left open, as no answer tells: {")
    assert "a-token-of-ada" not in listed


def test_a_rollback_whose_answer_never_came_breaks_no_law() -> None:
    """Nobody can tell whether every bet ended."""
    with Wallet().served() as examined:
        report = examined.examine([17])
    assert not report.broken


@contextmanager
def behind(dispatch: Dispatch) -> Iterator[str]:
    """The reference PSP behind a gateway."""
    app = build_intents_psp("psp", Switchboard(PSP_INTENTS_SWITCHES))
    app.add_middleware(BaseHTTPMiddleware, dispatch=dispatch)
    with serving(app) as url:
        yield url


def examine(url: str, law: str, api_key: str) -> Report:
    """Try one law as a new merchant."""

    async def examining() -> Report:
        prober, redactor = Prober(url, Bounds()), Redactor()
        terms = Terms(Money(100, "EUR"), "card_ok", payout_to="card_ok", settles_within_s=1.0)
        account = Account(api_key, f"m-{secrets.token_hex(4)}")
        examination = PspExamination(prober, f"{url}/v1", account, terms, inbox=None, redactor=redactor)
        try:
            return await examination.run([known for known in LAWS if known.name == law])
        finally:
            await prober.aclose()

    return asyncio.run(examining())


def test_what_was_paid_under_a_wrong_api_key_is_given_back_too() -> None:
    """Where the breach is that the payment was made, it stands."""
    key = secrets.token_urlsafe(16)
    with behind(trusts_anyone()) as url, httpx.Client(verify=client_tls(), trust_env=False) as client:
        report = examine(url, "api-key", key)
        entries = client.get(f"{url}/v1/report", headers={"Authorization": f"Bearer {key}"}).json()["entries"]
    assert [ruling.name for ruling in report.broken] == ["api-key"]
    assert [entry["kind"] for entry in entries] == ["capture", "refund"]
    assert report.remarks[-1].endswith("every payment was refunded or cancelled")


async def payouts_time_out(request: Request, forward: Next) -> Response:
    """They are done, and nobody is told."""
    response = await forward(request)
    return Response("", 504) if request.url.path.endswith("/payouts") else response


async def payouts_are_refused(request: Request, forward: Next) -> Response:
    """They are not done, and that is said."""
    if request.url.path.endswith("/payouts"):
        return JSONResponse({"error": {"code": "payouts_not_allowed"}}, 403)
    return await forward(request)


def test_a_payout_without_an_answer_counts_as_paid() -> None:
    """What it cost at most is told for what left, not for what was answered; a refusal costs nothing."""
    with behind(payouts_time_out) as url:
        silent = examine(url, "payout-life", secrets.token_urlsafe(16))
    with behind(payouts_are_refused) as url:
        refused = examine(url, "payout-life", secrets.token_urlsafe(16))
    told = [report.remarks[-1].partition(";")[0] for report in (silent, refused)]
    assert told == ["paid out: at most 1.00 EUR, in 1 payouts", "paid out: at most 0.00 EUR, in 0 payouts"]


async def payments_are_unreadable(request: Request, forward: Next) -> Response:
    """They are made, and answered with half of it."""
    response = await forward(request)
    made = request.method == "POST" and request.url.path.endswith("/payment_intents")
    return Response('{"id": "pi_', 200, media_type="application/json") if made else response


def test_a_payment_that_no_answer_names_is_listed() -> None:
    """HTTP 200 with half an answer is a payment that somebody has to look for, by its key."""
    with behind(payments_are_unreadable) as url:
        report = examine(url, "success-has-its-object", secrets.token_urlsafe(16))
    assert [ruling.name for ruling in report.broken] == ["success-has-its-object"]
    assert report.remarks[0].startswith("left open: payment under key ")
