"""What we tell the broker: pacts, and where versions have gone. Each is one command of the `pact` binary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synthetic.config.names import NOWHERE
from synthetic.contracts.broker.command import pact_broker
from synthetic.contracts.broker.errors import BrokerLacks, BrokerRefused
from synthetic.contracts.broker.hal import href, talking_to
from synthetic.contracts.broker.settings import BrokerAccess, Build
from synthetic.core.errors import AuthorError


def publish_pacts(access: BrokerAccess, build: Build, pacts: Sequence[Path]) -> str:
    """Publish pact files, or folders of them, as this build's; answers what the broker said.

    Publishing the same again changes nothing. Raises AuthorError where there is no pact, BrokerRefused where one of this version
    said something else before, TargetUnreachable.
    """
    files = [file for path in pacts for file in (sorted(path.glob("*.json")) if path.is_dir() else [path])]
    missing = [file for file in files if not file.is_file()]
    if missing or not files:
        where = ", ".join(map(str, missing or pacts))
        raise AuthorError.at(
            NOWHERE, f"there is no pact at {where}", "`pytest contracts` writes them to contracts/pacts"
        )
    more = ["--build-url", build.url] if build.url else []
    who = ["--consumer-app-version", build.version, "--branch", build.branch]
    return _tell(access, "publish", *map(str, files), *who, *more)


def record_deployment(
    access: BrokerAccess, pacticipant: str, version: str, environment: str, *, instance: str = ""
) -> str:
    """Say that this version runs in this environment now, in the place of the one before (of this application instance).

    Raises BrokerRefused where the version or the environment is not known, TargetUnreachable.
    """
    more = ["--application-instance", instance] if instance else []
    return _enter(access, "record-deployment", pacticipant, version, environment, *more)


def record_release(access: BrokerAccess, pacticipant: str, version: str, environment: str) -> str:
    """Say that this version was released to this environment, beside those before. Raises as `record_deployment`."""
    return _enter(access, "record-release", pacticipant, version, environment)


def _enter(access: BrokerAccess, command: str, pacticipant: str, version: str, environment: str, *more: str) -> str:
    with talking_to(access) as hal:
        try:
            hal.get(href(hal.index(), "pb:pacticipant-version", pacticipant=pacticipant, version=version))
        except BrokerLacks:
            hint = "publish its pacts or its verification results first"
            raise BrokerRefused(f"the broker knows no version {version} of {pacticipant}; {hint}") from None
    who = ("--pacticipant", pacticipant, "--version", version)
    return _tell(access, command, *who, "--environment", environment, *more)


def _tell(access: BrokerAccess, command: str, *arguments: str) -> str:
    with talking_to(access) as hal:
        hal.index()  # the binary would repeat a request that can't be answered, and say less
    finished = pact_broker(access, command, *arguments)
    if finished.code:
        raise BrokerRefused(f"`pact broker {command}` failed: {finished.complaint}")
    return finished.told
