"""Hooks of Flagger, which acts on the status alone: 2xx proceeds (behind `rollback`: rolls back), everything else waits.

Source: flagger pkg/controller/webhook.go and scheduler_hooks.go. It tries 429 and 5xx again, so what holds a release is 403, 409
or 412.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import Response

from synthetic.core.ports import Clock
from synthetic.gate.decision import Decision, Reason, Verdict
from synthetic.rollouts.desk import Desk
from synthetic.rollouts.holding import unknown
from synthetic.rollouts.judge import Asked
from synthetic.rollouts.model import Ending, Rollout
from synthetic.rollouts.watch import Judged
from synthetic.web.calls import BadCall
from synthetic.web.gate.answers import hook_of
from synthetic.web.gate.calls import answered
from synthetic.web.gate.cells import Cells
from synthetic.web.gate.documents import BeginRollout, FlaggerHook
from synthetic.web.gate.guard import body_of, mistakes

CONFIRMED: dict[Verdict, int] = {"pass": 200, "inconclusive": 412, "fail": 403}
ROLLED_BACK: dict[Verdict, int] = {"fail": 200, "inconclusive": 412, "pass": 409}
AGAIN_MAX = 1_000
TAKEN_LATELY_S = 60.0
_ENDINGS: dict[str, Ending] = {"Succeeded": "promoted", "Failed": "rolled_back"}
_PROMOTED = "Promotion completed!"
_ADVANCED = re.compile(r"canary weight (\d{1,3})$")


@dataclass(slots=True)
class Flagger:
    """The hooks. A rollout's id is `NAMESPACE.NAME.CHECKSUM`; the same spec rolled out again is `...~2`.

    `stopped`: what stops all runs now, in words, such as the kill switch.
    """

    desk: Desk
    cells: Cells
    clock: Clock
    stopped: Callable[[], Sequence[str]] = tuple

    async def confirm_rollout(self, request: Request) -> Response:
        """`confirm-rollout`: the rollout begins to be watched. 200 without a pass, as no pod of the canary is there to be played.

        412 while all runs are stopped, whatever was decided before: nothing could be judged. 403 where it goes on and has failed
        already; one of this spec that has ended says nothing of this attempt.
        """
        hook = await body_of(request, FlaggerHook)
        stopped = await self.desk.off_loop(self.stopped)
        if stopped:
            told = Decision("inconclusive", Reason.HARNESS, f"No run begins now: {'; '.join(stopped)}.")
            return answered(hook_of(Judged(told, self.clock.wall_ns()), _name(hook)), 412)
        rollout = await self._begun(hook)
        judged = await self._judged(rollout)
        return answered(hook_of(judged, rollout.id), 403 if judged.decision.verdict == "fail" else 200)

    async def confirm_traffic_increase(self, request: Request) -> Response:
        """`confirm-traffic-increase`: 200 on a pass. The first one says that the canary is up: its runs count from now on."""
        hook = await body_of(request, FlaggerHook)
        rollout = await self._begun(hook)
        if not rollout.steps:
            rollout = await self.desk.step(rollout.id, 0) or rollout
        judged = await self._judged(rollout)
        return answered(hook_of(judged, rollout.id), CONFIRMED[judged.decision.verdict])

    async def confirm_promotion(self, request: Request) -> Response:
        """`confirm-promotion`: 200 on a pass."""
        hook = await body_of(request, FlaggerHook)
        rollout = await self._begun(hook)
        judged = await self._judged(rollout)
        return answered(hook_of(judged, rollout.id), CONFIRMED[judged.decision.verdict])

    async def rollback(self, request: Request) -> Response:
        """`rollback`: 200, which rolls back, on a fail of the rollout that goes on, and on nothing else.

        One that has ended was another attempt. Only where somebody else has taken the cell a moment ago its fail still counts:
        nobody has told what became of the canary.
        """
        hook = await body_of(request, FlaggerHook)
        rollout = await self._known(hook)
        if rollout is None or self._is_over(rollout):
            ended = f"rollout {rollout.id} has ended" if rollout else "no rollout of this canary is known"
            told = unknown(f"Nothing is rolled back: {ended}, and no other one has begun.")
            return answered(hook_of(Judged(told, self.clock.wall_ns()), rollout.id if rollout else _name(hook)), 412)
        judged = await self._judged(rollout)
        return answered(hook_of(judged, rollout.id), ROLLED_BACK[judged.decision.verdict])

    async def event(self, request: Request) -> Response:
        """`event`: steps and the end of a rollout that is known, as Flagger tells them. Always 200: it is a notice."""
        hook = await body_of(request, FlaggerHook)
        rollout = await self._known(hook)
        if rollout is None:
            told = unknown("No rollout of this canary is known: the notice is left aside.")
            return answered(hook_of(Judged(told, self.clock.wall_ns()), _name(hook)))
        rollout = await self._follow(hook, rollout)
        return answered(hook_of(await self._judged(rollout), rollout.id))

    async def _follow(self, hook: FlaggerHook, rollout: Rollout) -> Rollout:
        message = hook.metadata.get("eventMessage", "")
        # Flagger tells its promotion while the phase is still the one before.
        ending: Ending | None = "promoted" if message.startswith(_PROMOTED) else _ENDINGS.get(hook.phase)
        if ending is not None:
            return await self.desk.end(rollout.id, ending) or rollout
        advanced = _ADVANCED.search(message)
        if advanced and int(advanced[1]) <= 100:
            return await self.desk.step(rollout.id, int(advanced[1])) or rollout
        return rollout

    def _is_over(self, rollout: Rollout) -> bool:
        lately_ns = self.clock.wall_ns() - round(TAKEN_LATELY_S * 1e9)
        return bool(rollout.ended_ns) and (rollout.ending != "aborted" or rollout.ended_ns < lately_ns)

    async def _judged(self, rollout: Rollout) -> Judged:
        return await self.desk.verdict(Asked(rollout=rollout.id))

    async def _known(self, hook: FlaggerHook) -> Rollout | None:
        """The newest rollout of this canary and spec."""
        newest = None
        for name in _names(hook):
            rollout = await self.desk.rollout(name)
            if rollout is None:
                break
            newest = rollout
        return newest

    async def _begun(self, hook: FlaggerHook) -> Rollout:
        """The open rollout of this canary and spec; begun where there is none. Raises BadCall where no cells are known for it."""
        newest, name = None, _name(hook)
        for name in _names(hook):
            rollout = await self.desk.rollout(name)
            if rollout is None:
                break
            newest = rollout
        if newest is not None and not newest.ended_ns:
            return newest
        wanted = self._wanted(hook, name)
        begun = Rollout(name, wanted.cell, wanted.baseline, wanted.version, self.clock.wall_ns(), wanted.by)
        return await self.desk.begin(begun)

    def _wanted(self, hook: FlaggerHook, name: str) -> BeginRollout:
        named = {key: hook.metadata[key] for key in ("cell", "baseline", "version") if key in hook.metadata}
        pair = self.cells.only_pair()
        if pair is not None and not {"cell", "baseline"} & named.keys():
            named["cell"], named["baseline"] = pair
        if not {"cell", "baseline"} <= named.keys():
            raise BadCall(422, "name `cell` and `baseline` in the hook's metadata: the canary's and the one beside it")
        try:
            wanted = BeginRollout.model_validate({"id": name, "by": "flagger", **named})
        except ValidationError as error:
            raise BadCall(422, f"the hook's metadata: {mistakes(error)}") from None
        self.cells.require(wanted.cell, wanted.baseline)
        return wanted


def _name(hook: FlaggerHook) -> str:
    return f"{hook.namespace}.{hook.name}.{hook.checksum}"


def _names(hook: FlaggerHook) -> list[str]:
    return [_name(hook), *(f"{_name(hook)}~{again}" for again in range(2, AGAIN_MAX))]
