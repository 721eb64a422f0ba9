"""Steps to failure: the last step that held, and whether the next one failed or said nothing. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from synthetic.gate.policy import Policy
from synthetic.locust_user.figures import NO_PLAYER, Figures
from synthetic.locust_user.thresholds import SAMPLES_MIN, Row, Verdict, missed_of, rows_of

FEWER = 0.5
"""More users give more samples. An objective that had enough, and now has less than this share of them, has stopped being measured:
its steps do not come to their end."""


class Steps:
    """What the steps have shown so far. `limit`: a sentence; `unclear`: another one, where nothing can be said of the last step."""

    def __init__(self, policy: Policy) -> None:
        self.limit = ""
        self.unclear = ""
        self._policy = policy
        self._held = "held at no step"
        self._judged: dict[tuple[str, str], int] = {}

    def over(self, users: int, shown: Figures) -> bool:
        """A step with so many users is over, and this is what it has shown. Answers whether the test ends with it."""
        rows = rows_of(self._policy, shown)
        self.unclear = self._unclear(users, shown, rows)
        if (missed := missed_of(rows)) is not None:
            told = f"{missed.name} {missed.label}".strip()
            self.limit = f"{self._held}; at {users}: {told} {missed.measured}, promised {missed.promised}"
            self.unclear = ""
            return True
        if shown.missed[NO_PLAYER]:
            self.limit = f"{self._held}; at {users} no player was free: give the pool more"
            self.unclear = ""
            return True
        if self.unclear:
            self.limit = f"{self._held}; {self.unclear}"
            return bool(self._judged) or not shown.runs
        self._judged = {(row.name, row.label): row.samples for row in rows if row.verdict is not Verdict.UNKNOWN}
        few = "" if len(self._judged) == len(rows) else f" (by {len(self._judged)} of {len(rows)} objectives)"
        self._held = f"held at {users} users{few}"
        self.limit = f"{self._held}, the most that were tried"
        return False

    def _unclear(self, users: int, shown: Figures, rows: Sequence[Row]) -> str:
        """Why this step says nothing; nothing where it does. The first steps may have too few users to say anything."""
        now = {(row.name, row.label): row for row in rows}
        if all(row.verdict is Verdict.UNKNOWN for row in rows):
            few = f"{shown.runs} runs ended, and of no objective there were {SAMPLES_MIN} samples"
            return f"at {users} nothing can be said: {few} (does the target answer? else give the steps more time: -t)"
        for (name, label), before in self._judged.items():
            row = now.get((name, label))
            samples = 0 if row is None else row.samples
            if samples < FEWER * before and samples < SAMPLES_MIN:
                told = f"{name} {label}".strip()
                return f"at {users} nothing can be said: {told} had {before} samples in the step before and {samples} in this one"
        return ""
