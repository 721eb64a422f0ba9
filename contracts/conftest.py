"""Options of the contract suites, and the providers that they verify: the reference ones, or one that runs elsewhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from synthetic.contracts.boundaries import CONTRACTS, GATEWAY_CONTRACTS
from synthetic.contracts.providers import PROVIDERS, SOCKET_PROVIDERS, ContractError
from synthetic.contracts.providers.remote import provider_urls, with_states
from synthetic.contracts.report.running import Reporting
from synthetic.contracts.results import Verification
from synthetic.contracts.verifying import Target
from synthetic.contracts.verifying_messages import MessageTarget

_KNOWN = {*PROVIDERS, *SOCKET_PROVIDERS}
_REPORTING = pytest.StashKey[Reporting]()
_ELSEWHERE = pytest.StashKey[dict[str, Target | MessageTarget]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--provider` with its states and version, and `--contracts-report`."""
    group = parser.getgroup("contracts")
    group.addoption(
        "--provider",
        action="append",
        default=[],
        metavar="NAME=URL",
        help="verify only this provider, where it runs; what it needs to know comes from the environment",
    )
    group.addoption(
        "--provider-states",
        default="api",
        metavar="none|api|http=URL",
        help="how its states are reached: not at all, through its published API (default), or by state changes POSTed to a URL",
    )
    group.addoption(
        "--provider-version",
        default="unknown",
        metavar="VERSION",
        help="the version of the provider of --provider, for the report",
    )
    group.addoption(
        "--contracts-report",
        type=Path,
        default=Path("reports") / "out",
        metavar="DIR",
        help="where contracts.html, contracts.json and contracts.prom go (default: reports/out)",
    )


def pytest_configure(config: pytest.Config) -> None:
    """Refuse options that can't be meant, and get ready to report."""
    try:
        elsewhere = _targets_elsewhere(config)
        out = config.rootpath / config.getoption("--contracts-report")
        reporting = Reporting(config, out, (*CONTRACTS, *GATEWAY_CONTRACTS))
    except ContractError as error:
        raise pytest.UsageError(str(error)) from None
    config.stash[_ELSEWHERE] = elsewhere
    config.stash[_REPORTING] = reporting
    config.pluginmanager.register(reporting, "synthetic-contracts-report")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--provider`, only the verifications of these providers are left."""
    asked = config.stash[_ELSEWHERE]
    if not asked:
        return
    wanted = [item for item in items if "target_of" in getattr(item, "fixturenames", ()) and _provider(item) in asked]
    config.hook.pytest_deselected(items=[item for item in items if item not in wanted])
    items[:] = wanted


def _provider(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    return "" if callspec is None else callspec.params["contract"].provider


@pytest.fixture(scope="session")
def target_of(pytestconfig: pytest.Config) -> Iterator[Callable[[str], Any]]:
    """A provider by its name, over HTTP a Target and over a socket a MessageTarget: the one of `--provider`, or the reference one,
    which is started when it is first asked for.
    """
    with ExitStack() as stack:
        targets = dict(pytestconfig.stash[_ELSEWHERE])

        def find(name: str) -> Target | MessageTarget:
            if name not in targets:
                targets[name] = stack.enter_context((PROVIDERS.get(name) or SOCKET_PROVIDERS[name]).serving())
            return targets[name]

        yield find


def _targets_elsewhere(config: pytest.Config) -> dict[str, Target | MessageTarget]:
    """Those of `--provider`. Raises ContractError for what can't be meant, and where something is not set."""
    how, version = config.getoption("--provider-states"), config.getoption("--provider-version")
    urls = provider_urls(config.getoption("--provider"), _KNOWN)
    return {name: replace(_target_at(name, url, how), version=version) for name, url in urls.items()}


def _target_at(name: str, url: str, how: str) -> Target | MessageTarget:
    if name in PROVIDERS:
        return with_states(PROVIDERS[name].at(url, os.environ), how)
    if how != "api":
        raise ContractError(f"--provider-states {how}: every frame of {name} needs a player at a game; leave it away")
    return SOCKET_PROVIDERS[name].at(url, os.environ)


@pytest.fixture(scope="session")
def verified(pytestconfig: pytest.Config) -> Callable[[Verification], None]:
    """What a verification found goes here: it is reported, and the test fails where something broke."""
    return pytestconfig.stash[_REPORTING].take
