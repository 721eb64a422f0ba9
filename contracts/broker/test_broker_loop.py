"""The loop with a broker: publish, verify, deploy; break the provider, and the broker keeps it from being deployed.

The broker is the stand-in of `synthetic/tests/contracts/broker_standin`, in a process of its own; everything else is real.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import httpx
import pytest

from synthetic.contracts.broker.deploying import can_i_deploy
from synthetic.contracts.broker.hal import talking_to
from synthetic.contracts.broker.judges import Judge, reference_judges
from synthetic.contracts.broker.reading import pacts_to_verify
from synthetic.contracts.broker.settings import BrokerAccess, Build
from synthetic.contracts.broker.verifying import Verified, verify_pacts
from synthetic.contracts.broker.writing import publish_pacts, record_deployment
from synthetic.contracts.pacts import PactFile
from synthetic.contracts.providers import PROVIDERS
from synthetic.contracts.results import Verification
from synthetic.contracts.serving import read_body, serving
from synthetic.contracts.suites import PACTS
from synthetic.contracts.verifying import verify
from synthetic.tests.contracts.broker_standin.process import broker_process

TOKEN = "t0ken-of-the-loop"  # noqa: S105 - of a broker that lives as long as the test


@contextmanager
def without(url: str, member: str) -> Iterator[str]:
    """A release of the provider at this URL that no longer answers this member."""

    class Handler(BaseHTTPRequestHandler):
        def _pass(self) -> None:
            headers = {name: value for name, value in self.headers.items() if name.lower() != "host"}
            answer = http.request(self.command, url + self.path, headers=headers, content=read_body(self))
            told = answer.json()
            told.pop(member, None)
            body = json.dumps(told).encode()
            self.send_response(answer.status_code)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _pass  # noqa: N815 - http.server's names

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with httpx.Client(trust_env=False) as http, serving(Handler) as broken:
        yield broken


def without_the_amount(pact: PactFile) -> Verification:
    """Ask a release of psp-a that no longer answers it."""
    with PROVIDERS["psp-a"].serving() as good, without(good.url, "amount") as url:
        return verify(pact, replace(good, url=url))


def verified(access: BrokerAccess, judge: Judge, build: Build) -> Verified:
    """The provider, verified against the one pact that the broker asks for."""
    with talking_to(access) as hal:
        [one] = verify_pacts(hal, pacts_to_verify(hal, "psp-a", build), judge, build)
    return one


@pytest.mark.slow
def test_what_breaks_a_consumer_is_not_deployed(tmp_path: Path, pytestconfig: pytest.Config) -> None:
    """A verified pair may be deployed; the provider's next version, which drops a field, may not, and the broker says why."""
    pact = pytestconfig.rootpath / PACTS / "cashier-psp-a.json"
    with broker_process(tmp_path, authorization=f"Bearer {TOKEN}") as url:
        access = BrokerAccess(url, token=TOKEN)
        publish_pacts(access, Build("cashier-1", "main"), [pact])
        assert can_i_deploy(access, "cashier", "cashier-1", "production").allowed is None, "nobody has verified it"

        first = verified(access, reference_judges()["psp-a"], Build("psp-1", "main"))
        assert first.found.held, first.found.told()
        assert can_i_deploy(access, "psp-a", "psp-1", "production").allowed is True
        record_deployment(access, "psp-a", "psp-1", "production")
        answer = can_i_deploy(access, "cashier", "cashier-1", "production")
        assert (answer.allowed, len(answer.rows)) == (True, 1), answer
        record_deployment(access, "cashier", "cashier-1", "production")

        second = verified(access, without_the_amount, Build("psp-2", "main"))
        assert second.breaks
        answer = can_i_deploy(access, "psp-a", "psp-2", "production")
        assert answer.allowed is False
        assert answer.reason == (
            "The verification for the pact between the version of cashier currently deployed to production (cashier-1)"
            " and version psp-2 of psp-a failed"
        )
        told = "psp-a breaks cashier, a charge of a good card: $.amount: 'amount' is missing of $"
        assert told in answer.failures
        assert can_i_deploy(access, "psp-a", "psp-1", "production").allowed is True, "what runs there still may"
