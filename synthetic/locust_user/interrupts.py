"""Ctrl-C and SIGTERM: the test ends before its time, its runs come to their end, and the verdict says so.

Locust ends differently for the two: after SIGTERM it writes no report. So both take the way of Ctrl-C here.
"""

from __future__ import annotations

from typing import Any

import gevent
from locust.runners import STATE_RUNNING, STATE_SPAWNING, WorkerRunner

from synthetic.locust_user.command import Command

_FOR_EVER_S = 3600.0
_BY_SIGTERM = 143


class Interrupts:
    """What a signal does to this process. Made in the greenlet that ends it, Locust's main one."""

    def __init__(self, environment: Any, runner: Any, command: Command) -> None:
        self._environment = environment
        self._runner = runner
        self._command = command
        self._main = gevent.getcurrent()
        self._asked = False

    def ctrl_c(self) -> None:
        """Python would raise it in whichever user plays just then, and leave his money where it is.

        A terminal sends it to all processes; while a test goes on, workers leave it to the master to end that. Once more ends them.
        """
        playing = isinstance(self._runner, WorkerRunner) and self._runner.worker_state in (
            STATE_SPAWNING,
            STATE_RUNNING,
        )
        if playing and not self._asked:
            self._asked = True
            return
        self._end()

    def sigterm(self) -> None:
        """As Ctrl-C, once a test has begun; Locust hears it as well, but not while its main greenlet is busy with a shape."""
        if self._command.has_begun:
            self._end()
        elif self._environment.parsed_options.headless:
            gevent.kill(self._main, SystemExit(_BY_SIGTERM))

    def hand_over(self) -> None:
        """Locust ends after SIGTERM in a greenlet of its own: leave it to its main one, once a test has begun.

        That one writes the report first, and ends the process, which this greenlet waits for.
        """
        if gevent.getcurrent() is self._main or not self._command.has_begun:
            return
        while True:
            gevent.sleep(_FOR_EVER_S)

    def _end(self) -> None:
        self._command.interrupt(planned_s(self._environment))
        gevent.kill(self._main, KeyboardInterrupt)


def planned_s(environment: Any) -> float | None:
    """How long the test was to last; 0 where nobody said so and only a signal can end it, None where only its shape knows."""
    shape = environment.shape_class
    if shape is None or environment.parsed_options.run_time:
        return float(environment.parsed_options.run_time or 0)
    duration_s: float | None = getattr(shape, "duration_s", None)
    return duration_s
