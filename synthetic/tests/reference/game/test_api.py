"""The providers' API for operators, their registration, and how wallet calls are signed."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from starlette.applications import Starlette

from synthetic.reference.cell.wallet_api.signatures import verify_hmac, verify_rsa
from synthetic.reference.game import PROVIDER_SWITCHES, Operator, build_provider_a
from synthetic.reference.game.operators import Operators, operator_routes
from synthetic.reference.switchboard import Switchboard
from synthetic.tests.reference.cell.running import WALLET_SECRET
from synthetic.tests.reference.game.wallets import FAST, Provider, provider

SLOW = dataclasses.replace(FAST, settles_after_s=(30.0, 30.0))

both = pytest.mark.parametrize("dialect", ["a", "b"])


def play(dialect: str, scene: Callable[[Provider], Awaitable[None]], **build: Any) -> None:
    """Run a scene on a provider of its own."""

    async def run() -> None:
        async with provider(dialect, **({"pace": SLOW} | build)) as running:
            await scene(running)

    asyncio.run(run())


def test_dialect_a_on_the_wire() -> None:
    """The bet and the win as Hub88 writes them, x 100,000, signed by the key that `GET /_keys` publishes."""

    async def scene(run: Provider) -> None:
        await run.bet()
        await run.ends("closed")
        key = (await run.client.get("/_keys")).json()
        assert key["algorithm"] == "RSA-SHA256"
        bet, win = run.wallet.calls
        common = {"user": "ada", "token": "gs-1", "round": "r-1", "game_code": "steady-dice", "currency": "EUR"}
        assert bet.body == common | {
            "request_uuid": bet.body["request_uuid"],
            "transaction_uuid": "b-1",
            "round_closed": False,
            "amount": 20_000,
            "is_free": False,
        }
        assert win.body == common | {
            "request_uuid": win.body["request_uuid"],
            "transaction_uuid": "b-1-win",
            "reference_transaction_uuid": "b-1",
            "round_closed": True,
            "amount": 20_000,
        }
        for call in (bet, win):
            assert verify_rsa(key["public_key_pem"], call.raw, call.headers["x-hub88-signature"])

    play("a", scene, pace=FAST)


def test_dialect_b_on_the_wire() -> None:
    """A batch with the bet, later one with the win that finishes the round; decimal strings, signed by HMAC."""

    async def scene(run: Provider) -> None:
        await run.bet()
        await run.ends("closed")
        bet, win = run.wallet.calls
        common = {"token": "gs-1", "user_id": "ada", "currency": "EUR", "game": "steady-wheel", "round_id": "r-1"}
        items = [{"id_provider": "b-1", "type": "bet", "amount": "0.20"}]
        assert bet.body == common | {"finished": False, "transactions": items}
        items = [{"id_provider": "b-1-win", "type": "win", "amount": "0.20"}]
        assert win.body == common | {"finished": True, "transactions": items}
        for call in (bet, win):
            assert verify_hmac(WALLET_SECRET, call.raw, call.headers["x-request-sign"])

    play("b", scene, pace=FAST)


@both
def test_amounts_follow_the_currencys_exponent(dialect: str) -> None:
    """JPY has no decimals, KWD three (invariant 6)."""

    async def scene(run: Provider) -> None:
        for currency, fine, decimal in (("JPY", 2_000_000, "20"), ("KWD", 2_000, "0.020")):
            await run.bet(currency=currency, round=f"r-{currency}", bet_id=f"b-{currency}")
            (body,) = [call.body for call in run.wallet.calls if call.transaction == f"b-{currency}"]
            written = body["amount"] if dialect == "a" else body["transactions"][0]["amount"]
            assert written == (fine if dialect == "a" else decimal)

    play(dialect, scene)


@both
@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"operator": "another"}, 403),
        ({"stake_minor": 0}, 400),
        ({"stake_minor": 20.5}, 400),
        ({"stake_minor": True}, 400),
        ({"player": ""}, 400),
        ({"round": "r" * 101}, 400),
        ({"bet_id": None}, 400),
    ],
)
def test_a_malformed_bet_is_refused(dialect: str, changes: dict[str, Any], status: int) -> None:
    """No wallet is called for it."""

    async def scene(run: Provider) -> None:
        answer = await run.client.post("/bets", json=run.bet_body(**changes))
        assert answer.status_code == status
        assert run.wallet.calls == []

    play(dialect, scene)


@both
def test_every_call_needs_the_operators_key(dialect: str) -> None:
    """Without it nothing is told or done."""

    async def scene(run: Provider) -> None:
        await run.bet()
        for headers in ({"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {run.operator.api_key}"}):
            for method, path in (("POST", "/bets"), ("GET", "/rounds/r-1"), ("POST", "/rounds/r-1/void")):
                answer = await run.client.request(method, path, headers=headers)
                assert (answer.status_code, answer.json()["error"]) == (401, "invalid_api_key")
        assert await run.state() == "open"

    play(dialect, scene)


@both
def test_operators_do_not_see_each_others_rounds(dialect: str) -> None:
    """A round belongs to the operator that asked for it; another one may have a round of the same id."""

    async def scene(run: Provider) -> None:
        await run.bet()
        registration = {"cell": "baseline", "api_key": "other", "wallet_url": run.operator.wallet_url}
        assert (await run.client.put("/_operators/op-2", json=registration)).status_code == 200
        other = {"Authorization": "Bearer other"}
        assert (await run.client.get("/rounds/r-1", headers=other)).status_code == 404
        assert (await run.client.post("/rounds/r-1/void", headers=other)).status_code == 404
        answer = await run.client.post("/bets", json=run.bet_body(operator="op-2"), headers=other)
        assert answer.json()["status"] == "accepted"

    play(dialect, scene)


@both
def test_a_wallet_that_moves_is_found(dialect: str) -> None:
    """A cell that comes back on another port registers again, and is called there, for open rounds, too."""

    async def scene(run: Provider) -> None:
        await run.bet()
        body = {
            "cell": "canary",
            "api_key": run.operator.api_key,
            "wallet_url": run.operator.wallet_url.replace("127.0.0.1", "localhost"),
            "wallet_secret": "new",
        }
        assert (await run.client.put("/_operators/op", json=body)).json() == {"operator": "op", "cell": "canary"}
        assert await run.void() == 202
        await run.ends("cancelled")
        undo = run.wallet.calls[-1]
        assert undo.headers["host"].startswith("localhost:")
        if dialect == "b":
            assert verify_hmac("new", undo.raw, undo.headers["x-request-sign"])

    play(dialect, scene)


@pytest.mark.parametrize("body", [[], {"cell": "canary"}, "text"])
def test_a_malformed_registration_is_refused(body: Any) -> None:
    """400, and says which fields there are."""

    async def scene(run: Provider) -> None:
        answer = await run.client.put("/_operators/op-2", json=body)
        assert (answer.status_code, answer.json()["error"]) == (400, "malformed")

    play("a", scene)


def test_operators_are_registered_over_loopback_only() -> None:
    """A caller from elsewhere is refused."""

    async def scene() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=operator_routes(Operators())), client=("192.0.2.1", 4711))
        async with httpx.AsyncClient(transport=transport, base_url="http://provider") as client:
            return await client.put("/_operators/op", json={})

    assert asyncio.run(scene()).status_code == 403


def test_a_provider_without_a_key_makes_one() -> None:
    """Two of them publish different keys of 2048 bits."""

    async def scene(run: Provider) -> None:
        keys.append((await run.client.get("/_keys")).json()["public_key_pem"])

    keys: list[str] = []
    for _ in range(2):
        play("a", scene)
    assert len(set(keys)) == 2


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 1024)],  # noqa: S505 - what is refused
    ids=["elliptic", "short"],
)
def test_a_key_that_is_no_good_is_refused(key: Any) -> None:
    """Another algorithm, or an RSA key that is too short."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    with pytest.raises(ValueError, match="RSA key of at least 2048 bits"):
        build_provider_a("provider-a", Switchboard({}), private_key_pem=pem)


def test_secrets_are_not_shown() -> None:
    """The operator's keys are left out of its repr."""
    shown = repr(Operator("op", "canary", "the-key", "http://wallet", "the-secret"))
    assert "the-key" not in shown
    assert "the-secret" not in shown


@both
def test_the_switchboard_is_there(dialect: str) -> None:
    """`GET /_faults` lists the provider's switches."""

    async def scene(run: Provider) -> None:
        known = (await run.client.get("/_faults")).json()["known"]
        assert known == PROVIDER_SWITCHES

    play(dialect, scene)
