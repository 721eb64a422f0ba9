"""The Kubernetes manifests hold what deploy/README.md promises: hardened pods, time for money to come home, narrow networks."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest
import yaml

from synthetic.cli.project import CHECK_NAMES
from synthetic.cli.serving.service import DRAIN_S
from synthetic.config.cells import load_cells
from synthetic.config.serving import load_serving
from synthetic.config.shipped import shipped_root
from synthetic.report.metrics import RunnerMetrics
from synthetic.runner.health import Health
from synthetic.tests.deploy.accepting import refusal
from synthetic.tests.deploy.manifests import DEPLOY, FORMS, KUBERNETES, Manifest, containers, documents, of_kind, pods
from synthetic.web import build_app

LABEL = {"app.kubernetes.io/name": "synthetic"}
ALL_FILES = sorted(KUBERNETES.rglob("*.yaml"))
PODS = [(form, pod) for form in (*FORMS, "gate") for pod in pods(form)]
CONTAINERS = [(form, container) for form in (*FORMS, "gate") for container in containers(form)]
POD_IDS = [f"{form}/{pod['name']}" for form, pod in PODS]
CONTAINER_IDS = [f"{form}/{container['name']}" for form, container in CONTAINERS]


@pytest.mark.parametrize("path", ALL_FILES, ids=lambda path: str(path.relative_to(KUBERNETES)))
def test_every_manifest_is_applied_or_says_that_it_is_an_example(path: Path) -> None:
    """No file lies about that nobody uses, and each document has a kind, a version and a name."""
    used = {
        (folder / resource).resolve()
        for folder in KUBERNETES.iterdir()
        for resource in yaml.safe_load((folder / "kustomization.yaml").read_text())["resources"]
    }
    assert path.resolve() in used or path.name in ("kustomization.yaml", "externalsecret.example.yaml")
    for document in yaml.safe_load_all(path.read_text()):
        assert document["apiVersion"]
        assert document["kind"]
        assert path.name == "kustomization.yaml" or document["metadata"]["name"].startswith("synthetic")


@pytest.mark.parametrize("form", FORMS)
def test_everything_is_in_one_namespace_which_is_restricted(form: str) -> None:
    """The cluster refuses there what these manifests do not ask for."""
    (namespace,) = of_kind(form, "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    others = [document for document in documents(form) if document["kind"] != "Namespace"]
    assert {document["metadata"]["namespace"] for document in others} == {namespace["metadata"]["name"]}


@pytest.mark.parametrize(("form", "pod"), PODS, ids=POD_IDS)
def test_a_pod_runs_as_nobody_and_knows_nothing_of_the_cluster(form: str, pod: Manifest) -> None:
    """Not root, the default seccomp profile, no token of the API, none of the host's namespaces."""
    security = pod["securityContext"]
    assert (security["runAsNonRoot"], security["runAsUser"] > 0) == (True, True)
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert (pod["automountServiceAccountToken"], pod["serviceAccountName"]) == (False, "synthetic")
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod.keys()
    (account,) = of_kind(form, "ServiceAccount")
    assert account["automountServiceAccountToken"] is False


@pytest.mark.parametrize(("form", "container"), CONTAINERS, ids=CONTAINER_IDS)
def test_a_container_can_change_nothing_but_its_volumes(form: str, container: Manifest) -> None:
    """Read-only root, no capability, no way to gain any; bounded memory, and an image that does not change by itself."""
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    resources = container["resources"]
    assert {"cpu", "memory"} <= resources["requests"].keys()
    assert "memory" in resources["limits"]
    assert "cpu" not in resources["limits"], "throttling looks like a slow target"
    assert re.fullmatch(r"[\w./-]+:[0-9][\w.-]*", str(container["image"]))


@pytest.mark.parametrize(("form", "pod"), PODS, ids=POD_IDS)
def test_a_pod_mounts_what_it_names_and_names_what_it_mounts(form: str, pod: Manifest) -> None:
    """And what it writes to is a volume that outlives it, or what may be lost. Secrets are read-only files."""
    volumes = {volume["name"]: volume for volume in pod["volumes"]}
    if form == "statefulset":
        (state,) = of_kind(form, "StatefulSet")[0]["spec"]["volumeClaimTemplates"]
        volumes[state["metadata"]["name"]] = {"persistentVolumeClaim": {}}
    mounts = [mount for container in pod["containers"] for mount in container["volumeMounts"]]
    assert {mount["name"] for mount in mounts} == volumes.keys()
    for mount in mounts:
        (kind,) = volumes[mount["name"]].keys() - {"name"}
        assert mount.get("readOnly", False) is (kind not in ("persistentVolumeClaim", "emptyDir"))
        lost = ("/tmp", "/var/lib/synthetic") if form == "deployment" else ("/tmp",)  # noqa: S108 - the container's own
        assert kind != "emptyDir" or mount["mountPath"] in lost
    claims = {document["metadata"]["name"] for document in of_kind(form, "PersistentVolumeClaim")}
    named = [volume["persistentVolumeClaim"] for volume in pod["volumes"] if "persistentVolumeClaim" in volume]
    assert {claim["claimName"] for claim in named} <= claims


@pytest.mark.parametrize(("form", "container"), CONTAINERS, ids=CONTAINER_IDS)
def test_the_command_line_accepts_what_a_container_calls(form: str, container: Manifest) -> None:
    """Every verb, option and value."""
    assert refusal([argument.replace("$(POD_NAME)", "synthetic-0") for argument in container["args"]]) == ""


@pytest.mark.parametrize("form", ["deployment", "statefulset"])
def test_a_worker_has_the_time_to_bring_its_money_home(form: str) -> None:
    """Draining runs and draining recoveries, one after the other, before the pod is killed."""
    for pod in pods(form):
        if pod["labels"]["app.kubernetes.io/component"] == "worker":
            assert pod["terminationGracePeriodSeconds"] > 2 * DRAIN_S


@pytest.mark.parametrize("form", ["deployment", "statefulset"])
def test_probes_and_scrapes_ask_what_is_served(form: str) -> None:
    """Paths that the app has, and the port of the serve file, the container, the service, the monitor and the network policy."""
    served = {route.path for route in build_app(metrics=RunnerMetrics(), health=Health).routes}  # type: ignore[attr-defined]
    worker = next(one for one in containers(form) if one["name"] == "worker")
    paths = {name: worker[name]["httpGet"]["path"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert paths == {"startupProbe": "/healthz", "livenessProbe": "/healthz", "readinessProbe": "/readyz"}
    assert {worker[name]["httpGet"]["port"] for name in paths} == {"http"}
    (port,) = worker["ports"]
    (service,) = of_kind(form, "Service")
    (monitor,) = of_kind(form, "ServiceMonitor")
    (policy,) = of_kind(form, "NetworkPolicy")
    assert {*paths.values(), monitor["spec"]["endpoints"][0]["path"]} <= served
    assert service["spec"]["ports"][0]["targetPort"] == port["name"] == monitor["spec"]["endpoints"][0]["port"]
    assert policy["spec"]["ingress"][0]["ports"] == [{"protocol": "TCP", "port": port["containerPort"]}]
    assert f"listen: 0.0.0.0:{port['containerPort']}" in _config(form, "runner.yaml")


def _config(form: str, name: str) -> str:
    (configured,) = of_kind(form, "ConfigMap")
    return str(configured["data"][name])


@pytest.mark.parametrize("form", FORMS)
def test_a_pair_on_one_wallet_finds_two_players_of_each_pool(form: str) -> None:
    """Both tracks say that they share it, so no two runs play on one account; with one player no pair would ever begin."""
    cells = load_cells(Path("cells.yaml"), text=_config(form, "cells.yaml"))
    assert cells["canary"].wallet == cells["baseline"].wallet
    pools = Counter(player.pool for player in cells["canary"].players)
    assert min(pools.values()) >= 2


@pytest.mark.parametrize("form", FORMS)
def test_the_network_is_closed_but_for_what_a_runner_needs(form: str) -> None:
    """In: Prometheus. Out: names, cells, PSPs, the database; each with its port, and nothing to everywhere."""
    (policy,) = of_kind(form, "NetworkPolicy")
    spec = policy["spec"]
    assert sorted(spec["policyTypes"]) == ["Egress", "Ingress"]
    assert spec["podSelector"]["matchLabels"] == LABEL
    assert all(LABEL.items() <= pod["labels"].items() for pod in pods(form))
    (way_in,) = spec["ingress"]
    assert way_in["from"][0]["podSelector"]["matchLabels"] == {"app.kubernetes.io/name": "prometheus"}
    ports = [{port["port"] for port in rule["ports"]} for rule in spec["egress"]]
    assert ports == [{53}, {443}, {443}, {5432}]
    for rule in spec["egress"]:
        assert rule["to"]
        assert all(peer.get("ipBlock", {}).get("cidr") != "0.0.0.0/0" for peer in rule["to"])


@pytest.mark.parametrize("form", ["deployment", "statefulset"])
def test_selectors_meet_their_pods(form: str) -> None:
    """Of the controller, the service, the monitor and the disruption budget."""
    (worker,) = [pod for pod in pods(form) if pod["labels"].get("app.kubernetes.io/component") == "worker"]
    (controller,) = of_kind(form, "Deployment", "StatefulSet")
    (budget,) = of_kind(form, "PodDisruptionBudget")
    (service,) = of_kind(form, "Service")
    (monitor,) = of_kind(form, "ServiceMonitor")
    for selector in (
        controller["spec"]["selector"]["matchLabels"],
        budget["spec"]["selector"]["matchLabels"],
        service["spec"]["selector"],
    ):
        assert selector.items() <= worker["labels"].items()
    assert monitor["spec"]["selector"]["matchLabels"].items() <= service["metadata"]["labels"].items()
    assert budget["spec"]["maxUnavailable"] == 1


def test_the_audit_of_every_form_is_on_a_volume_that_outlives_its_pods() -> None:
    """In the very folder that the serve file names; with Postgres nothing else has to stay."""
    for form in ("deployment", "statefulset"):
        folder = yaml.safe_load(_config(form, "runner.yaml"))["audit"]
        (worker,) = [pod for pod in pods(form) if pod["labels"]["app.kubernetes.io/component"] == "worker"]
        mounts = {mount["mountPath"]: mount["name"] for mount in worker["containers"][0]["volumeMounts"]}
        nearest = max((path for path in mounts if folder.startswith(path)), key=len)
        volumes = {volume["name"]: volume for volume in worker["volumes"]}
        assert "emptyDir" not in volumes.get(mounts[nearest], {})
    (ship,) = of_kind("deployment", "CronJob")
    assert folder in ship["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"][0]["args"]


def test_two_workers_need_postgres_and_one_may_have_sqlite() -> None:
    """A SQLite journal has one writer's machine: one replica, on a volume that only one pod can have."""
    (deployment,), (single,) = of_kind("deployment", "Deployment"), of_kind("statefulset", "StatefulSet")
    assert deployment["spec"]["replicas"] == 2
    (database,) = [env for env in containers("deployment")[0]["env"] if env["name"] == "SYNTHETIC_DATABASE"]
    assert "secretKeyRef" in database["valueFrom"]
    assert single["spec"]["replicas"] == 1
    (database,) = [env for env in containers("statefulset")[0]["env"] if env["name"] == "SYNTHETIC_DATABASE"]
    assert database["value"].startswith("/var/lib/synthetic/")
    (claim,) = single["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["accessModes"] == ["ReadWriteOncePod"]
    assert single["spec"]["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}


def test_jobs_never_overlap_and_never_play_a_failed_run_again() -> None:
    """A second try would hide the first one's result."""
    jobs = of_kind("cronjobs", "CronJob")
    assert {job["metadata"]["name"] for job in jobs} == {"synthetic-run", "synthetic-sweep", "synthetic-reconcile"}
    for job in (*jobs, *of_kind("deployment", "CronJob")):
        assert job["spec"]["concurrencyPolicy"] == "Forbid"
        assert job["spec"]["jobTemplate"]["spec"]["backoffLimit"] == 0
        assert job["spec"]["startingDeadlineSeconds"] > 0


def test_the_serve_file_in_the_config_map_is_right(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It loads with the shipped scenarios: probes, budgets and policies for a cell in production."""
    root = shipped_root()
    for name in ("auth/login.yaml", "cashier/deposit_bet_withdraw.yaml"):
        shutil.copy(root / "scenarios" / name, tmp_path)
    text = _config("deployment", "runner.yaml")
    text = text.replace("[/etc/synthetic-scenarios]", "[login.yaml, deposit_bet_withdraw.yaml]")
    text = text.replace("/etc/synthetic-platforms", str(root / "fixtures/platforms"))
    (tmp_path / "runner.yaml").write_text(text)
    for name in ("cells.yaml", "slo.yaml"):
        (tmp_path / name).write_text(_config("deployment", name))
    monkeypatch.setenv("SYNTHETIC_DATABASE", "postgresql://nowhere")
    plan = load_serving(tmp_path / "runner.yaml", known_checks=CHECK_NAMES)
    assert {probe.cell.name for probe in plan.probes} == {"canary"}
    assert {probe.baseline.name for probe in plan.probes if probe.baseline} == {"baseline"}
    assert (plan.database, plan.listen) == ("env:SYNTHETIC_DATABASE", ("0.0.0.0", 9464))  # noqa: S104 - a pod's own
    assert plan.audit == "/var/lib/synthetic/audit"
    assert plan.gate is not None, "without it no worker keeps what its runs show, and a gate beside them sees nothing"
    assert plan.gate.token == "file:/run/secrets/synthetic/gate-token"


def test_every_secret_that_is_named_is_in_the_example() -> None:
    """By the config map's files, and by environment variables; and no value of one stands anywhere."""
    (example,) = yaml.safe_load_all((KUBERNETES / "base" / "externalsecret.example.yaml").read_text())
    given = {one["secretKey"] for one in example["spec"]["data"]}
    texts = "\n".join(_config("deployment", name) for name in ("runner.yaml", "cells.yaml"))
    wanted = set(re.findall(r"file:/run/secrets/synthetic/([\w-]+)", texts))
    for form in (*FORMS, "gate"):
        wanted |= {item["key"] for pod in pods(form) for volume in pod["volumes"] for item in _items(volume)}
        for container in containers(form):
            refs = [
                env["valueFrom"]["secretKeyRef"]
                for env in container.get("env", ())
                if "secretKeyRef" in env.get("valueFrom", {})
            ]
            assert {ref["name"] for ref in refs} <= {example["spec"]["target"]["name"]}
            wanted |= {ref["key"] for ref in refs}
    assert wanted == given
    assert not [document for form in FORMS for document in of_kind(form, "Secret")]


def _items(volume: Manifest) -> list[Manifest]:
    return list(volume.get("secret", {}).get("items", ()))


@pytest.mark.skipif(shutil.which("kubectl") is None, reason="kubectl is not installed")
@pytest.mark.parametrize("form", [*FORMS, "gate"])
def test_kustomize_builds_what_these_tests_have_read(form: str) -> None:
    """The same documents, by kubectl's own kustomize."""
    built = subprocess.run(
        ["kubectl", "kustomize", str(KUBERNETES / form)], capture_output=True, text=True, check=True
    ).stdout
    names = {(document["kind"], document["metadata"]["name"]) for document in yaml.safe_load_all(built)}
    assert names == {(document["kind"], document["metadata"]["name"]) for document in documents(form)}


def test_the_readme_names_every_form() -> None:
    """And how to apply it."""
    told = (DEPLOY / "README.md").read_text()
    assert all(f"kubectl apply -k deploy/kubernetes/{form}" in told for form in (*FORMS, "gate"))
