"""By which clock the cell judges the age of a webhook, and which bad signatures it lets pass when a switch is thrown."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from synthetic.reference.cell.cashier.signatures import BadSignature
from synthetic.reference.cell.context import CellContext

Now = Callable[[], datetime]

_REMEMBERED_MAX = 20_000
_REMEMBERED_FOR = timedelta(seconds=5)


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


class WebhookGuard:
    """One per kind of webhook."""

    def __init__(self, context: CellContext, now: Now) -> None:
        self._context = context
        self._now = now
        self._drawn: OrderedDict[str, tuple[int, datetime]] = OrderedDict()

    def now(self, event: str) -> datetime:
        """The time by the cell's clock, the same error for all attempts of one event.

        Some events look alike for one player's whole life (`verifyuser`), so an error is remembered for as long as attempts go on.
        """
        real = self._now()
        if not self._context.clock.is_off(self._context.settings.name):
            self._drawn.clear()
            return real
        skew_s, until = self._drawn.get(event, (0, real))
        if until <= real:
            skew_s = self._context.clock.draw_s(self._context.settings.name)
            self._drawn[event] = skew_s, real + _REMEMBERED_FOR
            while len(self._drawn) > _REMEMBERED_MAX:
                self._drawn.popitem(last=False)
        return real + timedelta(seconds=skew_s)

    @contextmanager
    def pardoning(self, psp: str) -> Iterator[None]:
        """Let BadSignature through, unless a switch has the cell obey such a webhook."""
        try:
            yield
        except BadSignature:
            if not self._context.switch("accepts_bad_webhooks", psp=psp):
                raise
