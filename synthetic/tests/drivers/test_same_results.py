"""One scenario, each driver: the same results but for their times."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from contextlib import ExitStack
from dataclasses import replace
from typing import Any

import pytest

from synthetic.core.effects import (
    Effect,
    Http,
    HttpReply,
    Resolve,
    Result,
    Sleep,
    TransportFault,
    WsClose,
    WsOpen,
    WsReceive,
    WsSend,
)
from synthetic.core.outcome import IntentState
from synthetic.tests.drivers import servers
from synthetic.tests.drivers.conftest import Authority
from synthetic.tests.drivers.scenarios import asking, deposit, play_asyncio, play_blocking, play_gevent, timeless
from synthetic.tests.drivers.servers import RawServer, WebSocketServer, answer, answering, echo, free_port


def journey(http: str, ws: str) -> list[Effect]:
    return [
        Http("POST", http + "login", body=b"{}", headers=(("content-type", "application/json"),)),
        Http("POST", http + "deposit", body=b"{}", moves=deposit()),
        Resolve("key-1", IntentState.DONE),
        Resolve("never-intended", IntentState.DONE),
        Http("POST", http + "deposit", body=b"{}", moves=deposit(minor=200)),
        Sleep(0.01),
        WsOpen("game", ws),
        WsSend("game", "bet", moves=deposit("key-2")),
        WsReceive("game"),
        WsReceive("game", timeout_s=0.05),
        WsSend("other", "bet", moves=deposit("key-3")),
        WsClose("game"),
        WsReceive("game"),
    ]


def test_a_journey_with_money_and_frames() -> None:
    """HTTP, WebSocket, journal, and their refusals."""
    with RawServer(answering(answer(b"{}"))) as http, WebSocketServer(echo) as ws:
        both = [
            [timeless(result) for result in play(asking(*journey(http.url, ws.url)))]
            for play in (play_asyncio, play_blocking, play_gevent)
        ]
    # The handshake's answer has a key and a date of its own.
    results = [[drop_headers(result) for result in one] for one in both]
    assert results[0] == results[1] == results[2]
    assert isinstance(both[0][0], HttpReply)


def drop_headers(result: Result) -> Any:
    return type(result) if type(result).__name__ == "WsOpened" else result


BEHAVIOURS: list[servers.Behaviour] = [
    servers.hang,
    servers.drip_body,
    servers.drip_head,
    servers.reset,
    servers.close_early,
    servers.stop_short,
    servers.garbage,
    servers.ten_megabytes,
]


@pytest.mark.parametrize("scheme", ["http", "https", "ws", "wss"])
@pytest.mark.parametrize("behaviour", BEHAVIOURS, ids=lambda behaviour: behaviour.__name__)
def test_every_bad_target(behaviour: servers.Behaviour, scheme: str, authority: Authority) -> None:
    """The same fault with the same words, in plain text and under TLS."""
    secure = scheme in ("https", "wss")
    with RawServer(behaviour, authority.server if secure else None) as server:
        url = f"{scheme}://{server.authority}/"
        effect: Effect = Http("GET", url, timeout_s=0.3) if "http" in scheme else WsOpen("game", url, timeout_s=0.3)
        both = [timeless(*play(asking(effect), tls=authority.client)) for play in (play_asyncio, play_blocking)]
    assert without_count(both[0]) == without_count(both[1])


def without_count(result: Result) -> Result:
    """How many bytes had come when the time was over is the target's and the machine's business."""
    if not isinstance(result, TransportFault):
        return result
    return replace(result, detail=re.sub(r"and \d+ of", "and some of", result.detail))


def refused() -> Effect:
    return Http("GET", f"http://127.0.0.1:{free_port()}/")


@pytest.mark.parametrize(
    "make",
    [
        refused,
        lambda: Http("GET", "http://nonexistent.invalid:80/"),
        lambda: WsOpen("game", "ws://nonexistent.invalid:80/"),
        lambda: Http("GET", "http://10.1.2.3/"),
        lambda: Http("GET", "not a url"),
        lambda: Http("GET", "http://127.0.0.1:1/", headers=(("a", "b\r\nc"),)),
    ],
)
def test_everything_that_is_not_sent(make: Callable[[], Effect]) -> None:
    """The same refusal with the same words."""
    effect = make()
    both = [timeless(*play(asking(effect))) for play in (play_asyncio, play_blocking)]
    assert both[0] == both[1]


def test_a_generator_is_closed_when_it_fails() -> None:
    """Its own `finally` blocks run, and the exception is the scenario's."""
    cleaned: list[str] = []

    def scenario(name: str) -> Generator[Any, Any, None]:
        try:
            yield Sleep(0)
            raise LookupError(name)
        finally:
            cleaned.append(name)

    for name, play in (("asyncio", play_asyncio), ("blocking", play_blocking)):
        with ExitStack() as stack:
            stack.enter_context(pytest.raises(LookupError, match=name))
            play(scenario(name))
    assert cleaned == ["asyncio", "blocking"]
