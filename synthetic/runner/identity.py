"""Seeds and ids: everything random of a run comes from one printed seed, so that it can be played again."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping

SEED_BITS = 48


def fresh_seed() -> int:
    """A seed that no other process has: run ids and idempotency keys are made of it, so two must never be the same."""
    return secrets.randbits(SEED_BITS)


def derived_seed(seed: int, *parts: object) -> int:
    """A seed of its own for each part of a session."""
    return int.from_bytes(_digest(seed, *parts)[:6], "big")


def run_id(seed: int, scenario: str, row: Mapping[str, str], cell: str, turn: int) -> str:
    """The id of one run: `r` and 15 hexadecimal digits, the same for the same seed."""
    return "r" + _digest(seed, scenario, sorted(row.items()), cell, turn).hex()[:15]


def pair_id(seed: int, scenario: str, row: Mapping[str, str], turn: int) -> str:
    """The id that the canary run and the baseline run of one instant share."""
    return "p" + _digest(seed, scenario, sorted(row.items()), turn).hex()[:15]


def _digest(*parts: object) -> bytes:
    return hashlib.sha256("\x1f".join(str(part) for part in parts).encode()).digest()
