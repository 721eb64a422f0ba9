"""The events as this cell writes them, protobuf-encoded.

They are written by hand, and not made from `contracts/proto/`: what the producer does and what the contract says are two
statements, and `contracts/events/` holds them against each other. Fields are written in the order of their numbers, and a
field that is None is left out; a zero is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import IntEnum
from typing import Annotated, ClassVar

from pure_protobuf.annotations import Field
from pure_protobuf.message import BaseMessage

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class RoundOutcome(IntEnum):
    """How a round ended; the names are those of its states."""

    WON = 1
    LOST = 2
    VOID = 3


@dataclass(frozen=True)
class Timestamp(BaseMessage):
    """google.protobuf.Timestamp. The library's own goes through a float, which is off by some nanoseconds."""

    seconds: Annotated[int, Field(1)]
    nanos: Annotated[int | None, Field(2)] = None

    @classmethod
    def of(cls, at: datetime) -> Timestamp:
        """The moment, to the microsecond. A field of this type has no presence, so that a zero is not written."""
        seconds, rest = divmod(at - _EPOCH, timedelta(seconds=1))
        return cls(seconds, rest.microseconds * 1000 or None)


@dataclass(frozen=True)
class Money(BaseMessage):
    """An amount in minor units, with its ISO 4217 currency."""

    amount_minor: Annotated[int, Field(1)]
    currency: Annotated[str, Field(2)]


@dataclass(frozen=True)
class EventHeader(BaseMessage):
    """What every event says about itself."""

    event_id: Annotated[str, Field(1)]
    occurred_at: Annotated[Timestamp, Field(2)]
    cell: Annotated[str, Field(3)]
    cell_version: Annotated[str, Field(4)]
    synthetic: Annotated[bool, Field(5)]
    market: Annotated[str | None, Field(6)] = None  # events before 26 November 2026 lack it


class Event(BaseMessage):
    """One of the messages below. `type` is the event's name, `message` that of its protobuf message."""

    type: ClassVar[str]
    message: ClassVar[str]


@dataclass(frozen=True, kw_only=True)
class RoundSettled(Event):
    """A round has had its last word."""

    type = "round.settled"
    message = "gaming.events.v1.RoundSettled"

    header: Annotated[EventHeader, Field(1)]
    round_id: Annotated[str, Field(2)]
    provider: Annotated[str, Field(3)]
    player_id: Annotated[str, Field(4)]
    game: Annotated[str, Field(5)]
    outcome: Annotated[RoundOutcome, Field(6)]
    stake: Annotated[Money, Field(7)]
    payout: Annotated[Money, Field(8)]
    opened_at: Annotated[Timestamp, Field(9)]


@dataclass(frozen=True, kw_only=True)
class DepositCompleted(Event):
    """Money has come in and is in the player's cash."""

    type = "deposit.completed"
    message = "gaming.events.v1.DepositCompleted"

    header: Annotated[EventHeader, Field(1)]
    deposit_id: Annotated[str, Field(2)]
    player_id: Annotated[str, Field(3)]
    psp: Annotated[str, Field(4)]
    psp_reference: Annotated[str | None, Field(5)] = None
    amount: Annotated[Money, Field(6)]
    requested_at: Annotated[Timestamp, Field(7)]


@dataclass(frozen=True, kw_only=True)
class WithdrawalCompleted(Event):
    """Money has gone out."""

    type = "withdrawal.completed"
    message = "gaming.events.v1.WithdrawalCompleted"

    header: Annotated[EventHeader, Field(1)]
    withdrawal_id: Annotated[str, Field(2)]
    player_id: Annotated[str, Field(3)]
    psp: Annotated[str, Field(4)]
    psp_reference: Annotated[str | None, Field(5)] = None
    amount: Annotated[Money, Field(6)]
    requested_at: Annotated[Timestamp, Field(7)]
