"""Claims about the calls that change something: who may make them, how often, and what they do."""

from __future__ import annotations

import asyncio
import json
from itertools import product
from typing import Any

import httpx

from synthetic.tests.web.faces import TOKEN, Worker, asked, facing

CALLS = ("/v1/kill", "/v1/resume", "/v1/suspect")


def posted(worker: Worker, path: str, *bodies: Any) -> list[httpx.Response]:
    """The answers to these bodies, with the token."""

    async def play(client: httpx.AsyncClient) -> list[httpx.Response]:
        headers = {"Authorization": f"Bearer {TOKEN}"}
        contents = [body if isinstance(body, bytes) else json.dumps(body).encode() for body in bodies]
        return [await client.post(path, content=content, headers=headers) for content in contents]

    return asked(worker, play)


def test_the_kill_switch_is_thrown_with_name_and_reason() -> None:
    """Who, from where, and why: the audit wants to know."""
    worker = Worker()
    (answer,) = posted(worker, "/v1/kill", {"reason": "PSP incident", "by": "ann"})
    assert answer.status_code == 200
    assert answer.json() == {"killed": True, "by": "ann (http 127.0.0.1)", "reason": "PSP incident"}
    assert worker.told == [("kill", "ann (http 127.0.0.1)", "PSP incident")]


def test_resume_needs_a_reason_as_well() -> None:
    """Nobody lets money move again without saying why."""
    worker = Worker()
    without, with_one = posted(worker, "/v1/resume", {}, {"reason": "over"})
    assert without.status_code == 422
    assert with_one.json()["killed"] is False
    assert worker.told == [("resume", "http 127.0.0.1", "over")]


def test_a_resume_says_what_still_stops_the_runs() -> None:
    """Such as the kill file: an answer that said "not killed" would be a lie."""
    worker = Worker(still="by file kill: stop")
    (answer,) = posted(worker, "/v1/resume", {"reason": "over"})
    assert (answer.json()["killed"], answer.json()["still"]) == (True, "by file kill: stop")


def test_without_the_token_nothing_is_called() -> None:
    """Not with a part of it, and not with it in another place."""
    worker = Worker()
    shown = ["", "Bearer", "Bearer wrong", f"Bearer {TOKEN[:-1]}", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN]

    async def play(client: httpx.AsyncClient) -> list[httpx.Response]:
        answers = []
        for path, header in product(CALLS, shown):
            worker.clock.advance(60.0)
            body = {"reason": "x", "cell": "canary"}
            answers.append(await client.post(path, json=body, headers={"Authorization": header}))
        return answers

    answers = asked(worker, play)
    assert [answer.status_code for answer in answers] == [401] * 21
    assert TOKEN not in "".join(answer.text for answer in answers)
    assert worker.told == []


def test_a_token_may_have_any_characters() -> None:
    """Also those that no constant-time comparison of texts would take."""
    worker = Worker()
    headers = {b"Authorization": "Bearer t\u00f6ken".encode()}
    ask = asked(worker, lambda client: client.post("/v1/kill", json={"reason": "x"}, headers=headers), "t\u00f6ken")
    assert ask.status_code == 200


def test_where_no_token_is_configured_there_are_no_calls() -> None:
    """An empty token must not open them to an empty header."""
    worker = Worker()

    async def play(client: httpx.AsyncClient) -> list[int]:
        headers = {"Authorization": "Bearer"}
        return [(await client.post(path, json={"reason": "x"}, headers=headers)).status_code for path in CALLS]

    assert asked(worker, play, token="") == [404] * 3
    assert worker.told == []


def test_whoever_guesses_is_slowed_down_and_holds_up_nobody_who_knows() -> None:
    """After ten wrong tokens in a minute there is no answer but 429, while the right token still kills."""
    worker = Worker()

    async def play() -> list[int]:
        async with facing(worker) as client:
            guesses = [await client.post("/v1/kill", headers={"Authorization": f"Bearer {n}"}) for n in range(15)]
            right = await client.post("/v1/kill", json={"reason": "x"}, headers={"Authorization": f"Bearer {TOKEN}"})
            worker.clock.advance(60.0)
            later = await client.post("/v1/kill", headers={"Authorization": "Bearer x"})
            return [answer.status_code for answer in [*guesses, right, later]]

    assert asyncio.run(play()) == [401] * 10 + [429] * 5 + [200, 401]
    assert len(worker.told) == 1


def test_calls_with_the_token_have_an_allowance_too() -> None:
    """A loop that gone wild must not fill the audit; resume and suspect share theirs."""
    worker = Worker()

    async def play() -> list[int]:
        async with facing(worker) as client:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            bodies = {"/v1/resume": {"reason": "x"}, "/v1/suspect": {"cell": "canary"}}
            calls = [*["/v1/suspect"] * 20, *["/v1/resume"] * 15]
            return [(await client.post(path, json=bodies[path], headers=headers)).status_code for path in calls]

    assert asyncio.run(play()) == [200] * 30 + [429] * 5
    assert len(worker.told) == 30


def test_a_kill_with_the_token_is_never_held_up() -> None:
    """Not by a gate that has used up all calls, and not by kills before."""
    worker = Worker()

    async def play() -> list[int]:
        async with facing(worker) as client:
            headers = {"Authorization": f"Bearer {TOKEN}"}
            for _ in range(40):
                await client.post("/v1/suspect", json={"cell": "canary"}, headers=headers)
            return [
                (await client.post("/v1/kill", json={"reason": "x"}, headers=headers)).status_code for _ in range(60)
            ]

    assert asyncio.run(play()) == [200] * 60
    assert sum(told[0] == "kill" for told in worker.told) == 60


NOT_UNDERSTOOD: list[tuple[Any, int, str]] = [
    (b"{", 422, "no JSON"),
    (b"[" * 4000, 422, "no JSON"),
    ([], 422, "JSON object"),
    ({}, 422, "`reason`"),
    ({"reason": "  "}, 422, "`reason`"),
    ({"reason": 7}, 422, "`reason`"),
    ({"reason": "x", "by": ["ann"]}, 422, "`by`"),
    (b" " * 5000, 413, "4096 bytes"),
]


def test_a_call_that_cannot_be_understood_is_told_why() -> None:
    """And calls nothing."""
    worker = Worker()
    answers = posted(worker, "/v1/kill", *(body for body, _, _ in NOT_UNDERSTOOD))
    for answer, (_, status, told) in zip(answers, NOT_UNDERSTOOD, strict=True):
        assert answer.status_code == status
        assert told in answer.json()["error"]
    assert worker.told == []


def test_a_reason_is_one_line() -> None:
    """It ends up in logs and in the audit."""
    worker = Worker()
    posted(worker, "/v1/kill", {"reason": "a\nb\x1b[31m" + "x" * 1000})
    reason = worker.told[0][2]
    assert reason.isprintable()
    assert len(reason) <= 300


def test_a_kill_that_the_journal_cannot_keep_is_told() -> None:
    """The caller has to know that other workers go on."""
    worker = Worker(broken="the journal is not available: disk full")
    (answer,) = posted(worker, "/v1/kill", {"reason": "x"})
    assert (answer.status_code, answer.json()) == (503, {"error": "the journal is not available: disk full"})


def test_a_suspicion_makes_probes_denser() -> None:
    """Of a cell, for so long; of all its scenarios where none is named."""
    worker = Worker()
    (answer,) = posted(worker, "/v1/suspect", {"cell": "canary", "for_s": 300})
    assert answer.json() == {"probes": ["p1"]}
    assert worker.told == [("suspect", "", "canary", "300")]


def test_a_suspicion_has_an_end() -> None:
    """At most a day, and as a number."""
    worker = Worker()
    wrong: list[Any] = [0, -1, True, "300", 1e9]
    answers = posted(worker, "/v1/suspect", *({"cell": "canary", "for_s": for_s} for for_s in wrong))
    assert [answer.status_code for answer in answers] == [422] * 5
    assert worker.told == []


def test_a_suspicion_of_nothing_that_is_played_is_told() -> None:
    """A gate that names another cell than the runner has finds out."""
    (answer,) = posted(Worker(probes=()), "/v1/suspect", {"cell": "canry"})
    assert answer.status_code == 404
