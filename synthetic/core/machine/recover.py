"""Recovery: another process brings home what a run that was cut off has moved. It never plays the scenario on.

It signs in again, makes the effects' records into movements, and compensates them as the run itself would have done: newest
first, look up by key, then undo, then report. It can be cut off itself and be started again: every effect is looked up before
it is undone, under the key that it has always had.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from synthetic.core.effects import Intent
from synthetic.core.events import RunEnded
from synthetic.core.machine.journaled import read_args
from synthetic.core.machine.signing_in import footing_of, sign_in
from synthetic.core.machine.state import Machine, Movement, RunState
from synthetic.core.machine.states import leave_states, may_have_entered
from synthetic.core.machine.undo import Undone, undo_all
from synthetic.core.money import Money
from synthetic.core.outcome import CLOSED_STATES, Blame, IntentState, RunOutcome, StepOutcome
from synthetic.core.plan import OperationPlan, RunSpec
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


@dataclass(frozen=True, slots=True)
class OpenEffect:
    """An effect as the journal has it; `age_ns`: how long ago its request may have left, by the clock of whoever wrote it.

    `quiet_ns`: for how long nothing of it can have left, by a clock that whoever recovers it trusts (None: `age_ns`).
    """

    intent: Intent
    state: IntentState
    age_ns: int = 0
    quiet_ns: int | None = None

    @property
    def known_quiet_ns(self) -> int:
        """What may be concluded from."""
        return self.age_ns if self.quiet_ns is None else self.quiet_ns


@dataclass(frozen=True, slots=True)
class EffectEnd:
    """What recovery has made of one effect. `result`: `undone`, `nothing_to_undo` or `stuck`; `state` is what the journal keeps."""

    key: str
    step: str
    amount: Money
    result: str
    reason: str
    state: IntentState


@dataclass(frozen=True, slots=True)
class Recovered:
    """What recovery has come to, newest effect first.

    `unreachable`: why nothing could be asked, or not go on ("" where it could); `left_in`: the states that the player could
    not be taken out of; `residue`: what is in the player's wallet above its baseline and stays there, and `residue_reason` why.
    """

    effects: tuple[EffectEnd, ...] = ()
    unreachable: str = ""
    left_in: str = ""
    residue: Money | None = None
    residue_reason: str = ""

    @classmethod
    def untouched(cls, effects: Sequence[OpenEffect], why: str) -> Recovered:
        """Nothing could be asked: every open effect stays as it is."""
        still = [_end_of(effect, why) for effect in reversed(effects) if effect.state not in CLOSED_STATES]
        return cls(tuple(still), why)

    @property
    def counted(self) -> str:
        """`1 nothing to undo, 2 undone`."""
        counted = Counter(end.result.replace("_", " ") for end in self.effects)
        return ", ".join(f"{number} {result}" for result, number in sorted(counted.items())) or "no effect was open"

    @property
    def still_open(self) -> tuple[str, ...]:
        """The keys of the effects that nobody has settled yet."""
        return tuple(end.key for end in self.effects if end.state not in CLOSED_STATES)

    @property
    def stranded(self) -> tuple[Money, ...]:
        """The amounts that could not be brought home, or of which nobody knows."""
        return tuple(end.amount for end in self.effects if end.state not in CLOSED_STATES)

    @property
    def is_home(self) -> bool:
        """Whether all money is home and the player in no state of ours: then the run is over."""
        return not (self.still_open or self.unreachable or self.left_in)


def recover(
    spec: RunSpec, effects: Sequence[OpenEffect], *, why: str = "its worker was gone", last_try: bool = False
) -> Machine[Recovered]:
    """Bring home what the run has moved. `effects`: all of the run's, oldest first, the settled ones too: they count.

    `spec` is of the run as it would be played now; its scenario may have changed since, or be gone. With `last_try` the run
    is told to have ended even where something stays open. Yields effects and events; no `RunStarted`.
    """
    state = RunState(spec)
    state.payouts_unseen = True
    state.entered = may_have_entered(state)
    lost = _rebuild(state, effects)
    ends: list[EffectEnd] = []
    unreachable = ""
    if _undecided(state):
        unreachable = yield from _sign_in_somehow(state, effects)
        ends = _unasked(state, effects, unreachable) if unreachable else (yield from _undo(state))
    if state.unnoted:
        return Recovered((*lost, *ends), state.told(f"the journal takes nothing: {state.unnoted}"))
    left_in = yield from leave_states(state)
    recovered = Recovered((*lost, *ends), unreachable, left_in)
    if recovered.is_home or last_try:
        yield _ended(state, recovered, why)
    return recovered


def _rebuild(state: RunState, effects: Sequence[OpenEffect]) -> list[EffectEnd]:
    """Make movements of the effects. Answers those whose operation the mapping does not have any more: they can only be told."""
    lost = []
    for effect in effects:
        operation = state.spec.plan.platform.operations.get(effect.intent.operation)
        if operation is not None and operation.moves is not None:
            state.movements.append(_movement(state, effect, operation))
        elif effect.state not in CLOSED_STATES:
            reason = f"the mapping has no operation {effect.intent.operation!r} any more that moves money"
            lost.append(_end_of(effect, reason))
    return lost


def _movement(state: RunState, effect: OpenEffect, operation: OperationPlan) -> Movement:
    intent = effect.intent
    assert operation.moves is not None
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
    return [_end_of(effect, why) for effect in reversed(effects) if effect.intent.key in known]


def _end_of(effect: OpenEffect, why: str) -> EffectEnd:
    """An effect that nothing could be done about."""
    intent = effect.intent
    return EffectEnd(intent.key, intent.step, intent.amount, "stuck", why, effect.state)


def _sign_in_somehow(state: RunState, effects: Sequence[OpenEffect]) -> Machine[str]:
    """Sign in; a player whom the run's own state keeps out (self-excluded, say) is taken out of it and tried again."""
    reason = yield from _sign_in(state, effects)
    if reason and state.entered:
        left_in = yield from leave_states(state)
        if not left_in:
            state.entered = []
        reason = yield from _sign_in(state, effects)
    return reason


def _sign_in(state: RunState, effects: Sequence[OpenEffect]) -> Machine[str]:
    newest = next((e.intent.step for e in reversed(effects) if e.state not in CLOSED_STATES), "")
    return (yield from sign_in(state, _footing(state), newest))


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
    for more in (recovered.unreachable, recovered.left_in):
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
