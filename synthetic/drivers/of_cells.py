"""The drivers of cells as their file describes them: whom they trust, what they show, the HTTP they speak, the way they go."""

from __future__ import annotations

import ssl
from pathlib import Path

from synthetic.config.connection_secrets import connection_secrets
from synthetic.core.errors import AuthorError, Mistake
from synthetic.core.plan import CellPlan
from synthetic.core.ports import Clock
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.blocking_driver import BlockingDriver
from synthetic.drivers.lag import LagMeter
from synthetic.drivers.proxies import Proxy
from synthetic.drivers.tls import client_context, fresh_context


def asyncio_driver(cell: CellPlan, *, clock: Clock, lag: LagMeter | None = None) -> AsyncDriver:
    """The driver of the runner. Raises AuthorError where what the cell asks for can't be had; so do all functions here."""
    http2 = _own_context(cell) if cell.connection.http2 else None
    return AsyncDriver(allow=cell.allow, tls=tls_of(cell), clock=clock, lag=lag, http2=http2, proxy=proxy_of(cell))


def blocking_driver(cell: CellPlan, *, clock: Clock | None = None) -> BlockingDriver:
    """The driver of pytest and of all that plays one run at a time."""
    check_blocking(cell)
    return BlockingDriver(allow=cell.allow, tls=tls_of(cell), clock=clock, proxy=proxy_of(cell))


def check_blocking(cell: CellPlan) -> None:
    """Refuse what the blocking drivers can't do, since a run over something else would measure another platform."""
    if cell.connection.http2:
        message = f"cell {cell.name} asks for HTTP/2, which only `run` and `serve` speak: not pytest, load users and contracts"
        raise AuthorError.at(cell.place, message, "play it with `synthetic run`, or write a cell without `http2`")


def tls_of(cell: CellPlan) -> ssl.SSLContext:
    """The TLS of a cell: for HTTP/1.1, WebSockets, and to see whether it can be reached."""
    connection = cell.connection
    # httpcore, which goes through proxies, writes into a context what it offers; the shared one is the probe transport's.
    shares = connection.mtls is None and connection.proxy is None
    return client_context(connection.ca_file) if shares else _own_context(cell)


def proxy_of(cell: CellPlan) -> Proxy | None:
    """The proxy of a cell, with what it wants to know of us."""
    proxy = cell.connection.proxy
    return None if proxy is None else Proxy.at(proxy.url, connection_secrets(cell).proxy)


def _own_context(cell: CellPlan) -> ssl.SSLContext:
    """A context that nobody shares. HTTP/2 has one: what is offered is written into it, and a WebSocket must not offer HTTP/2."""
    return fresh_context(cell.connection.ca_file) if cell.connection.mtls is None else _with_certificate(cell)


def _with_certificate(cell: CellPlan) -> ssl.SSLContext:
    """A context that shows the cell's certificate. Its files are looked at again: the passphrase need not have been here before."""
    mtls = cell.connection.mtls
    assert mtls is not None, "only who has a certificate can show it"
    passphrase = connection_secrets(cell).passphrase
    from synthetic.config.certificates import flaws  # noqa: PLC0415 - cryptography takes long to import

    found = flaws(Path(mtls.certificate), Path(mtls.key), passphrase, encrypted=passphrase is not None)
    mistakes = [Mistake(mtls.place, f"cell {cell.name}: {flaw.message}", flaw.hint) for flaw in found]
    if mistakes:
        raise AuthorError(mistakes)
    context = fresh_context(cell.connection.ca_file)
    try:
        # Never None: OpenSSL would ask for a passphrase at the terminal.
        context.load_cert_chain(mtls.certificate, mtls.key, lambda: passphrase or "")
    except (OSError, ssl.SSLError, ValueError) as error:
        reason = error.reason if isinstance(error, ssl.SSLError) else type(error).__name__
        message = f"cell {cell.name}: the certificate and its key can't be used: {reason}"
        raise AuthorError.at(mtls.place, message, "name PEM files that OpenSSL takes") from None
    return context
