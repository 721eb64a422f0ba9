"""What the manifests call is what the gate answers: the calls of each, as written, to a gate that is served."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from synthetic.rollouts.store import open_store
from synthetic.tests.controllers.argo_analysis import Phase, measured
from synthetic.tests.deploy.manifests import DEPLOY, every_manifest, of_kind
from synthetic.tests.deploy.runbooks import FOLDER
from synthetic.tests.deploy.test_release_examples import CANARY, METRICS, ROLLOUT_ID, WEB
from synthetic.tests.web.faces import TOKEN
from synthetic.tests.web.gate.faces import Gate

ARGS = {"rollout": "aurora-api", "revision": "42", "hash": "6d4b9f", "weight": "25", "version": "2.4.0", "token": TOKEN}
ARGS |= {"cell": "canary", "baseline": "baseline"}
MANIFESTS = [path for folder in ("argo", "flagger", "ci") for path in sorted((DEPLOY / folder).rglob("*.y*ml"))]
URL = re.compile(r"https?://(?:[\w-]+:[\w-]+@)?(synthetic-gate[\w.-]*:\d+)")


@pytest.fixture
def gate(tmp_path: Path) -> Iterator[Gate]:
    """A gate that knows nothing yet."""
    with open_store(str(tmp_path / "gate.db")) as store:
        yield Gate(store)


def filled(value: Any) -> Any:
    """With arguments, as Argo fills them in: into texts, wherever they stand."""
    if isinstance(value, dict):
        return {key: filled(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [filled(inner) for inner in value]
    return re.sub(r"\{\{args\.([\w-]+)\}\}", lambda found: ARGS[found[1]], value) if isinstance(value, str) else value


def test_argos_analyses_take_a_rollout_from_its_start_to_its_verdict(gate: Gate) -> None:
    """Start and step are taken, also twice; nothing is known yet, so the gate waits and the guard lets go on; the end is told."""
    (data,) = [one["data"] for _, one in every_manifest() if "template.synthetic-promoted" in one.get("data", {})]
    ended = yaml.safe_load(data["template.synthetic-promoted"])["webhook"]["synthetic-gate"]["body"]

    async def play() -> list[Phase]:
        async with gate.facing({}) as client:
            phases = [await _measured(client, name) for name in ("start", "start", "step", "step", "gate", "guard")]
            path = f"/v1/rollouts/{filled(ROLLOUT_ID)}/end"
            headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
            assert (await client.post(path, content=ended, headers=headers)).status_code == 200
            return phases

    assert asyncio.run(play()) == [*[Phase.SUCCESSFUL] * 4, Phase.INCONCLUSIVE, Phase.SUCCESSFUL]
    (rollout,) = gate.store.rollouts()
    assert (rollout.id, rollout.version, rollout.weight) == (filled(ROLLOUT_ID), "2.4.0", 25)
    assert (rollout.cell, rollout.baseline, rollout.ending) == ("canary", "baseline", "promoted")


async def _measured(client: httpx.AsyncClient, name: str) -> Phase:
    web = filled(WEB[name])
    headers = {header["key"]: header["value"] for header in web["headers"]}
    url = httpx.URL(web["url"]).raw_path.decode()
    answer = await client.request(web.get("method", "GET"), url, json=web.get("jsonBody"), headers=headers)
    if not answer.is_success:
        return Phase.ERROR
    return measured(filled(METRICS[name]), answer.json())


def test_flaggers_hooks_begin_wait_and_never_roll_back_what_is_not_known(gate: Gate) -> None:
    """Each with its token as the password of its URL; with another one they wait, too."""
    hooks = CANARY["analysis"]["webhooks"]

    async def play(token: str) -> dict[str, int]:
        async with gate.facing({}) as client:
            return {hook["name"]: (await _posted(client, hook, token)).status_code for hook in hooks}

    known = asyncio.run(play(TOKEN))
    waiting = {"synthetic-gate": 412, "synthetic-promotion": 412, "synthetic-rollback": 412}
    assert known == {"synthetic-start": 200, **waiting, "synthetic-event": 200, "synthetic-end": 200}
    assert set(asyncio.run(play("GATE-TOKEN")).values()) == {401}
    (rollout,) = gate.store.rollouts()
    assert (rollout.cell, rollout.baseline) == ("canary", "baseline")


async def _posted(client: httpx.AsyncClient, hook: dict[str, Any], token: str) -> httpx.Response:
    url = httpx.URL(hook["url"])
    assert url.password == "GATE-TOKEN"
    body = {
        "name": "aurora-api",
        "namespace": "aurora",
        "phase": "Progressing",
        "checksum": "5b6d7f8c9",
        "metadata": hook["metadata"],
    }
    return await client.post(url.path, json=body, auth=(url.username, token))


def test_everybody_calls_the_address_that_the_gate_has() -> None:
    """The name, the namespace and the port of its Service."""
    (service,) = [one for one in of_kind("gate", "Service") if one["metadata"]["name"] == "synthetic-gate"]
    (port,) = service["spec"]["ports"]
    address = f"synthetic-gate.{service['metadata']['namespace']}.svc:{port['port']}"
    called = {found for path in MANIFESTS for found in URL.findall(path.read_text())}
    assert called == {address}


def test_the_runbook_asks_what_the_gate_answers(gate: Gate) -> None:
    """Every address of the page."""
    paths = re.findall(r"http://127\.0\.0\.1:8080(/[\w/]+)", (FOLDER / "release-gate.md").read_text())
    assert set(paths) <= {route.path for route in gate.app().routes}  # type: ignore[attr-defined]
    assert paths
