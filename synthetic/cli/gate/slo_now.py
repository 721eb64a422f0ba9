"""The SLO of a gate that runs by itself, as its file has it now: read again where it has changed, kept where that is not valid."""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from synthetic.cli.gate.options import policy_from
from synthetic.config.slo import load_slo
from synthetic.core.errors import AuthorError
from synthetic.gate.policy import Policy
from synthetic.report.logs import RunnerLog
from synthetic.report.metrics import RunnerMetrics

LOOK_EVERY_S = 2.0


@dataclass(slots=True)
class SloNow:
    """Call it for the policy. `file` None: the one that ships, which does not change."""

    file: Path | None
    policy: Policy
    _seen: str = ""

    @classmethod
    def of(cls, file: Path | None) -> SloNow:
        """As the file stands. Raises AuthorError."""
        return cls(file, policy_from(file), _content(file))

    def __call__(self) -> Policy:
        """What a release is held against now."""
        return self.policy

    async def watch(self, notes: SloNotes, look_every_s: float = LOOK_EVERY_S) -> None:
        """Look for changes, for ever."""
        while True:
            await asyncio.sleep(look_every_s)
            await self.look(notes)

    async def look(self, notes: SloNotes) -> None:
        """Look once. A file that is away or not valid is told once, and the SLO before stays in force."""
        seen = await asyncio.to_thread(_content, self.file)
        if self.file is None or seen == self._seen:
            return
        self._seen = seen
        try:
            self.policy = await asyncio.to_thread(load_slo, self.file)
        except AuthorError as error:
            notes.not_reloaded(self.file, error)
        else:
            notes.reloaded(self.file, seen)


@dataclass(frozen=True, slots=True)
class SloNotes:
    """Who hears of it, in the words of a runner that has read its files again."""

    metrics: RunnerMetrics
    log: RunnerLog = field(default_factory=RunnerLog)

    def reloaded(self, file: Path, digest: str) -> None:
        """Another SLO is in force."""
        self.metrics.config_reloaded(valid=True)
        self.log.reloaded(str(file), digest)

    def not_reloaded(self, file: Path, error: AuthorError) -> None:
        """The file can't be used as it is now."""
        self.metrics.config_reloaded(valid=False)
        self.log.not_reloaded(str(file), "; ".join(map(str, error.mistakes)))


def _content(file: Path | None) -> str:
    """Tells one content from another; "" where there is none to read."""
    try:
        return hashlib.sha256(file.read_bytes()).hexdigest() if file is not None else ""
    except OSError:
        return ""
