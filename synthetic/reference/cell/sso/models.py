"""Which player a subject of the identity provider is."""

from __future__ import annotations

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from synthetic.reference.ledger.models import Base


class SsoIdentity(Base):
    """One subject (`sub`), one player. A cell has one identity provider, so the issuer is no part of the key."""

    __tablename__ = "sso_identities"

    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    player_id: Mapped[str] = mapped_column(ForeignKey("players.player_id"))
