"""The proxy between Pact's verifier and a provider: it signs each request when it is sent, as a recorded signature would be stale.

It also answers in the provider's place, with status 599 and the reason, where a provider state could not be reached or the provider
does not answer: the interaction fails at once, and says why.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from typing import Any

import httpx

from synthetic.contracts.redirects import not_to_be_followed
from synthetic.contracts.serving import end_to_end, read_body, serving
from synthetic.contracts.states import SILENT, Stage

OUR_ANSWER = 599  # no provider answers so
NUMBER = "X-Synthetic-Interaction"  # says which interaction a request belongs to; the provider does not see it
TIMEOUT_S = 5.0


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A request on its way to the provider. `path` has the query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    def having(self, **headers: str) -> Outgoing:
        """The same with these headers, whatever their case was; `_` stands for `-`."""
        new = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in self.headers.items() if name.lower() not in {n.lower() for n in new}}
        return replace(self, headers={**kept, **new})


Seal = Callable[[Outgoing, str], Outgoing]
"""Makes a request the counterpart's own: credentials, fresh time stamps, signature.

The second argument says how it is to be wrong; "" for not at all.
"""


@dataclass(frozen=True, slots=True)
class Exchanged:
    """What went over the wire for one interaction. `values`: what its states gave; `failure`: why there was no exchange."""

    request_line: str
    request_body: str
    status: int
    body: str
    values: Mapping[str, Any] = field(default_factory=dict)
    failure: str = ""


def _headers(answer: httpx.Response) -> list[tuple[str, str]]:
    """What Pact gets to see."""
    return not_to_be_followed(end_to_end(answer.headers.items()))


class SealingProxy:
    """Forwards to `url`. `exchanges` are kept by the number that their requests carry."""

    def __init__(self, url: str, seal: Seal, stage: Stage) -> None:
        self._url = url.rstrip("/")
        self._seal = seal
        self._stage = stage
        self.exchanges: dict[str, Exchanged] = {}

    def forward(
        self, http: httpx.Client, request: Outgoing, number: str = ""
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """The provider's answer, or ours: status, headers, body."""
        stage = self._stage.take()
        failure = stage.failure or (SILENT if stage.is_silent() else "")
        if not failure:
            try:
                sealed = self._seal(request, stage.wrong)
                answer = http.request(
                    sealed.method, self._url + sealed.path, headers=dict(sealed.headers), content=sealed.body
                )
            except httpx.TimeoutException as error:
                self._stage.silences += 1
                failure = f"the provider did not answer: {type(error).__name__} after {TIMEOUT_S:g} s"
            except httpx.HTTPError as error:
                failure = f"the provider did not answer: {type(error).__name__}: {error}"
            except Exception as error:  # noqa: BLE001 - told as the interaction's failure
                failure = f"the request could not be made: {type(error).__name__}: {error}"
            else:
                self._note(number, request, stage, answer.status_code, answer.content)
                return answer.status_code, _headers(answer), answer.content
        self._note(number, request, stage, OUR_ANSWER, b"", failure)
        return OUR_ANSWER, [("Content-Type", "text/plain; charset=utf-8")], failure.encode()

    def _note(self, number: str, request: Outgoing, stage: Stage, status: int, body: bytes, failure: str = "") -> None:
        line, sent, came = f"{request.method} {request.path}", request.body, body.decode("utf-8", "replace")
        self.exchanges[number] = Exchanged(line, sent.decode("utf-8", "replace"), status, came, stage.values, failure)

    def serving(self, http: httpx.Client) -> Any:
        """A context in which it listens; its value is the URL for Pact."""
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            def _pass(self) -> None:
                headers = dict(end_to_end(self.headers.items()))
                number = next((headers.pop(name) for name in tuple(headers) if name.lower() == NUMBER.lower()), "")
                asked = Outgoing(self.command, self.path, headers, read_body(self))
                status, answered, body = proxy.forward(http, asked, number)
                self.send_response(status)
                for name, value in answered:
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _pass  # noqa: N815 - http.server's names

            def log_message(self, *_: Any) -> None:
                """Nothing: the report tells."""

        return serving(Handler)
