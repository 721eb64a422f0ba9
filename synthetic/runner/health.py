"""Whether the runner can be trusted: judged from what was seen of it, without clocks or I/O.

Two questions. *Alive*: would a restart mend it? *Ready*: do its numbers and its schedule mean anything right now? A killed
runner is alive and not ready: to restart it would help nobody.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Reason(StrEnum):
    """Why the runner is not to be trusted."""

    STARTING = "starting"
    LOOP_STUCK = "loop_stuck"
    SCHEDULER_DEAD = "scheduler_dead"
    LOOP_LAG = "loop_lag"
    SCHEDULE_SLIP = "schedule_slip"
    TAINTED = "tainted"
    JOURNAL = "journal"
    AUDIT = "audit"
    KILLED = "killed"
    CONFIG = "config"
    NO_RUNS = "no_runs"


MENDED_BY_RESTART = frozenset({Reason.LOOP_STUCK, Reason.SCHEDULER_DEAD})


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where trust ends. Times are in seconds."""

    stuck_s: float = 30.0  # without a beat of the loop, or of the scheduler
    loop_lag_s: float = 0.25
    slip_s: float = 1.0  # a slot that begins so much later is late
    slip_share: float = 0.05
    tainted_share: float = 0.05
    runs_min: int = 20  # of fewer runs or slots no share is told: one of three says little


@dataclass(frozen=True, slots=True)
class Signs:
    """What was seen of the runner. Ages are in seconds; None: it has not been seen at all.

    `quiet_max_s`: after how long without the end of a run something is wrong; None where nothing is scheduled.
    """

    started: bool
    loop_age_s: float
    scheduler_age_s: float | None
    loop_lag_s: float = 0.0
    slots: int = 0
    slots_late: int = 0
    runs: int = 0
    runs_tainted: int = 0
    run_age_s: float = 0.0
    quiet_max_s: float | None = None
    journal: str = ""  # why it is not available
    audit: str = ""  # why it can't be written
    killed: str = ""  # by whom and why
    config: str = ""  # what is wrong with the newest one


@dataclass(frozen=True, slots=True)
class Trouble:
    """One reason, in words."""

    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Health:
    """All reasons that hold, the gravest first."""

    troubles: tuple[Trouble, ...] = ()

    @property
    def alive(self) -> bool:
        """Whether a restart would mend nothing."""
        return not any(trouble.reason in MENDED_BY_RESTART for trouble in self.troubles)

    @property
    def ready(self) -> bool:
        """Whether its numbers and its schedule can be trusted."""
        return not self.troubles

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons alone."""
        return tuple(trouble.reason for trouble in self.troubles)


def judge_health(signs: Signs, bounds: Bounds = Bounds()) -> Health:
    """Every reason that holds."""
    if not signs.started:
        return Health((Trouble(Reason.STARTING, "it has not begun to play yet"),))
    found = {
        Reason.LOOP_STUCK: _stuck(signs.loop_age_s, bounds.stuck_s, "the event loop has not turned"),
        Reason.SCHEDULER_DEAD: _stuck(signs.scheduler_age_s, bounds.stuck_s, "the scheduler has not looked for slots"),
        Reason.JOURNAL: signs.journal and f"the journal is not available, so nothing is admitted: {signs.journal}",
        Reason.AUDIT: signs.audit and f"the audit can't be written, so nothing is admitted: {signs.audit}",
        Reason.KILLED: signs.killed and f"the kill switch is on: {signs.killed}",
        Reason.CONFIG: signs.config and f"the newest configuration is invalid and the old one in force: {signs.config}",
        Reason.LOOP_LAG: _lag(signs, bounds),
        Reason.SCHEDULE_SLIP: _slip(signs, bounds),
        Reason.TAINTED: _tainted(signs, bounds),
        Reason.NO_RUNS: _no_runs(signs),
    }
    return Health(tuple(Trouble(reason, message) for reason, message in found.items() if message))


def distrust(signs: Signs, bounds: Bounds = Bounds()) -> str:
    """Why what is measured now means little: slots that slip, runs that are spoiled; "": nothing says so."""
    return _slip(signs, bounds) or _tainted(signs, bounds)


def _stuck(age_s: float | None, max_s: float, what: str) -> str:
    if age_s is None:
        return ""  # what has not begun can't have stopped
    return f"{what} for {age_s:.0f} s (at most {max_s:g} s)" if age_s > max_s else ""


def _lag(signs: Signs, bounds: Bounds) -> str:
    if signs.loop_lag_s <= bounds.loop_lag_s:
        return ""
    return f"the event loop stalled for {signs.loop_lag_s:.2f} s (at most {bounds.loop_lag_s:g} s): what it measures is its own"


def _slip(signs: Signs, bounds: Bounds) -> str:
    if signs.slots < bounds.runs_min or signs.slots_late <= signs.slots * bounds.slip_share:
        return ""
    return f"{signs.slots_late} of {signs.slots} slots began more than {bounds.slip_s:g} s late: it can't keep its schedule"


def _tainted(signs: Signs, bounds: Bounds) -> str:
    if signs.runs < bounds.runs_min or signs.runs_tainted <= signs.runs * bounds.tainted_share:
        return ""
    share = signs.runs_tainted / signs.runs
    return f"{signs.runs_tainted} of {signs.runs} runs ({share:.0%}) were spoiled by our own lag or fault"


def _no_runs(signs: Signs) -> str:
    if signs.quiet_max_s is None or signs.killed or signs.run_age_s <= signs.quiet_max_s:
        return ""
    return f"no run has ended for {signs.run_age_s:.0f} s (at most {signs.quiet_max_s:.0f} s): silence is no pass"
