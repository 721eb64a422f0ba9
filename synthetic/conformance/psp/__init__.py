"""The laws of a PSP of style `intents`, tried as a merchant (domain reference 2)."""

from __future__ import annotations

from synthetic.conformance.laws import Law
from synthetic.conformance.psp import books, keys, lives, notifications
from synthetic.conformance.psp.merchant import Merchant

LAWS: tuple[Law[Merchant], ...] = (*keys.LAWS, *lives.LAWS, *books.LAWS, *notifications.LAWS)
