"""Whether a step went as the scenario wants, and if not, why and whose fault it is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from synthetic.core.expressions import ExpressionError
from synthetic.core.machine.ends import CallEnd
from synthetic.core.machine.state import RunState, dotted
from synthetic.core.outcome import Blame, StepOutcome
from synthetic.core.plan import StepPlan
from synthetic.core.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class Verdict:
    """How a step went: `held` as the scenario wants, or why not and whose fault it is."""

    held: bool
    reason: str = ""
    blame: Blame | None = None
    overdue: bool = False


def seen_of(args: Mapping[str, Any], end: CallEnd) -> dict[str, Any]:
    """What expressions about a finished call may read: `args.*`, `out.*` and the answer."""
    return dotted("args", args) | dotted("out", end.out) | dict(end.values)


def judge(state: RunState, step: StepPlan, args: Mapping[str, Any], end: CallEnd, *, overdue: bool) -> Verdict:
    """Hold the end of a step against what the scenario wants of it, and find whose fault a difference is."""
    if overdue:
        shown = ", ".join(f"{name} = {value}" for name, value in end.out.items() if _is_shown(value))
        until = step.until.text if step.until else ""
        last = f"; the last poll: {end.reason}" if end.reason else ""
        reason = f"not within {step.within_s:g} s: `{until}` ({shown}){last}"
        return _failed(state, step, args, end, reason, overdue=True)
    if step.refused:
        return _judge_refusal(state, step, args, end)
    if end.outcome is not StepOutcome.DONE:
        return _failed(state, step, args, end, end.reason)
    for claim in step.expect:
        try:
            if not claim.holds(state.scope(seen_of(args, end)), state.currency):
                return _failed(state, step, args, end, f"expected `{claim.text}`")
        except ExpressionError as error:
            return _failed(state, step, args, end, str(error))
    return Verdict(held=True)


def _is_shown(value: Any) -> bool:
    return value != "" and not isinstance(value, list | dict)


def _judge_refusal(state: RunState, step: StepPlan, args: Mapping[str, Any], end: CallEnd) -> Verdict:
    if end.outcome is StepOutcome.REFUSED and end.code == step.refused:
        return Verdict(held=True)
    if end.outcome is StepOutcome.DONE:
        return _failed(state, step, args, end, f"it was accepted, but had to be refused with {step.refused!r}")
    return _failed(state, step, args, end, f"refused with {end.code!r}, expected {step.refused!r}: {end.reason}")


def _failed(
    state: RunState, step: StepPlan, args: Mapping[str, Any], end: CallEnd, reason: str, *, overdue: bool = False
) -> Verdict:
    """The first blame rule that holds; without one it is the platform's, whose answer it was, or lacking one nobody's yet."""
    if end.code in ("not_sent", "over_limit"):
        return Verdict(held=False, reason=reason, blame=Blame.HARNESS if end.code == "over_limit" else Blame.PLATFORM)
    if end.code in ("not_journaled", "fenced_off", "proxy_failed", "our_certificate", "hook_failed", "bad_key"):
        return Verdict(held=False, reason=reason, blame=Blame.HARNESS)
    silent = overdue and not end.code  # with a code it is known what the last poll came to
    scope = state.scope(seen_of(args, end), {"error": end.error, "overdue": silent, "code": end.code, "step": step.id})
    for rule in step.operation.blame:
        try:
            holds = rule.when.holds(scope, state.currency)
        except ExpressionError:
            continue  # a rule about a body that did not come does not apply
        if holds:
            because = f" ({rule.because})" if rule.because else ""
            return Verdict(held=False, reason=reason + because, blame=rule.blame, overdue=overdue)
    nobodys = silent or end.code == "certificate_refused"
    return Verdict(held=False, reason=reason, blame=Blame.UNKNOWN if nobodys else Blame.PLATFORM, overdue=overdue)
