"""Which release answered: version, rollout step and flag variant, read from the cell's answers by the mapping's `labels:`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from synthetic.core.effects import HttpReply, WsOpened
from synthetic.core.expressions import ExpressionError
from synthetic.core.held import held_headers
from synthetic.core.machine.call import Call
from synthetic.core.machine.reading import read_body
from synthetic.core.machine.state import RunState

LABEL_MAX = 64
_PLAYED = frozenset({"call", "poll", "repeat"})  # what compensation is answered says nothing of what was tested


def read_labels(
    state: RunState,
    call: Call,
    reply: HttpReply | WsOpened,
    body: Any = None,
    headers: Mapping[str, str] | None = None,
) -> None:
    """Keep what this answer tells of the release. The last answer that tells holds: a failed step's own comes last.

    An answer that lacks it (a proxy's page, another service) tells nothing, and that is no mistake.
    `headers`: the answer's by name, where they are known.
    """
    expressions = state.spec.plan.platform.labels
    if not expressions or call.purpose not in _PLAYED:
        return
    status = reply.status if isinstance(reply, HttpReply) else 101
    scope = {"status": status, "headers": headers or held_headers(reply.headers), "body": body}
    for name, expression in expressions.items():
        try:
            value = expression.value(scope, state.currency)
        except ExpressionError:
            continue
        if isinstance(value, str | int | float) and (told := state.told(str(value), LABEL_MAX).strip()):
            state.labels[name] = told


def read_hook_labels(state: RunState, call: Call, reply: HttpReply) -> None:
    """The same for an answer that Python reads; its body is parsed for the labels only if there are any."""
    if state.spec.plan.platform.labels:
        read_labels(state, call, reply, read_body(reply).value)
