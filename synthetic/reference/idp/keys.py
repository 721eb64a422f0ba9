"""The keys that id tokens are signed with: one current, the older ones published for as long as somebody may need them.

ES256: a new key costs a millisecond, so that a rotation does not slow down the cells, which share the process.
"""

from __future__ import annotations

import secrets
from typing import Any

from joserfc.jwk import ECKey

ALGORITHM = "ES256"
KEPT = 16  # older keys that stay published: tokens that they signed may still be on their way


class SigningKeys:
    """The published keys, the current one last; and one that is never published."""

    def __init__(self) -> None:
        self._published = [_new_key()]
        self._unpublished = _new_key()

    @property
    def current(self) -> ECKey:
        """The key that signs now."""
        return self._published[-1]

    @property
    def unpublished(self) -> ECKey:
        """A good key that nobody can look up."""
        return self._unpublished

    def rotate(self, kept: int = KEPT) -> None:
        """Sign with a new key from now on; of the older ones the last `kept` stay published."""
        older = self._published[-kept:] if kept > 0 else []
        self._published = [*older, _new_key()]

    def jwks(self) -> dict[str, Any]:
        """The published public keys as RFC 7517 writes them."""
        return {"keys": [key.as_dict(private=False) for key in self._published]}


def _new_key() -> ECKey:
    return ECKey.generate_key("P-256", {"kid": secrets.token_hex(8), "use": "sig", "alg": ALGORITHM})
