"""The identity provider as any relying party meets it: discovery, the code flow, and every way in which it has to say no."""

from __future__ import annotations

import base64
import json
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from synthetic.tests.reference.idp.running import CLIENTS, REDIRECT_URI, RelyingParty, RunningIdp, query_of


def claims_of(idp: RunningIdp, id_token: str) -> dict[str, Any]:
    """The claims of a token whose signature the published keys verify."""
    keys = KeySet.import_key_set(idp.http.get("/jwks").json())
    return jwt.decode(id_token, keys, algorithms=["ES256"]).claims


def header_of(token: str) -> dict[str, Any]:
    """The token's header, unverified."""
    return dict(json.loads(base64.urlsafe_b64decode(token.split(".", maxsplit=1)[0] + "==")))


def signed_in(idp: RunningIdp, client: int = 0) -> tuple[RelyingParty, dict[str, Any]]:
    """A whole sign-in: the party, and the token endpoint's answer."""
    party = RelyingParty(idp, CLIENTS[client])
    answer = party.redeem(party.code())
    assert answer.status_code == 200, answer.text
    return party, answer.json()


def refusal(answer: httpx.Response) -> tuple[int, str]:
    """Status and error code."""
    return answer.status_code, answer.json()["error"]


def test_discovery_tells_where_everything_is(idp: RunningIdp) -> None:
    """The issuer is the address itself, every endpoint is below it, and the keys show no private part."""
    document = idp.http.get("/.well-known/openid-configuration").json()
    assert document["issuer"] == idp.url
    endpoints = {name: url for name, url in document.items() if name.endswith(("_endpoint", "_uri"))}
    assert set(endpoints) == {"authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"}
    assert all(url.startswith(f"{idp.url}/") for url in endpoints.values())
    for key in idp.http.get(document["jwks_uri"]).json()["keys"]:
        assert (key["kty"], key["alg"], "d" in key) == ("EC", "ES256", False)


def test_a_sign_in_brings_a_signed_token_for_this_client_and_this_sign_in(idp: RunningIdp) -> None:
    """Issuer, subject, audience, nonce and lifetime are what they have to be; userinfo tells the same subject."""
    party, answer = signed_in(idp)
    claims = claims_of(idp, answer["id_token"])
    assert (claims["iss"], claims["sub"]) == (idp.url, "subject-ada")
    assert (claims["aud"], claims["nonce"]) == (CLIENTS[0].client_id, party.nonce)
    assert claims["exp"] - claims["iat"] == answer["expires_in"]
    bearer = {"Authorization": f"Bearer {answer['access_token']}"}
    assert idp.http.get("/userinfo", headers=bearer).json() == {"sub": "subject-ada"}
    assert refusal(idp.http.get("/userinfo")) == (401, "invalid_token")


def test_a_code_works_once_and_its_second_use_takes_the_token_back(idp: RunningIdp) -> None:
    """RFC 6749, 4.1.2: who brings a used code may have stolen it, so what came of it is dead."""
    party = RelyingParty(idp)
    code = party.code()
    bearer = {"Authorization": f"Bearer {party.redeem(code).json()['access_token']}"}
    assert idp.http.get("/userinfo", headers=bearer).status_code == 200
    assert refusal(party.redeem(code)) == (400, "invalid_grant")
    assert refusal(idp.http.get("/userinfo", headers=bearer)) == (401, "invalid_token")


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"code_verifier": "x" * 43}, (400, "invalid_grant")),
        ({"code_verifier": ""}, (400, "invalid_grant")),
        ({"redirect_uri": "http://127.0.0.1:1/elsewhere"}, (400, "invalid_grant")),
        ({"code": "no-such-code"}, (400, "invalid_grant")),
        ({"grant_type": "password"}, (400, "unsupported_grant_type")),
        ({"secret": "wrong"}, (401, "invalid_client")),
        ({"client_id": "client-baseline", "secret": "baseline-secret"}, (400, "invalid_grant")),
    ],
    ids=[
        "other verifier",
        "no verifier",
        "other redirect",
        "unknown code",
        "other grant",
        "other secret",
        "other client",
    ],
)
def test_the_token_endpoint_refuses(idp: RunningIdp, changes: dict[str, str], expected: tuple[int, str]) -> None:
    """Whatever does not fit the request that the code was given for."""
    party = RelyingParty(idp)
    assert refusal(party.redeem(**({"code": party.code()} | changes))) == expected


def test_a_parameter_that_stands_twice_is_refused(idp: RunningIdp) -> None:
    """RFC 6749, 3.2: nobody may guess which of the two was meant."""
    answer = idp.http.post("/login", content=b"transaction=a&transaction=b")
    assert refusal(answer) == (400, "invalid_request")
    assert refusal(idp.http.post("/login", content=b"\xff")) == (400, "invalid_request")


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "email"}, "invalid_scope"),
        ({"code_challenge": None}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"prompt": "none"}, "login_required"),
    ],
    ids=["implicit flow", "no openid", "no PKCE", "plain PKCE", "nobody signed in"],
)
def test_a_bad_request_is_told_to_the_client(idp: RunningIdp, changes: dict[str, str | None], error: str) -> None:
    """By the redirect, with the state that it sent."""
    party = RelyingParty(idp)
    answer = idp.http.get(party.authorize_url(**changes))
    assert (answer.status_code, answer.headers["location"].split("?")[0]) == (302, REDIRECT_URI)
    told = query_of(answer.headers["location"])
    assert (told["error"], told["state"]) == (error, party.state)
    assert "code" not in told


@pytest.mark.parametrize(
    "changes", [{"redirect_uri": "http://evil.example/"}, {"client_id": "nobody"}, {"redirect_uri": None}]
)
def test_nobody_is_redirected_to_a_stranger(idp: RunningIdp, changes: dict[str, str | None]) -> None:
    """Where the client or its address is not the registered one the player stays here."""
    answer = idp.http.get(RelyingParty(idp).authorize_url(**changes))
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_wrong_credentials_are_told_at_the_provider_and_can_be_corrected(idp: RunningIdp) -> None:
    """The form can be sent again; once it has succeeded it is over."""
    page = idp.http.get(RelyingParty(idp).authorize_url()).text
    assert refusal(idp.post_form(page, "ada@idp.example", "no")) == (401, "invalid_credentials")
    assert refusal(idp.post_form(page, "nobody@idp.example", "no")) == (401, "invalid_credentials")
    assert idp.post_form(page, "ada@idp.example", "ada-idp-password").status_code == 302
    assert refusal(idp.post_form(page, "ada@idp.example", "ada-idp-password")) == (400, "invalid_transaction")


def test_a_client_registers_over_loopback(idp: RunningIdp) -> None:
    """A cell that comes back on another port says so; what is no client is refused."""
    body = {"cell": "canary", "secret": "s", "redirect_uri": "http://127.0.0.1:9/back"}
    assert idp.http.put("/_clients/late", json=body).status_code == 200
    asked = RelyingParty(idp).authorize_url(client_id="late", redirect_uri=body["redirect_uri"])
    assert idp.sign_in(asked, "ada").startswith("http://127.0.0.1:9/back?code=")
    assert refusal(idp.http.put("/_clients/late", json={"cell": "canary"})) == (400, "malformed")


def test_rotation_signs_with_a_new_key_and_keeps_the_old_one_published(idp: RunningIdp) -> None:
    """A token of before the rotation can still be verified, and one of after it too."""
    _, before = signed_in(idp)
    idp.throw("rotates_jwks")
    _, after = signed_in(idp)
    kids = [header_of(answer["id_token"])["kid"] for answer in (before, after)]
    assert kids[0] != kids[1]
    assert set(kids) <= set(idp.kids())
    assert [claims_of(idp, answer["id_token"])["sub"] for answer in (before, after)] == ["subject-ada"] * 2


def test_rotation_without_overlap_takes_the_old_keys_away(idp: RunningIdp) -> None:
    """With `kept` 0 only the newest key is published."""
    before = idp.kids()
    idp.throw("rotates_jwks", kept=0)
    _, answer = signed_in(idp)
    assert idp.kids() == [header_of(answer["id_token"])["kid"]]
    assert not set(idp.kids()) & set(before)


def test_a_token_of_an_unpublished_key_names_a_key_that_nobody_finds(idp: RunningIdp) -> None:
    """`signs_with_unpublished_key`."""
    idp.throw("signs_with_unpublished_key")
    _, answer = signed_in(idp)
    assert header_of(answer["id_token"])["kid"] not in idp.kids()


def test_each_switch_spoils_its_claim_for_the_cell_it_is_aimed_at_only(idp: RunningIdp) -> None:
    """Wrong audience, wrong nonce and an expired token for the canary; the baseline's are good."""
    for switch in ("answers_wrong_audience", "answers_wrong_nonce", "answers_expired_token"):
        idp.throw(switch, cell="canary")
    (canary, spoilt), (baseline, good) = signed_in(idp, 0), signed_in(idp, 1)
    claims = claims_of(idp, spoilt["id_token"])
    assert claims["aud"] != CLIENTS[0].client_id
    assert claims["nonce"] != canary.nonce
    assert claims["exp"] <= claims["auth_time"] - 3600
    claims = claims_of(idp, good["id_token"])
    assert (claims["aud"], claims["nonce"]) == (CLIENTS[1].client_id, baseline.nonce)
    assert claims["exp"] > claims["auth_time"]


def test_the_provider_can_be_down_and_can_answer_another_state(idp: RunningIdp) -> None:
    """`idp_down` for one cell leaves the other alone; `answers_wrong_state` shows in the redirect."""
    idp.throw("idp_down", cell="canary")
    assert refusal(idp.http.get(RelyingParty(idp).authorize_url())) == (503, "temporarily_unavailable")
    signed_in(idp, 1)
    idp.board.clear()
    idp.throw("answers_wrong_state")
    party = RelyingParty(idp)
    assert query_of(idp.sign_in(party.authorize_url(), "ada"))["state"] != party.state
