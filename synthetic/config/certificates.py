"""What is wrong with PEM files: certificates that can't be read or have run out, keys that do not fit.

Found out when the files are read, since a server only says `alert: bad certificate`, or nothing at all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import load_pem_private_key

PEM_MAX_BYTES = 1 << 20
_PASSPHRASE = "write `passphrase: env:NAME` beside it, and keep the passphrase there"  # noqa: S105 - a hint


@dataclass(frozen=True, slots=True)
class Flaw:
    """What is wrong with the file of a key (`certificate`, `key`, `passphrase`), and what to do; never anything of its content."""

    key: str
    message: str
    hint: str = ""


class Unreadable(ValueError):  # noqa: N818 - a value for `Flaw`
    """A file can't be read; says why."""


def read_pem(path: Path) -> bytes:
    """What is in a PEM file. Raises Unreadable."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(PEM_MAX_BYTES + 1)
    except OSError as error:
        raise Unreadable(f"can't be read: {error.strerror or type(error).__name__}") from None
    if len(raw) > PEM_MAX_BYTES:
        raise Unreadable(f"is larger than {PEM_MAX_BYTES >> 10} KiB")
    return raw


def digest_of(files: Iterable[Path]) -> str:
    """The first 12 hexadecimal digits of the SHA-256 of what is in files; one that can't be read counts as empty."""
    digest = hashlib.sha256()
    for file in files:
        with suppress(Unreadable):
            digest.update(read_pem(file))
    return digest.hexdigest()[:12]


def authorities_in(path: Path) -> int:
    """How many certificates of authorities a bundle has. Raises Unreadable where it has none."""
    return len(_certificates(read_pem(path)))


def end_of(path: Path) -> int:
    """The last second, since 1970, in which all certificates of a file are valid; 0 where there are none to read."""
    chain, _ = _chain(path)
    return min((int(one.not_valid_after_utc.timestamp()) for one in chain), default=0)


def flaws(certificate: Path | None, key: Path | None, passphrase: str | None, *, encrypted: bool) -> Iterator[Flaw]:
    """What is wrong with a client certificate and its key, as far as they are there.

    `encrypted`: there is a passphrase; None for it: not known here, so the key is looked at when it is.
    """
    chain: Sequence[x509.Certificate] = ()
    if certificate is not None:
        chain, unread = _chain(certificate)
        if unread:
            yield Flaw("certificate", f"the certificate '{certificate}' {unread}")
        yield from _out_of_time(chain, str(certificate))
    if key is None:
        return
    try:
        raw = read_pem(key)
    except Unreadable as error:
        yield Flaw("key", f"the key '{key}' {error}")
        return
    if not encrypted or passphrase is not None:
        yield from _misfits(raw, str(key), passphrase, chain)


def _chain(path: Path) -> tuple[Sequence[x509.Certificate], str]:
    try:
        return _certificates(read_pem(path)), ""
    except Unreadable as error:
        return (), str(error)


def _certificates(raw: bytes) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(raw)
    except ValueError:
        raise Unreadable("holds no PEM certificate") from None


def _out_of_time(chain: Sequence[x509.Certificate], name: str) -> Iterator[Flaw]:
    """The first certificate of a chain that is not valid now: one is enough for a server to refuse all."""
    now = datetime.now(UTC)
    for one in chain:
        if one.not_valid_after_utc < now:
            message = (
                f"the certificate '{name}' has expired: it was valid until {one.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
            )
            yield Flaw("certificate", message, "renew it; no server takes it any more")
            return
        if one.not_valid_before_utc > now:
            message = f"the certificate '{name}' is not valid before {one.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
            yield Flaw("certificate", message, "use the one before it until then, or look at this machine's clock")
            return


def _misfits(raw: bytes, name: str, passphrase: str | None, chain: Sequence[x509.Certificate]) -> Iterator[Flaw]:
    try:
        private = load_pem_private_key(raw, None if passphrase is None else passphrase.encode())
    except TypeError:  # one without the other
        if passphrase is None:
            yield Flaw("key", f"the key '{name}' is encrypted", _PASSPHRASE)
        else:
            yield Flaw("passphrase", f"the key '{name}' is not encrypted", "take the passphrase out")
    except (ValueError, UnsupportedAlgorithm):
        if passphrase is None:
            yield Flaw("key", f"the key '{name}' holds no PEM key that can be used", "name the certificate's own key")
        else:
            yield Flaw("passphrase", f"the key '{name}' can't be opened with this passphrase")
    else:
        if chain and private.public_key() != chain[0].public_key():
            hint = "name the key that the certificate was made for; its own certificate comes first in a chain"
            yield Flaw("key", f"the key '{name}' is not the certificate's", hint)
