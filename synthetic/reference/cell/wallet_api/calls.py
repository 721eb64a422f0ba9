"""What a provider asks of the wallet, in the words that both dialects share, and how the wallet refuses it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum

from synthetic.reference.cell.context import RoundClosed
from synthetic.reference.ledger import Balance


class Kind(StrEnum):
    """What one call does."""

    BET = "bet"
    WIN = "win"
    ROLLBACK = "rollback"
    CLOSE = "close"


class Reason(StrEnum):
    """Why the wallet refuses a call; each dialect has its own code for it."""

    SIGNATURE = "signature"
    MALFORMED = "malformed"
    WRONG_TYPE = "wrong type"
    UNKNOWN_PLAYER = "unknown player"
    INVALID_TOKEN = "invalid token"  # noqa: S105 - a reason, not a secret
    TOKEN_EXPIRED = "token expired"  # noqa: S105 - a reason, not a secret
    PLAYER_DISABLED = "player disabled"
    WRONG_GAME = "wrong game"
    WRONG_CURRENCY = "wrong currency"
    FUNDS = "not enough money"
    DUPLICATE = "transaction id used with other parameters"
    UNKNOWN_BET = "unknown bet"
    ROLLED_BACK = "rolled back"
    ROUND_CLOSED = "round closed"


class Refused(Exception):  # noqa: N818 - a business refusal, not a failure
    """The wallet refuses, and nothing moved.

    `balance` is the player's, where he is known. `bury` is a bet id that has to be refused from now on although this call
    is refused itself, and `closed` the round that this ended.
    """

    def __init__(self, reason: Reason, message: str = "", *, bury: str | None = None) -> None:
        super().__init__(message or reason.value)
        self.reason = reason
        self.balance: Balance | None = None
        self.bury = bury
        self.closed: RoundClosed | None = None


@dataclass(frozen=True, slots=True)
class WalletCall:
    """One transaction of a request.

    `transaction` is the provider's id of this call (empty for CLOSE), `reference` the bet's id for a win or a rollback
    (empty: the round's last live bet), `closes` says that the round ends with it, `free` that the stake is not the player's.
    """

    kind: Kind
    transaction: str = ""
    amount_minor: int = 0
    reference: str = ""
    closes: bool = False
    free: bool = False

    @property
    def is_last(self) -> bool:
        """Whether its round is over with it: a rollback, the end of a round, or a call that says so."""
        is_lost = self.kind is Kind.WIN and self.amount_minor == 0
        return self.closes or is_lost or self.kind in {Kind.ROLLBACK, Kind.CLOSE}


@dataclass(frozen=True, slots=True)
class WalletRequest:
    """What one HTTP request of a provider asks for: its calls happen all, in order, or not at all."""

    provider: str
    player_id: str
    token: str
    round_id: str
    game: str
    currency: str
    calls: tuple[WalletCall, ...]

    @property
    def scope(self) -> str:
        """Where a transaction id is unique: per provider and player (domain reference 6, 13)."""
        return f"wallet:{self.provider}:{self.player_id}"

    def fingerprint(self, call: WalletCall) -> str:
        """Of what a repetition must have in common with the first: everything but the session's token."""
        parts = (self.round_id, self.game, self.currency, call.kind, call.amount_minor, call.reference, call.free)
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Done:
    """A call that stands: the balance right after it, whether this was a repetition, and the round that it closed."""

    call: WalletCall
    balance: Balance
    replayed: bool = False
    closed: RoundClosed | None = None
