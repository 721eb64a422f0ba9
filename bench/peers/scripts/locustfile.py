"""The journey in Locust: USERS users play JOURNEYS journeys between them; KIND says with which of its clients."""

from __future__ import annotations

import os
from itertools import count
from typing import Any

import gevent
from locust import FastHttpUser, HttpUser, events
from locust.exception import StopUser

AMOUNT = 100
JOURNEYS, SALT = int(os.environ["JOURNEYS"]), os.environ["SALT"]
_player, _journey = count(), count(1)
_ended: list[str] = []


class BrokenError(Exception):
    """A check of a journey did not hold."""


def require(held: object, what: str) -> None:
    """Raises BrokenError where a check does not hold."""
    if not held:
        raise BrokenError(what)


class Plays:
    """The journey over `self.client`, whose face is the same in both of Locust's clients."""

    client: Any
    environment: Any
    host = os.environ["BASE"]

    def on_start(self) -> None:
        """Each user has a player of its own."""
        self.player = f"canary-{next(_player)}"

    def journey(self) -> None:
        """One journey, until all are played."""
        number = next(_journey)
        if number > JOURNEYS:
            raise StopUser
        try:
            self._play(f"locust-{SALT}-{number}")
            _ended.append("")
        except Exception as error:  # noqa: BLE001 - whatever broke, this journey is none
            _ended.append(repr(error))
        if len(_ended) == JOURNEYS:
            gevent.spawn(self.environment.runner.quit)  # it waits for users, and so for whoever calls it

    def _play(self, run: str) -> None:
        signing = {"username": self.player, "password": os.environ["PASSWORD"]}
        login = self.client.post("/auth/login", json=signing, headers={"X-Synthetic-Run": run})
        require(login.status_code == 200, "login")
        headers = {"Authorization": f"Bearer {login.json()['token']}", "X-Synthetic-Run": run}
        start = self._balance(headers)
        self._ledger(headers)
        self._pay("deposits", "succeeded", f"{run}-deposit", headers)
        funds = self._balance(headers)
        self._pay("withdrawals", "paid", f"{run}-withdraw", headers)
        end = self._balance(headers)
        self._ledger(headers)
        require(funds["cash_minor"] == start["cash_minor"] + AMOUNT, "the deposit is there")
        require(end["cash_minor"] == start["cash_minor"], "the withdrawal is gone")
        require(
            end["total_minor"] == end["cash_minor"] + end["bonus_minor"] + end["locked_minor"], "the total is the sum"
        )

    def _balance(self, headers: dict[str, str]) -> Any:
        answer = self.client.get("/wallet/balance", headers=headers)
        require(answer.status_code == 200, "balance")
        return answer.json()

    def _ledger(self, headers: dict[str, str]) -> None:
        require(self.client.get("/wallet/ledger", headers=headers).status_code == 200, "ledger")

    def _pay(self, kind: str, state: str, key: str, headers: dict[str, str]) -> None:
        asked = {"amount_minor": AMOUNT, "currency": "EUR", "psp": "psp-a", "instrument": "card_ok"}
        answer = self.client.post(f"/cashier/{kind}", json=asked, headers={**headers, "Idempotency-Key": key})
        require(answer.status_code == 202 and answer.json()["state"] == state, kind)


if os.environ["KIND"] == "fast":

    class FastPlayer(Plays, FastHttpUser):
        """With geventhttpclient."""

        tasks = (Plays.journey,)

else:

    class Player(Plays, HttpUser):
        """With requests."""

        tasks = (Plays.journey,)


@events.quitting.add_listener
def _judge(environment: Any, **_: object) -> None:
    broken = [ended for ended in _ended if ended]
    environment.process_exit_code = 0 if len(_ended) == JOURNEYS and not broken else 1
    if broken:
        print(f"{len(broken)} journeys broke, the first one: {broken[0]}")
