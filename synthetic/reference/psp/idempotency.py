"""Stripe's idempotency: the first answer under a key is the answer for ever (https://docs.stripe.com/api/idempotent_requests).

What is stored: every answer of a request whose execution began, 500s included. What is not: validation failures, and the
409 that a concurrent request under the same key gets. A key may be pruned after 24 hours; then it is a new operation.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

KEEP_S = 24 * 3600.0
KEY_LENGTH_MAX = 255


class KeyMismatch(Exception):  # noqa: N818 - what happened, not an error of ours
    """The key was used with other parameters."""


class KeyInUse(Exception):  # noqa: N818 - what happened, not an error of ours
    """Another request under the key is being executed right now."""


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """What the first request was answered."""

    status: int
    body: bytes


@dataclass(frozen=True, slots=True)
class _Record:
    fingerprint: str
    claimed_at_s: float
    answer: StoredAnswer | None = None


class IdempotencyStore:
    """Answers by (merchant, key). One event loop owns it: a claim has no `await` between look and write, so it is atomic."""

    def __init__(self, *, keep_s: float = KEEP_S, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._keep_s = keep_s
        self._monotonic_s = monotonic_s
        self._records: dict[tuple[str, str], _Record] = {}

    def claim(self, merchant: str, key: str, fingerprint: str) -> StoredAnswer | None:
        """The stored answer, or None when the caller is the first and has to execute, then `store` or `release`.

        Raises KeyMismatch when the parameters differ from the first request's, KeyInUse while that one is executed.
        """
        now_s = self._monotonic_s()
        record = self._records.get((merchant, key))
        if record is None or (record.answer is not None and now_s - record.claimed_at_s >= self._keep_s):
            self._records[merchant, key] = _Record(fingerprint, now_s)
            return None
        if record.fingerprint != fingerprint:
            raise KeyMismatch(key)
        if record.answer is None:
            raise KeyInUse(key)
        return record.answer

    def store(self, merchant: str, key: str, answer: StoredAnswer) -> None:
        """Keep the answer of the request that claimed the key."""
        claimed = self._records[merchant, key]
        self._records[merchant, key] = _Record(claimed.fingerprint, claimed.claimed_at_s, answer)

    def release(self, merchant: str, key: str) -> None:
        """Forget a claim whose request was never executed."""
        self._records.pop((merchant, key), None)
