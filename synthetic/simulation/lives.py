"""The lives of workers: one process from its start to its end, which may come at any point, between any two of its acts.

A process that is killed does nothing any more: what it has sent is under way, what it has written is written, and nothing else.
So every act of a life passes a gate, and behind the end of the life each gate raises `Dead`, in `finally` blocks, too.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

LIFE: ContextVar[Life | None] = ContextVar("LIFE", default=None)


class Dead(BaseException):
    """The process has ended here. Nothing that it still tries has an effect."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls one life: it is killed at its `crash_at`-th gate, or `dies_s` after its birth (0: never).

    `pause_at` is the gate at which the whole process stands still for `pause_s`, and does not know it: a stopped container, a
    swapping machine. Its wall clock is off by `skew_s`, and jumps by `jump_s` at `jump_after_s`.
    """

    crash_at: int = 0
    dies_s: float = 0.0
    pause_at: int = 0
    pause_s: float = 0.0
    skew_s: float = 0.0
    jump_s: float = 0.0
    jump_after_s: float = 0.0


@dataclass(eq=False, slots=True)
class Life:
    """One process of a worker. `gates` counts its acts so far; `on_death` hears when it ends by force."""

    worker: str
    number: int
    fate: Fate
    loop: asyncio.AbstractEventLoop
    on_death: Callable[[Life, str], None]
    born_s: float = 0.0
    gates: int = 0
    dead: bool = False
    awake_at_s: float = 0.0
    tasks: list[asyncio.Task[Any]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """The worker's name and which of its lives this is: `w1#2`."""
        return f"{self.worker}#{self.number}"

    def pass_gate(self, act: str) -> None:
        """One act more. Raises Dead where the life is over, or ends here."""
        self.check()
        self.gates += 1
        if self.gates == self.fate.crash_at:
            self.end(f"at gate {self.gates}, {act}")
            raise Dead(self.name)
        if self.gates == self.fate.pause_at:
            self.awake_at_s = self.loop.time() + self.fate.pause_s

    def check(self) -> None:
        """Raise Dead where the life is over."""
        if self.dead:
            raise Dead(self.name)

    def end(self, why: str) -> None:
        """End by force: every task stands still for ever, and nobody gets to tidy up."""
        if self.dead:
            return
        self.dead = True
        self.on_death(self, why)
        self.loop.call_soon(self.bury)

    def bury(self) -> None:
        """Take its tasks off the loop. What they do on their way out meets gates that are shut."""
        left = [task for task in self.tasks if not task.done()]
        for task in left:
            task.cancel()
        if left:
            self.loop.call_soon(self.bury)

    async def awake(self) -> None:
        """Stand still for as long as the process does."""
        await asyncio.sleep(max(0.0, self.awake_at_s - self.loop.time()))
        self.check()

    def wall_offset_ns(self) -> int:
        """How far its wall clock is off by now."""
        jumped = self.fate.jump_after_s and self.loop.time() - self.born_s >= self.fate.jump_after_s
        return round((self.fate.skew_s + (self.fate.jump_s if jumped else 0.0)) * 1e9)


def note_birth(task: asyncio.Task[Any]) -> None:
    """Count a task that begins among those of the life that begins it."""
    life = LIFE.get()
    if life is not None:
        life.tasks.append(task)
