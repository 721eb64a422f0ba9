"""Refusals of the identity provider, in OAuth's form: `{"error": code, "error_description": ...}` (RFC 6749, 5.2)."""

from __future__ import annotations

from synthetic.reference.refusal import RequestRefused


class OAuthError(RequestRefused):
    """Raise it in a handler: the app answers `status` with the code and its description."""

    def __init__(self, status: int, code: str, description: str) -> None:
        body = {"error": code, "error_description": description}
        super().__init__(status, body, f"{status} {code}: {description}")
        self.code = code


class RefusedByRedirect(Exception):  # noqa: N818 - the protocol's word
    """A refusal that the client has to hear of: the player is sent back with `error` and the state (RFC 6749, 4.1.2.1)."""

    def __init__(self, redirect_uri: str, state: str, code: str, description: str) -> None:
        super().__init__(f"{code}: {description}")
        self.redirect_uri = redirect_uri
        self.parameters = {"error": code, "error_description": description} | ({"state": state} if state else {})
