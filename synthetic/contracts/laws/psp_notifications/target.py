"""A PSP of style B to be examined: its address, at which we register as a merchant, and where its calls reach us."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from synthetic.contracts.laws.psp_notifications.client import Merchant
from synthetic.contracts.laws.psp_notifications.desk import Desk, listening
from synthetic.contracts.laws.psp_notifications.machine import NotificationsMachine, tour
from synthetic.contracts.laws.psp_notifications.play import NotificationsPlay
from synthetic.contracts.laws.registering import register
from synthetic.contracts.laws.stage import Stage
from synthetic.core.secrets import Redactor


@dataclass(frozen=True, slots=True)
class OpenedNotifications:
    """A PSP that is connected to."""

    stage: Stage
    target: NotificationsTarget
    api_key: str
    desk: Desk

    def begin(self) -> NotificationsPlay:
        """A new play, as a player of its own."""
        redactor = Redactor()
        redactor.taint(self.api_key)
        merchant = Merchant(f"{self.target.url.rstrip('/')}/api", self.api_key, f"laws-{uuid.uuid4()}")
        return NotificationsPlay(self.stage, merchant, self.desk, redactor)

    @property
    def requests(self) -> int:
        """How many requests have been sent so far."""
        return self.stage.requests


@dataclass(frozen=True, slots=True)
class NotificationsTarget:
    """`url`: what `/api/deposits` is below. `through`: makes another address of our receiver's, such as a proxy's in between."""

    url: str
    through: Callable[[str], str] = field(default=str, repr=False)
    ca_file: str = ""

    @property
    def name(self) -> str:
        """As a report calls it."""
        return "psp notifications"

    @contextmanager
    def opened(self) -> Iterator[OpenedNotifications]:
        """Connect, and be made a merchant. Raises TargetUnreachable, NotTried."""
        with Stage(self.url, ca_file=self.ca_file) as stage:
            stage.check_reach()
            desk, key = Desk(secrets.token_urlsafe(16)), secrets.token_urlsafe(16)
            with listening(desk, stage.clock) as calls_url:
                register(stage, self.url, key, self.through(calls_url), desk.secret)
                yield OpenedNotifications(stage, self, key, desk)

    def machine(self, begin: Callable[[], NotificationsPlay]) -> NotificationsMachine:
        """The merchant's machine over a new play."""
        return NotificationsMachine(begin)

    def tour(self, play: NotificationsPlay) -> None:
        """Every rule once."""
        tour(play)
