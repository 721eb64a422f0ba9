"""What the stand-in's records look like as HAL documents."""

from __future__ import annotations

from typing import Any

from synthetic.tests.contracts.broker_standin.hal import Addresses, link
from synthetic.tests.contracts.broker_standin.matrix import Row, Ruling
from synthetic.tests.contracts.broker_standin.records import (
    JSON,
    Environment,
    Pacticipant,
    Presence,
    Publication,
    Verification,
    Version,
)
from synthetic.tests.contracts.broker_standin.store import Store


def pacticipant(addresses: Addresses, one: Pacticipant) -> JSON:
    """An application."""
    return {"name": one.name, "mainBranch": one.main_branch, "_links": addresses.of_pacticipant(one.name)}


def version(addresses: Addresses, one: Version, environments: list[Environment]) -> JSON:
    """A version."""
    branches = [{"name": branch} for branch in one.branches]
    return {
        "number": one.number,
        "createdAt": one.created_at.isoformat(),
        "buildUrl": one.build_url,
        "_embedded": {"branchVersions": branches, "tags": []},
        "_links": addresses.of_version(one.pacticipant, one.number, environments),
    }


def environment(addresses: Addresses, one: Environment) -> JSON:
    """An environment."""
    return {
        "uuid": one.uuid,
        "name": one.name,
        "displayName": one.display_name,
        "production": one.production,
        "_links": {"self": link(addresses.at("environments", one.uuid), name=one.name)},
    }


def presence(one: Presence) -> JSON:
    """That a version is somewhere."""
    return {
        "uuid": one.uuid,
        "currentlyDeployed" if one.kind == "deployed" else "currentlySupported": True,
        "applicationInstance": one.instance,
        "createdAt": one.since.isoformat(),
        "_embedded": {"environment": {"name": one.environment}},
    }


def published(addresses: Addresses, consumer: Version, pacts: list[Publication]) -> JSON:
    """The answer to a publication, with the notices that the `pact` binary prints."""
    told = [
        f"Pact successfully published for {pact.consumer} version {pact.consumer_version} and provider {pact.provider}."
        for pact in pacts
    ]
    name, number = consumer.pacticipant, consumer.number
    here, of = link(addresses.version(name, number), "Pacticipant version", name=number), addresses.pacticipant(name)
    contracts = [
        link(addresses.pact(p), "Pact", name=f"Pact between {name} ({number}) and {p.provider}") for p in pacts
    ]
    return {
        "logs": [{"level": "info", "message": text, "deprecationWarning": "Replaced by notices"} for text in told],
        "notices": [{"type": "success", "text": text} for text in told],
        "_embedded": {
            "pacticipant": {"name": name, "_links": {"self": {"href": of}}},
            "version": {"number": number, "buildUrl": consumer.build_url, "_links": {"self": here}},
        },
        "_links": {
            "pb:pacticipant": link(of, "Pacticipant", name=name),
            "pb:pacticipant-version": here,
            "pb:pacticipant-version-tags": [],
            "pb:contracts": contracts,
        },
    }


def result(addresses: Addresses, one: Verification) -> JSON:
    """A verification result, with all that the provider told."""
    return {
        "providerName": one.provider,
        "providerApplicationVersion": one.provider_version,
        "success": one.success,
        "verificationDate": one.verified_at.isoformat(),
        "buildUrl": one.body.get("buildUrl"),
        "testResults": one.body.get("testResults", []),
        "verifiedBy": one.body.get("verifiedBy"),
        "_links": {
            "self": link(addresses.result(one), "Verification result", name=f"Verification result {one.number}")
        },
    }


def matrix(addresses: Addresses, store: Store, ruling: Ruling) -> JSON:
    """The answer to `can-i-deploy`."""
    kind = {True: "success", False: "danger", None: "warning"}[ruling.deployable]
    rows = [_row(addresses, store, row) for row in ruling.rows]
    rows += [{**_row(addresses, store, row), "ignored": True} for row in ruling.ignored]
    return {
        "summary": {"deployable": ruling.deployable, "reason": "\n".join(ruling.reasons), **ruling.counts},
        "notices": [{"type": kind, "text": reason} for reason in ruling.reasons],
        "matrix": rows,
    }


def _row(addresses: Addresses, store: Store, row: Row) -> JSON:
    pact, found = row.pact, row.result
    return {
        "consumer": _side(addresses, store, pact.consumer, pact.consumer_version),
        "provider": _side(addresses, store, pact.provider, found.provider_version if found else None),
        "pact": {"createdAt": pact.published_at.isoformat(), "_links": {"self": link(addresses.pact(pact))}},
        "verificationResult": found
        and {
            "success": found.success,
            "verifiedAt": found.verified_at.isoformat(),
            "_links": {"self": link(addresses.result(found))},
        },
    }


def _side(addresses: Addresses, store: Store, name: str, number: str | None) -> JSON:
    shown: Any = None
    if number is not None:
        branches = [{"name": branch} for branch in store.versions[name, number].branches]
        self_link = {"self": link(addresses.version(name, number))}
        shown = {"number": number, "branches": branches, "tags": [], "_links": self_link}
    return {"name": name, "version": shown, "_links": {"self": link(addresses.pacticipant(name))}}
