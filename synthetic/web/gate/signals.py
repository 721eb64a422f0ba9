"""What the platform reports by itself, such as chargebacks of a cell: numbers that a hard stop of the policy waits for."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import get_close_matches

from starlette.requests import Request
from starlette.responses import Response

from synthetic.core.ports import Clock
from synthetic.gate.observed import Signal
from synthetic.gate.policy import HardStop
from synthetic.rollouts.desk import Desk
from synthetic.web.calls import BadCall
from synthetic.web.gate.calls import answered
from synthetic.web.gate.cells import Cells
from synthetic.web.gate.documents import PostedSignal, PostedSignals, SignalsOut
from synthetic.web.gate.guard import body_of

FUTURE_MAX_S = 5.0


@dataclass(slots=True)
class Signals:
    """Keeps signals that somebody waits for; everything else is a 4xx, or it would look as if all was well."""

    desk: Desk
    cells: Cells
    clock: Clock

    async def post(self, request: Request) -> Response:
        """`POST /v1/signals`: all of them are kept, or none; those whose `id` is known have been kept before."""
        wanted = (await body_of(request, PostedSignals)).signals
        signals = [self._signal(one) for one in wanted]
        return answered(SignalsOut(kept=await self.desk.signal(signals, [one.id for one in wanted])))

    def _signal(self, posted: PostedSignal) -> Signal:
        stop = self._stop(posted.name)
        self.cells.require(posted.cell)
        now_ns = self.clock.wall_ns()
        at_ns = now_ns if posted.at is None else round(posted.at.timestamp() * 1e9)
        age_s = (now_ns - at_ns) / 1e9
        if age_s < -FUTURE_MAX_S:
            raise BadCall(422, f"the signal {posted.name!r} is dated {-age_s:.0f} s in the future")
        if age_s > stop.within_s:
            raise BadCall(422, f"the signal {posted.name!r} is {age_s:.0f} s old, and counts for {stop.within_s:g} s")
        return Signal(posted.name, posted.cell, posted.value, at_ns, posted.label)

    def _stop(self, name: str) -> HardStop:
        known = {stop.name: stop for stop in self.desk.judge.policy().hard_stops if stop.source == "signal"}
        if name not in known:
            meant = get_close_matches(name, known, n=1)
            hint = f"did you mean {meant[0]!r}?" if meant else f"known are: {', '.join(sorted(known)) or 'none'}"
            raise BadCall(404, f"no hard stop of the policy waits for a signal {name!r}; {hint}")
        return known[name]
