"""What a provider has to verify: pacts from the broker, each with why it is asked for and what a failure means."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from synthetic.contracts.broker.errors import BrokerLacks
from synthetic.contracts.broker.hal import JSON, Hal, href
from synthetic.contracts.broker.selectors import RECOMMENDED, ConsumerVersions
from synthetic.contracts.broker.settings import Build
from synthetic.contracts.pacts import PactFile, parsed


@dataclass(frozen=True, slots=True)
class PactToVerify:
    """A pact of the broker. `document` is the broker's, with the links to publish a result under.

    `pending`: no version of the provider's branch has ever kept it, so that a failure is news to its consumer and no break of ours.
    """

    pact: PactFile
    document: JSON
    pending: bool = False
    wip: bool = False
    notices: tuple[str, ...] = ()


def pacts_to_verify(
    hal: Hal,
    provider: str,
    build: Build,
    *,
    selectors: Sequence[ConsumerVersions] = RECOMMENDED,
    wip_since: date | None = None,
) -> tuple[PactToVerify, ...]:
    """Ask which pacts the provider has to verify; with `wip_since` also those in progress since then that nobody selects.

    Each content comes once. Nothing to verify is (), also where the broker has never heard of the provider. Raises BrokerRefused,
    TargetUnreachable.
    """
    question: dict[str, Any] = {
        "consumerVersionSelectors": [selector.wire for selector in selectors],
        "providerVersionBranch": build.branch,
        "includePendingStatus": True,
    }
    if wip_since is not None:
        question["includeWipPactsSince"] = wip_since.isoformat()
    where = href(hal.index(), "pb:provider-pacts-for-verification", provider=provider)
    try:
        answer = hal.send("POST", where, question)
    except BrokerLacks:
        return ()
    return tuple(_fetch(hal, one) for one in answer["_embedded"]["pacts"])


def pact_at(hal: Hal, url: str) -> PactToVerify:
    """The pact at an address, as a webhook names it (`${pactbroker.pactUrl}`). Raises BrokerRefused, TargetUnreachable."""
    document = hal.get(url)
    return PactToVerify(parsed(json.dumps(document)), document)


def _fetch(hal: Hal, one: JSON) -> PactToVerify:
    properties = one.get("verificationProperties") or {}
    document = hal.get(href(one, "self"))
    return PactToVerify(
        parsed(json.dumps(document)),
        document,
        pending=bool(properties.get("pending")),
        wip=bool(properties.get("wip")),
        notices=tuple(str(notice["text"]) for notice in properties.get("notices") or []),
    )
