"""An examination: every law in its turn, each ruling told as it is made, and a report in the end. The same for wallets and PSPs."""

from __future__ import annotations

import uuid
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Generic, TypeVar

from synthetic.conformance.laws import Law
from synthetic.conformance.playing import Prober
from synthetic.conformance.ruling import Report, Ruling
from synthetic.core.secrets import Redactor
from synthetic.core.wording import brief

S = TypeVar("S")


def unheard(_ruling: Ruling) -> None:
    """Nobody watches."""


def random_id() -> str:
    """An id that nobody used before."""
    return str(uuid.uuid4())


class Examination(ABC, Generic[S]):
    """Tries laws over `S` at one address. `hear` is told each ruling as it is made."""

    def __init__(
        self,
        prober: Prober,
        url: str,
        subject: str,
        *,
        redactor: Redactor,
        hear: Callable[[Ruling], None],
        new_id: Callable[[], str],
    ) -> None:
        self._prober = prober
        self._url = url
        self._subject = subject
        self._redactor = redactor
        self._hear = hear
        self._new_id = new_id
        self._knobs: dict[str, str] = {}

    async def run(self, laws: Sequence[Law[S]]) -> Report:
        """Try the laws in order. Raises TargetUnreachable, and AuthorError where the endpoint does not know us."""
        started = datetime.fromtimestamp(self._prober.clock.wall_ns() / 1e9, UTC)
        await self._prober.check_reach()
        await self._begin()
        rulings = []
        for law in laws:
            rulings.append(await self._try(law))
            self._hear(rulings[-1])
        remarks = await self._remarks()
        return Report(
            subject=self._subject,
            url=self._url,
            started_at=started,
            took_s=self._prober.elapsed_s,
            requests=self._prober.requests,
            rulings=tuple(rulings),
            redactor=self._redactor,
            knobs=dict(sorted(self._knobs.items())),
            remarks=remarks,
        )

    @abstractmethod
    async def _begin(self) -> None:
        """What has to be so before a law is tried."""

    @abstractmethod
    async def _try(self, law: Law[S]) -> Ruling:
        """Try one law, and bring its money home, whatever happens."""

    @abstractmethod
    async def _remarks(self) -> tuple[str, ...]:
        """What it cost, and what a person has to look after."""

    def _shown(self, words: str) -> str:
        """What the endpoint told, as it may be shown."""
        return brief(self._redactor.redact(words))
