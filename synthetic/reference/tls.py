"""TLS for the platform's own HTTP clients: one context for all, for loading the root certificates costs more than a bet."""

from __future__ import annotations

import ssl
from functools import cache

import httpx


@cache
def client_tls() -> ssl.SSLContext:
    """The default verification of httpx, loaded once."""
    return httpx.create_ssl_context(trust_env=False)
