"""How many requests the cell takes from one caller: a token bucket a session, and a wider one an address without a session."""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from synthetic.reference.settings import CellSettings
from synthetic.reference.switchboard import Switchboard

CALLERS_MAX = 20_000
STRANGERS_FACTOR = 10  # everybody behind one address: many players log in from there
SWITCH = "limits_requests"
LIMIT_SWITCHES = {SWITCH: "a session may ask twice at once and then every two seconds; 429 for what is more"}
TIGHT_PER_S, TIGHT_BURST = 0.5, 2
_PUBLIC = ("/auth/", "/me", "/wallet/balance", "/wallet/ledger", "/cashier/", "/games/", "/promo/")
_NOT_OURS = "/cashier/webhooks/"  # PSPs have no limit: what they tell has to be heard


@dataclass(slots=True)
class _Bucket:
    left: float
    at_s: float


class Buckets:
    """Token buckets by caller; the ones that were not needed for longest are forgotten."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._buckets: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, caller: str, per_s: float, burst: float) -> float:
        """0.0 when the caller may ask now (that takes a token), else in how many seconds."""
        now_s = self._monotonic_s()
        bucket = self._buckets.pop(caller, None) or _Bucket(burst, now_s)
        self._buckets[caller] = bucket
        while len(self._buckets) > CALLERS_MAX:
            self._buckets.popitem(last=False)
        bucket.left, bucket.at_s = min(burst, bucket.left + (now_s - bucket.at_s) * per_s), now_s
        if bucket.left < 1.0:
            return (1.0 - bucket.left) / per_s
        bucket.left -= 1.0
        return 0.0


class Limiter:
    """ASGI middleware: 429 `rate_limited` with `Retry-After` for a caller who asks too often."""

    def __init__(self, app: ASGIApp, settings: CellSettings, board: Switchboard) -> None:
        self._app = app
        self._settings = settings
        self._board = board
        self._buckets, self._tight = Buckets(), Buckets()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection (ASGI)."""
        path = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(_PUBLIC) or path.startswith(_NOT_OURS):
            await self._app(scope, receive, send)
            return
        wait_s = self._wait_s(scope)
        if wait_s == 0.0:
            await self._app(scope, receive, send)
            return
        body = {"error": "rate_limited", "message": "too many requests"}
        await JSONResponse(body, 429, {"Retry-After": str(int(wait_s) + 1)})(scope, receive, send)

    def _wait_s(self, scope: Scope) -> float:
        bearer = Headers(scope=scope).get("authorization", "")
        per_s, burst = self._settings.requests_per_s, self._settings.requests_burst
        if not bearer:
            address = str((scope.get("client") or ("",))[0])
            return self._buckets.wait_s(address, per_s * STRANGERS_FACTOR, burst * STRANGERS_FACTOR)
        caller = hashlib.sha256(bearer.encode()).hexdigest()
        return self._buckets.wait_s(caller, per_s, burst) or self._tight_wait_s(caller)

    def _tight_wait_s(self, caller: str) -> float:
        """The fault `limits_requests`: a limit that was meant for something else."""
        if not any(switch.name == SWITCH for switch in self._board.thrown()):
            return 0.0
        wait_s = self._tight.wait_s(caller, TIGHT_PER_S, TIGHT_BURST)
        return wait_s if wait_s and self._board.is_on(SWITCH, cell=self._settings.name) else 0.0
