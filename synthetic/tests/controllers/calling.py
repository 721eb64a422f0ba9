"""HTTP as the controllers do it: with their time-outs, and to the gate under test instead of the manifest's host."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # reading all certificate authorities takes longer than a test


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `status` 0: nothing did, and `body` says why."""

    status: int
    body: str

    @property
    def is_2xx(self) -> bool:
        return 200 <= self.status < 300


@dataclass
class Caller:
    """Calls the URLs of a manifest at `gate` (scheme, host and port); the path and the query stay as they are written. A user
    and a password in a URL go as `Basic`, as Go's client sends them.

    `elsewhere`: the addresses of hosts that are not the gate, such as the manifest's Prometheus. `asked` keeps (method, path,
    status) of every call. `patience_s` caps the manifest's time-outs, which no test waits for.
    """

    gate: str
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    patience_s: float = 10.0
    asked: list[tuple[str, str, int]] = field(default_factory=list)
    _client: httpx.Client = field(default_factory=lambda: httpx.Client(verify=NO_TLS, follow_redirects=True))

    def __enter__(self) -> Caller:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def call(
        self, method: str, url: str, *, timeout_s: float, headers: Mapping[str, str] | None = None, body: Any = None
    ) -> Answer:
        """One call. Whatever goes wrong with it is an answer with status 0."""
        written = httpx.URL(url)
        path, address = written.raw_path.decode(), self.elsewhere.get(written.host, self.gate)
        try:
            reply = self._client.request(
                method,
                address.rstrip("/") + path,
                headers=headers,
                auth=(written.username, written.password) if written.userinfo else None,
                json=body,
                timeout=min(timeout_s, self.patience_s),
            )
        except httpx.HTTPError as error:
            answer = Answer(0, f"{type(error).__name__}: {error}")
        else:
            answer = Answer(reply.status_code, reply.text)
        self.asked.append((method, path, answer.status))
        return answer
