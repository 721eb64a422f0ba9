"""May this version be deployed there? The broker's answer, with what stands against it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from synthetic.contracts.broker.command import pact_broker
from synthetic.contracts.broker.errors import BrokerRefused
from synthetic.contracts.broker.hal import JSON, Hal, talking_to
from synthetic.contracts.broker.settings import BrokerAccess


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """A pact between two versions. `success` None: the provider's version has not verified it."""

    consumer: str
    consumer_version: str
    provider: str
    provider_version: str
    success: bool | None
    result_url: str = ""


@dataclass(frozen=True, slots=True)
class Deployability:
    """The answer. `allowed` None: not known yet. `failures`: what the failed verifications found, a sentence each."""

    allowed: bool | None
    reason: str
    rows: tuple[MatrixRow, ...]
    failures: tuple[str, ...] = ()


def can_i_deploy(
    access: BrokerAccess, pacticipant: str, version: str, environment: str, *, retries: int = 0, interval_s: int = 5
) -> Deployability:
    """Ask whether the version works with all that is in the environment; `retries` while a result is still missing.

    Raises BrokerRefused where the version's application or the environment is not known, TargetUnreachable.
    """
    waiting = ["--retry-while-unknown", str(retries), "--retry-interval", str(interval_s)] if retries else []
    with talking_to(access) as hal:
        hal.index()
        asked = ["can-i-deploy", "--pacticipant", pacticipant, "--version", version, "--to-environment", environment]
        finished = pact_broker(access, *asked, "--output", "json", *waiting, timeout_s=60.0 + retries * interval_s)
        try:
            answer: JSON = json.loads(finished.out)
        except ValueError:
            raise BrokerRefused(f"`pact broker can-i-deploy` failed: {finished.complaint}") from None
        rows = tuple(_row(one) for one in answer["matrix"])
        summary = answer["summary"]
        return Deployability(summary["deployable"], str(summary["reason"]), rows, tuple(_failures(hal, rows)))


def _row(one: JSON) -> MatrixRow:
    result, consumer, provider = one.get("verificationResult") or {}, one["consumer"], one["provider"]
    return MatrixRow(
        consumer=consumer["name"],
        consumer_version=(consumer.get("version") or {}).get("number", ""),
        provider=provider["name"],
        provider_version=(provider.get("version") or {}).get("number", ""),
        success=result.get("success"),
        result_url=result.get("_links", {}).get("self", {}).get("href", ""),
    )


def _failures(hal: Hal, rows: tuple[MatrixRow, ...]) -> Iterator[str]:
    """What each failed result says, by interaction."""
    for row in rows:
        if row.success is False and row.result_url:
            for test in hal.get(row.result_url).get("testResults") or []:
                yield from (f"{row.provider} breaks {row.consumer}, {_name(test)}: {why}" for why in _whys(test))


def _name(test: JSON) -> str:
    return str(test.get("interactionDescription") or test.get("interactionId"))


def _whys(test: JSON) -> Iterator[str]:
    if test.get("success"):
        return
    for one in test.get("mismatches") or []:
        place = one.get("identifier") or one.get("attribute")
        yield f"{place}: {one.get('description')}"
    for one in test.get("exceptions") or []:
        yield str(one.get("message"))
