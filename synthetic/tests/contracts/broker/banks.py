"""`bank`, a provider of one answer, and Pact's own verifier asking it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler
from typing import Any

from pact import Verifier

from synthetic.contracts.broker.settings import BrokerAccess
from synthetic.contracts.serving import serving


@contextmanager
def bank(status: int = 200) -> Iterator[str]:
    """A provider that answers every GET with this status."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with serving(Handler) as url:
        yield url


@dataclass(frozen=True, slots=True)
class Outcome:
    """What Pact's verifier came to: whether it lets the build pass, and its words."""

    passed: bool
    told: str


def verified_by_pact(
    access: BrokerAccess, version: str, *, status: int = 200, branch: str = "main", **selector: Any
) -> Outcome:
    """Let Pact's verifier fetch, verify and publish by itself."""
    selectors = selector or {"main_branch": True, "deployed_or_released": True}
    with bank(status) as url:
        verifier = Verifier("bank", host="127.0.0.1").add_transport(url=url)
        verifier.set_publish_options(version, branch=branch).set_coloured_output(enabled=False)
        builder = verifier.broker_source(access.url, token=access.token, selector=True, use_env=False)
        builder.provider_branch(branch).include_pending().include_wip_since("2020-01-01")
        for name, value in selectors.items():
            builder.consumer_version(**{name: value})
        builder.build()
        passed = False
        with suppress(RuntimeError):  # it raises where the build is to fail
            verifier.verify()
            passed = True
        return Outcome(passed, verifier.output(strip_ansi=True))
