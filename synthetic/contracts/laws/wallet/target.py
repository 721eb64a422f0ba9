"""A wallet to be examined: its address, its dialect and key, who plays, and what the wallet of the field may do otherwise."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from synthetic.conformance.dialects import DIALECTS
from synthetic.conformance.examination import random_id
from synthetic.conformance.wallet.provider import Given, Provider
from synthetic.contracts.laws.stage import Stage
from synthetic.contracts.laws.wallet.machine import WalletMachine
from synthetic.contracts.laws.wallet.model import PUBLISHED, Knobs
from synthetic.contracts.laws.wallet.play import WalletPlay
from synthetic.contracts.laws.wallet.tour import tour
from synthetic.core.secrets import Redactor


@dataclass(frozen=True, slots=True)
class OpenedWallet:
    """A wallet that is connected to."""

    stage: Stage
    target: WalletTarget

    def begin(self) -> WalletPlay:
        """A new play."""
        target = self.target
        provider = Provider(DIALECTS[target.dialect](target.key), target.url, target.given, random_id)
        return WalletPlay(self.stage, provider, target.knobs, target.redactor())

    @property
    def requests(self) -> int:
        """How many requests have been sent so far."""
        return self.stage.requests


@dataclass(frozen=True, slots=True)
class WalletTarget:
    """`url`: what the dialect's paths are below. `dialect`: `hub88` (A) or `softswiss` (B); `key`: what the provider signs with.

    The first player needs about 20 stakes; without a second player, an expired token or a retry window their laws are left out.
    """

    url: str
    dialect: str
    key: str = field(repr=False)
    given: Given
    knobs: Knobs = PUBLISHED
    ca_file: str = ""

    @property
    def name(self) -> str:
        """As a report calls it."""
        return f"wallet {self.dialect}"

    @contextmanager
    def opened(self) -> Iterator[OpenedWallet]:
        """Connect. Raises TargetUnreachable."""
        with Stage(self.url, ca_file=self.ca_file) as stage:
            stage.check_reach()
            yield OpenedWallet(stage, self)

    def machine(self, begin: Callable[[], WalletPlay]) -> WalletMachine:
        """The wallet's machine over a new play."""
        return WalletMachine(begin)

    def tour(self, play: WalletPlay) -> None:
        """Every rule once."""
        tour(play)

    def redactor(self) -> Redactor:
        """Masks the key and the tokens."""
        redactor = Redactor()
        second = self.given.second.token if self.given.second else ""
        for secret in (self.key, self.given.seat.token, second, self.given.expired_token or ""):
            if secret:
                redactor.taint(secret)
        return redactor
