"""The end of a run: its invariants and named checks over the evidence that was gathered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from synthetic.core.checks import ALWAYS, CHECKS, Finding
from synthetic.core.checks.shortest import show
from synthetic.core.events import CheckJudged
from synthetic.core.expressions import ExpressionError
from synthetic.core.history import Clock, History, Moved
from synthetic.core.machine.state import RunState
from synthetic.core.outcome import Blame, StepOutcome
from synthetic.core.plan import CellPlan, Invariant

IDENTITY_PROVIDER = "idp"
"""The name of the endpoint under which a cells file gives the identity provider; no list of the cell names it."""

_WEIGHT = {Blame.PLATFORM: 0, Blame.PSP: 1, Blame.PROVIDER: 1, Blame.UNKNOWN: 2}


def judge_run(state: RunState, *, finished: bool) -> Iterator[CheckJudged]:
    """Judge every invariant and every named check of the scenario.

    An invariant speaks of a run that got to its end; of any other it says nothing. A named check judges what there is.
    """
    scope = state.scope()
    for invariant in state.spec.plan.invariants:
        yield _judge_invariant(state, invariant, scope, finished=finished)
    history = history_of(state, finished=finished)
    for name in ALWAYS:
        if name not in state.spec.plan.checks:
            judged = _judge_check(state, name, history)
            if judged.held is False:
                yield judged
    for name in state.spec.plan.checks:
        yield _judge_check(state, name, history)


def history_of(state: RunState, *, finished: bool) -> History:
    """All that the run has learnt, for the named checks."""
    unknown = (m.amount for m in state.movements if m.direction == "stake" and m.outcome is StepOutcome.UNKNOWN)
    moved = (Moved(m.step, m.moves.kind, m.direction, m.amount, m.key, m.outcome) for m in state.movements)
    skews, cell = sorted(state.clock_skews_s.items()), state.spec.cell
    clocks = (Clock("", StepOutcome.DONE, who, skew_s, side_of(cell, who)) for who, skew_s in skews)
    facts = (*state.facts, *clocks)
    return History(facts, state.currency, tuple(unknown), tuple(moved), state.spec.run_id, finished)


def side_of(cell: CellPlan, endpoint: str) -> str:
    """Whose server an endpoint is: by the cell's lists of PSPs and providers (`idp` is a provider, too), else the platform's."""
    if endpoint in cell.psps:
        return "psp"
    return "provider" if endpoint in (*cell.providers, IDENTITY_PROVIDER) else "platform"


def _judge_invariant(state: RunState, invariant: Invariant, scope: Mapping[str, Any], *, finished: bool) -> CheckJudged:
    run_id = state.spec.run_id
    if not finished:
        return CheckJudged(run_id, invariant.name, None, "the run did not get to its end", None)
    try:
        held = invariant.claim.holds(scope, state.currency)
    except ExpressionError as error:
        return CheckJudged(run_id, invariant.name, held=False, message=state.told(str(error)), blame=Blame.PLATFORM)
    if held:
        return CheckJudged(run_id, invariant.name, held=True, message="", blame=None)
    values = ", ".join(f"{name} = {scope[name]}" for name in sorted(invariant.claim.names))
    message = state.told(f"`{invariant.claim.text}` does not hold: {values}")
    return CheckJudged(run_id, invariant.name, held=False, message=message, blame=Blame.PLATFORM)


def _judge_check(state: RunState, name: str, history: History) -> CheckJudged:
    verdict = CHECKS[name].judge(history)
    if verdict is None:
        return CheckJudged(state.spec.run_id, name, None, "not enough evidence", None)
    if not verdict:
        return CheckJudged(state.spec.run_id, name, held=True, message="", blame=None)
    return _broken(state, name, show(CHECKS[name], history, weightiest(verdict)))


def weightiest(findings: Sequence[Finding]) -> Finding:
    """The one that decides: the platform's, which has to hold its books whatever others send; our own doing last."""
    return min(findings, key=lambda finding: _WEIGHT.get(finding.blame, len(_WEIGHT)))


def _broken(state: RunState, name: str, first: Finding) -> CheckJudged:
    """A breach, with the shortest piece of the run's history that shows it."""
    evidence = tuple(state.told(line) for line in first.evidence)
    message = state.told(first.message)
    return CheckJudged(state.spec.run_id, name, held=False, message=message, blame=first.blame, evidence=evidence)
