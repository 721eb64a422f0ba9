"""Who may read: whoever shows the token as a bearer, or has signed in with it in a browser and holds a cookie since.

The cookie is no token: it is an instant and a keyed hash of it, and opens pages only, which change nothing. `HttpOnly`: no script
sees it. `SameSite=Lax`: no foreign page can use it, and the link in a pager's message still opens for whoever has signed in.
"""

from __future__ import annotations

import hashlib
import hmac
from urllib.parse import parse_qs

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from synthetic.core.ports import Clock
from synthetic.web.limits import Allowances

COOKIE = "release_health"
SIGNED_IN_FOR_S = 12 * 3600
FORM_MAX = 4096
_WRONG_TOKENS_A_MINUTE = 10.0


class Door:
    """Opens for a token; without one ("" is configured) it stands open. The token leaves this object only into comparisons."""

    def __init__(self, token: str, clock: Clock) -> None:
        self._token = token.encode()
        self._clock = clock
        self._wrong = Allowances(_WRONG_TOKENS_A_MINUTE, clock)

    def __repr__(self) -> str:
        return "Door()"

    def admits(self, request: Request) -> bool:
        """Whether this request may read."""
        if not self._token or self._holds(request.cookies.get(COOKIE, "")):
            return True
        kind, _, shown = request.headers.get("authorization", "").partition(" ")
        return kind.lower() == "bearer" and self._is_token(shown.strip().encode("latin-1"))

    def held_up(self, request: Request) -> bool:
        """Whether too many wrong tokens came from there lately; to be asked only for a wrong one, which it counts."""
        return not self._wrong.of(request.client.host if request.client else "").take()

    def opens_with(self, shown: str) -> bool:
        """Whether this is the token."""
        return bool(self._token) and self._is_token(shown.encode())

    def sign_in(self, request: Request, after: str) -> Response:
        """The answer that goes on to the page, with a cookie that holds for a shift."""
        response = RedirectResponse(after, status_code=303)
        until = self._clock.wall_ns() // 1_000_000_000 + SIGNED_IN_FOR_S
        response.set_cookie(
            COOKIE,
            f"{until}.{self._signed(until)}",
            max_age=SIGNED_IN_FOR_S,
            httponly=True,
            samesite="lax",
            secure=request.url.scheme == "https",
        )
        return response

    def _holds(self, cookie: str) -> bool:
        until, _, signed = cookie.partition(".")
        # Digits only, and few of them: `int` would take other spellings, and its time grows with its text.
        if not (until.isascii() and until.isdigit() and len(until) < 13):
            return False
        right = hmac.compare_digest(signed.encode("latin-1", "replace"), self._signed(int(until)).encode())
        return right and self._clock.wall_ns() // 1_000_000_000 < int(until)

    def _signed(self, until: int) -> str:
        return hmac.new(self._token, f"release-health:{until}".encode(), hashlib.sha256).hexdigest()

    def _is_token(self, shown: bytes) -> bool:
        return hmac.compare_digest(shown, self._token)


async def form_of(request: Request) -> dict[str, str]:
    """The fields of a small form; empty where there is more than 4 KiB of it."""
    read = b""
    async for chunk in request.stream():
        read += chunk
        if len(read) > FORM_MAX:
            return {}
    fields = parse_qs(read.decode("utf-8", "replace"), max_num_fields=10)
    return {name: values[-1] for name, values in fields.items()}


def own_page(address: str) -> str:
    """The address if it is one of our pages, else the list: nobody is sent elsewhere with a link to our form."""
    ours = address.startswith("/rollouts/") and "\\" not in address and all(" " < char < "\x7f" for char in address)
    return address if ours else "/"
