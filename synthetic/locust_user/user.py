"""The Locust user that plays scenarios. A locustfile says which ones, how often, and what they may cost.

from locust import between, events
from synthetic.locust_user.user import ScenarioUser, attach

attach(events)

class Player(ScenarioUser):
    plays = {"deposit-bet-withdraw": 1}
    budget = {"run": "5.00 EUR", "day": "5000.00 EUR"}
    wait_time = between(1, 3)
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import ClassVar

import gevent
from locust import FastHttpUser, events, task
from locust.env import Environment

from synthetic.core.ports import fan_out
from synthetic.locust_user.carrier import SharedClients
from synthetic.locust_user.command import command_of
from synthetic.locust_user.hub import to_its_end
from synthetic.locust_user.session import NothingToPlay
from synthetic.locust_user.telling import LocustTelling
from synthetic.locust_user.wiring import attach, expect_attach

__all__ = ["ScenarioUser", "attach"]

RETRY_S = 0.5
expect_attach(events)


class ScenarioUser(FastHttpUser):
    """Plays one run at a time, on a player of its own. Subclass it; tasks of your own may stand beside, with `self.client`.

    `plays`: scenarios by name, each with its weight. `budget`: the caps `run`, `account_day`, `day` and `outstanding`, of which
    the first and the third are needed. `only`: rows of the matrices to keep, such as `{"psp": "psp-a"}`.
    """

    abstract = True
    plays: ClassVar[Mapping[str, int]] = {}
    budget: ClassVar[Mapping[str, str]] = {}
    only: ClassVar[Mapping[str, str]] = {}

    def __init__(self, environment: Environment) -> None:
        self._command = command_of(environment)
        self._session = self._command.session
        self.client_pool = SharedClients(self._session.asked.tls, self._session.limits)
        super().__init__(environment)
        self._played = self._session.asked.played[type(self).__name__]
        self._driver = self._session.driver(self.client_pool)
        self._sink = fan_out([self._session.take, LocustTelling(environment.events.request.fire)])
        self._due_s: float | None = None
        if self._command.arrivals is not None:
            vars(self)["wait_time"] = self._until_due  # in place of the locustfile's think time

    @task
    def play_scenario(self) -> None:
        """Play the next run; in an open model, the one that is due next."""
        if self._command.arrivals is not None and self._due_s is None:
            self.wait()  # type: ignore[no-untyped-call]
        if self._command.must_end():
            gevent.sleep(RETRY_S)
            return
        due_ns = None if self._due_s is None else int(self._due_s * 1e9)
        chosen = self._session.choose(self._played)
        gathering = self._command.gathering
        try:
            to_its_end(self._session.play, chosen, self._driver, due_ns=due_ns, sink=self._sink, gathering=gathering)
        except NothingToPlay as why:
            self._session.figures.miss(str(why))
            self._command.note(why.ends_test)
            gevent.sleep(RETRY_S)
        self._command.must_end()  # whoever rests now would say it late

    def on_stop(self) -> None:
        """Close the connections."""
        self._driver.close()

    def _until_due(self) -> float:
        """Locust's pause between two tasks, in seconds: until the next run is due."""
        assert self._command.arrivals is not None, "runs are due in an open model"
        self._due_s = self._command.arrivals.take()
        return max(0.0, self._due_s - time.monotonic())
