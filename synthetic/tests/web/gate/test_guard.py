"""Claims about who may call the gate, how often, and how large."""

from __future__ import annotations

import asyncio
import base64
import json

import httpx
from starlette.applications import Starlette

from synthetic.tests.web.faces import NO_TLS, TOKEN
from synthetic.tests.web.gate.faces import BEARER, Gate, hook
from synthetic.web.gate.face import face_of
from synthetic.web.gate.routes import gate_calls
from synthetic.web.listening import serving

Pieces = tuple[str, str]


def every_call(gate: Gate) -> list[Pieces]:
    """Method and path of each call that needs the token."""
    calls = gate_calls(gate.health(), gate.cells, gate.clock)
    return [(call.method, call.path.replace("{id}", "r1")) for call in calls]


def basic(token: str) -> str:
    return "Basic " + base64.b64encode(f"gate:{token}".encode()).decode()


def test_without_the_token_no_call_is_answered(gate: Gate) -> None:
    """Not with a part of it, not in another place, and above all not with a 2xx behind the rollback hook."""
    shown = ["", "Bearer", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", TOKEN, basic("no"), "Basic ###"]
    calls = every_call(gate)

    async def play() -> list[httpx.Response]:
        async with gate.facing({}) as client:
            answers = []
            for number, (method, path) in enumerate(calls):
                gate.clock.advance(60)
                for header in (shown[0], shown[1 + number % 6]):
                    headers = {"Authorization": header} if header else {}
                    answers.append(await client.request(method, path, json=hook(), headers=headers))
            return answers

    answers = asyncio.run(play())
    assert {answer.status_code for answer in answers} == {401}
    assert all(answer.headers["www-authenticate"] for answer in answers)
    assert TOKEN not in "".join(answer.text for answer in answers)
    assert gate.store.rollouts() == []


def test_the_token_comes_as_bearer_or_as_a_password(gate: Gate) -> None:
    """Flagger sends no headers, but what stands in its URL."""

    async def play() -> list[int]:
        async with gate.facing({}) as client:
            headers = [BEARER, {"Authorization": f"bearer  {TOKEN}"}, {"Authorization": basic(TOKEN)}]
            return [(await client.get("/v1/rollouts", headers=one)).status_code for one in headers]

    assert asyncio.run(play()) == [200] * 3


def test_whoever_guesses_is_slowed_down_and_holds_up_nobody_who_knows(gate: Gate) -> None:
    """After ten wrong tokens in a minute there is no answer but 429, while the right one is served."""

    async def play() -> list[int]:
        async with gate.facing({}) as client:
            wrong = {"Authorization": "Bearer x"}
            guesses = [(await client.get("/v1/rollouts", headers=wrong)).status_code for _ in range(13)]
            return [*guesses, (await client.get("/v1/rollouts", headers=BEARER)).status_code]

    assert asyncio.run(play()) == [401] * 10 + [429] * 3 + [200]


def test_a_storm_of_polls_ends_in_429_and_never_in_a_pass(gate: Gate) -> None:
    """Whoever polls without a pause is told to wait; a minute later there is a verdict again."""
    gate.polls_a_minute = 20.0

    async def play(client: httpx.AsyncClient) -> list[httpx.Response]:
        storm = [await client.get("/v1/verdict?rollout=r1") for _ in range(30)]
        gate.pass_s(60)
        return [*storm, await client.get("/v1/verdict?rollout=r1")]

    answers = gate.asked(play)
    assert [answer.status_code for answer in answers] == [200] * 20 + [429] * 10 + [200]
    assert all("retry-after" in answer.headers for answer in answers[20:30])
    assert {answer.json().get("verdict") for answer in answers} == {"inconclusive", None}


def test_no_other_site_may_call_through_a_browser(gate: Gate) -> None:
    """A browser that knows the token sends it with whatever page asks it to."""

    async def play(client: httpx.AsyncClient) -> list[int]:
        body = {"id": "r1", "cell": "canary", "baseline": "baseline"}
        crossed = await client.post("/v1/rollouts", json=body, headers={"Sec-Fetch-Site": "cross-site"})
        as_form = await client.post("/v1/rollouts", content=json.dumps(body), headers={"Content-Type": "text/plain"})
        return [crossed.status_code, as_form.status_code]

    assert gate.asked(play) == [403, 415]
    assert gate.store.rollouts() == []


def test_a_body_is_bounded_and_deep_ones_are_no_trouble(gate: Gate) -> None:
    """Neither memory nor the stack is the caller's to fill."""
    bodies = {b"[" * 60_000: 422, b'{"a":' * 10_000: 422, b" " * 70_000: 413, b"\xff\xfe": 422, b"": 422}

    async def play(client: httpx.AsyncClient) -> list[int]:
        headers = {"Content-Type": "application/json"}
        sent = [await client.post("/v1/flagger/rollback", content=body, headers=headers) for body in bodies]
        return [answer.status_code for answer in sent]

    assert gate.asked(play) == list(bodies.values())


def test_without_a_token_another_host_name_is_refused(gate: Gate) -> None:
    """A browser on this machine that a foreign site's name leads here sends that name: it neither begins nor reads a release."""
    gate.token = ""
    routes = face_of(gate.health().desk, gate.clock, token="", polls_a_minute=100)
    hosts = [
        "evil.example",
        "evil.example:80",
        "10.0.0.1",
        "[x",
        "localhost.evil.example",
        "localhost:9466",
        "127.0.0.1",
        "[::1]:9466",
    ]
    body = {"id": "r1", "cell": "canary", "baseline": "baseline"}

    async def play() -> list[tuple[int, int]]:
        async with (
            serving(Starlette(routes=routes)) as address,
            httpx.AsyncClient(base_url=address, verify=NO_TLS) as client,
        ):
            return [
                (
                    (await client.post("/v1/rollouts", json=body, headers={"Host": host})).status_code,
                    (await client.get("/", headers={"Host": host})).status_code,
                )
                for host in hosts
            ]

    assert asyncio.run(play()) == [(403, 403)] * 5 + [(201, 200), (200, 200), (200, 200)]
