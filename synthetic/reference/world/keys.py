"""The keys and passwords of one world, all derived from its seed: a demo's secrets, not anybody's."""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa


class Keys:
    """Texts and bytes by name; the same seed gives the same ones. The RSA key is new in every world."""

    def __init__(self, seed: int) -> None:
        self._root = f"reference world {seed}".encode()
        self._rsa = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def raw(self, name: str) -> bytes:
        """32 bytes."""
        return hmac.new(self._root, name.encode(), hashlib.sha256).digest()

    def text(self, name: str) -> str:
        """32 hexadecimal digits."""
        return self.raw(name).hex()[:32]

    def rsa_private_pem(self) -> str:
        """The private key that provider-a signs with."""
        private = serialization.PrivateFormat.PKCS8
        return self._rsa.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption()).decode()

    def rsa_public_pem(self) -> str:
        """The public key that wallets verify provider-a with."""
        public = serialization.PublicFormat.SubjectPublicKeyInfo
        return self._rsa.public_key().public_bytes(serialization.Encoding.PEM, public).decode()
