"""The switches of a game provider: faults of domain reference 7 that sit on the provider's side."""

from __future__ import annotations

PROVIDER_SWITCHES = {
    "loses_rollbacks": "the rollback of a cancelled round is never sent; the provider believes that it was",
    "sends_second_rollback_id": "after a rollback another one goes out for the same bet, under a fresh id",
}
