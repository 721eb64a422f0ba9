"""What a cell's modules share: settings, ledger, switchboard, who calls, background work, and the seams between them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from starlette.requests import HTTPConnection

from synthetic.reference.background import Background
from synthetic.reference.cell.call_log import CallLog
from synthetic.reference.cell.metrics import CellMetrics
from synthetic.reference.ledger import Ledger
from synthetic.reference.settings import CellSettings, ProviderAccount, PspAccount
from synthetic.reference.skew import SkewedClock
from synthetic.reference.switchboard import Switch, Switchboard


@dataclass(frozen=True, slots=True)
class Player:
    """A player as the handlers see him: identity and what compliance says."""

    player_id: str
    market: str
    brand: str
    currency: str
    segment: str
    kyc: str  # verified | pending
    synthetic: bool
    self_excluded: bool
    geo_blocked: bool
    deposit_day_minor: int
    wagering_minor: int


@dataclass(frozen=True, slots=True)
class GameSession:
    """What a wallet call's `token` stands for. An expired one blocks bets but never a win or a rollback."""

    session: str
    player_id: str
    provider: str
    game: str
    currency: str
    expired: bool


class SessionLookup(Protocol):
    """The gateway's answer to the wallet: whose game session is this token? Called in a worker thread."""

    def __call__(self, token: str) -> GameSession | None:
        """The session of this token, or None for a token that this lookup does not know."""


@dataclass(frozen=True, slots=True)
class RoundClosed:
    """A round reached its final state (`WON`, `LOST`, `VOID`). `cash_minor` is the player's cash right after it.

    `session` is the game session that opened it, None for a round that the provider opened by itself.
    """

    provider: str
    player_id: str
    round_id: str
    session: str | None
    state: str
    payout_minor: int
    cash_minor: int
    currency: str


Authenticate = Callable[[HTTPConnection], Awaitable[Player]]
RoundListener = Callable[[RoundClosed], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class CellContext:
    """One per cell, handed to every module's `*_routes(context)`.

    `authenticate(request)` answers the player of the bearer token or raises ApiError 401.
    `background` runs work that outlives a request. A module appends to `session_lookups` (who owns a wallet token) and
    to `on_round_closed` (told on the event loop, after the commit, in the order of the commits of a round).
    `wallet_calls` is what providers have told the wallet.
    """

    settings: CellSettings
    ledger: Ledger
    board: Switchboard
    authenticate: Authenticate
    background: Background
    metrics: CellMetrics
    clock: SkewedClock
    session_lookups: list[SessionLookup] = field(default_factory=list)
    on_round_closed: list[RoundListener] = field(default_factory=list)
    wallet_calls: CallLog = field(default_factory=CallLog)

    def switch(self, name: str, *, psp: str | None = None) -> bool:
        """Whether the fault or defect acts now, in this cell; ask only where the answer changes what happens."""
        return self.board.is_on(name, cell=self.settings.name, psp=psp)

    def acts(self, name: str, psp: str) -> bool:
        """`switch`, for books that are told of it as a function."""
        return self.switch(name, psp=psp)

    def acting(self, name: str, *, psp: str | None = None) -> Switch | None:
        """The switch with its parameters when it acts now, in this cell."""
        return self.board.acting(name, cell=self.settings.name, psp=psp)

    def psp(self, name: str) -> PspAccount | None:
        """This cell's account at a PSP, or None."""
        return next((account for account in self.settings.psps if account.psp == name), None)

    def provider(self, name: str) -> ProviderAccount | None:
        """This cell's account at a game provider, or None."""
        return next((account for account in self.settings.providers if account.provider == name), None)
