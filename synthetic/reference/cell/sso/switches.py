"""The switches that single sign-on implements: planted defects of the cell's own code."""

from __future__ import annotations

CELL_SWITCHES_SSO = {
    "caches_jwks_for_ever": "a token under a key that came after the cached ones is refused, and nobody looks for it",
    "ignores_sso_state": "the state that comes back from the identity provider is not compared",
    "ignores_sso_nonce": "the nonce of the id token is not compared",
}
