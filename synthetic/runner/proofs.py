"""The proofs that are taken before a run is admitted: a synthetic account, the right cell, a clock that agrees.

Fail-closed: what can't be proved is refused, whatever the reason. A proof is a scenario of one step, made of the mapping's
`proofs`, and played like any other; nobody counts it. It holds for a while, and is renewed before it runs out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from itertools import count

from synthetic.config.cell_secrets import CellSecrets
from synthetic.core.events import Event, ExchangeDone, RunEnded
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import CellPlan, PlatformPlan, PlayerPlan, RunSpec, ScenarioPlan, Schedule, StepPlan
from synthetic.core.plan_serving import PRODUCTION, LimitsPlan
from synthetic.core.ports import Clock, EventSink
from synthetic.core.wording import brief
from synthetic.runner.grid import SECOND_NS
from synthetic.runner.policy import Refusal
from synthetic.runner.specs import Part, Turn, make_spec
from synthetic.runner.timetable import Missed

PlayProof = Callable[[RunSpec, EventSink], Awaitable[RunEnded]]
"""Plays a run that moves no money on its cell."""
SecretsOf = Callable[[CellPlan], CellSecrets]

RETRY_NS = 15 * SECOND_NS  # how long a proof that failed keeps others from asking again
WITHIN_S = 5.0
_SAYS = {
    "player": ("synthetic-account", "it is not proven that the account {player} on cell {cell} is synthetic"),
    "cell": ("right-cell", "it is not proven that the addresses of cell {cell} lead to it"),
}


@dataclass(slots=True)
class _Taken:
    """A proof that was taken of a subject, until when it counts, and whether somebody has asked for it since."""

    subject: tuple[str, PlatformPlan, CellPlan, PlayerPlan]
    found: tuple[Refusal, ...] = ()
    until_ns: int = 0
    asked: bool = True
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class Proofs:
    """Takes proofs and keeps them. `play` performs; `seed` is one that no other process has."""

    def __init__(self, *, limits: LimitsPlan, clock: Clock, play: PlayProof, secrets_of: SecretsOf, seed: int) -> None:
        self._limits = limits
        self._clock = clock
        self._play = play
        self._secrets_of = secrets_of
        self._seed = seed
        self._number = count()
        self._taken: dict[tuple[str, str, str], _Taken] = {}

    async def refusals(self, platform: PlatformPlan, cell: CellPlan, player: PlayerPlan) -> list[Refusal]:
        """Why this player may not be played on this cell; nothing where everything is proven."""
        return [*await self.of_cell(platform, cell), *await self.of_player(platform, cell, player)]

    async def of_cell(self, platform: PlatformPlan, cell: CellPlan) -> tuple[Refusal, ...]:
        """Why nobody may be played on this cell."""
        return await self._kept("cell", platform, cell, PlayerPlan("", "", {}, {}))

    async def of_player(self, platform: PlatformPlan, cell: CellPlan, player: PlayerPlan) -> tuple[Refusal, ...]:
        """Why this player may not be played."""
        return await self._kept("player", platform, cell, player)

    def is_proven(self, platform: PlatformPlan, cell: CellPlan, player: PlayerPlan) -> bool:
        """Whether the proof of a player counts now, without asking anybody."""
        if "player" not in platform.proofs:
            return not _no_proof("player", cell, player)
        taken = self._taken.get(("player", cell.name, player.id))
        if taken is None or taken.found or self._clock.monotonic_ns() >= taken.until_ns:
            return False
        taken.asked = True
        return True

    async def renew(self) -> None:
        """Take those again that were asked for and are over half their time, so that no run has to wait for one."""
        half_ns = round(self._limits.proof_for_s * SECOND_NS) // 2
        for taken in list(self._taken.values()):
            if taken.asked and not taken.found and taken.until_ns - self._clock.monotonic_ns() < half_ns:
                taken.asked = False
                async with taken.lock:
                    await self._take(taken)

    def forget(self) -> None:
        """Take every proof anew: after a change of the cells or the mappings."""
        self._taken.clear()

    async def _kept(
        self, proof: str, platform: PlatformPlan, cell: CellPlan, player: PlayerPlan
    ) -> tuple[Refusal, ...]:
        if proof not in platform.proofs:
            return _no_proof(proof, cell, player)
        subject = (proof, platform, cell, player)
        taken = self._taken.setdefault((proof, cell.name, player.id), _Taken(subject))
        async with taken.lock:
            taken.asked = True
            if self._clock.monotonic_ns() >= taken.until_ns:
                await self._take(taken)
        return taken.found

    async def _take(self, taken: _Taken) -> None:
        taken.found = await self._proven(*taken.subject)
        counts_ns = RETRY_NS if taken.found else round(self._limits.proof_for_s * SECOND_NS)
        taken.until_ns = self._clock.monotonic_ns() + counts_ns

    async def _proven(
        self, proof: str, platform: PlatformPlan, cell: CellPlan, player: PlayerPlan
    ) -> tuple[Refusal, ...]:
        part = Part(proof_scenario(platform, proof), cell)
        turn = Turn((part,), {}, next(self._number))
        spec = make_spec(
            part, turn, player, self._secrets_of(cell), seed=self._seed, clock=self._clock,
            scheduled_ns=self._clock.monotonic_ns(),
        )  # fmt: skip
        events: list[Event] = []
        ended = await self._play(spec, events.append)
        if ended.outcome is not RunOutcome.OK:
            return (_not_proven(proof, cell, player, ended.reason),)
        skew = clock_skew(spec, events, self._limits.clock_skew_s)
        return (skew,) if skew is not None else ()


def proof_scenario(platform: PlatformPlan, proof: str) -> ScenarioPlan:
    """The scenario that takes a proof: one step, whose claim is the mapping's."""
    plan = platform.proofs[proof]
    step = StepPlan(
        id="proof",
        place=plan.holds.place,
        operation=platform.operations[plan.call.operation],
        arguments=plan.call.arguments,
        within_s=WITHIN_S,
        expect=(plan.holds,),
    )
    return ScenarioPlan(
        name=f"proof-of-{proof}",
        title=f"Proof of the {proof}",
        place=plan.holds.place,
        tags=(),
        matrix={},
        steps=(step,),
        platform=platform,
        schedule=Schedule(deadline_s=2 * WITHIN_S),
    )


def clock_skew(spec: RunSpec, events: list[Event], limit_s: float) -> Refusal | None:
    """Whether a server's clock is further from ours than it may be, by the `Date` (RFC 9110, whole seconds) of an answer.

    In production an answer without a date is a missing proof.
    """
    seen = False
    for event in events:
        if not isinstance(event, ExchangeDone) or (told_s := _date_of(event)) is None:
            continue
        seen = True
        sent_s = (spec.wall_ns + event.times.sent - spec.mono_ns) / SECOND_NS
        received_s = (spec.wall_ns + event.times.received - spec.mono_ns) / SECOND_NS
        ahead_s, behind_s = told_s - received_s, sent_s - (told_s + 1)
        if max(ahead_s, behind_s) > limit_s:
            apart = f"{max(ahead_s, behind_s):.0f} s {'ahead of' if ahead_s > behind_s else 'behind'} ours"
            return Refusal("clock-skew", f"the clock of cell {spec.cell.name} is {apart}, over {limit_s:g} s")
    if not seen and spec.cell.environment == PRODUCTION:
        sentence = f"the answers of cell {spec.cell.name} have no date, so nobody knows whether its clock agrees"
        return Refusal("clock-skew", sentence)
    return None


def _date_of(event: ExchangeDone) -> float | None:
    """When an answer was made by the server's clock; one out of a cache (`Age`) was made at another time."""
    headers = dict(event.answer_headers)
    if "date" not in headers or "age" in headers:
        return None
    try:
        return parsedate_to_datetime(headers["date"]).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


def _no_proof(proof: str, cell: CellPlan, player: PlayerPlan) -> tuple[Refusal, ...]:
    if cell.environment != PRODUCTION:
        return ()
    return (_not_proven(proof, cell, player, f"the mapping has no `proofs: {{{proof}: ...}}`"),)


def _not_proven(proof: str, cell: CellPlan, player: PlayerPlan, why: str) -> Refusal:
    rule, sentence = _SAYS[proof]
    return Refusal(rule, brief(f"{sentence.format(cell=cell.name, player=player.id)}: {why}", 400), Missed.POLICY)
