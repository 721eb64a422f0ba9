"""What a provider of a contract is to the suites: the reference one on loopback, or somebody's at a URL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass

from synthetic.contracts.errors import ContractError
from synthetic.contracts.verifying import Target


@dataclass(frozen=True, slots=True)
class Provider:
    """`serving` starts the reference provider. `at` makes a target of a URL; it takes what it needs to know from the environment
    and raises ContractError where something is missing.
    """

    name: str
    serving: Callable[[], AbstractContextManager[Target]]
    at: Callable[[str, Mapping[str, str]], Target]


def needed(environment: Mapping[str, str], name: str, what: str) -> str:
    """A variable of the environment. Raises ContractError where it is not set."""
    if not environment.get(name):
        raise ContractError(f"set {name}: {what}")
    return environment[name]


__all__ = ["ContractError", "Provider", "needed"]
