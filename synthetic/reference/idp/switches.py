"""The switches of the identity provider. Each acts for the cell whose client the request belongs to."""

from __future__ import annotations

IDP_SWITCHES = {
    "rotates_jwks": "every sign-in is signed with a new key; the last params.kept older ones stay published (16)",
    "signs_with_unpublished_key": "id tokens are signed with a key that the JWKS never shows",
    "answers_wrong_state": "the redirect back to the cell carries another state than the request did",
    "answers_wrong_nonce": "the id token carries another nonce than the request did",
    "answers_wrong_audience": "the id token is made out to another client",
    "answers_expired_token": "the id token expired an hour ago",
    "answers_unsigned_token": "the id token has no signature (alg none)",
    "idp_down": "the authorization, sign-in and token endpoints answer 503, after params.hang_s (0) seconds",
    "token_endpoint_down": "only the token endpoint does so: players can sign in, and no cell hears of it",
}
