"""Contracts in messages: what one consumer sends and hears over a socket, as Pact V4's synchronous and asynchronous messages.

As in `interactions`, every message is declared once, and the consumer's real client is played against what was declared.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pact.interaction import AsyncMessageInteraction, SyncMessageInteraction

from synthetic.contracts.holes import body_from_state
from synthetic.contracts.interactions import Contract, ContractOf, State
from synthetic.contracts.pacts import PactFile, pact_of, prepare, written
from synthetic.contracts.silent_pact import Pact

Frame = Any
"""A frame, as JSON."""

Upon = AsyncMessageInteraction | SyncMessageInteraction
Hear = Callable[[Frame], Frame]
"""Plays the consumer's real client: takes the frame that it hears, answers the one that it has sent (None: it only listens),
and asserts what the client makes of it."""

DeclareMessage = Callable[[Upon], Hear]


@dataclass(frozen=True, slots=True)
class Message:
    """A request with its answer (`Sync`), or a push (`Async`). `needs`: as of an `Interaction`."""

    description: str
    kind: Literal["Sync", "Async"]
    given: tuple[State, ...]
    needs: tuple[str, ...]
    declare: DeclareMessage


class MessageContract(ContractOf[Message]):
    """All that a consumer says to a provider over a socket, and hears from it."""

    __slots__ = ()


AnyContract = Contract | MessageContract


def asked(description: str, *given: State, needs: tuple[str, ...] = ()) -> Callable[[DeclareMessage], Message]:
    """Make a request with its answer of a function that declares it."""
    return lambda declare: Message(description, "Sync", given, needs, declare)


def pushed(description: str, *given: State, needs: tuple[str, ...] = ()) -> Callable[[DeclareMessage], Message]:
    """Make a push of a function that declares it."""
    return lambda declare: Message(description, "Async", given, needs, declare)


def asks(upon: Upon, frame: Mapping[str, Any], values: Mapping[str, str] | None = None) -> None:
    """Declare what the consumer sends. `values`: which paths have values of the state, as `{"$.token": "${token}"}`."""
    upon.with_body(dict(frame), "application/json")
    if values:
        upon.with_generators(body_from_state(values), "Request")


def hears(upon: Upon, frame: Mapping[str, Any], values: Mapping[str, str] | None = None) -> None:
    """Declare what comes: as an answer to what was declared before, or as a push."""
    if isinstance(upon, SyncMessageInteraction):
        upon.will_respond_with()
    upon.with_body(dict(frame), "application/json")
    if values:
        part: Literal["Request", "Response"] = "Response" if isinstance(upon, SyncMessageInteraction) else "Request"
        upon.with_generators(body_from_state(values), part)


def exercise_message(contract: MessageContract, one: Message) -> None:
    """Play the consumer's real client with the frame that was declared.

    Raises AssertionError where it sends something else, or makes something else of what it hears.
    """
    pact, play = _declared(contract, (one,))
    said = written(pact, contract.name).interactions[0]
    sent = play[0](heard_of(said))
    expected = asked_of(said)
    assert sent == expected, f"{contract.name}, {one.description}: the client sent {sent}, the contract has {expected}"


def message_pact_of(contract: MessageContract) -> PactFile:
    """The pact that the contract makes."""
    pact, _ = _declared(contract, contract.interactions)
    return written(pact, contract.name)


def pact_for(contract: AnyContract) -> PactFile:
    """The pact of a contract of either kind."""
    return pact_of(contract) if isinstance(contract, Contract) else message_pact_of(contract)


def asked_of(one: Mapping[str, Any]) -> Frame:
    """The frame that a pact's message asks with; None for a push."""
    return one["request"]["contents"]["content"] if "request" in one else None


def heard_of(one: Mapping[str, Any]) -> Frame:
    """The frame of a pact's message that the consumer hears."""
    return heard_part(one)["contents"]["content"]


def heard_part(one: Mapping[str, Any]) -> Any:
    """Where a pact's message has the frame that the consumer hears, with its rules."""
    return one["response"][0] if "response" in one else one


def _declared(contract: MessageContract, messages: tuple[Message, ...]) -> tuple[Pact, list[Hear]]:
    pact = Pact(contract.consumer, contract.provider).with_specification("V4")
    play = []
    for one in messages:
        upon: Upon = (
            pact.upon_receiving(one.description, "Sync")
            if one.kind == "Sync"
            else pact.upon_receiving(one.description, "Async")
        )
        prepare(upon, one)
        play.append(one.declare(upon))
    return pact, play
