"""The TLS context of a cell: certificates are always verified, against the public authorities and the cell's own bundle."""

from __future__ import annotations

import ssl
from functools import lru_cache

import httpx

from synthetic.core.errors import AuthorError, Place


def client_context(ca_file: str = "") -> ssl.SSLContext:
    """A verifying context, whatever the environment says. `ca_file`: a PEM bundle to trust as well. Raises AuthorError."""
    return fresh_context(ca_file) if ca_file else _public_context()


def fresh_context(ca_file: str = "") -> ssl.SSLContext:
    """`client_context`, for somebody who writes more into it. Raises AuthorError."""
    context = httpx.create_ssl_context(trust_env=False)
    try:
        if ca_file:
            context.load_verify_locations(ca_file)
    except (OSError, ssl.SSLError) as error:
        raise AuthorError.at(
            Place(ca_file), f"this CA bundle can't be used: {error}", "name a file with PEM certificates"
        ) from None
    return context


@lru_cache(maxsize=1)
def _public_context() -> ssl.SSLContext:
    """Shared by all cells without a proxy: reading the public authorities takes longer than many a run.

    Who writes more into one than that HTTP/1.1 is offered, as httpcore does for the blocking driver, takes `fresh_context`.
    """
    return fresh_context()
