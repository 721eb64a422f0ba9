"""The stand-in's memory, and the rules of writing to it. Everything is asked through plain lists and dictionaries."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Literal
from uuid import uuid4

from synthetic.tests.contracts.broker_standin.records import (
    JSON,
    Environment,
    Pacticipant,
    Presence,
    Publication,
    Verification,
    Version,
    Webhook,
)

MAIN_BRANCHES = ("develop", "main", "master")
"""The broker's `main_branch_candidates`: the first version published from one of them makes it the main branch."""


class Conflict(Exception):  # noqa: N818 - the broker's own word, status 409
    """Another content for a pact of a consumer version that has one already."""


def _environments() -> dict[str, Environment]:
    """The two that a new broker comes with."""
    seeded = (("test", "Test", False), ("production", "Production", True))
    return {name: Environment(str(uuid4()), name, shown, production) for name, shown, production in seeded}


@dataclass(slots=True)
class Store:
    """All that was published and recorded."""

    pacticipants: dict[str, Pacticipant] = field(default_factory=dict)
    versions: dict[tuple[str, str], Version] = field(default_factory=dict)
    contents: dict[str, JSON] = field(default_factory=dict)
    publications: list[Publication] = field(default_factory=list)
    verifications: list[Verification] = field(default_factory=list)
    environments: dict[str, Environment] = field(default_factory=_environments)
    presences: list[Presence] = field(default_factory=list)
    webhooks: dict[str, Webhook] = field(default_factory=dict)
    _orders: Iterator[int] = field(default_factory=lambda: count(1))

    def ensure_pacticipant(self, name: str) -> Pacticipant:
        """The application of this name, new where there was none."""
        return self.pacticipants.setdefault(name, Pacticipant(name))

    def ensure_version(
        self, name: str, number: str, *, branch: str | None = None, build_url: str | None = None
    ) -> Version:
        """The version, new where there was none, and on this branch from now on."""
        pacticipant = self.ensure_pacticipant(name)
        known = self.versions.get((name, number)) or Version(name, number, next(self._orders), datetime.now(UTC))
        branches = known.branches if branch is None else tuple(dict.fromkeys((*known.branches, branch)))
        self.versions[name, number] = replace(known, branches=branches, build_url=build_url or known.build_url)
        if branch in MAIN_BRANCHES and pacticipant.main_branch is None:
            self.pacticipants[name] = replace(pacticipant, main_branch=branch)
        return self.versions[name, number]

    def publish(self, consumer: str, number: str, provider: str, content: JSON) -> Publication:
        """Keep a pact. Raises Conflict for another content under the same consumer version."""
        self.ensure_pacticipant(provider)
        sha, known = self._keep(content), self.publication(consumer, number, provider)
        if known is None:
            known = Publication(consumer, provider, number, sha, next(self._orders), datetime.now(UTC))
            self.publications.append(known)
        if known.sha != sha:
            raise Conflict(
                f"Cannot change the content of the pact for {consumer} version {number} and provider {provider}, as race"
                " conditions will cause unreliable results for can-i-deploy. Each pact must be published with a unique"
                " consumer version number."
            )
        return known

    def publication(self, consumer: str, number: str, provider: str) -> Publication | None:
        """The pact of this consumer version with this provider."""
        wanted = (consumer, number, provider)
        return next((p for p in self.publications if (p.consumer, p.consumer_version, p.provider) == wanted), None)

    def _keep(self, content: JSON) -> str:
        """The content under its hash, with an `_id` for each interaction: what results name them by."""
        interactions = content.get("interactions", [])
        relevant = sorted(_canonical(one) for one in interactions)
        sha = hashlib.sha1(_canonical([content["consumer"], content["provider"], relevant]).encode()).hexdigest()  # noqa: S324 - an address, as the broker's
        numbered = [{**one, "_id": hashlib.sha1(_canonical(one).encode()).hexdigest()} for one in interactions]  # noqa: S324
        self.contents.setdefault(sha, {**content, "interactions": numbered})
        return sha

    def verify(self, publication: Publication, body: JSON, *, wip: bool) -> Verification:
        """Keep a result; the provider's version comes into being with it."""
        number = 1 + sum(one.sha == publication.sha for one in self.verifications)
        version = str(body["providerApplicationVersion"])
        self.ensure_version(publication.provider, version, build_url=body.get("buildUrl"))
        result = Verification(
            number=number,
            consumer=publication.consumer,
            provider=publication.provider,
            sha=publication.sha,
            provider_version=version,
            success=bool(body["success"]),
            verified_at=datetime.now(UTC),
            wip=wip,
            body=body,
        )
        self.verifications.append(result)
        return result

    def enter(
        self,
        kind: Literal["deployed", "released"],
        version: Version,
        environment: Environment,
        instance: str | None = None,
    ) -> Presence:
        """The version is there from now on; a deployment ends the one before it under the same instance."""
        place = (kind, version.pacticipant, environment.name, instance)
        same = [p for p in self.presences if (p.kind, p.pacticipant, p.environment, p.instance) == place]
        known = next((p for p in same if p.version == version.number), None)
        if kind == "deployed":
            self.presences = [p for p in self.presences if p not in same or p is known]
        if known is not None:
            return known
        now = datetime.now(UTC)
        entered = Presence(
            str(uuid4()), kind, version.pacticipant, version.number, environment.name, instance, since=now
        )
        self.presences.append(entered)
        return entered

    def latest(self, name: str, *, branch: str | None = None) -> Version | None:
        """The version created last, of this branch or of all."""
        mine = (v for v in self.versions.values() if v.pacticipant == name and (branch is None or branch in v.branches))
        return max(mine, key=lambda version: version.order, default=None)

    def present(
        self, *, environment: str | None = None, kinds: tuple[str, ...] = ("deployed", "released")
    ) -> list[Presence]:
        """What is there now, in this environment or in any."""
        return [p for p in self.presences if p.kind in kinds and environment in {None, p.environment}]


def _canonical(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
