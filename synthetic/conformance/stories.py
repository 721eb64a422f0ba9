"""How a law is tried: a story is a generator that yields volleys of requests and receives their results. It does no I/O.

A volley is what goes out at once: one request, or sixteen. Whoever plays the story (`playing.Prober`) performs it.
"""

from __future__ import annotations

from collections.abc import Generator
from dataclasses import dataclass
from typing import TypeVar

from synthetic.core.effects import Http, HttpReply, Result, Sleep, TransportFault

T = TypeVar("T")
Volley = tuple[Http | Sleep, ...]
Story = Generator[Volley, tuple[Result, ...], T]


class NotTestable(Exception):  # noqa: N818 - a verdict, not a failure
    """The law can't be tried here. The message says why, and what to give so that it can."""


class NotTried(NotTestable):
    """It could be tried, and was not: the bounds are used up, or the target refuses what is plain. No pass comes of that."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what came back. `label` says what it was in the story: `bet`, `the same bet again`."""

    label: str
    request: Http
    result: HttpReply | TransportFault


@dataclass(frozen=True, slots=True)
class Breach:
    """A law is broken: how, and the exchanges that show it, fewest first."""

    message: str
    shown_by: tuple[Exchange, ...] = ()


def exchange(label: str, request: Http) -> Story[Exchange]:
    """Send one request."""
    (sent,) = yield from exchanges(label, (request,))
    return sent


def exchanges(label: str, requests: tuple[Http, ...]) -> Story[tuple[Exchange, ...]]:
    """Send requests at once."""
    results = yield requests
    told = []
    for request, result in zip(requests, results, strict=True):
        assert isinstance(result, HttpReply | TransportFault), "an HTTP request has an answer or a fault"
        told.append(Exchange(label, request, result))
    return tuple(told)


def wait(seconds: float) -> Story[None]:
    """Let time pass."""
    yield (Sleep(seconds),)
