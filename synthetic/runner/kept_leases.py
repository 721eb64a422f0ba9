"""Keeps the leases of runs alive while they are going: for commands, which have no worker that does it."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from synthetic.core.errors import JournalUnavailable
from synthetic.journal.book import Book
from synthetic.journal.model import Lease

LEASE_S = 30.0
RENEWALS_PER_LEASE = 3


def own_name(command: str) -> str:
    """A worker's name that no other process has: `run-host-4711-a1b2c3`."""
    return f"{command}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(3)}"


@dataclass(slots=True)
class KeptLeases:
    """The leases that this process holds. One that another worker has taken is let go; its run can send no money any more."""

    book: Book
    lease_s: float = LEASE_S
    _held: dict[str, Lease] = field(default_factory=dict)

    @asynccontextmanager
    async def kept(self) -> AsyncIterator[None]:
        """Renew what is held, for as long as the block lasts."""
        renewing = asyncio.ensure_future(self._renew())
        try:
            yield
        finally:
            renewing.cancel()
            with suppress(asyncio.CancelledError):
                await renewing

    @property
    def held(self) -> list[Lease]:
        """What is held now."""
        return list(self._held.values())

    def hold(self, lease: Lease) -> None:
        """Keep this lease from now on."""
        self._held[lease.run_id] = lease

    def let_go(self, run_id: str) -> None:
        """Keep it no more."""
        self._held.pop(run_id, None)

    async def _renew(self) -> None:
        while True:
            await asyncio.sleep(self.lease_s / RENEWALS_PER_LEASE)
            held = self.held
            await asyncio.to_thread(self.renew, held)

    def renew(self, held: Sequence[Lease]) -> None:
        """Renew these once. Blocks, and belongs where blocking is allowed."""
        with suppress(JournalUnavailable):  # they run out by themselves, and whoever asks again may have them
            renewed = self.book.renew(held, self.lease_s)
            for run_id in {lease.run_id for lease in held} - {lease.run_id for lease in renewed}:
                self.let_go(run_id)
