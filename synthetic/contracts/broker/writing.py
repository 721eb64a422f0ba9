"""What we tell the broker: pacts, and where versions have gone. Each is one command of the `pact` binary."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from synthetic.config.names import NOWHERE
from synthetic.contracts.broker.command import Finished, pact_broker
from synthetic.contracts.broker.errors import BrokerRefused
from synthetic.contracts.broker.hal import talking_to
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
    return _tell(access, "record-deployment", *_who(pacticipant, version), "--environment", environment, *more)


def record_release(access: BrokerAccess, pacticipant: str, version: str, environment: str) -> str:
    """Say that this version was released to this environment, beside those before. Raises as `record_deployment`."""
    return _tell(access, "record-release", *_who(pacticipant, version), "--environment", environment)


def _who(pacticipant: str, version: str) -> tuple[str, ...]:
    return "--pacticipant", pacticipant, "--version", version


def _tell(access: BrokerAccess, command: str, *arguments: str) -> str:
    with talking_to(access) as hal:
        hal.index()  # the binary would repeat a request that can't be answered, and say less
    return _done(command, pact_broker(access, command, *arguments)).told


def _done(command: str, finished: Finished) -> Finished:
    if finished.code:
        raise BrokerRefused(f"`pact broker {command}` failed: {finished.told}")
    return finished
