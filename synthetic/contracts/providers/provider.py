"""What a provider of a contract is to the suites: the reference one on loopback, or somebody's at a URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from synthetic.contracts.errors import ContractError
from synthetic.contracts.verifying import Target
from synthetic.contracts.verifying_messages import MessageTarget


@dataclass(frozen=True, slots=True)
class Provider:
    """`serving` starts the reference provider. `at` makes a target of a URL; it takes what it needs to know from the environment
    and raises ContractError where something is missing.
    """

    name: str
    serving: Callable[[], AbstractContextManager[Target]]
    at: Callable[[str, Mapping[str, str]], Target]


@dataclass(frozen=True, slots=True)
class SocketProvider:
    """The same for one that speaks over a socket."""

    name: str
    serving: Callable[[], AbstractContextManager[MessageTarget]]
    at: Callable[[str, Mapping[str, str]], MessageTarget]


def needed(environment: Mapping[str, str], name: str, what: str) -> str:
    """A variable of the environment. Raises ContractError where it is not set."""
    if not environment.get(name):
        raise ContractError(f"set {name}: {what}")
    return environment[name]


__all__ = ["ContractError", "Provider", "needed"]
