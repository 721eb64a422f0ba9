"""The plan that is in force: replaced as a whole when a file of it changes, and kept where the new one is not valid.

Looked for by content, as a file that was written again is no change. The pacer asks for the plan at every look, so a new one is
in force from the next tick on; runs that play keep theirs to their end.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from operator import attrgetter
from pathlib import Path
from typing import Protocol

from synthetic.config.project import yaml_files
from synthetic.core.errors import AuthorError, Mistake, SyntheticError
from synthetic.core.plan_serving import ServingPlan
from synthetic.runner.outside import OffLoop

LOOK_EVERY_S = 2.0
FIXED = (
    "name",
    "database",
    "listen",
    "audit",
    "otlp",
    "kill.file",
    "kill.token",
    "limits.lease_s",
    "limits.clock_skew_s",
    "limits.proof_for_s",
    "gate_opened",
)
"""What a running worker has opened, or reads once when it starts: a change that was accepted would not be in force."""
_KEYS = {
    "name": "serve",
    "limits.lease_s": "limits.lease",
    "limits.clock_skew_s": "limits.clock_skew",
    "limits.proof_for_s": "limits.proof_for",
    "gate_opened": "gate (but for its slo)",
}

Stamps = dict[str, tuple[int, int, int]]


class ReloadNotes(Protocol):
    """Who hears of reloads: metrics, audit, logs."""

    def reloaded(self, old: ServingPlan, new: ServingPlan) -> None:
        """A new plan is in force."""

    def not_reloaded(self, kept: ServingPlan, mistakes: tuple[Mistake, ...]) -> None:
        """The files are not valid as they are now; the plan before is still in force."""


@dataclass(slots=True)
class Reloader:
    """Keeps `plan` up to date. `load` reads all files and raises AuthorError; it takes long, so it is called off the loop.

    `make_ready` is for a new plan before it is in force; it raises SyntheticError where that can't be, such as for a secret that
    leads nowhere.
    """

    plan: ServingPlan
    load: Callable[[], ServingPlan]
    notes: ReloadNotes
    off_loop: OffLoop = asyncio.to_thread
    make_ready: Callable[[ServingPlan], None] = lambda _new: None
    _asked: asyncio.Event = field(default_factory=asyncio.Event)
    _stamps: Stamps = field(init=False)
    _content: str = field(init=False)
    _mentioned: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self._stamps = _stamps(self._watched())
        self._content = _content(self._watched())

    def ask(self) -> None:
        """Look at once, as after a SIGHUP, and tell the outcome even where nothing has changed."""
        self._asked.set()

    async def watch(self, look_every_s: float = LOOK_EVERY_S) -> None:
        """Look for changes, for ever."""
        while True:
            asked = await self._waited(look_every_s)
            await self.look(asked=asked)

    async def look(self, *, asked: bool = False) -> bool:
        """Look once. Answers whether a new plan is in force."""
        if not await self.off_loop(self._has_changed) and not asked:
            return False
        before = self.plan
        try:
            new = await self.off_loop(self.load)
            _require_same(before, new)
            self.make_ready(new)
        except (SyntheticError, OSError) as error:  # a file may go while it is read
            mistakes = error.mistakes if isinstance(error, AuthorError) else (Mistake(before.place, str(error)),)
            self._mentioned = frozenset(mistake.place.file for mistake in mistakes if mistake.place.file)
            if isinstance(error, OSError):
                self._stamps, self._content = {}, ""  # look again, whatever is there then
            self.notes.not_reloaded(before, mistakes)
            return False
        self._mentioned = frozenset()
        self.plan = new
        self.notes.reloaded(before, new)
        return new.digest != before.digest

    async def _waited(self, seconds: float) -> bool:
        """Wait for the time or for somebody who asks. Answers whether somebody has."""
        try:
            await asyncio.wait_for(self._asked.wait(), seconds)
        except TimeoutError:
            return False
        self._asked.clear()
        return True

    def _has_changed(self) -> bool:
        """Whether any file has another content, came or went. Files are only read where their times or sizes differ."""
        stamps = _stamps(self._watched())
        if stamps == self._stamps:
            return False
        content = _content(self._watched())
        changed = content != self._content
        self._stamps, self._content = stamps, content
        return changed

    def _watched(self) -> list[str]:
        """The files of the plan, those that have come into its folders, and those that the last mistakes stand in."""
        found = (str(path) for folder in self.plan.folders for path in yaml_files(Path(folder)))
        return sorted({*self.plan.files, *self._mentioned, *found})


def _require_same(before: ServingPlan, new: ServingPlan) -> None:
    """Raises AuthorError for what only a restart can change."""
    changed = [name for name in FIXED if attrgetter(name)(before) != attrgetter(name)(new)]
    if changed:
        keys = ", ".join(_KEYS.get(name, name) for name in changed)
        raise AuthorError.at(new.place, f"{keys} can't change while the runner is up", "restart it, or take it back")


def _stamps(paths: Iterable[str]) -> Stamps:
    return dict(_stamp(paths))


def _stamp(paths: Iterable[str]) -> Iterator[tuple[str, tuple[int, int, int]]]:
    for path in paths:
        try:
            status = Path(path).stat()  # of what a link leads to: a ConfigMap is switched by its links
        except OSError:
            continue
        yield path, (status.st_mtime_ns, status.st_size, status.st_ino)


def _content(paths: Iterable[str]) -> str:
    total = hashlib.sha256()
    for path in paths:
        try:
            raw = Path(path).read_bytes()
        except OSError:
            continue  # it went between the listing and the look
        total.update(f"{path}\0{len(raw)}\0".encode() + raw)
    return total.hexdigest()
