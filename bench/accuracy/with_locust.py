"""Journeys by hand as a Locust user; the latency is the one that Locust reports.

`python -m bench.accuracy.with_locust URL CELLS AT_ONCE SECONDS`
"""

from __future__ import annotations

from gevent import monkey

monkey.patch_all()

import itertools  # noqa: E402 - gevent has to be first
import sys  # noqa: E402
import time  # noqa: E402
from collections.abc import Sequence  # noqa: E402
from typing import Any  # noqa: E402

import gevent  # noqa: E402
from locust import FastHttpUser, task  # noqa: E402
from locust.env import Environment  # noqa: E402

from bench.accuracy.by_hand import calls  # noqa: E402
from bench.accuracy.sampling import CALL_TIMEOUT_S, WARM_UP_S, Samples, Task  # noqa: E402
from bench.server.starting import truth_of  # noqa: E402

_numbers = itertools.count()


class Player(FastHttpUser):
    """One player, who plays one journey after the other."""

    connection_timeout = network_timeout = CALL_TIMEOUT_S
    wanted: Task
    samples: Samples

    def on_start(self) -> None:
        """Locust's: begin when it is this player's turn."""
        self.number = next(_numbers)
        self.played = 0
        gevent.sleep(self.wanted.begins_after_s(self.number))

    @task
    def journey(self) -> None:
        """One journey."""
        self.played += 1
        journey = calls(self.number, f"r{self.number}-{self.played}")
        told: Any = None
        while True:
            try:
                call = journey.send(told)
            except StopIteration:
                self.samples.journeys += 1
                return
            told = self.client.request(call.method, call.path, headers=call.headers, json=call.body).json()


def play(wanted: Task) -> Samples:
    """Play journeys until the time is over."""
    environment = Environment(user_classes=[Player], host=wanted.url)
    samples = Samples()
    Player.wanted, Player.samples = wanted, samples

    def took(response_time: float, response: Any, exception: Exception | None, **_others: Any) -> None:
        if exception is not None:
            samples.failed += 1
            return
        samples.add(int(response_time * 1e6), truth_of(response.headers))

    environment.events.request.add_listener(took)
    runner = environment.create_local_runner()
    runner.start(wanted.at_once, spawn_rate=wanted.at_once)
    end_s = time.monotonic() + WARM_UP_S + wanted.for_s
    gevent.sleep(end_s - time.monotonic())
    environment.events.request.remove_listener(took)
    runner.quit()
    return samples


def main(arguments: Sequence[str]) -> int:
    """Play, and print the samples."""
    play(Task.of(arguments)).tell()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
