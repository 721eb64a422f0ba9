"""Form bodies, as OAuth sends them: url-encoded, no parameter twice (RFC 6749, 3.2)."""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.requests import Request

from synthetic.reference.idp.errors import OAuthError

_FIELDS_MAX = 100


async def read_form(request: Request) -> dict[str, str]:
    """The fields of the body. Raises OAuthError 400 `invalid_request`."""
    try:
        pairs = parse_qsl((await request.body()).decode("ascii"), keep_blank_values=True, max_num_fields=_FIELDS_MAX)
    except ValueError as error:
        raise OAuthError(400, "invalid_request", f"the body is no form: {error}") from None
    form = dict(pairs)
    if len(form) != len(pairs):
        raise OAuthError(400, "invalid_request", "a parameter stands there twice")
    return form
