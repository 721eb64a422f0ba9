"""The seed of a journal: run ids and idempotency keys are made of it, so each journal keeps one of its own."""

from __future__ import annotations

import secrets

from synthetic.journal.database import Transaction

SEED_BITS = 48
_ONLY = "INSERT INTO installation (name, seed) VALUES ('seed', :seed) ON CONFLICT (name) DO NOTHING"
_SEED = "SELECT seed FROM installation WHERE name = 'seed'"


def seed(transaction: Transaction) -> int:
    """The journal's seed, drawn the first time that it is asked for."""
    transaction.change(_ONLY, seed=secrets.randbits(SEED_BITS))
    return int(transaction.rows(_SEED)[0][0])
