"""Load shapes for Locust: promo peak, tournament start, payday, soak, and steps to failure. `-u` is the most users, `-t` how long.

locust -f load/locustfile.py,load/shapes/promo_peak.py --headless -u 100 -t 10m
"""

from __future__ import annotations

from collections.abc import Callable
from math import ceil
from typing import Any, ClassVar

from locust import LoadTestShape

from synthetic.locust_user import curves
from synthetic.locust_user.command import command_of
from synthetic.locust_user.steps import Steps

DEFAULT_S = 120.0
DEFAULT_USERS = 10
"""The most users, where nobody gave `-u`."""


class _Shape(LoadTestShape):
    """What all of them have. Locust sets `runner`."""

    abstract: ClassVar[bool] = True
    use_common_options: ClassVar[bool] = True
    users: ClassVar[int] = DEFAULT_USERS

    @property
    def _options(self) -> Any:
        assert self.runner is not None, "Locust sets it before the first tick"
        return self.runner.environment.parsed_options

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return float(self._options.run_time or DEFAULT_S)

    @property
    def elapsed_s(self) -> float:
        """How long it has lasted."""
        return float(self.get_run_time())  # type: ignore[no-untyped-call]

    @property
    def most_users(self) -> int:
        """How many users there are at most."""
        return int(self._options.num_users or self.users)


class _Curve(_Shape):
    """Follows a curve."""

    abstract: ClassVar[bool] = True
    curve: ClassVar[Callable[[float], float]]

    def tick(self) -> tuple[int, float] | None:
        """How many users there are now, and how many come in a second at most; None at the end."""
        progress = self.elapsed_s / self.duration_s
        if progress >= 1:
            return None
        users = max(1, ceil(self.most_users * type(self).curve(progress)))
        return users, float(max(users, self._options.spawn_rate or 0))


class PromoPeak(_Curve):
    """A push message goes out: five times as many users within moments, who leave again one by one."""

    curve = curves.promo_peak


class TournamentStart(_Curve):
    """Players sign in, pay in and wait at the table; at half time all of them join over WebSocket in one instant."""

    curve = curves.tournament_start
    gather: ClassVar[str] = "games.launch"

    def gather_after_s(self) -> float:
        """When the tournament starts."""
        return self.duration_s * curves.TOURNAMENT_AT


class Payday(_Curve):
    """A steep morning, a long plateau, a lull, a second wave."""

    curve = curves.payday


class Soak(_Curve):
    """Everybody for hours: what leaks or drifts shows."""

    curve = curves.soak


class StepToFailure(_Shape):
    """A tenth more users with each step, until an objective is missed in a step, players run out, or a step says nothing."""

    steps: ClassVar[int] = 10

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._judged = 0
        self._steps: Steps | None = None

    def reset_time(self) -> None:
        """A new test begins."""
        super().reset_time()  # type: ignore[no-untyped-call]
        self._judged = 0
        self._steps = None

    def tick(self) -> tuple[int, float] | None:
        """The users of this step; None once the last one held or one did not."""
        step_s = self.duration_s / self.steps
        step = curves.step_of(self.elapsed_s, step_s, self.steps)
        if step - 1 > self._judged:
            self._judged = step - 1
            if self._is_last(step - 1) or step > self.steps:
                return None
        users = self._users(step)
        return users, float(users)

    def _users(self, step: int) -> int:
        return max(1, self.most_users * min(step, self.steps) // self.steps)

    def _is_last(self, step: int) -> bool:
        """Whether the test ends with the step that is over; what it has shown is noted."""
        assert self.runner is not None, "Locust sets it before the first tick"
        command = command_of(self.runner.environment)
        self._steps = self._steps or Steps(command.asked.policy)
        is_last = self._steps.over(self._users(step), command.lately())
        command.limit, command.unclear = self._steps.limit, self._steps.unclear
        return is_last
