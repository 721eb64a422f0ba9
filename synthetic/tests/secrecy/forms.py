"""How a secret may hide in bytes, and who looks for it there: an eye of its own, which shares nothing with our redactor."""

from __future__ import annotations

import base64
import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from urllib.parse import quote, quote_plus

SHORTEST = 6  # a one-time code; what is shorter can't be told from an accident


def forms_of(secret: str) -> set[bytes]:
    """As it is, in JSON, in URLs, in hexadecimal, and in base64 at whatever place of a longer text it stands."""
    raw = secret.encode()
    texts = {
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, safe=""),
        quote_plus(secret),
    }
    found = {text.encode() for text in texts} | {raw.hex().encode(), raw.hex().upper().encode(), raw[::-1]}
    if len(raw) >= 8:  # three letters of base64 at either end belong to the neighbours
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            for shift in range(3):
                padded = encode(b"\0" * shift + raw)
                found.add(padded[4 if shift else 0 : -4])
    return {form for form in found if len(form) >= SHORTEST}


def leaks(text: bytes, secrets: Mapping[str, str]) -> list[str]:
    """The names of the secrets that stand in the text in any form, and beside what."""
    found = []
    for name, secret in secrets.items():
        for form in forms_of(secret):
            at = text.find(form)
            if at >= 0:
                around = (
                    text[max(0, at - 60) : at]
                    + b"<<"
                    + name.encode()
                    + b">>"
                    + text[at + len(form) : at + len(form) + 30]
                )
                found.append(f"{name}: {around!r}")
                break
    return found


def every_byte(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below a folder as it is, and what is packed or paged in it unpacked: databases row by row."""
    for path in sorted(folder.rglob("*")):
        if path.is_file() and "secrets" not in path.relative_to(folder).parts:
            name = str(path.relative_to(folder))
            yield name, path.read_bytes()
            if path.read_bytes().startswith(b"SQLite format 3"):
                yield f"{name} row by row", b"\n".join(_rows(path))


def _rows(path: Path) -> Iterator[bytes]:
    with sqlite3.connect(path) as database:
        tables = [name for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        for table in tables:
            for row in database.execute(f'SELECT * FROM "{table}"'):  # noqa: S608 - names from the file itself
                yield b" ".join(_plain(value) for value in row)
    database.close()


def _plain(value: object) -> bytes:
    if not isinstance(value, bytes):
        return str(value).encode()
    try:
        return zlib.decompress(value)
    except zlib.error:
        return value


def together(parts: Iterable[tuple[str, bytes]]) -> dict[str, bytes]:
    """Parts by name."""
    return dict(parts)
