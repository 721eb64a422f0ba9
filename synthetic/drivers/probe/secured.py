"""TLS over bytes: an `ssl.SSLObject` between two memory buffers, so that whoever owns the socket also sees when bytes came."""

from __future__ import annotations

import ssl

from synthetic.drivers.intake import READ_BYTES_MAX

_RECORDS_BYTES = 64 << 10  # so much is encrypted at a time


class Secured:
    """One TLS connection of a client. `host`: whom the certificate has to name, and what is told as SNI."""

    def __init__(self, context: ssl.SSLContext, host: str) -> None:
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        context.set_alpn_protocols(["http/1.1"])  # each time: httpcore, for HTTP/2, sets others on the same context
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=host)
        self._plain = memoryview(b"")
        self.ended = False

    def handshake(self) -> bool:
        """Go on with the handshake; whether it is over. What it wants sent is in `outgoing`. Raises ssl.SSLError."""
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True

    def received(self, data: bytes) -> None:
        """So much came; nothing where the connection has ended."""
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    def plain(self) -> bytes:
        """What has been decrypted; nothing where more has to come, or where `ended` says that none will. Raises ssl.SSLError."""
        parts = []
        while True:
            try:
                part = self._tls.read(READ_BYTES_MAX)
            except ssl.SSLWantReadError:
                break
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                part = b""
            if not part:
                self.ended = True
                break
            parts.append(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def send(self, data: bytes) -> None:
        """Have this encrypted."""
        self._plain = memoryview(data)

    @property
    def owes(self) -> bool:
        """Whether something of what was to be encrypted has not been given yet."""
        return bool(self._plain)

    def outgoing(self) -> bytes:
        """What has to leave next; nothing where all has been given."""
        while self._plain and not self._outgoing.pending:
            self._plain = self._plain[self._tls.write(self._plain[:_RECORDS_BYTES]) :]
        return self._outgoing.read()

    def version(self) -> str | None:
        """`TLSv1.3` or the like."""
        return self._tls.version()
