"""Whose server a URL is: the endpoint of the cell that has its scheme and host."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from urllib.parse import urlsplit

_KEPT_CHARS_MAX = 512  # of what a server may say at any length: what is kept has a limit

Origin = tuple[str, str]
"""Scheme and host of a URL."""


def origin_of(url: str) -> Origin:
    """The origin of a URL, as far as its first 512 characters tell it."""
    return _kept_origin(url[:_KEPT_CHARS_MAX])  # `urlsplit` keeps what it was given, too


@lru_cache(maxsize=256)
def _kept_origin(url: str) -> Origin:
    parts = urlsplit(url)
    return parts.scheme, parts.netloc


def endpoints_by_origin(endpoints: Mapping[str, str]) -> Mapping[Origin, str]:
    """The names of a cell's endpoints; of two with one origin the first one's."""
    names: dict[Origin, str] = {}
    for name, address in endpoints.items():
        names.setdefault(origin_of(address), name)
    return names
