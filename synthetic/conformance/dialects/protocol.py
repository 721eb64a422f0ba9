"""What a dialect is: how an ask becomes a signed message, and what an answer to it proves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Protocol

from synthetic.core.effects import HttpReply
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome


class Reason(StrEnum):
    """Why a wallet refuses, as far as the laws care; each dialect has its own codes for it."""

    NONE = ""
    DUPLICATE = "duplicate"
    UNKNOWN_BET = "unknown bet"
    ROLLED_BACK = "rolled back"
    SIGNATURE = "signature"
    TOKEN = "token"  # noqa: S105 - a reason, not a secret
    FUNDS = "funds"
    OTHER = "other"


class Action(StrEnum):
    """What an ask wants of the wallet. A batch is several bets and wins that happen all or none."""

    BALANCE = "balance"
    BET = "bet"
    WIN = "win"
    ROLLBACK = "rollback"
    CLOSE = "close"
    BATCH = "batch"


@dataclass(frozen=True, slots=True)
class Seat:
    """Who plays what: the player, the session's token, the game and the session's currency."""

    player: str
    token: str = field(repr=False)
    game: str
    currency: str


@dataclass(frozen=True, slots=True)
class Move:
    """One transaction: `id` is the provider's, `reference` the bet that a win or a rollback means."""

    action: Action
    id: str
    amount: Money
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of a provider. `closes`: the round ends with it; `free`: the stake is not the player's."""

    action: Action
    seat: Seat
    round: str = ""
    moves: tuple[Move, ...] = ()
    closes: bool = False
    free: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """An ask in a dialect's words, not yet written out: the path below the wallet's URL, and the JSON object."""

    path: str
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer proves. `code` is the dialect's own; `stored` the wallet's own id of the (first) transaction.

    `flaw` says what is wrong with how the balance is written, where it can be read all the same.
    """

    outcome: StepOutcome
    code: str = ""
    reason: Reason = Reason.NONE
    balance: Money | None = None
    stored: str = ""
    flaw: str = ""


UNPROVEN = Answer(StepOutcome.UNKNOWN)


class Dialect(Protocol):
    """How one family of providers speaks. `untestable` says of a law why it can't be tried in this dialect."""

    @property
    def name(self) -> str:
        """As `--dialect` has it."""

    @property
    def signature_header(self) -> str:
        """The header that carries the signature."""

    @property
    def untestable(self) -> Mapping[int, str]:
        """Laws that the dialect has no words for."""

    def message(self, ask: Ask, request_id: str) -> Message:
        """The ask in the dialect's words. `request_id` is fresh for each request; a dialect without one leaves it out."""

    def sign(self, raw: bytes) -> str:
        """The signature over the raw bytes."""

    def read(self, ask: Ask, request_id: str, reply: HttpReply) -> Answer:
        """What an answer proves."""
