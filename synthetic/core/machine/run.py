"""One run from its first step to its outcome."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from synthetic.core.blame import Accusation, Attribution, Source, attribute
from synthetic.core.checks import CHECKS
from synthetic.core.effects import Resolve
from synthetic.core.events import CheckJudged, RunEnded, RunStarted
from synthetic.core.history import STATEMENTS
from synthetic.core.machine.judging import judge_run
from synthetic.core.machine.money import changed_by
from synthetic.core.machine.state import Machine, RunState, trace_id
from synthetic.core.machine.states import enter_states, leave_states
from synthetic.core.machine.steps import StepEnd, play_step
from synthetic.core.machine.undo import compensate
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, IntentState, RunOutcome, StepOutcome
from synthetic.core.plan import RunSpec, StepPlan
from synthetic.core.wording import REASON_MAX


@dataclass(frozen=True, slots=True)
class Failure:
    """The step that ended a run early, or the one that came too late."""

    step: StepPlan
    end: StepEnd | None
    reason: str
    blame: Blame | None


def play(spec: RunSpec) -> Machine[RunEnded]:
    """Play one scenario against one cell. Yields effects and events; returns the run's end, which is its last event, too.

    A step that does not hold ends the scenario: evidence is gathered, then judged, then money is brought back.
    """
    state = RunState(spec)
    yield started_event(spec)
    failure = yield from _play_guarded(state)
    judged, failure = _judge_guarded(state, failure)
    yield from judged
    stranded: tuple[Money, ...] = ()
    if failure is not None:
        stranded = yield from compensate(state)
    else:
        yield from _settle(state)
    left_in = yield from leave_states(state)
    ended = _ended(state, failure, judged, stranded, left_in)
    yield ended
    return ended


def _play_guarded(state: RunState) -> Machine[Failure | None]:
    """Play the steps and, after a failure, gather the evidence. A mistake of our own ends the run, but never its compensation."""
    try:
        failure = yield from _play_steps(state)
        if failure is not None:
            yield from _gather_evidence(state, failure.step)
    except Exception as error:  # noqa: BLE001 - whatever broke, what has moved has to come home
        step = state.step or state.spec.plan.steps[0]
        return Failure(step, None, f"our own code failed: {type(error).__name__}: {error}", Blame.HARNESS)
    return failure


def _judge_guarded(state: RunState, failure: Failure | None) -> tuple[list[CheckJudged], Failure | None]:
    """Judge the evidence. A check that breaks is our own mistake, and must not keep the money from coming home either."""
    judged: list[CheckJudged] = []
    try:
        judged.extend(judge_run(state, finished=failure is None))
    except Exception as error:  # noqa: BLE001 - see above
        step = state.spec.plan.steps[-1]
        broke = f"our own check failed: {type(error).__name__}: {error}"
        return judged, failure or Failure(step, None, broke, Blame.HARNESS)
    return judged, failure


def _settle(state: RunState) -> Machine[None]:
    """Tell the journal that the run came to its end: what it moved is where it belongs."""
    done = [movement.key for movement in state.movements if movement.outcome is StepOutcome.DONE]
    for key in done:
        yield Resolve(key, IntentState.SETTLED, awaited=key == done[-1])


def started_event(spec: RunSpec) -> RunStarted:
    """The first event of a run."""
    plan, cell = spec.plan, spec.cell
    return RunStarted(
        run_id=spec.run_id,
        seed=spec.seed,
        scenario=plan.name,
        title=plan.title,
        tags=plan.tags,
        row=spec.row,
        cell=cell.name,
        track=cell.track,
        environment=cell.environment,
        market=cell.market,
        brand=cell.brand,
        version=cell.version,
        currency=cell.currency,
        player=spec.player.get("id", ""),
        trace_id=trace_id(spec.run_id),
        scheduled_at_ns=spec.scheduled_ns,
        at_ns=spec.mono_ns,
        wall_ns=spec.wall_ns,
        digest=plan.digest,
        pair=spec.pair,
    )


def _play_steps(state: RunState) -> Machine[Failure | None]:
    deadline_ns = state.spec.mono_ns + int(state.spec.plan.schedule.deadline_s * 1e9)
    refused = _certificate_over(state) or (yield from enter_states(state, ""))
    for step in state.spec.plan.steps:
        refused = refused or _certificate_over(state)
        if refused is not None:
            return Failure(step, None, *refused)
        state.step = step
        if state.now_ns >= deadline_ns:
            return _too_late(state, step)
        end = yield from play_step(state, step)
        if not end.verdict.held:
            return Failure(step, end, state.told(end.verdict.reason), end.verdict.blame)
        if state.spec.plan.states:
            refused = yield from enter_states(state, step.id)
    return None


def _certificate_over(state: RunState) -> tuple[str, Blame] | None:
    """Why no step more is played where the certificate that we show has run out: servers would hang up, and look broken."""
    shown = state.spec.cell.connection.mtls
    if shown is None or not shown.ends_unix_s or state.unix_s <= shown.ends_unix_s:
        return None
    name = shown.certificate.rpartition("/")[2]
    return f"our own certificate '{name}' has expired: renew it, no server takes it any more", Blame.HARNESS


def _too_late(state: RunState, step: StepPlan) -> Failure:
    """The run's deadline is over: the platform's slowness, unless our own lag has eaten more than 5 % of it."""
    deadline_s = state.spec.plan.schedule.deadline_s
    blame = Blame.HARNESS if state.lag_ns > deadline_s * 1e9 / 20 else Blame.PLATFORM
    return Failure(step, None, f"the run's deadline of {deadline_s:g} s was over before this step", blame)


def _gather_evidence(state: RunState, failed: StepPlan) -> Machine[None]:
    """After a failure, still read the statements that the scenario would have read: they tell what really happened."""
    steps = state.spec.plan.steps
    for step in steps[steps.index(failed) + 1 :]:
        told = {evidence.kind for evidence in step.operation.evidence}
        if not told or not told <= STATEMENTS or step.operation.moves is not None:
            continue
        end = yield from play_step(state, step, purpose="evidence")
        if not end.verdict.held:
            return  # a target that does not answer now would only cost one time-out after the other


def _ended(
    state: RunState, failure: Failure | None, judged: list[CheckJudged], stranded: tuple[Money, ...], left_in: str
) -> RunEnded:
    """`left_in`: the states that the player could not be taken out of. No run is ok that leaves him in one."""
    if failure is not None:  # masked before anything is cut, or half of a secret would be left
        failure = replace(failure, reason=state.told(failure.reason))
    attribution = attribute(accusations(failure, judged))
    broken = _deciding(judged, attribution)
    outcome, blame, reason = _outcome(failure, broken, attribution)
    if left_in:
        reason = f"{reason}; {left_in}" if reason else left_in
        outcome, blame = (RunOutcome.ABORTED, Blame.HARNESS) if outcome is RunOutcome.OK else (outcome, blame)
    return RunEnded(
        run_id=state.spec.run_id,
        outcome=outcome,
        blame=blame,
        reason=state.told(reason, 2 * REASON_MAX + 100),
        failed_step=failure.step.id if failure else "",
        failed_check=broken.name if broken else "",
        stranded=stranded,
        at_ns=state.now_ns,
        labels=dict(state.labels),
        attribution=state.redactor.redact(attribution.sentence) if attribution else "",
        cash=state.cash,
        changed=changed_by(state),
    )


def accusations(failure: Failure | None, judged: Sequence[CheckJudged]) -> list[Accusation]:
    """Everything that speaks against somebody: broken checks and claims, and the step that failed."""
    found = [
        Accusation(_source_of(check.name), f"check {check.name}", check.blame or Blame.UNKNOWN, check.message)
        for check in judged
        if check.held is False
    ]
    if failure is not None:
        blame = failure.blame or Blame.UNKNOWN
        found.append(Accusation(Source.STEP, f"step {failure.step.id}", blame, failure.reason))
    return found


def _source_of(check: str) -> Source:
    if check not in CHECKS:
        return Source.CLAIM
    known = CHECKS[check]
    return Source.OWN if known.own else Source.CAUSE if known.cause else Source.LAW


def _deciding(judged: list[CheckJudged], attribution: Attribution | None) -> CheckJudged | None:
    """The broken check that says most: the one that decided whose fault it is, else a named one before a claim."""
    broken = [check for check in judged if check.held is False]
    by = attribution.by.name if attribution else ""
    decided = next((check for check in broken if f"check {check.name}" == by), None)
    return decided or next((check for check in broken if check.name in CHECKS), broken[0] if broken else None)


def _outcome(
    failure: Failure | None, broken: CheckJudged | None, attribution: Attribution | None
) -> tuple[RunOutcome, Blame | None, str]:
    """A broken law is harder evidence than a failed step, and no lag of ours excuses it.

    What we did ourselves says nothing of the target; neither does a step that was too late while we were too slow.
    """
    if attribution is None:
        return RunOutcome.OK, None, ""
    reasons = [f"step {failure.step.id}: {failure.reason}"] if failure else []
    reasons += [f"check {broken.name}: {broken.message}"] if broken else []
    reason = "; ".join(reasons)
    if attribution.blame is Blame.HARNESS:
        stopped = failure is not None and attribution.by.source is Source.STEP
        return RunOutcome.ABORTED if stopped else RunOutcome.TAINTED, Blame.HARNESS, reason
    late = failure is not None and failure.end is not None and failure.end.tainted
    if late and attribution.by.source >= Source.CAUSE:
        return RunOutcome.TAINTED, Blame.HARNESS, f"{reason}; but the harness itself was too slow to say"
    return RunOutcome.FAILED, attribution.blame, reason
