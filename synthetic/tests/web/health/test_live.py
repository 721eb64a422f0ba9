"""The stream: the document when it has changed, nothing when it has not, and a bound on how many listen."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx

from synthetic.report.health import ReleaseHealth
from synthetic.report.records import utc
from synthetic.tests.report.health.seen import T0_NS
from synthetic.tests.web.faces import NO_TLS
from synthetic.tests.web.health.kept import Kept, app_of, asked, telling
from synthetic.web import serving
from synthetic.web.health.live import what_it_tells

EVENTS = "/v1/rollouts/cashier-2.4.0/events"
WITHIN_S = 20.0


async def documents(answer: httpx.Response) -> AsyncIterator[ReleaseHealth]:
    event = ""
    async for line in answer.aiter_lines():
        if line.startswith("event: "):
            event = line.removeprefix("event: ")
        if line.startswith("data: ") and event == "health":
            yield ReleaseHealth.model_validate_json(line.removeprefix("data: "))


def test_a_listener_gets_the_document_and_then_each_change() -> None:
    """At once, and within the second when something has happened."""
    kept = Kept()

    async def ask(client: httpx.AsyncClient) -> list[int]:
        async with asyncio.timeout(WITHIN_S), client.stream("GET", EVENTS) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            told = documents(answer)
            first = await anext(told)
            kept.now = telling(3)
            second = await anext(told)
        return [health.failing[0].count for health in (first, second)]

    assert asked(kept, ask) == [1, 3]


def test_what_has_not_changed_is_not_sent_again() -> None:
    """A document that was only built anew tells nothing new: the next one that comes is the one that does."""
    kept = Kept()

    async def ask(client: httpx.AsyncClient) -> int:
        async with asyncio.timeout(WITHIN_S), client.stream("GET", EVENTS) as answer:
            told = documents(answer)
            await anext(told)
            for later in range(5):
                kept.now = telling().model_copy(update={"generated_at": utc(T0_NS + later)})
                await asyncio.sleep(0.03)
            kept.now = telling(2)
            return (await anext(told)).failing[0].count

    assert asked(kept, ask) == 2


def test_the_instants_that_every_look_changes_are_no_news() -> None:
    """When it was made, and when a pass would be due."""
    health = telling()
    later = health.model_copy(
        update={"generated_at": utc(T0_NS), "verdict": health.verdict.model_copy(update={"ready_at": utc(T0_NS)})}
    )
    assert what_it_tells(health) == what_it_tells(later) != what_it_tells(telling(2))


def test_a_rollout_that_is_not_there_has_no_stream() -> None:
    """404, and the browser stops asking."""
    assert asked(Kept(), lambda client: client.get("/v1/rollouts/nope/events")).status_code == 404


def test_streams_are_bounded_and_one_that_ends_makes_room() -> None:
    """Controllers' polls need connections, too. The page says that it is disconnected and tries again."""

    async def ask(client: httpx.AsyncClient) -> tuple[int, str, int]:
        async with asyncio.timeout(WITHIN_S):
            async with client.stream("GET", EVENTS):
                refused = await client.get(EVENTS)
            status = 503
            while status == 503:  # until the server has seen that the first one is gone
                async with client.stream("GET", EVENTS) as answer:
                    status = answer.status_code
        return refused.status_code, refused.headers["retry-after"], status

    assert asked(Kept(streams_max=1), ask) == (503, "30", 200)


def test_streams_that_come_at_once_are_bounded_too() -> None:
    """As many browsers do whose gate was started again."""

    async def ask(client: httpx.AsyncClient) -> list[int]:
        over, statuses = asyncio.Event(), list[int]()

        async def listen() -> None:
            async with client.stream("GET", EVENTS) as answer:
                statuses.append(answer.status_code)
                if len(statuses) == 6:
                    over.set()
                await over.wait()

        async with asyncio.timeout(WITHIN_S):
            await asyncio.gather(*(listen() for _ in range(6)))
        return sorted(statuses)

    assert asked(Kept(streams_max=2), ask) == [200] * 2 + [503] * 4


def test_a_stream_ends_with_its_app() -> None:
    """A service that ends is not held up by pages that are open, and cuts none off in the middle of an answer."""

    async def play() -> bool:
        app = app_of(Kept())
        async with AsyncExitStack() as client_side:
            async with serving(app) as address:
                client = await client_side.enter_async_context(httpx.AsyncClient(base_url=address, verify=NO_TLS))
                answer = await client_side.enter_async_context(client.stream("GET", EVENTS))
                lines = answer.aiter_lines()
                await anext(lines)
            return [line async for line in lines] != []  # to its end: an answer that is cut off raises

    assert asyncio.run(play())


def test_a_stream_carries_whole_json() -> None:
    """One event is one document, whatever line breaks its texts have."""
    kept = Kept()
    assert kept.now is not None
    verdict = kept.now.verdict.model_copy(update={"explanation": "one\ntwo\r\nthree\u2028four"})
    kept.now = kept.now.model_copy(update={"verdict": verdict})

    async def ask(client: httpx.AsyncClient) -> str:
        async with asyncio.timeout(WITHIN_S), client.stream("GET", EVENTS) as answer:
            async for line in answer.aiter_lines():
                if line.startswith("data: {"):
                    explanation = json.loads(line.removeprefix("data: "))["verdict"]["explanation"]
                    assert isinstance(explanation, str)
                    return explanation
        return ""

    assert asked(kept, ask) == "one\ntwo\r\nthree\u2028four"
