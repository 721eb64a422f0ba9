"""Planted defects of log-in, sessions and single sign-on (domain reference 6, 40-45)."""

from __future__ import annotations

from synthetic.reference.catalogue import Fault
from synthetic.reference.defects.planting import defect

DEFECTS: tuple[Fault, ...] = (
    defect(
        "ignores_sso_state",
        "an answer of the identity provider to another browser's sign-in opens a session",
        "ignores_sso_state",
        "sso-state-mismatch",
        "step:tampered",
    ),
    defect(
        "ignores_sso_nonce",
        "an id token that was made for another sign-in opens a session",
        "ignores_sso_nonce",
        "sso-nonce-mismatch",
        "step:tampered",
    ),
    defect(
        "session_survives_login",
        "a log-in goes on under the session that was there before",
        "keeps_session_at_login",
        "session-rotation",
        "session-rotates-at-login",
    ),
    defect(
        "shows_payments_to_anyone",
        "a player is shown the payments of another one",
        "shows_payments_to_anyone",
        "another-players-payment",
        "token-bound-to-player",
    ),
    defect(
        "shows_rounds_to_anyone",
        "a player is shown the round of another one",
        "shows_rounds_to_anyone",
        "another-players-round",
        "token-bound-to-player",
    ),
)
