"""A state machine as a table: (state, event) -> next state, and nothing else changes a state."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StateTable:
    """The life of one kind of thing. `rows` maps (state, event) to the next state; a pair that is not there has no effect."""

    name: str
    initial: str
    rows: Mapping[tuple[str, str], str]

    @property
    def states(self) -> frozenset[str]:
        """Every state that the table can reach, the initial one included."""
        return frozenset({self.initial, *(state for state, _ in self.rows), *self.rows.values()})

    @property
    def events(self) -> frozenset[str]:
        """Every event that has an effect somewhere."""
        return frozenset(event for _, event in self.rows)

    @property
    def terminal(self) -> frozenset[str]:
        """The states that no event leaves."""
        return self.states - {state for (state, _), after in self.rows.items() if after != state}

    def after(self, state: str, event: str) -> str | None:
        """The state after `event`, or None where the event has no effect. Raises KeyError for a state that does not exist."""
        if state not in self.states:
            raise KeyError(state)
        return self.rows.get((state, event))

    def as_mermaid(self) -> str:
        """The table as a Mermaid state diagram, for the documentation."""
        arrows = [f"    {state} --> {target}: {event}" for (state, event), target in self.rows.items()]
        ends = [f"    {state} --> [*]" for state in sorted(self.terminal)]
        return "\n".join(["stateDiagram-v2", f"    [*] --> {self.initial}", *arrows, *ends])
