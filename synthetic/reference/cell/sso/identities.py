"""The players that may come by single sign-on: linked at start from the settings' seeds, found by their subject."""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa

from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.sso.models import SsoIdentity
from synthetic.reference.ledger import Ledger
from synthetic.reference.settings import PlayerSeed


def link_players(ledger: Ledger, seeds: Iterable[PlayerSeed]) -> None:
    """Link the seeded players that have a subject and are not linked yet; a restart changes nobody."""
    with ledger.transaction() as transaction:
        there = set(transaction.session.scalars(sa.select(SsoIdentity.subject)))
        for seed in seeds:
            if seed.sso_subject and seed.sso_subject not in there:
                transaction.session.add(SsoIdentity(subject=seed.sso_subject, player_id=seed.player_id))


def player_of_subject(ledger: Ledger, subject: str) -> str:
    """The player's id. Raises 403 `unknown_subject`: who the identity provider knows is not yet a player here."""
    with ledger.reading() as session:
        identity = session.get(SsoIdentity, subject)
    if identity is None:
        raise ApiError(403, "unknown_subject", "the identity provider knows this person, but no player here is linked")
    return identity.player_id
