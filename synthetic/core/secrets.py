"""Secrets are tainted when they enter a run, and leave it only to the target: every text for a person goes through a `Redactor`."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

MASK = "***"
_SHORTEST = 4  # masking shorter texts would blot out half of a report and protect nothing
_SPELLED_ALIKE = re.compile(r"[A-Za-z0-9_.~-]*")  # as it is in JSON and in URLs
_REMEMBERED_CHARS, _REMEMBERED_MAX = 200, 1000
# How the JSON writers of common platforms escape more than they have to.
_GO = {ord(sign): f"\\u{ord(sign):04x}" for sign in "<>&"}
_DOTNET = {ord(sign): f"\\u{ord(sign):04X}" for sign in "<>&'+`"}
_PHP = {ord("/"): "\\/"}


class Redactor:
    """Replaces every known secret, and its JSON, URL and base64 spellings, by `***`."""

    def __init__(self) -> None:
        self._forms: set[str] = set()
        self._longest = 0
        self._told: dict[str, str] = {}  # short texts that were redacted with these forms

    @property
    def longest(self) -> int:
        """Characters of the longest spelling of a secret."""
        return self._longest

    def taint(self, secret: str) -> str:
        """Remember a secret; returns it unchanged, so that it can be tainted where it is captured."""
        if len(secret) >= _SHORTEST and secret not in self._forms:
            self._forms.update(_spellings(secret))
            self._longest = max(map(len, self._forms))
            self._told.clear()
        return secret

    def redact(self, text: str) -> str:
        """The text without any known secret; where secrets overlap, the whole of them is masked."""
        told = self._told.get(text)
        if told is None:
            told = self.beginning(text, len(text))[0]
            if len(text) <= _REMEMBERED_CHARS and len(self._told) < _REMEMBERED_MAX:
                self._told[text] = told
        return told

    def beginning(self, text: str, chars: int) -> tuple[str, bool]:
        """The first so many characters without any known secret, and whether that is all of the text.

        A secret that begins there is masked whole: a cut through its middle would show its first half.
        """
        seen = text[: chars + self._longest]
        for form in self._forms:
            if form in seen:
                break
        else:
            return text[:chars], chars >= len(text)
        shown, end = list[str](), 0
        for start, stop in sorted(span for form in self._forms for span in _occurrences(form, seen)):
            if start >= chars:
                break
            if start >= end:
                shown += [text[end:start], MASK]
            end = max(end, stop)
        return "".join([*shown, text[end:chars]]), max(end, chars) >= len(text)


def _occurrences(form: str, text: str) -> Iterator[tuple[int, int]]:
    start = text.find(form)
    while start >= 0:
        yield start, start + len(form)
        start = text.find(form, start + 1)


def _spellings(secret: str) -> Iterator[str]:
    """The secret as it may stand in a body, a URL or a header."""
    raw = secret.encode(errors="surrogateescape")
    yield secret
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        yield encode(raw).decode().rstrip("=")
    if _SPELLED_ALIKE.fullmatch(secret):
        return
    yield from _json_spellings(secret)
    for quoted in (quote(raw, safe=""), quote(raw), quote_plus(raw)):
        yield quoted
        yield re.sub("%..", lambda escape: escape[0].lower(), quoted)


def _json_spellings(secret: str) -> Iterator[str]:
    for plain in (json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]):
        yield plain
        for writer in (_GO, _PHP):
            yield plain.translate(writer)
    ascii_only = json.dumps(secret)[1:-1].translate(_DOTNET).replace('\\"', "\\u0022")
    yield re.sub(r"\\u[0-9a-f]{4}", lambda escape: f"\\u{escape[0][2:].upper()}", ascii_only)
