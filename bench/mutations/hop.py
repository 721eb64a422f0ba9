"""A hop between whoever asks and a provider, in which a mutation acts: it sees the request, asks the provider, and answers."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx

from synthetic.contracts.sealing import TIMEOUT_S, Outgoing
from synthetic.contracts.serving import end_to_end, read_body, serving


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answers: status, headers in their order, raw body."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def header(self, name: str) -> str:
        """A header's value, whatever the case of its name; "" where it is not there."""
        return next((value for known, value in self.headers if known.lower() == name.lower()), "")

    def having(self, **headers: str) -> Answer:
        """The same with these headers; `_` stands for `-`."""
        new = {name.replace("_", "-"): value for name, value in headers.items()}
        gone = {name.lower() for name in new}
        kept = tuple((name, value) for name, value in self.headers if name.lower() not in gone)
        return replace(self, headers=(*kept, *new.items()))


Forward = Callable[[Outgoing], Answer]
Change = Callable[[Outgoing, Forward], Answer]
"""A mutation at work: it gets the request and the provider, and says what comes back."""


class HungUpError(Exception):
    """The connection is closed without an answer."""


def unchanged(request: Outgoing, forward: Forward) -> Answer:
    """No mutation."""
    return forward(request)


class Hop:
    """Lets `ask` answer, through a change. `acted`: how often what came back was not what the provider had said."""

    def __init__(self, ask: Forward, change: Change) -> None:
        self._ask = ask
        self._change = change
        self.acted = 0

    def pass_on(self, request: Outgoing) -> Answer:
        """The mutated provider's answer. Raises HungUpError, and httpx's errors."""
        asked: list[Outgoing] = []
        said: list[Answer] = []

        def forward(sent: Outgoing) -> Answer:
            asked.append(sent)
            said.append(self._ask(sent))
            return said[-1]

        try:
            answer = self._change(request, forward)
        except HungUpError:
            self.acted += 1
            raise
        if asked != [request] or said != [answer]:
            self.acted += 1
        return answer

    def serving(self) -> Any:
        """A context in which it listens; its value is the URL."""
        hop = self

        class Handler(BaseHTTPRequestHandler):
            def _pass(self) -> None:
                headers = dict(end_to_end(self.headers.items()))
                try:
                    answer = hop.pass_on(Outgoing(self.command, self.path, headers, read_body(self)))
                except (HungUpError, httpx.HTTPError):
                    self.close_connection = True
                    return
                self.send_response_only(answer.status)
                for name, value in answer.headers:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(answer.body)))
                self.end_headers()
                self.wfile.write(answer.body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815 - http.server's names

            def log_message(self, *_: Any) -> None:
                """Nothing: the bench tells."""

        return serving(Handler)


@contextmanager
def hop_to(url: str, change: Change, **http: Any) -> Iterator[tuple[str, Hop]]:
    """A hop in front of `url`, for as long as the `with`; yields its own URL, and the hop. `http`: as httpx's client takes it."""
    with client_of(http) as client:
        hop = Hop(asking(client, url.rstrip("/")), change)
        with hop.serving() as own:
            yield own, hop


def client_of(http: Mapping[str, Any]) -> httpx.Client:
    """A client for loopback: to load the root certificates takes longer than most requests."""
    return httpx.Client(**{"timeout": TIMEOUT_S, "trust_env": False, "verify": False, **http})


def asking(http: httpx.Client, url: str) -> Forward:
    """Asks whoever is at a URL."""

    def ask(request: Outgoing) -> Answer:
        answer = http.request(request.method, url + request.path, headers=dict(request.headers), content=request.body)
        headers = end_to_end(answer.headers.items())
        return Answer(answer.status_code, tuple(headers), answer.content)

    return ask
