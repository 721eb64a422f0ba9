"""A PSP of style `intents` to be examined: its address, who we are there, what we pay with, and where its webhooks reach us."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from synthetic.conformance.examination import random_id
from synthetic.conformance.psp.inbox import Inbox
from synthetic.conformance.psp.merchant import Merchant, Terms
from synthetic.conformance.psp.receiver import receiving
from synthetic.contracts.laws.psp_intents.machine import IntentsMachine
from synthetic.contracts.laws.psp_intents.play import IntentsPlay
from synthetic.contracts.laws.psp_intents.tour import tour
from synthetic.contracts.laws.registering import register
from synthetic.contracts.laws.stage import Stage
from synthetic.core.money import Money
from synthetic.core.secrets import Redactor

TERMS = Terms(
    Money(100, "EUR"),
    good="card_ok",
    declined="card_insufficient_funds",
    failing="card_processing_error",
    payout_to="card_ok",
    timeout_s=5.0,
    settles_within_s=3.0,
)
"""The instruments of the reference PSP."""


@dataclass(frozen=True, slots=True)
class OpenedIntents:
    """A PSP that is connected to."""

    stage: Stage
    target: IntentsTarget
    api_key: str
    inbox: Inbox | None

    def begin(self) -> IntentsPlay:
        """A new play, as a player of its own."""
        redactor = Redactor()
        redactor.taint(self.api_key)
        player = f"laws-{uuid.uuid4()}"
        url = self.target.url.rstrip("/")
        return IntentsPlay(
            self.stage, Merchant(url, self.api_key, self.target.terms, random_id, self.inbox, player), redactor
        )

    @property
    def requests(self) -> int:
        """How many requests have been sent so far."""
        return self.stage.requests


@dataclass(frozen=True, slots=True)
class IntentsTarget:
    """`url`: what `/payment_intents` is below. Without an `api_key` we register as a merchant, as the reference PSP lets us.

    `inbox` and `webhooks_at`: where the webhooks of a merchant that exists already come in; a registered one has its own.
    `through`: makes another address of that of our receiver, such as a proxy's that the PSP's webhooks go through.
    """

    url: str
    terms: Terms = TERMS
    api_key: str = field(default="", repr=False)
    through: Callable[[str], str] = field(default=str, repr=False)
    ca_file: str = ""

    @property
    def name(self) -> str:
        """As a report calls it."""
        return "psp intents"

    @contextmanager
    def opened(self) -> Iterator[OpenedIntents]:
        """Connect, and be made a merchant where we are none. Raises TargetUnreachable, NotTried."""
        with Stage(self.url, ca_file=self.ca_file) as stage:
            stage.check_reach()
            if self.api_key:
                yield OpenedIntents(stage, self, self.api_key, None)
                return
            inbox, key = Inbox(secrets.token_urlsafe(16)), secrets.token_urlsafe(16)
            with receiving(inbox, "127.0.0.1", 0, stage.clock) as webhook_url:
                register(stage, self.url, key, self.through(webhook_url), inbox.secret)
                yield OpenedIntents(stage, self, key, inbox)

    def machine(self, begin: Callable[[], IntentsPlay]) -> IntentsMachine:
        """The merchant's machine over a new play."""
        return IntentsMachine(begin)

    def tour(self, play: IntentsPlay) -> None:
        """Every rule once."""
        tour(play)
