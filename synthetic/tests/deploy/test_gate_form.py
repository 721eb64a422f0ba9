"""The gate that stands alone: who reaches it, what it reaches, and what it holds releases against."""

from __future__ import annotations

from pathlib import Path

from synthetic.config.slo import load_slo, shipped_policy
from synthetic.tests.deploy.manifests import Manifest, of_kind, pods

NAME = {"app.kubernetes.io/name": "synthetic-gate"}


def the_gate(kind: str) -> Manifest:
    """Its own one of a kind, beside those of the base."""
    (found,) = [one for one in of_kind("gate", kind) if one["metadata"]["name"].startswith("synthetic-gate")]
    return found


def test_it_is_called_on_one_port_everywhere() -> None:
    """Of the command line, the container, its probes, the service, the monitor and the network policy."""
    (pod,) = pods("gate")
    (container,) = pod["containers"]
    (port,) = container["ports"]
    args = container["args"]
    assert args[args.index("--listen") + 1] == f"0.0.0.0:{port['containerPort']}"
    probes = {name: container[name]["httpGet"] for name in ("startupProbe", "livenessProbe", "readinessProbe")}
    assert {probe["port"] for probe in probes.values()} == {port["name"]}
    assert {name: probe["path"] for name, probe in probes.items()} == {
        "startupProbe": "/healthz",
        "livenessProbe": "/healthz",
        "readinessProbe": "/readyz",
    }
    assert the_gate("Service")["spec"]["ports"][0]["targetPort"] == port["name"]
    assert the_gate("ServiceMonitor")["spec"]["endpoints"][0]["port"] == port["name"]
    for rule in the_gate("NetworkPolicy")["spec"]["ingress"]:
        assert rule["ports"] == [{"protocol": "TCP", "port": port["containerPort"]}]


def test_its_selectors_meet_its_pods_and_no_worker() -> None:
    """A worker behind the gate's service would answer 404, and its network policy would let it out to the PSPs."""
    (pod,) = pods("gate")
    selectors = [
        the_gate("Deployment")["spec"]["selector"]["matchLabels"],
        the_gate("PodDisruptionBudget")["spec"]["selector"]["matchLabels"],
        the_gate("Service")["spec"]["selector"],
        the_gate("NetworkPolicy")["spec"]["podSelector"]["matchLabels"],
    ]
    for selector in selectors:
        assert selector.items() <= pod["labels"].items()
        for worker in pods("deployment"):
            assert not selector.items() <= worker["labels"].items()
    (workers,) = [one for one in of_kind("gate", "NetworkPolicy") if one["metadata"]["name"] == "synthetic"]
    assert not workers["spec"]["podSelector"]["matchLabels"].items() <= pod["labels"].items()


def test_it_reaches_names_and_its_database_and_nothing_else() -> None:
    """No cell and no PSP: it plays nothing. And nobody reaches it from everywhere."""
    spec = the_gate("NetworkPolicy")["spec"]
    assert sorted(spec["policyTypes"]) == ["Egress", "Ingress"]
    assert [{port["port"] for port in rule["ports"]} for rule in spec["egress"]] == [{53}, {5432}]
    for rule in spec["ingress"]:
        for peer in rule["from"]:
            assert peer.keys() == {"namespaceSelector", "podSelector"}


def test_one_of_two_always_answers() -> None:
    """While a node is drained, and while a new version comes; and of all secrets it has the one that it needs."""
    deployment = the_gate("Deployment")["spec"]
    assert deployment["replicas"] == 2
    assert deployment["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert the_gate("PodDisruptionBudget")["spec"]["maxUnavailable"] == 1
    (pod,) = pods("gate")
    (secret,) = [volume["secret"] for volume in pod["volumes"] if "secret" in volume]
    assert [item["key"] for item in secret["items"]] == ["gate-token"]
    args = pod["containers"][0]["args"]
    assert args[args.index("--token") + 1] == "file:/run/secrets/synthetic/gate-token"


def test_its_slo_is_right_and_promises_what_ships(tmp_path: Path) -> None:
    """The file in the config map loads, under the name and in the folder that the command line asks for."""
    (pod,) = pods("gate")
    args = pod["containers"][0]["args"]
    path = Path(args[args.index("--slo") + 1])
    (mounted,) = [mount for mount in pod["containers"][0]["volumeMounts"] if mount["mountPath"] == str(path.parent)]
    (volume,) = [volume for volume in pod["volumes"] if volume["name"] == mounted["name"]]
    (configured,) = [
        one for one in of_kind("gate", "ConfigMap") if one["metadata"]["name"] == volume["configMap"]["name"]
    ]
    (tmp_path / path.name).write_text(configured["data"][path.name])
    policy, shipped = load_slo(tmp_path / path.name), shipped_policy()
    assert (policy.objectives, policy.hard_stops) == (shipped.objectives, shipped.hard_stops)
    assert (policy.window_s, policy.consecutive) == (shipped.window_s, shipped.consecutive)
