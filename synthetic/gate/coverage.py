"""What the probes of a canary are to show: a value of a label that nobody has played yet is missing, not absent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Coverage:
    """`expected`: for each objective by a label the values that its probes play, such as {deposits: {psp-a, psp-b}}.

    `uncovered`: by label what the cell has and no probe plays, such as {psp: {psp-c}}: nothing can be said of it.
    """

    expected: Mapping[str, frozenset[str]] = field(default_factory=dict)
    uncovered: Mapping[str, frozenset[str]] = field(default_factory=dict)

    @property
    def told(self) -> str:
        """What no verdict says anything of; "" where there is no such thing."""
        parts = [f"{label} {', '.join(sorted(values))}" for label, values in sorted(self.uncovered.items()) if values]
        return f"This says nothing of {' and of '.join(parts)}, which the cell has and no probe plays." if parts else ""
