"""The examples for Argo Rollouts and Flagger are sound: limits that hold what is not known, ids that agree, queries that answer."""

from __future__ import annotations

import math
import re
import shutil
import subprocess
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import yaml

from synthetic.config.cells import load_cells
from synthetic.config.slo import shipped_policy
from synthetic.tests.controllers.argo_analysis import ERROR_RETRY_S, Phase, measured
from synthetic.tests.controllers.pace import seconds_of
from synthetic.tests.deploy.manifests import DEPLOY, Manifest, every_manifest
from synthetic.tests.report.prometheus import promtool

POLICY = shipped_policy()
WEIGHTS = [5, 25, 50, 100]
ROLLOUT_ID = "{{args.rollout}}-r{{args.revision}}-{{args.hash}}"
RECORDED = set(re.findall(r"record: (\S+)", (DEPLOY.parent / "reports/prometheus/rules.yaml").read_text()))


def of_kind(*kinds: str) -> dict[str, Manifest]:
    """The examples of these kinds, by their names."""
    return {one["metadata"]["name"]: one["spec"] for _, one in every_manifest() if one["kind"] in kinds}


ANALYSES = of_kind("AnalysisTemplate", "ClusterAnalysisTemplate")
METRICS = {metric["name"]: metric for spec in ANALYSES.values() for metric in spec["metrics"]}
WEB = {name: metric["provider"]["web"] for name, metric in METRICS.items() if "web" in metric["provider"]}
CANARY = of_kind("Canary")["aurora-api"]
HOOKS = {hook["type"]: hook for hook in CANARY["analysis"]["webhooks"]}
STEPS = of_kind("Rollout")["aurora-api"]["strategy"]["canary"]["steps"]
QUERIES = {name: metric["provider"]["prometheus"]["query"] for name, metric in METRICS.items() if name not in WEB} | {
    name: spec["query"] for name, spec in of_kind("MetricTemplate").items()
}


@pytest.mark.parametrize(
    ("name", "result", "phase"),
    [
        ("gate", {"verdict": "pass"}, Phase.SUCCESSFUL),
        ("gate", {"verdict": "fail"}, Phase.FAILED),
        ("gate", {"verdict": "inconclusive"}, Phase.INCONCLUSIVE),
        ("gate", {"verdict": None}, Phase.INCONCLUSIVE),
        ("gate", {}, Phase.INCONCLUSIVE),
        ("guard", {"verdict": "pass"}, Phase.SUCCESSFUL),
        ("guard", {"verdict": "inconclusive"}, Phase.SUCCESSFUL),
        ("guard", {"verdict": "fail"}, Phase.FAILED),
        ("deposit-success-by-psp", [], Phase.INCONCLUSIVE),
        ("deposit-success-by-psp", [math.nan], Phase.INCONCLUSIVE),
        ("deposit-success-by-psp", [0.4], Phase.INCONCLUSIVE),
        ("deposit-success-by-psp", [1.0], Phase.SUCCESSFUL),
        ("deposit-worse-than-baseline", [], Phase.INCONCLUSIVE),
        ("deposit-worse-than-baseline", [math.nan], Phase.INCONCLUSIVE),
        ("deposit-worse-than-baseline", [0.0], Phase.SUCCESSFUL),
        ("deposit-worse-than-baseline", [0.2], Phase.FAILED),
    ],
)
def test_argo_takes_only_a_proof_for_a_fail_and_nothing_unknown_for_a_pass(
    name: str, result: Any, phase: Phase
) -> None:
    """Neither NaN nor an empty answer nor a verdict that is missing."""
    assert measured(METRICS[name], result) is phase


@pytest.mark.parametrize("name", [name for name, metric in METRICS.items() if "inconclusiveLimit" in metric])
def test_what_stays_inconclusive_pauses_and_is_never_promoted(name: str) -> None:
    """The limit is one less than the count: with as many, the count would be reached first, and that is a success."""
    metric = METRICS[name]
    assert metric["inconclusiveLimit"] == metric["count"] - 1
    assert metric["consecutiveSuccessLimit"] <= metric["count"]
    assert metric["count"] * seconds_of(metric["interval"]) >= 2 * POLICY.window_s, "it has to be there for the verdict"
    assert {"successCondition", "failureCondition"} <= metric.keys()


def test_the_gate_passes_once_and_fails_once() -> None:
    """A verdict is decided: neither is asked for twice. Being out of reach for half an hour is neither."""
    gate, guard = METRICS["gate"], METRICS["guard"]
    assert (gate["failureLimit"], gate["consecutiveSuccessLimit"], guard["failureLimit"]) == (0, 1, 0)
    assert "count" not in guard, "it lasts as long as the rollout"
    for name in ("gate", "guard", "step"):
        assert METRICS[name]["consecutiveErrorLimit"] * ERROR_RETRY_S >= 1800


def test_every_call_has_the_token_and_the_id_of_the_rollout() -> None:
    """From the Secret; answers are waited for shorter than the controller's ten seconds."""
    for name, web in WEB.items():
        assert web["headers"] == [{"key": "Authorization", "value": "Bearer {{args.token}}"}]
        assert web["timeoutSeconds"] < 10
        assert ROLLOUT_ID in (web["jsonBody"]["id"] if name == "start" else web["url"])
    for spec in (ANALYSES[f"synthetic-{name}"] for name in WEB):
        (token,) = [arg for arg in spec["args"] if arg["name"] == "token"]
        assert token["valueFrom"] == {"secretKeyRef": {"name": "synthetic-gate", "key": "token"}}


def test_the_rollout_tells_every_share_and_waits_after_it() -> None:
    """setWeight, then the same share to the gate, then the gate's pass; from the first share on it is guarded."""
    told = [_said(step) for step in STEPS]
    first, *others = WEIGHTS
    assert told[:3] == [("weight", first), ("synthetic-start", first), ("synthetic-gate", None)]
    wanted = [(("weight", one), ("synthetic-step", one), ("synthetic-gate", None)) for one in others]
    assert told[3:] == [said for three in wanted for said in three]
    canary = of_kind("Rollout")["aurora-api"]["strategy"]["canary"]
    assert canary["analysis"]["templates"] == [{"templateName": "synthetic-guard"}]
    assert told[canary["analysis"]["startingStep"] - 1][0] == "synthetic-start"


def _said(step: Manifest) -> tuple[str, int | None]:
    if "setWeight" in step:
        return "weight", step["setWeight"]
    args = {arg["name"]: arg.get("value") for arg in step["analysis"]["args"]}
    ((_, template),) = step["analysis"]["templates"][0].items()
    return template, int(args["weight"]) if args.get("weight") else None


def test_every_analysis_gets_what_it_asks_for_and_nothing_else() -> None:
    """An argument without a value keeps an AnalysisRun from ever beginning; and each that is declared is used."""
    background = of_kind("Rollout")["aurora-api"]["strategy"]["canary"]["analysis"]
    for analysis in [background, *(step["analysis"] for step in STEPS if "analysis" in step)]:
        spec = ANALYSES[analysis["templates"][0]["templateName"]]
        open_args = {arg["name"] for arg in spec["args"] if len(arg) == 1}
        assert {arg["name"] for arg in analysis["args"]} == open_args
    for name, spec in ANALYSES.items():
        used = set(re.findall(r"\{\{args\.([\w-]+)\}\}", yaml.safe_dump(spec["metrics"], width=10_000)))
        assert used == {arg["name"] for arg in spec["args"]}, name


def test_the_end_of_a_rollout_is_told_under_the_id_of_its_start() -> None:
    """Promoted or rolled back; each trigger sends a template that is there, and the Rollout subscribes to it."""
    (data,) = [
        one["data"]
        for _, one in every_manifest()
        if one.get("metadata", {}).get("name") == "argo-rollouts-notification-configmap"
    ]
    (rollout,) = [one for _, one in every_manifest() if one["kind"] == "Rollout"]
    endings = {}
    for trigger in ("on-rollout-completed", "on-rollout-aborted"):
        assert f"notifications.argoproj.io/subscribe.{trigger}.synthetic-gate" in rollout["metadata"]["annotations"]
        ((sent,),) = [one["send"] for one in yaml.safe_load(data[f"trigger.{trigger}"])]
        webhook = yaml.safe_load(data[f"template.{sent}"])["webhook"]["synthetic-gate"]
        endings[trigger] = yaml.safe_load(webhook["body"])["ending"]
        assert webhook["path"] == f"/v1/rollouts/{_in_go(ROLLOUT_ID)}/end"
    assert endings == {"on-rollout-completed": "promoted", "on-rollout-aborted": "rolled_back"}


def _in_go(rollout_id: str) -> str:
    values = {
        "rollout": "{{.rollout.metadata.name}}",
        "revision": '{{index .rollout.metadata.annotations "rollout.argoproj.io/revision"}}',
        "hash": "{{.rollout.status.currentPodHash}}",
    }
    return re.sub(r"\{\{args\.(\w+)\}\}", lambda found: values[found[1]], rollout_id)


@pytest.mark.parametrize(
    ("folder", "stable", "canary"),
    [("argo", "aurora-api", "aurora-api-canary"), ("flagger", "aurora-api-primary", "aurora-api-canary")],
)
def test_probes_reach_each_side_by_a_host_of_its_own(folder: str, stable: str, canary: str) -> None:
    """That is not the players': a baseline that is a mix would show the canary's faults, too, and they would look shared."""
    rules = {
        one["metadata"]["name"]: {
            rule["host"]: rule["http"]["paths"][0]["backend"]["service"]["name"] for rule in one["spec"]["rules"]
        }
        for place, one in every_manifest()
        if one["kind"] == "Ingress" and place.startswith(folder)
    }
    (configured,) = [one["data"] for _, one in every_manifest() if "runner.yaml" in one.get("data", {})]
    cells = load_cells(Path("cells.yaml"), text=configured["cells.yaml"])
    hosts = {name: urlsplit(cells[name].endpoints["api"]).hostname for name in ("baseline", "canary")}
    assert rules["aurora-api-probes"] == {hosts["baseline"]: stable, hosts["canary"]: canary}
    assert rules["aurora-api"].keys().isdisjoint(rules["aurora-api-probes"])


def test_flagger_waits_behind_confirmations_and_rolls_back_by_its_own_hook() -> None:
    """Each hook asks the address of its own kind: a rollback hook that asked another would take its 200 for a fail."""
    confirmations = {"confirm-rollout", "confirm-traffic-increase", "confirm-promotion"}
    assert set(HOOKS) == {*confirmations, "rollback", "event", "post-rollout"}
    for kind, hook in HOOKS.items():
        assert hook["url"].endswith(f"/v1/flagger/{'event' if kind == 'post-rollout' else kind}")
        assert hook["metadata"] == {"cell": "canary", "baseline": "baseline"}
        assert seconds_of(hook["timeout"]) < 10
    assert HOOKS["rollback"]["retries"] == 0


def test_flagger_takes_the_shares_of_the_rollout_and_counts_patiently() -> None:
    """A threshold that healthy releases do not reach over a rollout's many ticks (3 is reached by one of ten within an hour)."""
    analysis = CANARY["analysis"]
    assert analysis["stepWeights"] == WEIGHTS
    assert all(one < other for one, other in pairwise(analysis["stepWeights"]))
    assert analysis["threshold"] >= 5
    assert seconds_of(analysis["interval"]) <= POLICY.tick_s * POLICY.consecutive
    for metric in analysis["metrics"]:
        assert metric["templateRef"]["name"] in QUERIES
        wanted = set(re.findall(r"\{\{ variables\.(\w+) \}\}", QUERIES[metric["templateRef"]["name"]]))
        assert wanted == metric["templateVariables"].keys()
        assert metric["thresholdRange"].keys() <= {"min", "max"}


@pytest.mark.parametrize("folder", ["argo", "flagger"])
def test_every_file_is_applied_or_says_that_it_is_an_example(folder: str) -> None:
    """By `kubectl apply -k`, which the page names."""
    applied = set(yaml.safe_load((DEPLOY / folder / "kustomization.yaml").read_text())["resources"])
    files = {path.name for path in (DEPLOY / folder).glob("*.yaml")} - {"kustomization.yaml"}
    assert {name for name in files if not name.endswith(".example.yaml")} == applied
    page = (DEPLOY.parent / "docs/gate-manifests.md").read_text()
    assert f"kubectl apply -k deploy/{folder}" in page
    assert all(name in page for name in files if name.endswith(".example.yaml"))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("folder", ["argo", "flagger"])
def test_kustomize_builds_the_examples(folder: str) -> None:
    """In one namespace, by kubectl's own kustomize."""
    command = ["kubectl", "kustomize", str(DEPLOY / folder)]
    built = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    documents = list(yaml.safe_load_all(built))
    assert {document["metadata"]["namespace"] for document in documents} == {"aurora"}
    resources = yaml.safe_load((DEPLOY / folder / "kustomization.yaml").read_text())["resources"]
    wanted = [
        one for place, one in every_manifest() if place.partition(":")[0] in {f"{folder}/{name}" for name in resources}
    ]
    assert len(documents) == len(wanted)


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_divides_by_a_volume_that_is_there(name: str) -> None:
    """And reads what the rules record."""
    query = QUERIES[name]
    divisors = query.count(" / ")
    assert divisors
    assert query.count("[10m])) >= 30)") == divisors
    assert set(re.findall(r"synthetic:\w+", query)) <= RECORDED


def test_flagger_gets_a_number_where_nothing_is_measured() -> None:
    """No value would be a failed check, and five of them a rollback; a number on the good side is none."""
    (metric,) = CANARY["analysis"]["metrics"]
    query = QUERIES[metric["templateRef"]["name"]].strip()
    otherwise = re.search(r"or vector\((\d+)\)$", query)
    assert otherwise is not None
    allowed = metric["thresholdRange"]
    assert allowed.get("min", -math.inf) <= float(otherwise[1]) <= allowed.get("max", math.inf)


def test_prometheus_understands_every_query(tmp_path: Any) -> None:
    """By promtool, with the names of cells in place of the arguments."""
    rules = [
        {"record": f"example:{name.replace('-', '_')}{place}", "expr": re.sub(r"\{\{[^}]*\}\}", "canary", query)}
        for place, (name, query) in enumerate(QUERIES.items())
    ]
    path = tmp_path / "queries.yaml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "examples", "rules": rules}]}))
    assert promtool("check", "rules", str(path))[0] == 0, promtool("check", "rules", str(path))[1]
