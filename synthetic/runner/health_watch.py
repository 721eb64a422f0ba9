"""What is seen of the runner, kept over a window: the signs that its health is judged by."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from synthetic.core.events import Event, RunEnded, RunStarted
from synthetic.core.outcome import RunOutcome
from synthetic.core.ports import Clock
from synthetic.runner.health import Bounds, Health, Signs, distrust, judge_health

WINDOW_S = 600.0
LAG_WINDOW_S = 60.0
KEPT_MAX = 100_000
GOING_MAX = 10_000


@dataclass(slots=True)
class Share:
    """How many of what happened within the window were bad. Asked before every run, so it is counted along and never summed up."""

    total: int = 0
    bad: int = 0
    _kept: deque[tuple[int, bool]] = field(default_factory=deque)

    def add(self, at_ns: int, *, bad: bool) -> None:
        """One more, at that instant of the monotonic clock."""
        self._kept.append((at_ns, bad))
        self.total += 1
        self.bad += bad
        if self.total > KEPT_MAX:
            self._forget()

    def forget_before(self, at_ns: int) -> None:
        """The window begins there."""
        while self._kept and self._kept[0][0] < at_ns:
            self._forget()

    def _forget(self) -> None:
        self.total -= 1
        self.bad -= self._kept.popleft()[1]


@dataclass(slots=True)
class HealthWatch:
    """Hears what happens and answers how the runner is. An EventSink, too: it counts the ends of runs.

    `stall_s(since_ns, until_ns)` is the longest stall of the event loop within a span of the clock (`drivers.lag.LagMeter`).
    `audit()` is why the audit can't be written (`audit.log.AuditLog.failed`).
    """

    clock: Clock
    stall_s: Callable[[int, int], float] = lambda _since_ns, _until_ns: 0.0
    bounds: Bounds = field(default_factory=Bounds)
    audit: Callable[[], str] = lambda: ""
    _begun_ns: int | None = None
    _loop_ns: int | None = None
    _scheduler_ns: int | None = None
    _last_run_ns: int | None = None
    _quiet_max_s: float | None = None
    _runs: Share = field(default_factory=Share)
    _slots: Share = field(default_factory=Share)
    _going: dict[str, None] = field(default_factory=dict)
    _journal: str = ""
    _killed: str = ""
    _config: str = ""

    def begun(self) -> None:
        """From now on slots are played."""
        self._begun_ns = self._loop_ns = self.clock.monotonic_ns()

    def loop_turned(self) -> None:
        """The event loop is alive; called by a task of its own every few seconds."""
        self._loop_ns = self.clock.monotonic_ns()

    def scheduler_looked(self) -> None:
        """The scheduler has looked which slots are due."""
        self._scheduler_ns = self.clock.monotonic_ns()

    def slot_began(self, late_s: float) -> None:
        """A slot began so long after its instant."""
        self._slots.add(self.clock.monotonic_ns(), bad=late_s > self.bounds.slip_s)

    def __call__(self, event: Event, /) -> None:
        """Count the end of a run that began here; aborted by us is as bad as tainted. A recovered run began elsewhere."""
        if isinstance(event, RunStarted):
            self._going[event.run_id] = None
            if len(self._going) > GOING_MAX:  # a run that was cut off never ends
                del self._going[next(iter(self._going))]
        elif isinstance(event, RunEnded) and event.run_id in self._going:
            del self._going[event.run_id]
            self._last_run_ns = self.clock.monotonic_ns()
            self._runs.add(self._last_run_ns, bad=event.outcome in (RunOutcome.TAINTED, RunOutcome.ABORTED))

    def silence_is_wanted(self) -> None:
        """A slot was not played by order, as in maintenance: the silence until now says nothing."""
        self._last_run_ns = self.clock.monotonic_ns()

    def journal_is(self, problem: str) -> None:
        """Why the journal is not available; "": it is."""
        self._journal = problem

    def killed_is(self, why: str) -> None:
        """By whom and why the kill switch was thrown; "": it is off."""
        if self._killed and not why:
            self.silence_is_wanted()
        self._killed = why

    def config_is(self, problem: str) -> None:
        """What is wrong with the newest configuration; "": nothing."""
        self._config = problem

    def expects_a_run_every(self, quiet_max_s: float | None) -> None:
        """After how long without the end of a run something is wrong; None: nothing is scheduled now."""
        if self._quiet_max_s is None and quiet_max_s is not None:
            self.silence_is_wanted()
        self._quiet_max_s = quiet_max_s

    def health(self) -> Health:
        """How the runner is now."""
        return judge_health(self.signs(), self.bounds)

    def distrust(self) -> str:
        """Why what is measured now means little, or "". Asked before every run: it looks only at what is counted along."""
        return distrust(self._counted(self.clock.monotonic_ns()), self.bounds)

    def signs(self) -> Signs:
        """What was seen within the window that ends now."""
        now_ns = self.clock.monotonic_ns()
        if self._begun_ns is None:
            return Signs(started=False, loop_age_s=0.0, scheduler_age_s=None)
        return replace(
            self._counted(now_ns),
            loop_age_s=self._age_s(self._loop_ns, now_ns),
            scheduler_age_s=self._age_s(self._scheduler_ns, now_ns),
            loop_lag_s=self.stall_s(max(self._begun_ns, now_ns - int(LAG_WINDOW_S * 1e9)), now_ns),
            run_age_s=self._age_s(self._last_run_ns, now_ns),
            quiet_max_s=self._quiet_max_s,
            journal=self._journal,
            audit=self.audit(),
            killed=self._killed,
            config=self._config,
        )

    def _counted(self, now_ns: int) -> Signs:
        """Slots and runs of the window, and nothing else."""
        for kept in (self._runs, self._slots):
            kept.forget_before(now_ns - int(WINDOW_S * 1e9))
        return Signs(
            started=True,
            loop_age_s=0.0,
            scheduler_age_s=None,
            slots=self._slots.total,
            slots_late=self._slots.bad,
            runs=self._runs.total,
            runs_tainted=self._runs.bad,
        )

    def _age_s(self, seen_ns: int | None, now_ns: int) -> float:
        since_ns = self._begun_ns if seen_ns is None else seen_ns
        assert since_ns is not None, "signs() answers before anything has begun"
        return (now_ns - since_ns) / 1e9
