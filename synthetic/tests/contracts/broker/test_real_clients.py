"""The stand-in is good enough for the real clients: the `pact` binary and Pact's verifier work against it unmodified."""

from __future__ import annotations

import json
import re
import shlex
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import httpx
import pytest

from synthetic.contracts.broker.command import pact_broker
from synthetic.contracts.broker.hal import talking_to
from synthetic.contracts.broker.reading import pacts_to_verify
from synthetic.contracts.broker.settings import BrokerAccess, Build
from synthetic.contracts.broker.writing import publish_pacts
from synthetic.contracts.pacts import PactFile, read
from synthetic.contracts.serving import read_body, serving
from synthetic.contracts.suites import PACTS
from synthetic.tests.contracts.broker.banks import verified_by_pact
from synthetic.tests.contracts.broker.stories import pact
from synthetic.tests.style.checkout import ROOT


def pact_says(access: BrokerAccess, *arguments: str, code: int = 0) -> str:
    """Run `pact broker` and expect this exit code."""
    finished = pact_broker(access, *arguments)
    assert finished.code == code, finished.told
    return finished.told


def publish(access: BrokerAccess, folder: Path, version: str, *, path: str = "/orders", branch: str = "main") -> None:
    """Publish shop's pact as this version."""
    (folder / "shop-bank.json").write_text(json.dumps(pact("shop", "bank", path)), encoding="utf-8")
    pact_says(access, "publish", str(folder), "--consumer-app-version", version, "--branch", branch)


def deploy_check(name: str, version: str) -> tuple[str, ...]:
    """The question about production."""
    return ("can-i-deploy", "--pacticipant", name, "--version", version, "--to-environment", "production")


@contextmanager
def listener() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """Where a webhook goes to, and what came."""
    came: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(
                {
                    "headers": {name.lower(): value for name, value in self.headers.items()},
                    "body": json.loads(read_body(self)),
                }
            )
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with serving(Handler) as url:
        yield url, came


def test_pacts_own_tools_play_the_loop(access: BrokerAccess, pacts: Path) -> None:
    """Publish, verify, deploy; break the provider, and `can-i-deploy` exits with 1 and says why."""
    publish(access, pacts, "shop-1")
    assert verified_by_pact(access, "bank-1").passed
    pact_says(access, *deploy_check("bank", "bank-1"))
    pact_says(
        access, "record-deployment", "--pacticipant", "bank", "--version", "bank-1", "--environment", "production"
    )
    told = pact_says(access, *deploy_check("shop", "shop-1"))
    assert "All required verification results are published and successful" in told
    pact_says(
        access, "record-deployment", "--pacticipant", "shop", "--version", "shop-1", "--environment", "production"
    )

    broken = verified_by_pact(access, "bank-2", status=500)
    assert not broken.passed, broken.told
    told = pact_says(access, *deploy_check("bank", "bank-2"), code=1)
    assert "the version of shop currently deployed to production (shop-1) and version bank-2 of bank failed" in told


def test_pacts_verifier_lets_a_pending_pact_fail(access: BrokerAccess, pacts: Path) -> None:
    """A pact that the branch has never kept does not fail its build; once kept, it does."""
    publish(access, pacts, "shop-1")
    first = verified_by_pact(access, "bank-1", status=500)
    assert first.passed, first.told
    assert "pending" in first.told
    assert verified_by_pact(access, "bank-2").passed
    assert not verified_by_pact(access, "bank-3", status=500).passed


def test_pacts_verifier_gets_work_in_progress(access: BrokerAccess, pacts: Path) -> None:
    """A branch that nobody selects is verified and its result published."""
    publish(access, pacts, "shop-1")
    publish(access, pacts, "shop-2", path="/refunds", branch="feat/refunds")
    told = verified_by_pact(access, "bank-1").told
    assert "GET /orders" in told
    assert "GET /refunds" in told
    pact_says(access, *deploy_check("shop", "shop-2"), code=1)  # bank is not there yet
    pact_says(
        access, "record-deployment", "--pacticipant", "bank", "--version", "bank-1", "--environment", "production"
    )
    pact_says(access, *deploy_check("shop", "shop-2"))


def test_pacts_verifier_selects_the_matching_branch(access: BrokerAccess, pacts: Path) -> None:
    """A branch name with a slash travels whole."""
    publish(access, pacts, "shop-1", path="/refunds", branch="feat/refunds")
    told = verified_by_pact(access, "bank-1", branch="feat/refunds", matching_branch=True).told
    assert "latest from branch feat/refunds" in told or "from branch 'feat/refunds'" in told


def test_a_release_stays_beside_its_successor(access: BrokerAccess, pacts: Path) -> None:
    """`record-release`: two versions in the hands of players."""
    for version, path in (("shop-1", "/orders"), ("shop-2", "/refunds")):
        publish(access, pacts, version, path=path)
        pact_says(access, "record-release", "--pacticipant", "shop", "--version", version, "--environment", "test")
    told = verified_by_pact(access, "bank-1", deployed_or_released=True).told
    assert "GET /orders" in told
    assert "GET /refunds" in told


def test_another_content_under_the_same_version_is_refused(access: BrokerAccess, pacts: Path) -> None:
    """The binary shows the broker's reason and fails."""
    publish(access, pacts, "shop-1")
    (pacts / "shop-bank.json").write_text(json.dumps(pact("shop", "bank", "/other")), encoding="utf-8")
    told = pact_says(access, "publish", str(pacts), "--consumer-app-version", "shop-1", "--branch", "main", code=1)
    assert "unique consumer version number" in " ".join(told.split())


@pytest.mark.slow
def test_our_pacts_come_back_as_they_were_published(access: BrokerAccess) -> None:
    """The binary writes a pact anew before it sends it: no wish of a consumer may get lost, and no note of who can grant it."""
    committed = [read(path) for path in sorted((ROOT / PACTS).glob("*.json"))]
    assert committed
    publish_pacts(access, Build("1", "main"), [ROOT / PACTS])
    with talking_to(access) as hal:
        providers = sorted({pact.provider for pact in committed})
        back = [one.pact for name in providers for one in pacts_to_verify(hal, name, Build("1", "main"))]
    assert in_words(back) == in_words(committed)


def in_words(pacts: Sequence[PactFile]) -> dict[tuple[str, str, str], Any]:
    """Every interaction, without the ids that the broker gives them."""
    return {
        (one.consumer, one.provider, what["description"]): {name: what[name] for name in what if name != "_id"}
        for one in pacts
        for what in one.interactions
    }


def webhook_of_the_docs(url: str) -> list[str]:
    """Pact's command for it, as docs/contracts-broker.md shows it, to this address."""
    text = (ROOT / "docs/contracts-broker.md").read_text(encoding="utf-8").replace("\\\n", " ")
    [line] = [line for line in text.splitlines() if line.startswith("$ pact broker create-or-update-webhook")]
    words = shlex.split(line.replace("$PACT_WEBHOOK_GITHUB_TOKEN", "gh-token").replace('"psp-a"', '"bank"'))
    return [word.replace("psp-a", "bank") if word == "psp-a" else word for word in (words[3], url, *words[5:])]


def test_a_changed_pact_makes_the_webhooks_request(access: BrokerAccess, pacts: Path) -> None:
    """Once for each new content, with the address of the pact in it; the command of the docs, given twice, makes one webhook."""
    with listener() as (url, came):
        for _ in range(2):
            pact_says(access, *webhook_of_the_docs(url))
        publish(access, pacts, "shop-1")
        publish(access, pacts, "shop-2")  # the same content
        publish(access, pacts, "shop-3", path="/refunds")
        deadline_s = time.monotonic() + 30
        while len(came) < 2:
            assert time.monotonic() < deadline_s, came
            time.sleep(0.01)
    assert [one["body"]["event_type"] for one in came] == ["pact_changed", "pact_changed"]
    assert {one["headers"]["authorization"] for one in came} == {"Bearer gh-token"}
    pact_url = came[0]["body"]["client_payload"]["pact_url"]
    answer = httpx.get(pact_url, headers={"Authorization": f"Bearer {access.token}"}, trust_env=False)
    assert answer.json()["interactions"][0]["description"] == "GET /orders"


def test_the_commands_of_the_docs_that_set_a_broker_up_work(access: BrokerAccess) -> None:
    """A main branch of another name, and another environment."""
    text = (ROOT / "docs/contracts-broker.md").read_text(encoding="utf-8")
    commands = re.findall(r"`pact broker (create-or-update-pacticipant[^`]*|create-environment[^`]*)`", text)
    assert len(commands) == 2
    for command in commands:
        pact_says(access, *shlex.split(command))
    assert '"mainBranch":"trunk"' in pact_says(access, "describe-pacticipant", "--name", "cashier", "--output", "json")
    assert "uat" in pact_says(access, "list-environments")
