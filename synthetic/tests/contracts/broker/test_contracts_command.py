"""`synthetic contracts ...`: what it prints, its exit codes, and that no secret is ever seen."""

from __future__ import annotations

import json
import sys
import time
from base64 import b64encode
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from synthetic.contracts.broker.settings import BrokerAccess
from synthetic.tests.cli.calling import call
from synthetic.tests.contracts.broker.conftest import TOKEN
from synthetic.tests.contracts.broker.stories import pact
from synthetic.tests.contracts.broker_standin.process import broker_process

PRODUCTION = ("--to-environment", "production")


def result(access: BrokerAccess, *, version: str, success: bool, consumer_version: str = "shop-1") -> None:
    """Bank's result, as any verifier publishes it."""
    headers = {"Authorization": f"Bearer {access.token}"}
    with httpx.Client(base_url=access.url, headers=headers, trust_env=False) as http:
        document = http.get(f"/pacts/provider/bank/consumer/shop/version/{consumer_version}").json()
        mismatches = [{"attribute": "body", "identifier": "$.amount", "description": "Expected 1 but got nothing"}]
        test = {"interactionId": "1", "interactionDescription": "GET /orders", "success": success}
        tests = [test if success else {**test, "mismatches": mismatches}]
        body = {"success": success, "providerApplicationVersion": version, "testResults": tests}
        http.post(document["_links"]["pb:publish-verification-results"]["href"], json=body).raise_for_status()


@pytest.mark.slow
def test_the_loop_by_commands(access: BrokerAccess, pacts: Path) -> None:
    """Not known, yes, no with path and reason."""
    answer = call("contracts", "publish", pacts)
    assert (answer.code, answer.err) == (0, "published as version shop-1 of branch main\n"), answer
    assert "successfully published" in " ".join(answer.out.split())

    asked = call("contracts", "can-i-deploy", "--pacticipant", "shop", *PRODUCTION)
    assert asked.code == 1
    assert asked.out.startswith(
        "shop shop-1 to production: not known yet\nThere is no verified pact between version shop-1"
    )

    result(access, version="bank-1", success=True)
    arguments = ("--pacticipant", "bank", "--version", "bank-1", "--environment", "production")
    assert call("contracts", "record-deployment", *arguments).code == 0
    asked = call("contracts", "can-i-deploy", "--pacticipant", "shop", *PRODUCTION)
    assert (asked.code, asked.out.splitlines()) == (
        0,
        [
            "shop shop-1 to production: yes",
            "All required verification results are published and successful",
            "    shop shop-1 with bank bank-1: verified",
        ],
    )
    assert call("contracts", "record-deployment", "--pacticipant", "shop", "--environment", "production").code == 0

    result(access, version="bank-2", success=False)
    asked = call("contracts", "can-i-deploy", "--pacticipant", "bank", "--version", "bank-2", *PRODUCTION)
    assert asked.code == 1
    assert asked.out.splitlines() == [
        "bank bank-2 to production: no",
        "The verification for the pact between the version of shop currently deployed to production (shop-1)"
        " and version bank-2 of bank failed",
        "    shop shop-1 with bank bank-2: FAILED",
        "bank breaks shop, GET /orders: $.amount: Expected 1 but got nothing",
    ]


def test_publishing_again_changes_nothing_and_other_content_is_refused(access: BrokerAccess, pacts: Path) -> None:
    """Exit 1 with the broker's reason."""
    assert call("contracts", "publish", pacts).code == 0
    assert call("contracts", "publish", pacts).code == 0
    (pacts / "shop-bank.json").write_text(json.dumps(pact("shop", "bank", "/other")), encoding="utf-8")
    answer = call("contracts", "publish", pacts)
    assert answer.code == 1
    assert "Cannot change the content of the pact for shop version shop-1" in answer.err


@pytest.mark.parametrize(
    "arguments",
    [
        ("publish",),
        ("verify", "psp-a"),
        ("can-i-deploy", "--pacticipant", "shop", *PRODUCTION),
        ("record-deployment", "--pacticipant", "shop", "--environment", "production"),
        ("record-release", "--pacticipant", "shop", "--environment", "production"),
        ("webhook", "--repository", "acme/bank", "--provider", "bank"),
    ],
)
def test_without_a_broker_each_says_what_is_not_set(
    arguments: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 2, before anything is done."""
    monkeypatch.delenv("PACT_BROKER_BASE_URL", raising=False)
    answer = call("contracts", *arguments)
    assert answer.code == 2
    assert "PACT_BROKER_BASE_URL is not set; set it to the broker's address" in answer.err


def test_a_broker_that_is_not_there_is_told_at_once(monkeypatch: pytest.MonkeyPatch, pacts: Path) -> None:
    """Exit 3 in a second or two, longer on a busy machine only; the binary alone would try for minutes."""
    for name, value in {"PACT_BROKER_BASE_URL": "http://127.0.0.1:9", "GIT_COMMIT": "1", "GIT_BRANCH": "main"}.items():
        monkeypatch.setenv(name, value)
    began_s = time.monotonic()
    answer = call("contracts", "publish", pacts)
    assert answer.code == 3
    assert "the broker is not reachable at http://127.0.0.1:9" in answer.err
    assert time.monotonic() - began_s < 20


def test_a_wrong_token_is_told_and_not_shown(
    access: BrokerAccess, pacts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 1, and which variable to look at."""
    monkeypatch.setenv("PACT_BROKER_TOKEN", "wr0ng-and-secret")
    answer = call("contracts", "publish", pacts)
    assert answer.code == 1
    assert "the broker does not let us in (401); look at PACT_BROKER_TOKEN" in answer.err
    assert "wr0ng" not in answer.err + answer.out


def test_a_name_and_a_password_let_in_too(pacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """For both ways to the broker, the binary's and ours."""
    credentials = b64encode(b"me:pass-word").decode()
    with broker_process(tmp_path, authorization=f"Basic {credentials}") as url:
        variables = {"BASE_URL": url, "USERNAME": "me", "PASSWORD": "pass-word"}
        for name, value in variables.items():
            monkeypatch.setenv(f"PACT_BROKER_{name}", value)
        monkeypatch.setenv("GIT_COMMIT", "shop-1")
        monkeypatch.setenv("GIT_BRANCH", "main")
        assert call("contracts", "publish", pacts).code == 0
        assert call("contracts", "can-i-deploy", "--pacticipant", "shop", *PRODUCTION).out.startswith("shop shop-1 to")
        monkeypatch.setenv("PACT_BROKER_PASSWORD", "pass-w0rd")
        assert "look at PACT_BROKER_TOKEN or PACT_BROKER_USERNAME" in call("contracts", "publish", pacts).err


def test_what_the_broker_does_not_know_is_told(access: BrokerAccess) -> None:
    """The broker's own words for an application or an environment that is not there."""
    answer = call("contracts", "can-i-deploy", "--pacticipant", "nobody", *PRODUCTION)
    assert answer.code == 1
    assert "Pacticipant nobody not found" in answer.err


def test_a_folder_without_pacts_is_told(access: BrokerAccess, tmp_path: Path) -> None:
    """Nothing published is no success."""
    answer = call("contracts", "publish", tmp_path / "none")
    assert answer.code == 2
    assert "there is no pact at" in answer.err


def test_the_binary_gets_secrets_by_its_environment_and_what_it_shows_of_them_is_masked(
    access: BrokerAccess, pacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An argument can be read by every process of the machine; a log, by more people than that."""
    binary, came = tmp_path / "bin" / "pact", tmp_path / "came"
    binary.parent.mkdir()
    binary.write_text(f'#!/bin/sh\necho "$@" > {came}\necho "sent with $PACT_BROKER_TOKEN"\n')
    binary.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(binary.with_name("python")))
    answer = call("contracts", "publish", pacts)
    assert (answer.code, answer.out) == (0, "sent with ***\n")
    arguments = came.read_text()
    assert arguments.startswith("broker publish ")
    assert arguments.endswith("--consumer-app-version shop-1 --branch main\n")
    assert TOKEN not in arguments


def test_a_version_or_an_environment_that_is_not_there_is_told(access: BrokerAccess, pacts: Path) -> None:
    """A typing error must not look like a deployment."""
    assert call("contracts", "publish", pacts).code == 0
    for verb in ("record-deployment", "record-release"):
        where = ("--pacticipant", "shop", "--environment", "productoin")
        answer = call("contracts", verb, *where)
        assert (answer.code, answer.err) == (
            1,
            f"error: `pact broker {verb}` failed: Environment productoin does not exist\n",
        )
        answer = call("contracts", verb, *where, "--version", "shop-9")
        assert answer.code == 1
        assert answer.err.startswith("error: the broker knows no version shop-9 of shop; publish its pacts")


@pytest.mark.slow
def test_a_missing_result_is_waited_for(access: BrokerAccess, pacts: Path) -> None:
    """`--retry-while-unknown`: another team's verification comes a moment later."""
    assert call("contracts", "publish", pacts).code == 0
    result(access, version="bank-0", success=True)
    arguments = ("--pacticipant", "bank", "--version", "bank-0", "--environment", "production")
    assert call("contracts", "record-deployment", *arguments).code == 0
    other = json.dumps(pact("shop", "bank", "/other"))
    (pacts / "shop-bank.json").write_text(other, encoding="utf-8")
    headers = {"Authorization": f"Bearer {access.token}"}

    def verify_once_asked() -> None:
        deadline_s = time.monotonic() + 30
        while not any(one["path"] == "/matrix" for one in httpx.get(f"{access.url}/_requests", headers=headers).json()):
            assert time.monotonic() < deadline_s
            time.sleep(0.02)
        result(access, version="bank-0", success=True, consumer_version="shop-2")

    with pytest.MonkeyPatch.context() as build, ThreadPoolExecutor(1) as pool:
        build.setenv("GIT_COMMIT", "shop-2")
        assert call("contracts", "publish", pacts).code == 0
        late = pool.submit(verify_once_asked)
        waiting = ("--retry-while-unknown", "10", "--retry-interval", "1")
        asked = call("contracts", "can-i-deploy", "--pacticipant", "shop", *PRODUCTION, *waiting)
        late.result()
    assert (asked.code, asked.out.splitlines()[0]) == (0, "shop shop-2 to production: yes")


def test_a_missing_binary_names_its_extra(
    access: BrokerAccess, pacts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What to install, and exit 3."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    answer = call("contracts", "publish", pacts)
    assert answer.code == 3
    assert 'pip install "igaming-synthetic[contracts]"' in answer.err


def test_the_webhook_is_kept_once_and_its_token_is_not_shown(
    access: BrokerAccess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Saying it again changes it."""
    monkeypatch.setenv("PACT_WEBHOOK_GITHUB_TOKEN", "gh-hidden-token")
    command = ("contracts", "webhook", "--repository", "acme/bank", "--provider", "bank")
    for _ in range(2):
        answer = call(*command)
        assert answer.code == 0, answer.err
        assert "hidden" not in answer.err + answer.out
    headers = {"Authorization": f"Bearer {TOKEN}"}
    links = httpx.get(f"{access.url}/webhooks", headers=headers, trust_env=False).json()["_links"]["pb:webhooks"]
    [kept] = [httpx.get(link["href"], headers=headers, trust_env=False).json() for link in links]
    assert kept["request"]["url"] == "https://api.github.com/repos/acme/bank/dispatches"
    assert kept["request"]["body"]["event_type"] == "pact_changed"
    assert kept["events"] == [{"name": "contract_content_changed"}]
