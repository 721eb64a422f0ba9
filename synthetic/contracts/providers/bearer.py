"""The seal of an API that knows its counterpart by a bearer key."""

from __future__ import annotations

from synthetic.contracts.sealing import Outgoing


def seal_bearer(request: Outgoing, key: str, wrong: str) -> Outgoing:
    """`Authorization: Bearer <the counterpart's API key>`. Raises ValueError for a wrong that it does not know."""
    if wrong not in ("", "another key"):
        raise ValueError(f"no API key is wrong by {wrong!r}; there is: another key")
    return request.having(Authorization=f"Bearer {'of-nobody' if wrong else key}")
