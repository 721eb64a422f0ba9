"""Secrets are tainted when they enter a run, and leave it only to the target: every text for a person goes through a `Redactor`."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

MASK = "***"
_SHORTEST = 4  # masking shorter texts would blot out half of a report and protect nothing


class Redactor:
    """Replaces every known secret, and its JSON, URL and base64 forms, by `***`."""

    def __init__(self) -> None:
        self._forms: list[str] = []

    def taint(self, secret: str) -> str:
        """Remember a secret; returns it unchanged, so that it can be tainted where it is captured."""
        if len(secret) >= _SHORTEST:
            known = set(self._forms) | self._spellings(secret)
            self._forms = sorted(known, key=len, reverse=True)
        return secret

    @staticmethod
    def _spellings(secret: str) -> set[str]:
        raw = secret.encode()
        return {
            secret,
            json.dumps(secret)[1:-1],
            quote(secret, safe=""),
            quote(secret),
            base64.b64encode(raw).decode().rstrip("="),
            base64.urlsafe_b64encode(raw).decode().rstrip("="),
        }

    def redact(self, text: str) -> str:
        """The text without any known secret."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, MASK)
        return text
