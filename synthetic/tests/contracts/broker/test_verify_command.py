"""`synthetic contracts verify`: the broker's pacts against psp-a, the results to the broker, and the right exit code."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from synthetic.contracts.broker.judges import reference_judges
from synthetic.contracts.broker.settings import BrokerAccess
from synthetic.contracts.pacts import PactFile, read
from synthetic.contracts.providers import PROVIDERS
from synthetic.contracts.providers.psp_a import KEY_VARIABLE
from synthetic.contracts.sealing import Outgoing
from synthetic.contracts.suites import PACTS
from synthetic.tests.cli.calling import call
from synthetic.tests.style.checkout import ROOT

# Whole providers are started and asked; the suites in contracts/ keep the contracts themselves in the default suite.
pytestmark = pytest.mark.slow

SOME = ("a charge of a good card", "a look-up of a payment that never was")  # they need no state, and are quick
FRAMES = ("a ping", "the result of a round: WON")
KEPT = "psp-a keeps what cashier expects: 2 interactions"


def publish(folder: Path, pact: PactFile, version: str, monkeypatch: pytest.MonkeyPatch, branch: str = "main") -> None:
    """Publish it as the cashier's version; from then on we are psp-a's."""
    file = folder / f"{version}.json"
    file.write_text(pact.text(), encoding="utf-8")
    monkeypatch.setenv("GIT_COMMIT", version)
    monkeypatch.setenv("GIT_BRANCH", branch)
    assert call("contracts", "publish", file).code == 0
    monkeypatch.setenv("GIT_COMMIT", "psp-1")
    monkeypatch.setenv("GIT_BRANCH", "main")


def some() -> PactFile:
    """A part of the pact between cashier and psp-a."""
    whole = read(ROOT / PACTS / "cashier-psp-a.json")
    return whole.only(one for one in whole.interactions if one["description"] in SOME)


def impossible() -> PactFile:
    """The same, but a charge is answered with 418."""
    [charge] = [one for one in some().interactions if one["description"] == SOME[0]]
    return some().only([{**charge, "response": {**charge["response"], "status": 418}}])


def asked(access: BrokerAccess) -> Sequence[dict[str, Any]]:
    """All that the broker was asked."""
    answer = httpx.get(f"{access.url}/_requests", headers={"Authorization": f"Bearer {access.token}"}, trust_env=False)
    return [dict(one) for one in answer.json()]


def results(access: BrokerAccess) -> list[dict[str, Any]]:
    """The results that the broker got."""
    return [json.loads(one["body"]) for one in asked(access) if one["path"].endswith("/verification-results")]


def test_a_kept_pact_is_published_and_lets_its_consumer_go(
    access: BrokerAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit 0; the result has our version, our branch and each interaction."""
    publish(tmp_path, some(), "cashier-1", monkeypatch)
    answer = call("contracts", "verify", "psp-a")
    assert (answer.code, answer.out) == (0, f"{KEPT} (pending)\n"), answer.err
    assert "is being verified because" in answer.err
    [result] = results(access)
    assert (result["success"], result["providerApplicationVersion"]) == (True, "psp-1")
    assert sorted(test["interactionDescription"] for test in result["testResults"]) == sorted(SOME)
    assert all(test["interactionId"] for test in result["testResults"])
    assert any(one["path"] == "/pacticipants/psp-a/branches/main/versions/psp-1" for one in asked(access))
    assert call("contracts", "verify", "psp-a").out == f"{KEPT}\n", "kept once, it is not pending any more"


def test_a_broken_pact_fails_only_once_our_branch_has_kept_it(
    access: BrokerAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new wish of a consumer is told and published, and fails nothing; what was kept before is our break."""
    publish(tmp_path, impossible(), "cashier-1", monkeypatch)
    answer = call("contracts", "verify", "psp-a")
    assert answer.code == 0, answer
    assert "psp-a breaks cashier, a charge of a good card: status is 200, expected 418" in answer.out
    [result] = results(access)
    assert result["success"] is False
    assert result["testResults"][0]["mismatches"][0]["attribute"] == "status"

    headers = {"Authorization": f"Bearer {access.token}"}
    with httpx.Client(base_url=access.url, headers=headers, trust_env=False) as http:
        document = http.get("/pacts/provider/psp-a/consumer/cashier/version/cashier-1").json()
        good = {"success": True, "providerApplicationVersion": "psp-1"}  # the version above, which is on main
        http.post(document["_links"]["pb:publish-verification-results"]["href"], json=good).raise_for_status()
    assert call("contracts", "verify", "psp-a").code == 1


def test_the_pact_of_a_webhook_is_verified_alone(
    access: BrokerAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever else there is; and only at the broker, as our token goes with the request."""
    publish(tmp_path, some(), "cashier-1", monkeypatch)
    publish(tmp_path, impossible(), "cashier-2", monkeypatch, branch="feat/teapot")
    pact = f"{access.url}/pacts/provider/psp-a/consumer/cashier/version/cashier-2"
    answer = call("contracts", "verify", "psp-a", "--pact-url", pact)
    assert answer.code == 1
    assert "expected 418" in answer.out
    assert len(results(access)) == 1
    answer = call("contracts", "verify", "psp-a", "--pact-url", "http://127.0.0.1:9/pact")
    assert answer.code == 1
    assert "our credentials do not go there" in answer.err


def test_work_in_progress_is_verified_when_it_is_asked_for(
    access: BrokerAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A branch of the cashier that psp-a's build has never heard of."""
    publish(tmp_path, some(), "cashier-1", monkeypatch)
    publish(tmp_path, impossible(), "cashier-2", monkeypatch, branch="feat/teapot")
    assert "418" not in call("contracts", "verify", "psp-a").out
    answer = call("contracts", "verify", "psp-a", "--wip-since", "2020-01-01")
    assert answer.code == 0
    assert "418" in answer.out


def test_each_pact_gets_a_provider_that_remembers_nothing_of_the_one_before(
    access: BrokerAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both ask for the cancellation of a payment under the same key: the second must not find it cancelled."""
    whole = read(ROOT / PACTS / "cashier-psp-a.json")
    [cancel] = [
        one for one in whole.interactions if one["description"] == "a cancellation of a payment that is not captured"
    ]
    publish(tmp_path, whole.only([cancel]), "cashier-1", monkeypatch)
    publish(tmp_path, whole.only([cancel, *some().interactions]), "cashier-2", monkeypatch, branch="feat/more")
    answer = call("contracts", "verify", "psp-a", "--wip-since", "2020-01-01")
    assert (answer.code, [one["success"] for one in results(access)]) == (0, [True, True]), answer.out


def test_every_provider_of_a_pact_has_a_judge() -> None:
    """Else `synthetic contracts verify` passes it over, and its consumers may never be deployed."""
    providers = {read(path).provider for path in (ROOT / PACTS).glob("*.json")}
    assert providers <= set(reference_judges()), "add it to synthetic/contracts/broker/judges.py"


@pytest.mark.slow
def test_a_provider_over_a_socket_is_verified_too(
    access: BrokerAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its frames are messages in the pact, and travel through the broker whole."""
    whole = read(ROOT / PACTS / "game-client-game-gateway.json")
    some_frames = [one for one in whole.interactions if one["description"] in FRAMES]
    publish(tmp_path, whole.only(some_frames), "game-client-1", monkeypatch)
    answer = call("contracts", "verify", "game-gateway")
    assert (answer.code, [one["success"] for one in results(access)]) == (0, [True]), answer.out
    [result] = results(access)
    assert len(result["testResults"]) == len(FRAMES)


def test_a_provider_that_could_be_asked_for_nothing_has_no_result(
    access: BrokerAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With its states out of reach: nothing is published, and it is no success."""
    whole = read(ROOT / PACTS / "cashier-psp-a.json")
    paid = [one for one in whole.interactions if one["description"] == "a look-up of a captured payment"]
    publish(tmp_path, whole.only(paid), "cashier-1", monkeypatch)
    monkeypatch.setenv(KEY_VARIABLE, "key")
    with PROVIDERS["psp-a"].serving() as target:
        answer = call("contracts", "verify", "psp-a", "--url", target.url, "--states", "none")
    assert (answer.code, results(access)) == (5, [])
    assert "a look-up of a captured payment: needs a provider state" in answer.out
    assert "no provider could be asked for anything" in answer.err


def test_nothing_to_verify_is_no_success(access: BrokerAccess) -> None:
    """Exit 5, also where the broker has never heard of the provider."""
    answer = call("contracts", "verify", "psp-a")
    assert (answer.code, answer.err) == (5, "there is no pact to verify\n")


def test_results_can_be_kept_to_oneself(access: BrokerAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On a developer's machine."""
    publish(tmp_path, some(), "cashier-1", monkeypatch)
    assert call("contracts", "verify", "psp-a", "--no-publish").code == 0
    assert results(access) == []


def test_a_provider_at_a_url_takes_its_key_from_the_environment(
    access: BrokerAccess, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without it, exit 2 and the variable's name, before the broker is asked."""
    publish(tmp_path, some(), "cashier-1", monkeypatch)
    with PROVIDERS["psp-a"].serving() as target:
        monkeypatch.delenv(KEY_VARIABLE, raising=False)
        answer = call("contracts", "verify", "psp-a", "--url", target.url)
        assert answer.code == 2
        assert KEY_VARIABLE in answer.err
        sealed = replace(target).seal(Outgoing("GET", "/", {}, b""), "")
        monkeypatch.setenv(KEY_VARIABLE, sealed.headers["Authorization"].removeprefix("Bearer "))
        answer = call("contracts", "verify", "psp-a", "--url", target.url)
        assert (answer.code, answer.out) == (0, f"{KEPT} (pending)\n"), answer.err


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("psp-aa",), "did you mean 'psp-a'?"),
        (("psp-a", "psp-b", "--pact-url", "http://127.0.0.1:9/pact"), "--url and --pact-url are of one provider"),
        (("psp-a", "--url", "psp"), "write psp-a=https://..."),
    ],
)
def test_what_can_not_be_meant_is_refused(access: BrokerAccess, arguments: tuple[str, ...], told: str) -> None:
    """Exit 2, and what to write."""
    answer = call("contracts", "verify", *arguments)
    assert answer.code == 2
    assert told in answer.err
