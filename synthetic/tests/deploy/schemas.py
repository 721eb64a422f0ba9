"""Judges a manifest by the schema of its kind, and more strictly than an API server: a field that nobody knows is a mistake.

Core kinds by kubernetes-validate, the Prometheus operator's and External Secrets' by `tests/data/crds`, Argo Rollouts' and
Flagger's by the folder `shared/schemas` beside the checkout. Rules in CEL (`x-kubernetes-validations`) are not evaluated.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from kubernetes_validate.utils import latest_version, schema_contents  # type: ignore[import-untyped]
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT202012

from synthetic.tests.deploy.manifests import DEPLOY, Manifest

OWN = Path(__file__).parents[1] / "data" / "crds"
SHARED = DEPLOY.parents[1] / "shared" / "schemas"
SHARED_GROUPS = ("argoproj.io", "flagger.app")
OWN_GROUPS = ("monitoring.coreos.com", "external-secrets.io")
OLDEST, NEWEST = "1.29.0", latest_version()

Schema = dict[str, Any]


def group(document: Manifest) -> str:
    """Of its API: `apps`, `argoproj.io`; "" for the core."""
    head, _, tail = str(document["apiVersion"]).partition("/")
    return head if tail else ""


def is_known(document: Manifest) -> bool:
    """Whether its schema is here."""
    return group(document) not in SHARED_GROUPS or SHARED.is_dir()


def mistakes(document: Manifest, *, version: str = OLDEST) -> list[str]:
    """What is wrong with it, each with its path. `version`: of Kubernetes, for its own kinds."""
    found = _told(_validator(document["apiVersion"], document["kind"], version), document)
    for place, inner in _core_parts(document):
        told = _told(_validator(inner["apiVersion"], inner["kind"], version), inner)
        found += [f"{place}{one}" for one in told]
    return found


def closed(schema: Schema) -> Schema:
    """The same schema of a custom resource, with every object closed but for those that keep what they do not know.

    Nothing in `anyOf`, `oneOf` and `not` is closed: they say something of an object that is described around them.
    """
    if schema.get("x-kubernetes-preserve-unknown-fields"):
        return schema
    found = dict(schema)
    if "properties" in schema:
        found["properties"] = {name: closed(inner) for name, inner in schema["properties"].items()}
    if "items" in schema:
        found["items"] = closed(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        found["additionalProperties"] = closed(schema["additionalProperties"])
    elif schema.get("type") == "object" or "properties" in schema:
        found["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        found["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    return found


def _told(validator: Draft202012Validator, document: Manifest) -> list[str]:
    errors = sorted(validator.iter_errors(document), key=lambda error: error.json_path)
    return [f"{error.json_path.removeprefix('$.')}: {error.message[:200]}" for error in errors]


def _core_parts(document: Manifest) -> Iterator[tuple[str, Manifest]]:
    """What is of a core kind inside a custom resource: its metadata, the pods that it makes, the jobs that it runs."""
    if group(document) not in SHARED_GROUPS + OWN_GROUPS:
        return
    yield "", {"apiVersion": "v1", "kind": "ConfigMap", "metadata": document.get("metadata")}
    spec = document.get("spec", {})
    if document["kind"] == "Rollout" and "template" in spec:
        pods = {"selector": spec.get("selector"), "template": spec["template"]}
        yield "", {"apiVersion": "apps/v1", "kind": "Deployment", "spec": pods}
    for metric in spec.get("metrics", ()) if group(document) == "argoproj.io" else ():
        if "job" in metric.get("provider", {}):
            job = metric["provider"]["job"].get("spec", {})
            yield f"{metric['name']}: ", {"apiVersion": "batch/v1", "kind": "Job", "spec": job}


@cache
def _validator(api_version: str, kind: str, version: str) -> Draft202012Validator:
    api, _, number = api_version.rpartition("/")
    if api in SHARED_GROUPS or api in OWN_GROUPS:
        folder = SHARED if api in SHARED_GROUPS else OWN
        schema = closed(json.loads((folder / f"{api}_{number}_{kind}.json").read_text()))
        schema["properties"]["metadata"] = {"type": "object", "required": ["name"]}
        return Draft202012Validator(schema)
    name = f"{kind.lower()}-{api.split('.')[0]}-{number}" if api else f"{kind.lower()}-{number}"
    schema = schema_contents(f"kubernetes-json-schema/v{version}-local-strict/{name}.json", version)
    return Draft202012Validator(schema, registry=_definitions(version))


@cache
def _definitions(version: str) -> Registry[Any]:
    """What core kinds have in common, read once: it is a megabyte."""
    read = schema_contents(f"kubernetes-json-schema/v{version}-local-strict/_definitions.json", version)
    resource: Resource[Any] = Resource.from_contents(read, default_specification=DRAFT202012)
    return (resource @ Registry()).crawl()
