"""How a call of an operation ended."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from synthetic.core.effects import Http, WsSend
from synthetic.core.outcome import StepOutcome
from synthetic.core.quick import quick


@quick
@dataclass(frozen=True, slots=True)
class CallEnd:
    """What became of a call. `values` are the answer's variables (`status`, `body`, `frame`, ...) for later expressions.

    `flaw`: says what to tell of the last answer where its body is of no use (see `Answer`).
    `tainted`: our own lag spoiled a measurement; `late_by_us`: that of the last exchange; `lag_ns`: our lag in
    all of them; of several polls, that of the worst: the step's deadline waits for none of them.
    """

    outcome: StepOutcome
    code: str = ""
    reason: str = ""
    error: str = ""
    out: Mapping[str, Any] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    first_sent_ns: int = 0
    last_received_ns: int = 0
    tainted: bool = False
    late_by_us: bool = False
    lag_ns: int = 0
    request: Http | WsSend | None = None
    flaw: Callable[[], str] | None = None
