"""A call of an operation, an answer to one of its exchanges, and when an answer is a refusal."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from synthetic.core.effects import Http, Intent, Times, WsSend
from synthetic.core.expressions import ExpressionError
from synthetic.core.machine.state import RunState, dotted
from synthetic.core.outcome import StepOutcome
from synthetic.core.plan import OperationPlan
from synthetic.core.plan_exchanges import Refusal
from synthetic.core.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation on behalf of a step. `purpose`: `call`, `poll`, `lookup`, `undo`, `repeat`.

    `again` is the request of an earlier step that has to go out once more, byte for byte; `at_once`: how many times the
    money request leaves at the same moment.
    """

    step: str
    operation: OperationPlan
    args: Mapping[str, Any]
    key: str
    deadline_ns: int
    purpose: str = "call"
    intent: Intent | None = None
    again: Http | WsSend | None = None
    at_once: int = 1

    def scope(self) -> dict[str, Any]:
        """What the operation's expressions see of this call."""
        return dotted("args", self.args) | {"key": self.key}


@quick
@dataclass(frozen=True, slots=True)
class Answer:
    """What one exchange came to. `error` is the transport fault's kind, `values` what expressions may read of the answer.

    `flaw` says what to tell of an HTTP answer whose body is of no use, whether that matters or not (see `lacking`).
    """

    outcome: StepOutcome
    times: Times | None = None
    code: str = ""
    reason: str = ""
    error: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    tainted: bool = False
    request: Http | WsSend | None = None
    flaw: Callable[[], str] | None = None


def first_refusal(state: RunState, refusals: tuple[Refusal, ...], scope: Mapping[str, Any]) -> str | None:
    """The code of the first rule that holds; a rule that can't be computed on this answer does not hold."""
    for refusal in refusals:
        try:
            if refusal.when.holds(scope, state.currency):
                return str(refusal.code.value(scope, state.currency))
        except ExpressionError:
            continue
    return None
