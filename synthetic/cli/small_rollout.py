"""A rollout in small: 5, 25, 50, 100 % of the traffic, each after a pass of the gate on what was played until then.

The platform of the demo sends no traffic of others, so a share is only a word there. What is real is everything that the gate
sees, and what it says; what a controller makes of that is told beside it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from synthetic.cli.playing import Played
from synthetic.config.slo import shipped_policy
from synthetic.gate.decide import decide
from synthetic.gate.decision import Decision, Reason
from synthetic.gate.gathering import gather
from synthetic.gate.observed import Observation
from synthetic.gate.observing import observe
from synthetic.gate.policy import Policy
from synthetic.report.summary import ShareBlock, Then
from synthetic.runner.specs import Turn

SHARES = (5, 25, 50, 100)
SLICES = 3
SPARE_ROUNDS_MIN = 3
TICK_S = 2.0
MARGIN = 0.4
PAIRS_MIN = 6
EVERY = 1_000


def rounds_needed(rounds: int) -> int:
    """How many rounds of all scenarios there have to be for a rollout over so many: some are spare, for a gate that is not sure."""
    return rounds + max(rounds, SPARE_ROUNDS_MIN)


def small_policy(elapsed_s: float) -> Policy:
    """The shipped one, for a rollout that is over in a minute: it is sure of less, and watches for as long as there is.

    Latencies are left aside: those of one machine that plays platform and harness at once say nothing of a release. And no pod
    restarts here, so each failure of a tick counts.
    """
    shipped = shipped_policy()
    objectives = tuple(
        replace(objective, margin=MARGIN) for objective in shipped.objectives if objective.measure == "success"
    )
    return replace(
        shipped,
        objectives=objectives,
        window_s=elapsed_s,
        step_s=0.0,
        tick_s=TICK_S,
        pairs_min=PAIRS_MIN,
        burst_max=EVERY,
    )


@dataclass(slots=True)
class SmallRollout:
    """Says what is played next, and keeps what the gate said at each share. `tell` hears of each share that is decided.

    `canary` and `baseline` are the names of the cells. `spare` is for a gate that has not seen enough.
    """

    canary: str
    baseline: str
    batches: list[Sequence[Turn]]
    spare: list[Sequence[Turn]]
    tell: Callable[[ShareBlock], None] = lambda _share: None
    shares: list[ShareBlock] = field(default_factory=list)
    decision: Decision | None = None
    _step_ns: int = 0
    _was_shared: bool = False

    @classmethod
    def over(
        cls, turns: Sequence[Turn], rounds: int, canary: str, baseline: str, tell: Callable[[ShareBlock], None]
    ) -> SmallRollout:
        """A rollout over pairs in so many rounds of all scenarios; what `turns` has beyond them is spare.

        The gate is asked after each round; the last one is played in slices, one for each of the larger shares.
        """
        by_round = [[turn for turn in turns if turn.number == number] for number in range(rounds_needed(rounds))]
        whole = max(rounds - 1, 1)
        last, spare = (
            [part for one in some for part in _sliced(one)] for some in (by_round[whole:rounds], by_round[rounds:])
        )
        return cls(canary, baseline, [*by_round[:whole], *last], spare, tell)

    @property
    def is_promoted(self) -> bool:
        """The gate has passed it at every share."""
        return bool(self.shares) and self.shares[-1].then == "promotes it"

    def next_batch(self, played: Played) -> Sequence[Turn]:
        """The pairs that are played next, none where the rollout is over."""
        return self.after(observe(played.events)) if played.events else self.batches.pop(0)

    def after(self, seen: Sequence[Observation]) -> Sequence[Turn]:
        """Ask the gate about what has been seen, and do as a controller does."""
        decision = self.look(seen)
        more = self._more(decision)
        if decision.verdict == "fail":
            return self._end(seen, decision, "rolls it back")
        if decision.verdict == "pass" and len(self.shares) == len(SHARES) - 1:
            return self._end(seen, decision, "promotes it")
        if not more:
            return self._end(seen, decision, "holds it")
        if decision.verdict == "pass":
            self._keep(seen, decision, "goes on")
            self._step_ns = _latest_ns(seen)
        return more.pop(0)

    def look(self, seen: Sequence[Observation]) -> Decision:
        """What the gate says now."""
        since_ns, now_ns = min((one.started_ns for one in seen), default=0), _latest_ns(seen)
        policy = small_policy((now_ns - since_ns) / 1e9)
        evidence = gather(
            policy,
            seen,
            cell=self.canary,
            baseline=self.baseline,
            since_ns=since_ns,
            now_ns=now_ns,
            step_ns=self._step_ns,
        )
        self.decision = decide(policy, evidence)
        return self.decision

    def _more(self, decision: Decision) -> list[Sequence[Turn]]:
        """Where the next pairs come from. A fault of both sides is looked at twice, and not played away."""
        was_shared, self._was_shared = self._was_shared, decision.reason is Reason.SHARED_FAULT
        if self._was_shared:
            return [] if was_shared else self.spare
        if self.batches:
            return self.batches
        return self.spare if decision.verdict == "pass" or decision.reason is Reason.INSUFFICIENT else []

    def _end(self, seen: Sequence[Observation], decision: Decision, then: Then) -> Sequence[Turn]:
        self._keep(seen, decision, then)
        return ()

    def _keep(self, seen: Sequence[Observation], decision: Decision, then: Then) -> None:
        weight, pairs = SHARES[len(self.shares)], len({one.pair for one in seen})
        share = ShareBlock(weight=weight, pairs=pairs, verdict=decision.verdict, reason=str(decision.reason), then=then)
        self.shares.append(share)
        self.tell(share)


def _latest_ns(seen: Sequence[Observation]) -> int:
    return max((one.started_ns + one.duration_ns for one in seen), default=0)


def _sliced(turns: Sequence[Turn]) -> list[Sequence[Turn]]:
    """A round in parts, each with something of every scenario that has enough rows."""
    return [part for part in (turns[place::SLICES] for place in range(SLICES)) if part]
