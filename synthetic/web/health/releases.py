"""What the pages show, as whoever keeps it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from synthetic.report.health import ReleaseHealth, RolloutLine
from synthetic.report.records import RunRecord


class Releases(Protocol):
    """The rollouts under watch. May be asked often: `health` once a second for each page that is open."""

    async def rollouts(self) -> Sequence[RolloutLine]:
        """All that are known, newest first."""

    async def health(self, rollout: str) -> ReleaseHealth | None:
        """One of them, as it is now; None: there is no such rollout."""

    async def run(self, rollout: str, run_id: str) -> RunRecord | None:
        """A run of its cells; None: there is none, or its record has been dropped since."""
