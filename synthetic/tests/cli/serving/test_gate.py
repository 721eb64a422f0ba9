"""Claims about the gate of `synthetic serve`: what its runs show becomes a verdict, for whoever has the token."""

from __future__ import annotations

import json
from pathlib import Path

import httpx
import pytest

from synthetic.tests.cli.serving.conftest import Starting

pytestmark = pytest.mark.slow

SLO = """
slo: serving
trial: true
window: 4s
tick: 1s
stale: 1m
pairs_min: 2
objectives:
  - {name: deposits, sli: deposit, at_least: 99 %, margin: 60 %}
"""
GATE = "gate: {slo: slo.yaml, listen: '127.0.0.1:0', token: env:SERVING_TEST_DATABASE}\n"
TOKEN = {"Authorization": "Bearer runner.db"}  # the one secret that the service of these tests is given
R1 = {"id": "r1", "cell": "canary", "baseline": "baseline", "weight": 5}


def test_what_the_runs_of_a_worker_show_becomes_a_verdict(start: Starting, tmp_path: Path) -> None:
    """With its metrics, its record in the audit, and its pages; here on an address of the gate's own."""
    (tmp_path / "slo.yaml").write_text(SLO)
    service = start("w1", more=GATE)
    service.wait(lambda: bool(service.of("gate_listens")))
    address = service.of("gate_listens")[-1]["listen"]
    with httpx.Client(base_url=address, headers=TOKEN) as gate:
        assert gate.post("/v1/rollouts", json=R1).status_code == 201
        assert gate.post("/v1/rollouts", json={**R1, "id": "r2", "cell": "canry"}).status_code == 404
        service.wait(lambda: _pairs(gate) > 0)
        assert httpx.get(f"{address}/v1/verdict?rollout=r1").status_code == 401
        assert gate.get("/").status_code == 200
    metrics = httpx.get(f"{service.address}/metrics").text
    assert 'synthetic_gate_pairs{baseline="baseline",cell="canary",failed="neither",objective="deposits"' in metrics
    assert service.terminate() == 0
    lines = [
        json.loads(line) for path in (tmp_path / "audit").rglob("*.jsonl") for line in path.read_text().splitlines()
    ]
    told = [
        line["data"]["decision"] for line in lines if line["kind"] == "verdict" and line["data"].get("release") == "r1"
    ]
    assert told[0] == "inconclusive"


def _pairs(gate: httpx.Client) -> int:
    streams = gate.get("/v1/verdict?rollout=r1").json()["streams"]
    return sum(stream["counts"]["pairs"] for stream in streams)
