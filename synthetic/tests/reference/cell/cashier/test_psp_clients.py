"""The PSP clients against servers that misbehave: what is repeated, what is looked up, what counts as known."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from synthetic.reference.cell.cashier.psp_clients import (
    DepositOrder,
    IntentsClient,
    NotificationsClient,
    PayoutOrder,
    PspClient,
    PspFailed,
    PspPayment,
    PspRefund,
    PspRejected,
    PspUnknown,
    PspUnreachable,
    client_for,
)
from synthetic.reference.cell.cashier.psp_clients.attempts import RetryPolicy, until_known
from synthetic.reference.settings import PspAccount
from synthetic.tests.reference.psp.serving import serving

T = TypeVar("T")
DEPOSIT = DepositOrder("dep_1", "dep_1", "ada", 100, "EUR", "card_ok")
PAYOUT = PayoutOrder("wd_1", "wd_1", "ada", 100, "EUR", "card_ok")
INTENT = {"id": "pi_1", "status": "processing", "amount": 100, "currency": "EUR", "last_payment_error": None}
TRANSACTION = {"txId": "tx_1", "type": "deposit", "state": "pending", "amount": "1.00", "currency": "EUR"}

Answer = Callable[[], Awaitable[Response]]


@dataclass
class ScriptedPsp:
    """Answers POSTs with a script, one after the other, and look-ups with what it is told to have."""

    answers: list[Answer]
    known: list[dict[str, Any]] = field(default_factory=list)
    posts: list[tuple[str, bytes]] = field(default_factory=list)
    look_ups: int = 0

    async def handle(self, request: Request) -> Response:
        """One handler for everything."""
        if request.method == "GET":
            self.look_ups += 1
            name = "data" if "/v1/" in request.url.path else "transactions"
            return JSONResponse({"object": "list", name: self.known})
        self.posts.append((request.headers.get("idempotency-key", ""), await request.body()))
        return await self.answers[min(len(self.posts), len(self.answers)) - 1]()


Scripted = Callable[..., AbstractContextManager[tuple[ScriptedPsp, PspAccount]]]


@pytest.fixture(scope="session")
def scripted() -> Iterator[Scripted]:
    """Makes a PSP with a script; all of them live on one server, each below a path of its own."""
    scripts: dict[str, ScriptedPsp] = {}

    async def handle(request: Request) -> Response:
        return await scripts[request.path_params["script"]].handle(request)

    app = Starlette(routes=[Route("/{script}/{path:path}", handle, methods=["GET", "POST"])])
    with serving(app) as url:

        @contextmanager
        def script(
            *answers: Answer, known: list[dict[str, Any]] | None = None
        ) -> Iterator[tuple[ScriptedPsp, PspAccount]]:
            name = str(len(scripts))
            scripts[name] = ScriptedPsp(list(answers), known or [])
            yield scripts[name], PspAccount("psp-a", "intents", f"{url}/{name}", "m", "key", "secret")

        yield script


def says(status: int, body: Any) -> Answer:
    async def answer() -> Response:
        return JSONResponse(body, status)

    return answer


def html() -> Answer:
    async def answer() -> Response:
        return Response("<html>", media_type="text/html")

    return answer


def silence() -> Answer:
    async def answer() -> Response:
        await asyncio.sleep(0.4)
        return Response()

    return answer


def using(account: PspAccount, call: Callable[[PspClient], Awaitable[T]]) -> T:
    """Run one call of a client with short time-outs."""

    async def run() -> T:
        build = IntentsClient if account.style == "intents" else NotificationsClient
        client = build(account, timeout_s=0.2, retry=RetryPolicy(pauses_s=(0.01,)))
        try:
            return await call(client)
        finally:
            await client.aclose()

    return asyncio.run(run())


def start(account: PspAccount) -> PspPayment:
    return using(account, lambda client: client.start_deposit(DEPOSIT))


def test_a_time_out_is_looked_up_and_not_sent_again(scripted: Scripted) -> None:
    """The payment is there under the key: one POST, one look-up."""
    with scripted(silence(), known=[INTENT]) as (psp, account):
        assert start(account).psp_reference == "pi_1"
        assert (len(psp.posts), psp.look_ups) == (1, 1)


def test_a_time_out_without_a_payment_is_repeated_under_the_same_key(scripted: Scripted) -> None:
    """Byte for byte the same request, and the second one's answer counts."""
    with scripted(silence(), says(200, INTENT)) as (psp, account):
        assert start(account).state == "pending"
        assert psp.posts[0] == psp.posts[1]
        assert psp.posts[0][0] == "dep_1"


@pytest.mark.parametrize("answer", [silence(), says(504, {}), says(502, {}), says(409, {"error": {"code": "in_use"}})])
def test_what_may_still_be_under_way_stays_unknown(scripted: Scripted, answer: Answer) -> None:
    """Silence, a gateway's error, a twin in progress: attempts are bounded, and nobody claims to know."""
    with scripted(answer) as (psp, account):
        with pytest.raises(PspUnknown):
            start(account)
        assert len(psp.posts) == 2


@pytest.mark.parametrize(
    "answer",
    [
        says(500, {"error": {"code": "api_error"}}),
        says(200, {"error": {"code": "api_error"}}),
        says(200, INTENT | {"error": {"code": "api_error"}}),
        says(200, {"id": "pi_1"}),
        says(200, INTENT | {"status": "new_status"}),
        says(200, INTENT | {"amount": "100"}),
        says(200, []),
        html(),
    ],
)
def test_an_answered_error_without_a_payment_is_a_failure(scripted: Scripted, answer: Answer) -> None:
    """Each attempt was answered and the PSP knows no payment: it failed; with a payment, that is the outcome."""
    with scripted(answer) as (_, account), pytest.raises(PspFailed):
        start(account)
    with scripted(answer, known=[INTENT | {"status": "succeeded"}]) as (_, account):
        assert start(account).state == "succeeded"


def test_an_unknown_attempt_is_not_forgotten(scripted: Scripted) -> None:
    """Silence, then a 500: the first may still be under way, so the outcome is unknown."""
    with scripted(silence(), says(500, {})) as (_, account), pytest.raises(PspUnknown):
        start(account)


def test_a_broken_line_does_not_make_an_unknown_attempt_known() -> None:
    """Silence, then no connection: the second attempt never left, but the first one did."""
    outcomes = iter([PspUnknown("psp-a", "timeout"), PspUnreachable("psp-a", "unreachable")])

    async def send() -> PspPayment:
        raise next(outcomes)

    async def look_up() -> PspPayment | None:
        raise PspUnreachable("psp-a", "unreachable")

    with pytest.raises(PspUnknown):
        asyncio.run(until_known(send, look_up, RetryPolicy(pauses_s=(0.0,))))


def test_a_decline_is_a_payment_and_not_an_error(scripted: Scripted) -> None:
    """A 402 carries the intent that was declined, and the reason."""
    failure = {"code": "card_declined", "decline_code": "do_not_honor"}
    declined = INTENT | {"status": "requires_payment_method", "last_payment_error": failure}
    error = {"type": "card_error", "code": "card_declined", "payment_intent": declined}
    with scripted(says(402, {"error": error})) as (psp, account):
        payment = start(account)
        assert (payment.state, payment.code, len(psp.posts)) == ("declined", "do_not_honor", 1)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 422])
def test_a_refusal_is_final(scripted: Scripted, status: int) -> None:
    """A 4xx is not repeated and not looked up."""
    with scripted(says(status, {"error": {"code": "nope"}})) as (psp, account):
        with pytest.raises(PspRejected) as caught:
            start(account)
        assert (caught.value.code, caught.value.status) == ("nope", status)
        assert (len(psp.posts), psp.look_ups) == (1, 0)


@pytest.mark.parametrize("style", ["intents", "notifications"])
def test_no_connection_means_that_nothing_was_sent(style: str) -> None:
    """Unreachable, not unknown: nothing can have moved."""
    account = PspAccount("psp-x", style, "http://127.0.0.1:1", "m", "key", "secret")
    with pytest.raises(PspUnreachable):
        start(account)


def test_a_payout_follows_the_same_rules(scripted: Scripted) -> None:
    """Looked up by its key, and repeated under it only."""
    payout = {"id": "po_1", "status": "in_transit", "amount": 100, "currency": "EUR"}
    with scripted(silence(), says(200, payout)) as (psp, account):
        assert using(account, lambda client: client.start_payout(PAYOUT)).state == "in_transit"
        assert ([key for key, _ in psp.posts], psp.look_ups) == (["wd_1", "wd_1"], 1)


def test_a_refund_is_repeated_under_its_key(scripted: Scripted) -> None:
    """A 500 and then success: the same key and the same body."""
    with scripted(says(500, {}), says(200, {"id": "re_1", "status": "succeeded", "amount": 40})) as (psp, account):
        refund = using(account, lambda client: client.refund_deposit("pi_1", 40, "EUR", "ref_1"))
        assert refund == PspRefund("re_1", 40)
        assert psp.posts[0] == psp.posts[1]
        assert json.loads(psp.posts[0][1]) == {"payment_intent": "pi_1", "amount": 40}


def test_a_refund_of_another_amount_is_not_trusted(scripted: Scripted) -> None:
    """Nobody knows what was given back: the outcome is unknown."""
    with (
        scripted(says(200, {"id": "re_1", "status": "succeeded", "amount": 4000})) as (_, account),
        pytest.raises(PspUnknown),
    ):
        using(account, lambda client: client.refund_deposit("pi_1", 40, "EUR", "ref_1"))


def test_a_look_up_that_finds_two_is_not_trusted(scripted: Scripted) -> None:
    """Two payments under one key (the PSP pruned it): the outcome is unknown, not one of them."""
    with scripted(silence(), known=[INTENT, INTENT]) as (_, account), pytest.raises(PspUnknown):
        start(account)


@pytest.mark.parametrize(
    ("state", "code", "expected"),
    [
        ("pending", None, "pending"),
        ("authorized", None, "pending"),
        ("successful", None, "succeeded"),
        ("cancelled", None, "cancelled"),
        ("failed", "do_not_honor", "declined"),
        ("failed", "processing_error", "failed"),
        ("failed", "SELF_EXCLUDED", "failed"),
    ],
)
def test_style_b_states_are_ours(scripted: Scripted, state: str, code: str | None, expected: str) -> None:
    """The issuer's refusals are declines; the PSP's own failures, and ours, are not."""
    answer = says(200, TRANSACTION | {"state": state, "statusCode": code})
    with scripted(answer) as (_, account):
        payment = start(replace(account, style="notifications"))
        assert (payment.state, payment.code, payment.amount_minor) == (expected, code, 100)


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "errCode": "INTERNAL"},
        TRANSACTION | {"state": "new"},
        TRANSACTION | {"amount": 1.0},
        TRANSACTION | {"amount": "1.001"},
    ],
)
def test_style_b_rubbish_under_200_is_not_trusted(scripted: Scripted, body: dict[str, Any]) -> None:
    """An error body, an unknown state, an amount that is no decimal string."""
    with scripted(says(200, body)) as (_, account), pytest.raises(PspFailed):
        start(replace(account, style="notifications"))


def test_style_b_sends_decimals_and_our_reference(scripted: Scripted) -> None:
    """The wire form of docs/reference-platform.md 5."""
    with scripted(says(200, TRANSACTION)) as (psp, account):
        start(replace(account, style="notifications"))
        assert json.loads(psp.posts[0][1]) == {
            "merchantTxId": "dep_1",
            "userId": "ada",
            "amount": "1.00",
            "currency": "EUR",
            "instrument": "card_ok",
            "attributes": {"reference": "dep_1"},
            "successUrl": "",
        }


def test_secrets_are_not_in_what_is_printed(scripted: Scripted) -> None:
    """Neither an account nor a client's error shows the API key."""
    with scripted(says(401, {"error": {"code": "invalid_api_key"}})) as (_, account):
        secretive = replace(account, api_key="sk_very_secret")
        with pytest.raises(PspRejected) as caught:
            start(secretive)
        assert "sk_very_secret" not in repr(secretive) + str(caught.value) + repr(caught.value)


def test_a_client_uses_the_http_client_that_it_is_given(scripted: Scripted) -> None:
    """And leaves it open: whoever made it closes it."""

    async def run(account: PspAccount) -> bool:
        async with httpx.AsyncClient() as http:
            client = IntentsClient(account, http)
            await client.start_deposit(DEPOSIT)
            await client.aclose()
            return http.is_closed

    with scripted(says(200, INTENT)) as (_, account):
        assert asyncio.run(run(account)) is False


def test_an_account_names_its_client() -> None:
    """One client per style; a style that nobody wrote is an error."""
    account = PspAccount("psp-a", "intents", "http://127.0.0.1:1", "m", "key", "secret")
    assert isinstance(client_for(account), IntentsClient)
    assert isinstance(client_for(replace(account, style="notifications")), NotificationsClient)
    with pytest.raises(KeyError):
        client_for(replace(account, style="carrier pigeon"))
