"""The Kubernetes manifests, read as they are applied: every document of each form."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

DEPLOY = Path(__file__).parents[3] / "deploy"
KUBERNETES = DEPLOY / "kubernetes"
FORMS = ("deployment", "statefulset", "cronjobs")
Manifest = dict[str, Any]


@cache
def every_manifest() -> tuple[tuple[str, Manifest], ...]:
    """Each document in deploy/ that a cluster gets, under its file and name. Nobody changes it."""
    found = []
    for path in sorted(DEPLOY.rglob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            name = document.get("metadata", {}).get("name", "")
            found.append((f"{path.relative_to(DEPLOY)}: {document['kind']} {name}".strip(), document))
    return tuple(found)


def kustomized(folder: Path) -> Iterator[Manifest]:
    """The documents that a kustomization brings together, with its namespace."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    for resource in kustomization["resources"]:
        path = (folder / resource).resolve()
        if path.is_dir():
            yield from kustomized(path)
        else:
            yield from yaml.safe_load_all(path.read_text())


@cache
def documents(form: str) -> tuple[Manifest, ...]:
    """Everything that one form applies. Nobody changes it."""
    return tuple(kustomized(KUBERNETES / form))


def of_kind(form: str, *kinds: str) -> list[Manifest]:
    """The documents of these kinds."""
    return [document for document in documents(form) if document["kind"] in kinds]


def pods(form: str) -> list[Manifest]:
    """The pod specifications of one form, under their labels."""
    found = []
    for document in of_kind(form, "Deployment", "StatefulSet", "CronJob"):
        spec = document["spec"]
        template = spec["jobTemplate"]["spec"]["template"] if document["kind"] == "CronJob" else spec["template"]
        found.append(
            {"name": document["metadata"]["name"], "labels": template["metadata"]["labels"]} | template["spec"]
        )
    return found


def containers(form: str) -> list[Manifest]:
    """Every container of one form."""
    return [container for pod in pods(form) for container in pod["containers"]]
