"""What the stand-in remembers, one frozen record a fact."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

JSON = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pacticipant:
    """An application: consumer, provider or both. The first version of one of `store.MAIN_BRANCHES` sets `main_branch`."""

    name: str
    main_branch: str | None = None


@dataclass(frozen=True, slots=True)
class Version:
    """A version of an application. `order` counts creations over all applications: the highest is the latest."""

    pacticipant: str
    number: str
    order: int
    created_at: datetime
    branches: tuple[str, ...] = ()
    build_url: str | None = None


@dataclass(frozen=True, slots=True)
class Publication:
    """That this consumer version has this pact content (`sha`) with the provider."""

    consumer: str
    provider: str
    consumer_version: str
    sha: str
    order: int
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Verification:
    """One result of one provider version against one pact content. `wip`: the pact was asked for as work in progress."""

    number: int
    consumer: str
    provider: str
    sha: str
    provider_version: str
    success: bool
    verified_at: datetime
    wip: bool
    body: JSON


@dataclass(frozen=True, slots=True)
class Environment:
    """A place to deploy to."""

    uuid: str
    name: str
    display_name: str
    production: bool


@dataclass(frozen=True, slots=True)
class Presence:
    """A version in an environment: `deployed` replaces what was there under the same instance, `released` adds to it."""

    uuid: str
    kind: Literal["deployed", "released"]
    pacticipant: str
    version: str
    environment: str
    instance: str | None
    since: datetime


@dataclass(frozen=True, slots=True)
class Webhook:
    """A request that is made when one of the events happens; no consumer or provider means any."""

    uuid: str
    description: str
    events: tuple[str, ...]
    method: str
    url: str
    headers: tuple[tuple[str, str], ...]
    body: Any
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    consumer: str | None = None
    provider: str | None = None

    def is_for(self, event: str, consumer: str, provider: str) -> bool:
        """Whether this event of this pair makes the request."""
        pair = (self.consumer in {None, consumer}) and (self.provider in {None, provider})
        return pair and event in self.events
