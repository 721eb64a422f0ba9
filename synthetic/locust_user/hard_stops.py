"""What ends a load at once, since whatever else is played makes it worse: money that stays out, runs that are not ours any more."""

from __future__ import annotations

from synthetic.core.errors import FencedOff, HarnessError, JournalUnavailable
from synthetic.core.events import RunEnded
from synthetic.journal.model import Kill


class HardStop:
    """The first reason to end the test, until somebody has taken it."""

    def __init__(self) -> None:
        self._why = ""

    def taken(self) -> str:
        """A sentence; "" where the test may go on."""
        why, self._why = self._why, ""
        return why

    def refused(self, error: HarnessError) -> None:
        """The journal has refused what a run wanted to write. A cap that is used up refuses that run, and not every one."""
        match error:
            case JournalUnavailable():
                self._note(f"the journal takes nothing any more: {error}")
            case FencedOff():
                self._note(f"a run of this load was taken from it: {error}")

    def ended(self, run: RunEnded) -> None:
        """A run has ended. Stranded money is the test's verdict already, and each more run may strand more."""
        if run.stranded:
            left = " and ".join(map(str, run.stranded))
            self._note(f"run {run.run_id} left {left} stranded, and more runs would strand more")

    def killed(self, kill: Kill | None) -> None:
        """What the kill switch says. A scenario that moves no money asks no journal before it begins."""
        if kill is not None:
            self._note(f"the kill switch was thrown by {kill.by}: {kill.reason}")

    def _note(self, why: str) -> None:
        self._why = self._why or why
