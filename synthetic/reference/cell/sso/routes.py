"""`GET /auth/sso/start` sends the player to the identity provider, `GET /auth/sso/callback` opens a session for who comes back."""

from __future__ import annotations

import hmac
from dataclasses import replace
from datetime import UTC, datetime
from urllib.parse import urlencode

from joserfc.jwk import KeySet
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from synthetic.reference.cell.auth import Auth
from synthetic.reference.cell.context import CellContext
from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.sso.attempt import ATTEMPT_TTL_S, Attempt, AttemptSeal, new_attempt
from synthetic.reference.cell.sso.id_token import Expected, UnknownKey, refused_token, subject_of
from synthetic.reference.cell.sso.identities import link_players, player_of_subject
from synthetic.reference.cell.sso.idp_client import IdpClient
from synthetic.reference.refusal import answer_refusal
from synthetic.reference.settings import IdpAccount

COOKIE, COOKIE_PATH = "sso_attempt", "/auth/sso"


def sso_routes(context: CellContext, auth: Auth) -> list[BaseRoute]:
    """The two routes, where the cell has an identity provider; none where it has not."""
    account = context.settings.idp
    if account is None:
        return []
    link_players(context.ledger, context.settings.players)
    sso = SingleSignOn(context, auth, account)
    return [
        Route("/auth/sso/start", sso.start, methods=["GET"]),
        Route("/auth/sso/callback", sso.callback, methods=["GET"]),
    ]


class SingleSignOn:
    """The sign-ins of one cell at its identity provider."""

    def __init__(self, context: CellContext, auth: Auth, account: IdpAccount) -> None:
        self._context = context
        self._auth = auth
        self._account = account
        self._seal = AttemptSeal(account.client_secret)
        self._idp = IdpClient(account)
        context.background.at_stop(self._idp.aclose)

    async def start(self, _request: Request) -> Response:
        """302 to the identity provider; the cookie binds state, nonce and verifier to this browser."""
        attempt, endpoints = new_attempt(), await self._idp.endpoints()
        await self._idp.keys()  # while the player types: the callback has less to wait for
        asked = {
            "response_type": "code",
            "client_id": self._account.client_id,
            "redirect_uri": self._account.redirect_uri,
            "scope": "openid",
            "state": attempt.state,
            "nonce": attempt.nonce,
            "code_challenge": attempt.challenge,
            "code_challenge_method": "S256",
        }
        answer = RedirectResponse(f"{endpoints.authorization}?{urlencode(asked)}", 302)
        answer.headers["Cache-Control"] = "no-store"
        sealed = self._seal.seal(attempt)
        answer.set_cookie(
            COOKIE, sealed, max_age=ATTEMPT_TTL_S, path=COOKIE_PATH, httponly=True, samesite="lax", secure=False
        )
        return answer

    async def callback(self, request: Request) -> Response:
        """200 with a session token as `/auth/login` answers it, or a refusal. An attempt has one callback, good or bad."""
        try:
            answer = await self._signed_in(request)
        except ApiError as error:
            answer = await answer_refusal(request, error)
        answer.headers["Cache-Control"] = "no-store"
        answer.delete_cookie(COOKIE, path=COOKIE_PATH, httponly=True, samesite="lax")
        return answer

    async def _signed_in(self, request: Request) -> Response:
        attempt = self._seal.open(request.cookies.get(COOKIE))
        self._check_state(request.query_params.get("state", ""), attempt)
        if "error" in request.query_params:
            raise ApiError(401, "sign_in_refused", f"the identity provider says: {request.query_params['error']}")
        code = request.query_params.get("code", "")
        if not code:
            raise ApiError(400, "malformed", "the callback has neither `code` nor `error`")
        subject = await self._subject(await self._idp.id_token(code, attempt), attempt)
        player_id = await run_in_threadpool(player_of_subject, self._context.ledger, subject)
        grant = await run_in_threadpool(self._auth.open_session, player_id)
        return JSONResponse(grant.as_json())

    def _check_state(self, given: str, attempt: Attempt) -> None:
        if hmac.compare_digest(given.encode(), attempt.state.encode()) or self._context.switch("ignores_sso_state"):
            return
        raise ApiError(401, "state_mismatch", "this answer belongs to another sign-in; start again at /auth/sso/start")

    async def _subject(self, token: str, attempt: Attempt) -> str:
        """Verify the token; a key that the cache does not know is looked for once more, for providers rotate them."""
        keys, cached = await self._idp.keys()
        try:
            return self._verified(token, keys, attempt)
        except UnknownKey as error:
            if not cached or self._context.switch("caches_jwks_for_ever"):
                raise _unknown_key(error) from None
        try:
            return self._verified(token, await self._idp.fetch_keys(), attempt)
        except UnknownKey as error:
            raise _unknown_key(error) from None

    def _verified(self, token: str, keys: KeySet, attempt: Attempt) -> str:
        expected = Expected(self._account.issuer, self._account.client_id, attempt.nonce)
        try:
            return subject_of(token, keys, expected, _now_s())
        except ApiError as error:
            if error.body["error"] == "nonce_mismatch" and self._context.switch("ignores_sso_nonce"):
                return subject_of(token, keys, replace(expected, nonce=None), _now_s())
            raise


def _unknown_key(error: UnknownKey) -> ApiError:
    return refused_token("no key of the identity provider has the id that the token names", kid=error.kid)


def _now_s() -> int:
    return int(datetime.now(UTC).timestamp())
