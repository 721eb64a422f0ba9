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


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


class WebhookGuard:
    """One per kind of webhook."""

    def __init__(self, context: CellContext, now: Now) -> None:
        self._context = context
        self._now = now
        self._skews_s: OrderedDict[str, int] = OrderedDict()

    def now(self, event: str) -> datetime:
        """The time by the cell's clock, the same error for all attempts of one event."""
        if event not in self._skews_s:
            self._skews_s[event] = self._context.clock.draw_s(self._context.settings.name)
            while len(self._skews_s) > _REMEMBERED_MAX:
                self._skews_s.popitem(last=False)
        return self._now() + timedelta(seconds=self._skews_s[event])

    @contextmanager
    def pardoning(self, psp: str) -> Iterator[None]:
        """Let BadSignature through, unless a switch has the cell obey such a webhook."""
        try:
            yield
        except BadSignature:
            if not self._context.switch("accepts_bad_webhooks", psp=psp):
                raise
