"""Recovery: another process brings home what a run that was cut off has moved. It never plays the scenario on.

It signs in again, makes the effects' records into movements, and compensates them as the run itself would have done: newest
first, look up by key, then undo, then report. It can be cut off itself and be started again: every effect is looked up before
it is undone, under the key that it has always had.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synthetic.core.events import RunEnded
from synthetic.core.machine.journaled import read_args
from synthetic.core.machine.recovered import EffectEnd, OpenEffect, Recovered, end_of
from synthetic.core.machine.signing_in import footing_of, sign_in
from synthetic.core.machine.state import Machine, Movement, RunState
from synthetic.core.machine.states import leave_states, may_have_entered
from synthetic.core.machine.sweeping import STEP as SWEEP
from synthetic.core.machine.sweeping import Baseline, sweep, sweep_footing
from synthetic.core.machine.undo import Undone, undo_all
from synthetic.core.outcome import CLOSED_STATES, Blame, IntentState, RunOutcome, StepOutcome
from synthetic.core.plan import RunSpec
from synthetic.core.plan_reading import Footing
from synthetic.core.wording import REASON_MAX

_OUTCOMES = {
    IntentState.INTENT: StepOutcome.UNKNOWN,  # its request may have left
    IntentState.UNKNOWN: StepOutcome.UNKNOWN,
    IntentState.DONE: StepOutcome.DONE,
    IntentState.STUCK: StepOutcome.DONE,  # it was acknowledged or found, and could not be undone
    IntentState.SETTLED: StepOutcome.DONE,  # it still counts for what the run has in the wallet
    IntentState.REFUSED: StepOutcome.REFUSED,
    IntentState.COMPENSATED: StepOutcome.REFUSED,
}


def recover(
    spec: RunSpec,
    effects: Sequence[OpenEffect],
    *,
    why: str = "its worker was gone",
    last_try: bool = False,
    baseline: Baseline | None = None,
) -> Machine[Recovered]:
    """Bring home what the run has moved. `effects`: all of the run's, oldest first, the settled ones too: they count.

    `spec` is of the run as it would be played now; its scenario may have changed since, or be gone. With `last_try` the run
    is told to have ended even where something stays open. `baseline`: what the player's cash has to be in the end, where
    that is known. Yields effects and events; no `RunStarted`.
    """
    state = RunState(spec)
    state.payouts_unseen = True
    state.entered = may_have_entered(state)
    own = [effect for effect in effects if effect.intent.step != SWEEP]
    lost = _rebuild(state, own)
    last = _Last.of(state, effects, baseline)
    if not (_undecided(state) or last.needed):
        left_in = yield from leave_states(state)
        return (yield from _told_end(state, Recovered(tuple(lost), left_in=left_in), why, last_try=last_try))
    unreachable = yield from _sign_in_somehow(state, own, last)
    if unreachable:
        ends = [*lost, *_unasked(state, own, unreachable), *last.unasked(unreachable)]
        left_in = yield from leave_states(state)
        recovered = Recovered(tuple(ends), unreachable, left_in)
        return (yield from _told_end(state, recovered, why, last_try=last_try))
    ends = yield from _undo(state)
    if state.unnoted:
        return Recovered((*lost, *ends), state.told(f"the journal takes nothing: {state.unnoted}"))
    recovered = Recovered((*lost, *ends))
    if last.needed and recovered.is_home:
        recovered = yield from _sweep(state, recovered, last)
    left_in = yield from leave_states(state)
    return (yield from _told_end(state, replace(recovered, left_in=left_in), why, last_try=last_try))


def _told_end(state: RunState, recovered: Recovered, why: str, *, last_try: bool) -> Machine[Recovered]:
    """Tell the end of the run, unless it is tried again."""
    if recovered.is_home or last_try:
        yield _ended(state, recovered, why)
    return recovered


@dataclass(frozen=True, slots=True)
class _Last:
    """What the sweep at the end of a recovery starts from."""

    baseline: Baseline | None
    source: Mapping[str, Any] | None
    sent: Movement | None

    @classmethod
    def of(cls, state: RunState, effects: Sequence[OpenEffect], baseline: Baseline | None) -> _Last:
        """A run of which nothing has happened leaves no surplus."""
        happened = [effect for effect in effects if effect.state is not IntentState.REFUSED]
        possible = baseline is not None and state.spec.plan.platform.sweep is not None
        came_in = next((m.args for m in reversed(state.movements) if m.direction == "in"), None)
        open_ones = [e for e in effects if e.intent.step == SWEEP and e.state not in CLOSED_STATES]
        sent = next((movement for e in open_ones if (movement := _movement_of(state, e)) is not None), None)
        settled = any(e.intent.step == SWEEP and e.state is IntentState.SETTLED for e in effects)
        return cls(baseline if possible and happened and not settled else None, came_in, sent)

    @property
    def needed(self) -> bool:
        """Whether there is a baseline to sweep to, or a withdrawal that was sent before."""
        return self.baseline is not None or self.sent is not None

    def unasked(self, why: str) -> list[EffectEnd]:
        """The withdrawal of an earlier sweep, which nobody could be asked about."""
        sent = self.sent
        unknown = IntentState.UNKNOWN
        return [EffectEnd(sent.key, SWEEP, sent.amount, "stuck", why, unknown)] if sent is not None else []


def _sweep(state: RunState, recovered: Recovered, last: _Last) -> Machine[Recovered]:
    swept = yield from sweep(state, last.baseline, last.source, last.sent)
    effects = recovered.effects
    if swept.state is not None and swept.amount is not None:
        result = "withdrawn" if swept.state is IntentState.SETTLED else "stuck"
        end = EffectEnd(swept.key, SWEEP, swept.amount, result, state.told(swept.undone), swept.state)
        effects = (*effects, end)
    return replace(
        recovered,
        effects=effects,
        unswept=state.told(swept.undone),
        residue=swept.residue,
        residue_reason=state.told(swept.reason),
    )


def _rebuild(state: RunState, effects: Sequence[OpenEffect]) -> list[EffectEnd]:
    """Make movements of the effects. Answers those whose operation the mapping does not have any more: they can only be told."""
    lost = []
    for effect in effects:
        movement = _movement_of(state, effect)
        if movement is not None:
            state.movements.append(movement)
        elif effect.state not in CLOSED_STATES:
            reason = f"the mapping has no operation {effect.intent.operation!r} any more that moves money"
            lost.append(end_of(effect, reason))
    return lost


def _movement_of(state: RunState, effect: OpenEffect) -> Movement | None:
    """The effect as the machine has it; None where the mapping does not have its operation any more."""
    intent = effect.intent
    operation = state.spec.plan.platform.operations.get(intent.operation)
    if operation is None or operation.moves is None:
        return None
    step = next((s for s in state.spec.plan.steps if s.id == intent.step and s.operation is operation), None)
    args = dict.fromkeys(operation.optional, "") | read_args(intent.args)
    movement = Movement(
        intent.step, operation, operation.moves, intent.key, intent.amount, args, _OUTCOMES[effect.state]
    )
    movement.over = effect.state in CLOSED_STATES
    movement.until, movement.refused = (step.until, step.refused) if step is not None else (None, "")
    quiet_s = state.spec.plan.platform.late_after_s
    if effect.known_quiet_ns >= quiet_s * 1e9:
        movement.too_late = (
            f"{effect.known_quiet_ns / 1e9:.0f} s after it left: it never arrived (late_after is {quiet_s:g} s)"
        )
    state.steps |= {f"{intent.step}.{name}": value for name, value in {**args, "key": intent.key, "code": ""}.items()}
    return movement


def _undecided(state: RunState) -> list[Movement]:
    return [movement for movement in state.movements if not movement.over]


def _undo(state: RunState) -> Machine[list[EffectEnd]]:
    ends = yield from undo_all(state, stop_unnoted=True)
    return [_told(state, movement, ended) for movement, ended in ends]


def _told(state: RunState, movement: Movement, ended: Undone) -> EffectEnd:
    reason = state.told(ended.reason)
    return EffectEnd(movement.key, movement.step, movement.amount, ended.result, reason, ended.state)


def _unasked(state: RunState, effects: Sequence[OpenEffect], why: str) -> list[EffectEnd]:
    known = {movement.key for movement in _undecided(state)}
    return [end_of(effect, why) for effect in reversed(effects) if effect.intent.key in known]


def _sign_in_somehow(state: RunState, effects: Sequence[OpenEffect], last: _Last) -> Machine[str]:
    """Sign in; a player whom the run's own state keeps out (self-excluded, say) is taken out of it and tried again."""
    footing = _footing(state) | (sweep_footing(state, last.sent) if last.needed else Footing())
    newest = next((e.intent.step for e in reversed(effects) if e.state not in CLOSED_STATES), "")
    reason = yield from sign_in(state, footing, newest)
    if reason and state.entered:
        left_in = yield from leave_states(state)
        if not left_in:
            state.entered = []
        reason = yield from sign_in(state, footing, newest)
    return reason


def _footing(state: RunState) -> Footing:
    """What the look-ups and undos of the open effects stand on."""
    footing = Footing()
    for movement in _undecided(state):
        for call in (movement.moves.lookup, movement.moves.undo):
            if call is not None:
                footing |= footing_of(state, call)
    return footing


def _ended(state: RunState, recovered: Recovered, why: str) -> RunEnded:
    reason = f"recovered after {why}: {recovered.counted}"
    for more in (recovered.left_over, recovered.unreachable, recovered.unswept, recovered.left_in):
        reason += f"; {more}" if more else ""
    return RunEnded(
        run_id=state.spec.run_id,
        outcome=RunOutcome.ABORTED,
        blame=Blame.HARNESS,
        reason=state.told(reason, REASON_MAX),
        failed_step="",
        failed_check="",
        stranded=recovered.stranded,
        at_ns=state.now_ns,
    )
