"""Tell the broker what a verification has found, under the provider's version and branch.

The `pact` binary has no command for it: the links of the pact's own document say where it goes.
"""

from __future__ import annotations

from importlib.metadata import version as installed_version
from typing import Any

from synthetic.contracts.broker.hal import JSON, Hal, href
from synthetic.contracts.broker.reading import PactToVerify
from synthetic.contracts.broker.settings import Build
from synthetic.contracts.results import InteractionResult, Mismatch, Verification


def publish_result(hal: Hal, asked: PactToVerify, found: Verification, build: Build) -> str:
    """Publish the result; answers its address. The branch comes first, so that the version is known by it from the start.

    Raises BrokerRefused, TargetUnreachable.
    """
    provider = hal.get(href(asked.document, "pb:provider"))
    hal.send("PUT", href(provider, "pb:branch-version", branch=build.branch, version=build.version), {})
    published = hal.send("POST", href(asked.document, "pb:publish-verification-results"), _body(asked, found, build))
    return href(published, "self")


def _body(asked: PactToVerify, found: Verification, build: Build) -> JSON:
    ids = {str(one["description"]): str(one.get("_id", "")) for one in asked.pact.interactions}
    body: dict[str, Any] = {
        "success": found.held,
        "providerApplicationVersion": build.version,
        "verifiedBy": {"implementation": "igaming-synthetic", "version": installed_version("igaming-synthetic")},
        "testResults": [_test(one, ids.get(one.description, "")) for one in found.results],
    }
    return body | ({"buildUrl": build.url} if build.url else {})


def _test(one: InteractionResult, id_: str) -> JSON:
    test: dict[str, Any] = {"interactionId": id_, "interactionDescription": one.description, "success": one.held}
    if one.mismatches:
        test["mismatches"] = [_mismatch(mismatch) for mismatch in one.mismatches]
    if one.reason:
        test["exceptions"] = [{"message": one.reason}]
    return test


def _mismatch(one: Mismatch) -> JSON:
    """In the broker's terms: which part of the answer, and where in it."""
    if one.path == "status":
        return {"attribute": "status", "description": one.text}
    attribute = "body" if one.path.startswith("$") else "header"
    return {"attribute": attribute, "identifier": one.path, "description": one.text}
