"""One HTTP exchange with a PSP, with every transport mishap translated into who can still trust what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from synthetic.reference.cell.cashier.psp_clients.protocol import PspRejected, PspUnknown, PspUnreachable
from synthetic.reference.settings import PspAccount
from synthetic.reference.tls import client_tls

TIMEOUT_S = 2.0
_GATEWAY_STATUSES = frozenset({502, 503, 504})


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that is a JSON object. `status` is 2xx or 4xx."""

    status: int
    body: Mapping[str, Any]


class PspExchange:
    """The HTTP side of a PSP client. `http` may come from outside (it is then closed there); its base URL is not used."""

    def __init__(self, account: PspAccount, http: httpx.AsyncClient | None, timeout_s: float) -> None:
        self.psp = account.psp
        self._url = account.url.rstrip("/")
        self._headers = {"Authorization": f"Bearer {account.api_key}"}
        self._is_own = http is None
        self._http = http or httpx.AsyncClient(timeout=timeout_s, verify=client_tls(), trust_env=False)

    async def call(
        self,
        method: str,
        path: str,
        *,
        json: Mapping[str, Any] | None = None,
        params: Mapping[str, str] | None = None,
        key: str | None = None,
    ) -> Reply:
        """The PSP's answer. Raises PspUnreachable when nothing was sent, PspUnknown for 5xx, silence and rubbish."""
        headers = self._headers if key is None else {**self._headers, "Idempotency-Key": key}
        try:
            response = await self._http.request(method, self._url + path, json=json, params=params, headers=headers)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise PspUnreachable(self.psp, "unreachable") from error
        except httpx.TransportError as error:
            raise PspUnknown(self.psp, "timeout" if isinstance(error, httpx.TimeoutException) else "broken") from error
        return self._reply(response)

    def rejected(self, reply: Reply, code: object) -> PspRejected:
        """The refusal that a 4xx reply is."""
        return PspRejected(self.psp, str(code), status=reply.status)

    def unreadable(self, reply: Reply, code: object = None) -> PspUnknown:
        """The unknown outcome that a reply without the promised fields, or with an error body under a 2xx, is."""
        return PspUnknown(self.psp, str(code or "unreadable"), status=reply.status, is_answered=True)

    async def aclose(self) -> None:
        """Close the connections that are our own."""
        if self._is_own:
            await self._http.aclose()

    def _reply(self, response: httpx.Response) -> Reply:
        status = response.status_code
        if status >= 500:
            raise PspUnknown(self.psp, f"http_{status}", status=status, is_answered=status not in _GATEWAY_STATUSES)
        try:
            body = response.json()
        except ValueError:
            raise PspUnknown(self.psp, "not_json", status=status, is_answered=True) from None
        if not isinstance(body, dict):
            raise PspUnknown(self.psp, "not_an_object", status=status, is_answered=True)
        return Reply(status, body)
