"""A cashier to be examined: the player API, where it takes a PSP's webhooks, and how the PSP itself is kept silent meanwhile."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from synthetic.contracts.laws.cashier.calls import CallsPlay
from synthetic.contracts.laws.cashier.calls_machine import CallsMachine
from synthetic.contracts.laws.cashier.calls_machine import tour as calls_tour
from synthetic.contracts.laws.cashier.machine import CashierMachine, tour
from synthetic.contracts.laws.cashier.play import CashierPlay
from synthetic.contracts.laws.machine import LawMachine
from synthetic.contracts.laws.players import Credentials, Player, playing
from synthetic.contracts.laws.stage import Stage
from synthetic.core.secrets import Redactor


@dataclass(frozen=True, slots=True)
class OpenedCashier:
    """A cashier with its player logged in."""

    target: CashierTarget
    stage: Stage
    player: Player

    def begin(self) -> CashierPlay:
        """A new play."""
        target, redactor = self.target, Redactor()
        redactor.taint(target.secret)
        made = CallsPlay if target.style == "notifications" else CashierPlay
        return made(self.stage, self.player, target.psp, target.webhook_url, target.secret, redactor)

    @property
    def requests(self) -> int:
        """How many requests have been sent so far."""
        return self.stage.requests + self.player.requests


@dataclass(frozen=True, slots=True)
class CashierTarget:
    """`secret` signs our events as those of `psp`, which has to say nothing of these payments itself: `silence` sees to it."""

    api_url: str
    webhook_url: str
    psp: str
    secret: str = field(repr=False)
    who: Credentials
    style: str = "intents"  # intents, notifications
    silence: Callable[[], AbstractContextManager[None]] = field(default=nullcontext, repr=False)

    @property
    def name(self) -> str:
        """As a report calls it."""
        return "cashier webhooks" if self.style == "intents" else "cashier calls"

    @contextmanager
    def opened(self) -> Iterator[OpenedCashier]:
        """Log in, and keep the PSP silent. Raises TargetUnreachable, NotTried."""
        with self.silence(), Stage(self.webhook_url) as stage, playing(self.api_url, self.who) as player:
            yield OpenedCashier(self, stage, player)

    def machine(self, begin: Callable[[], CashierPlay]) -> LawMachine[Any]:
        """The PSP's machine over a new play."""
        return CallsMachine(begin) if self.style == "notifications" else CashierMachine(begin)  # type: ignore[arg-type] # `begin` has it

    def tour(self, play: CashierPlay) -> None:
        """Every rule once."""
        if isinstance(play, CallsPlay):
            calls_tour(play)
        else:
            tour(play)
