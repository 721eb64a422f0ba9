"""The manifests of load: hardened as the runner's are, away from them, and what they call is accepted."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from synthetic.cli.platform_process import reference_platform
from synthetic.config.cells import load_cells
from synthetic.config.slo import load_slo
from synthetic.locust_user.thresholds import Exit
from synthetic.tests.deploy.manifests import DEPLOY, KUBERNETES, Manifest, containers, documents, of_kind
from synthetic.tests.drivers.servers import free_port

(MASTER,) = of_kind("load", "Job")
(WORKERS,) = of_kind("load", "Deployment")
TEMPLATES = [MASTER["spec"]["template"], WORKERS["spec"]["template"]]
CONTAINERS = [container for template in TEMPLATES for container in template["spec"]["containers"]]
(CONFIG,) = of_kind("load", "ConfigMap")


def test_load_has_a_namespace_of_its_own_which_is_restricted() -> None:
    """It takes no memory from a probe, and no right either."""
    (namespace,) = of_kind("load", "Namespace")
    assert namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"] == "restricted"
    others = [document for document in documents("load") if document["kind"] != "Namespace"]
    assert {document["metadata"]["namespace"] for document in others} == {"synthetic-load"}


@pytest.mark.parametrize("template", TEMPLATES, ids=["master", "worker"])
def test_a_pod_of_load_runs_as_nobody_and_has_time_to_bring_money_home(template: Manifest) -> None:
    """Runs that go on have 90 s, and no token of the cluster."""
    spec = template["spec"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert spec["automountServiceAccountToken"] is False
    assert spec["terminationGracePeriodSeconds"] > 90
    (container,) = spec["containers"]
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert "memory" in container["resources"]["limits"]
    assert "cpu" not in container["resources"]["limits"], "a throttled load generator measures itself"
    volumes = {volume["name"] for volume in spec["volumes"]}
    assert {mount["name"] for mount in container["volumeMounts"]} == volumes
    assert re.fullmatch(r"[\w./-]+:[0-9][\w.-]*", container["image"])


def test_a_verdict_is_never_played_for_a_second_time() -> None:
    """A second try would hide the first one's result."""
    assert (MASTER["spec"]["backoffLimit"], TEMPLATES[0]["spec"]["restartPolicy"]) == (0, "Never")


def test_the_master_waits_for_as_many_workers_as_there_are_and_they_find_it() -> None:
    """By the service's name, on the port that the network policy opens."""
    master, worker = (container["args"] for container in CONTAINERS)
    assert f"--expect-workers={WORKERS['spec']['replicas']}" in master
    (service,) = of_kind("load", "Service")
    assert f"--master-host={service['metadata']['name']}" in worker
    assert service["spec"]["selector"].items() <= TEMPLATES[0]["metadata"]["labels"].items()
    assert WORKERS["spec"]["selector"]["matchLabels"].items() <= TEMPLATES[1]["metadata"]["labels"].items()
    (policy,) = of_kind("load", "NetworkPolicy")
    (way_in,) = policy["spec"]["ingress"]
    ports = {
        CONTAINERS[0]["ports"][0]["containerPort"],
        service["spec"]["ports"][0]["port"],
        way_in["ports"][0]["port"],
    }
    assert ports == {5557}
    assert way_in["from"][0]["podSelector"]["matchLabels"].items() <= TEMPLATES[1]["metadata"]["labels"].items()


def test_all_workers_have_one_journal() -> None:
    """Else a budget would hold for each of them alone, and an account could be played twice."""
    journals = [env for one in CONTAINERS for env in one["env"] if env["name"] == "SYNTHETIC_JOURNAL"]
    assert len(journals) == 2
    assert journals[0] == journals[1]
    assert "secretKeyRef" in journals[0]["valueFrom"]


def test_the_files_of_the_config_map_are_right() -> None:
    """The cell is marked for load and in no production, and each file that a container names is there."""
    data = CONFIG["data"]
    (cell,) = load_cells(Path("cells.yaml"), text=data["cells.yaml"]).values()
    assert cell.load
    assert load_slo(Path("slo.yaml"), text=data["slo.yaml"]).objectives
    compile(data["locustfile.py"], "locustfile.py", "exec")
    named = re.findall(r"/etc/synthetic/([\w.]+)", str(CONTAINERS))
    assert set(named) == set(data)


def test_locust_accepts_what_the_containers_call(tmp_path: Path) -> None:
    """Every option of both, parsed by Locust itself with our options in it."""
    (tmp_path / "locustfile.py").write_text(CONFIG["data"]["locustfile.py"], encoding="utf-8")
    parsing = (
        "import json, sys; from locust import argument_parser; from locust.util.load_locustfile import load_locustfile\n"
        "load_locustfile(sys.argv[1]); parser = argument_parser.get_parser()\n"
        "print([parser.parse_args(args=arguments).cells for arguments in json.loads(sys.argv[2])])"
    )
    called = [[one.replace("/etc/synthetic/", f"{tmp_path}/") for one in container["args"]] for container in CONTAINERS]
    done = subprocess.run(
        [sys.executable, "-c", parsing, str(tmp_path / "locustfile.py"), json.dumps(called)],
        env={**os.environ, "PYTHONPATH": str(DEPLOY.parent), "SYNTHETIC_CELLS": "here.yaml"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stdout.strip()) == (0, str(["here.yaml"] * 2)), done.stderr


@pytest.mark.slow
@pytest.mark.exhaustive
@pytest.mark.timeout(300)
def test_the_containers_play_as_they_are_called(tmp_path: Path) -> None:
    """Master and workers with their own arguments, for seconds and on one machine: a load is played, judged and compared."""
    files = {name: text for name, text in CONFIG["data"].items() if name != "cells.yaml"}
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    nowhere = tmp_path / "nowhere"  # in the image nothing but /tmp can be written
    nowhere.mkdir(mode=0o555)
    port = str(free_port())
    here = {"/etc/synthetic/": f"{tmp_path}/", "=synthetic-load-master": "=127.0.0.1"}
    here |= {"--run-time=10m": "--run-time=15s", "--users=200": "--users=8"}
    with reference_platform(cells=1, players=16) as cells:
        environment = {**os.environ, "PYTHONPATH": str(DEPLOY.parent), "SYNTHETIC_CELLS": str(cells)}
        environment |= {"SYNTHETIC_JOURNAL": str(tmp_path / "load.db"), "SYNTHETIC_SLO": str(tmp_path / "slo.yaml")}
        started = []
        for container, option, count in zip(CONTAINERS, ("--master-bind-port", "--master-port"), (1, 4), strict=True):
            called = " ".join(container["args"])
            for written, meant in here.items():
                called = called.replace(written, meant)
            command = [sys.executable, "-m", "locust", *called.split(), option, port]
            started += [_started(command, nowhere, environment) for _ in range(count)]
        ended = [(process.communicate(timeout=140)[0], process.returncode) for process in started]
    (told, code), *workers = ended
    assert code in (Exit.PASS, Exit.MISSED, Exit.HARNESS, Exit.NOTHING_RAN), (
        told
    )  # a busy machine lags, or plays too few
    assert re.search(
        r"Reconciled: journal = ledger = PSP reports, to the cent: \d+ accounts, [1-9]\d* effects", told
    ), told
    assert [code for _, code in workers] == [0] * 4, workers


def _started(command: list[str], folder: Path, environment: dict[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )


def test_what_the_kustomization_says_to_call_names_what_there_is() -> None:
    """The job, the namespace and the label, as the manifests have them."""
    said = "\n".join(re.findall(r"#   (kubectl .*)", (KUBERNETES / "load" / "kustomization.yaml").read_text()))
    assert set(re.findall(r"\bjobs?[ /]([\w-]+)", said)) == {MASTER["metadata"]["name"]}
    assert set(re.findall(r"-n ([\w-]+)", said)) == {MASTER["metadata"]["namespace"]}
    assert re.findall(r"--selector=([\w./]+)=([\w-]+)", said)[0] in TEMPLATES[0]["metadata"]["labels"].items()


def test_the_images_are_those_that_are_built() -> None:
    """One on top of the other, of one version, from files that the build is given."""
    told = (DEPLOY / "docker" / "load.Dockerfile").read_text(encoding="utf-8")
    runner = next(container["image"] for container in containers("deployment"))
    assert re.findall(r"^FROM (\S+)", told, re.MULTILINE) == [runner]
    assert {container["image"] for container in CONTAINERS} == set(re.findall(r" -t (\S+)", told))
    ignored = (DEPLOY / "docker" / "load.Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    for source in re.findall(r"^COPY (\S+)", told, re.MULTILINE):
        assert (DEPLOY.parent / source).is_file()
        assert f"!{source}" in ignored


def test_the_image_is_the_runners_with_pinned_packages() -> None:
    """By their hashes, and nobody's root in the end."""
    told = (DEPLOY / "docker" / "load.Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes -r /tmp/load.txt" in told
    assert told.rindex("USER 10001:10001") > told.rindex("RUN ")
    assert "kubectl apply -k deploy/kubernetes/load" in (DEPLOY / "README.md").read_text(encoding="utf-8")
