"""What one consumer expects of one provider: the interactions of a contract, each exercised by the consumer's real client."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeVar

from pact.interaction import HttpInteraction

Exercise = Callable[[str], None]
"""Sends the request by the consumer's real client to the given base URL, and asserts what the client makes of the answer."""

Declare = Callable[[HttpInteraction], Exercise]
"""Says what is sent and what has to come back; answers how the client is exercised."""


@dataclass(frozen=True, slots=True)
class State:
    """A provider state: what has to be true of the provider before the request comes."""

    name: str
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Interaction:
    """One request and its answer. `needs` are what only some providers can do (see `boundaries`); a third party lacks them."""

    description: str
    given: tuple[State, ...]
    needs: tuple[str, ...]
    declare: Declare


class Agreed(Protocol):
    """What every part of a contract has, over HTTP or over a socket."""

    @property
    def description(self) -> str:
        """Which one it is; once in a contract."""

    @property
    def given(self) -> tuple[State, ...]:
        """The provider's states."""

    @property
    def needs(self) -> tuple[str, ...]:
        """What only some providers can do."""


A = TypeVar("A", bound=Agreed)


@dataclass(frozen=True, slots=True)
class ContractOf(Generic[A]):
    """All that a consumer expects of a provider."""

    consumer: str
    provider: str
    interactions: tuple[A, ...]

    def __post_init__(self) -> None:
        names = [interaction.description for interaction in self.interactions]
        twice = sorted({name for name in names if names.count(name) > 1})
        assert not twice, f"{self.name}: described twice: {', '.join(twice)}"

    @property
    def name(self) -> str:
        """As the pact's file is called."""
        return f"{self.consumer}-{self.provider}"


class Contract(ContractOf[Interaction]):
    """One over HTTP."""

    __slots__ = ()


def interaction(description: str, *given: State, needs: tuple[str, ...] = ()) -> Callable[[Declare], Interaction]:
    """Make an interaction of a function that declares it."""

    def make(declare: Declare) -> Interaction:
        return Interaction(description, given, needs, declare)

    return make
