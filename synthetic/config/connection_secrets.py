"""What a cell is connected to with and nobody may see: the proxy's username and password, and the passphrase of its key."""

from __future__ import annotations

from dataclasses import dataclass, field

from synthetic.config.secret_refs import resolve_all
from synthetic.core.plan import CellPlan


@dataclass(frozen=True, slots=True)
class ConnectionSecrets:
    """Resolved; None for what the cell has none of. They go to the drivers, and no expression sees them."""

    proxy: tuple[str, str] | None = field(default=None, repr=False)
    passphrase: str | None = field(default=None, repr=False)

    @property
    def texts(self) -> tuple[str, ...]:
        """What is masked wherever it comes back. The pair with its colon is what Basic authentication encodes (RFC 7617).

        Not the username by itself: it opens nothing, and an argument in which it stands by accident (a player's id) would be kept
        out of the journal, from which another process brings the money home.
        """
        pair = () if self.proxy is None else (self.proxy[1], ":".join(self.proxy))
        return pair if self.passphrase is None else (*pair, self.passphrase)


_NONE = ConnectionSecrets()


def connection_secrets(cell: CellPlan) -> ConnectionSecrets:
    """Those of a cell, as they are now. Raises AuthorError where a reference leads nowhere."""
    proxy, mtls = cell.connection.proxy, cell.connection.mtls
    named = {"proxy.username": proxy.username, "proxy.password": proxy.password} if proxy and proxy.username else {}
    if mtls is not None and mtls.passphrase:
        named["mtls.passphrase"] = mtls.passphrase
    if not named:
        return _NONE
    known = resolve_all(cell, named)
    pair = (known["proxy.username"], known["proxy.password"]) if "proxy.username" in known else None
    return ConnectionSecrets(pair, known.get("mtls.passphrase"))
