"""Which id tokens a cell takes: those of its provider's published keys, for it, for this sign-in, in time. Whatever the keys do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from synthetic.reference.cell.errors import ApiError
from synthetic.reference.cell.sso.id_token import Expected, UnknownKey, subject_of
from synthetic.reference.settings import IdpAccount
from synthetic.tests.reference.cell.running import running_cell
from synthetic.tests.reference.cell.sso.browsing import SsoCell, refusal, running_sso
from synthetic.tests.reference.idp.running import served

INVALID = (401, "invalid_id_token")
KEY = RSAKey.generate_key(2048, {"kid": "k-1"})
KEYS = KeySet.import_key_set({"keys": [KEY.as_dict(private=False)]})
NOW_S = 1_800_000_000
EXPECTED = Expected("https://idp.example", "client", "n-1")


def token(**changes: Any) -> str:
    """A token that is good at NOW_S but for the changes (None: left out), signed with RS256 as other providers do."""
    claims = {"iss": EXPECTED.issuer, "aud": "client", "sub": "s-1", "nonce": "n-1", "iat": NOW_S, "exp": NOW_S + 60}
    given = {name: value for name, value in (claims | changes).items() if value is not None}
    return jwt.encode({"alg": "RS256", "kid": "k-1"}, given, KEY, algorithms=["RS256"])


@pytest.mark.parametrize(
    "changes", [{}, {"aud": ["client"]}, {"aud": ["client", "other"], "azp": "client"}, {"exp": NOW_S - 4}]
)
def test_a_good_token_is_taken(changes: dict[str, Any]) -> None:
    """Also of several audiences where this client is the authorized party, and with clocks a few seconds apart."""
    assert subject_of(token(**changes), KEYS, EXPECTED, NOW_S) == "s-1"


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"aud": "other"},
        {"aud": ["client", "other"]},
        {"aud": ["client", "other"], "azp": "other"},
        {"exp": NOW_S - 6},
        {"iat": NOW_S + 60},
        {"sub": None},
        {"sub": ""},
        {"exp": None},
        {"iss": None},
        {"aud": None},
        {"exp": "tomorrow"},
    ],
    ids=str,
)
def test_a_token_with_one_wrong_claim_is_refused(changes: dict[str, Any]) -> None:
    """Each claim that the standard wants checked (OpenID Connect Core 3.1.3.7)."""
    with pytest.raises(ApiError) as refused:
        subject_of(token(**changes), KEYS, EXPECTED, NOW_S)
    assert refused.value.body["error"] == "invalid_id_token"


@pytest.mark.parametrize("nonce", ["n-2", None, 7, ""])
def test_a_token_with_another_nonce_is_refused(nonce: object) -> None:
    """Or with none."""
    with pytest.raises(ApiError) as refused:
        subject_of(token(nonce=nonce), KEYS, EXPECTED, NOW_S)
    assert refused.value.body["error"] == "nonce_mismatch"


def test_what_is_no_token_or_not_signed_by_the_key_it_names_is_refused() -> None:
    """Another key's signature under a known id; a public key taken for an HMAC secret; noise."""
    stolen_name = RSAKey.generate_key(2048, {"kid": "k-1"})
    forged = jwt.encode({"alg": "RS256", "kid": "k-1"}, {"sub": "s-1"}, stolen_name, algorithms=["RS256"])
    head, payload, signature = token().split(".")
    for bad in (forged, f"{head}.{payload}.", f"{head}.{payload}.{signature[:-4]}AAAA", "a.b.c", ""):
        with pytest.raises(ApiError) as refused:
            subject_of(bad, KEYS, EXPECTED, NOW_S)
        assert refused.value.body["error"] == "invalid_id_token"


def test_a_token_of_an_unknown_key_is_not_yet_refused() -> None:
    """The caller may have old keys: he is told which one is missing."""
    other = RSAKey.generate_key(2048, {"kid": "k-2"})
    with pytest.raises(UnknownKey) as unknown:
        subject_of(jwt.encode({"alg": "RS256", "kid": "k-2"}, {}, other, algorithms=["RS256"]), KEYS, EXPECTED, NOW_S)
    assert unknown.value.kid == "k-2"


@pytest.mark.parametrize(
    "switch",
    ["answers_wrong_audience", "answers_expired_token", "answers_unsigned_token", "signs_with_unpublished_key"],
)
def test_a_bad_token_of_the_provider_opens_no_session(sso: SsoCell, switch: str) -> None:
    """Over the wire, from a provider that answers it."""
    sso.idp.throw(switch)
    assert refusal(sso.browser().sign_in()) == INVALID


def test_a_refused_key_is_named(sso: SsoCell) -> None:
    """So that who looks at the provider's keys can tell whose fault it is; here the provider's."""
    sso.idp.throw("signs_with_unpublished_key")
    assert sso.browser().sign_in().json()["kid"] not in sso.idp.kids()


def test_a_wrong_nonce_of_the_provider_is_refused(sso: SsoCell) -> None:
    """It is the provider's mistake, but the cell can't tell that from an attack."""
    sso.idp.throw("answers_wrong_nonce")
    assert refusal(sso.browser().sign_in()) == (401, "nonce_mismatch")


@pytest.mark.parametrize("kept", [16, 0])
def test_sign_ins_survive_a_rotation_of_keys(sso: SsoCell, kept: int) -> None:
    """Every sign-in under another key, with and without overlap: a key that the cache lacks is fetched."""
    assert sso.browser().sign_in().status_code == 200
    sso.idp.throw("rotates_jwks", kept=kept)
    assert [sso.browser().sign_in().status_code for _ in range(3)] == [200] * 3


def test_keys_are_not_fetched_for_every_sign_in(sso: SsoCell) -> None:
    """Who is signed in by a known key costs the provider no request for keys: the key set may even be unreachable."""
    assert sso.browser().sign_in().status_code == 200
    browser = sso.browser()
    callback = browser.come_back()
    sso.idp.throw("rotates_jwks", kept=0)
    assert sso.browser().come_back()  # the key that signed is gone from the key set now
    sso.idp.board.clear()
    assert browser.open(callback).status_code == 200


def test_a_cell_that_caches_keys_for_ever_fails_after_a_rotation(tmp_path: Path) -> None:
    """Fault 32: the new key is published, the cell does not look, and says which key it lacks. Alone it shows nothing."""
    with running_sso(tmp_path) as sso:
        sso.throw("caches_jwks_for_ever")
        assert [sso.browser().sign_in().status_code for _ in range(2)] == [200] * 2
        sso.idp.throw("rotates_jwks")
        answer = sso.browser().sign_in()
        assert refusal(answer) == INVALID
        assert answer.json()["kid"] in sso.idp.kids()
        sso.board.clear()
        assert sso.browser().sign_in().status_code == 200


def test_a_cell_that_ignores_the_state_takes_any(sso: SsoCell) -> None:
    """The planted defect `ignores_sso_state`."""
    sso.throw("ignores_sso_state")
    browser = sso.browser()
    callback = browser.come_back()
    assert browser.open(callback.split("&state=")[0] + "&state=tampered").status_code == 200


def test_a_cell_that_ignores_the_nonce_takes_any(sso: SsoCell) -> None:
    """The planted defect `ignores_sso_nonce`."""
    sso.throw("ignores_sso_nonce")
    browser = sso.browser()
    assert browser.open(browser.come_back(nonce="tampered")).status_code == 200


def test_a_provider_that_is_down_is_told_as_that(sso: SsoCell) -> None:
    """Between the player's sign-in and the code's exchange: 503, and no word about the player."""
    browser = sso.browser()
    callback = browser.come_back()
    sso.idp.throw("idp_down")
    assert refusal(browser.open(callback)) == (503, "idp_unavailable")


def test_a_provider_that_hangs_is_not_waited_for(tmp_path: Path) -> None:
    """The cell has a time-out of its own, so that its players get an answer."""
    with running_sso(tmp_path, timeout_s=0.5) as sso:
        browser = sso.browser()
        callback = browser.come_back()
        sso.idp.throw("token_endpoint_down", hang_s=2.0)
        answer = browser.open(callback)
        assert refusal(answer) == (503, "idp_unavailable")
        assert "ReadTimeout" in answer.json()["message"]
        assert answer.elapsed.total_seconds() < 1.9


def start_at(folder: Path, issuer: str) -> httpx.Response:
    """How a cell whose provider has this address answers the start."""
    account = IdpAccount(issuer, "client", "http://127.0.0.1:1/auth/sso/callback", "secret")
    with running_cell(folder, settings={"idp": account}) as cell:
        return cell.client.get("/auth/sso/start")


def test_a_provider_that_is_gone_is_told_as_that(tmp_path: Path) -> None:
    """Nobody listens at its address: the start says so instead of sending the player there."""
    assert refusal(start_at(tmp_path, "http://127.0.0.1:1")) == (503, "idp_unavailable")


ENDPOINTS = '"authorization_endpoint": "a", "token_endpoint": "t", "jwks_uri": "j"'


@pytest.mark.parametrize(
    "body",
    ["<html>", "[]", f'{{"issuer": "https://other.example", {ENDPOINTS}}}', '{"issuer": "ISSUER", "jwks_uri": "x"}'],
    ids=["HTML", "no object", "another issuer", "no endpoints"],
)
def test_a_provider_that_answers_nonsense_is_of_no_use(tmp_path: Path, body: str) -> None:
    """HTML, no object, another issuer, no endpoints: one clear refusal, no traceback."""

    def nonsense(url: str) -> Starlette:
        async def discovery(_request: Request) -> Response:
            return Response(body.replace("ISSUER", url), media_type="application/json")

        return Starlette(routes=[Route("/.well-known/openid-configuration", discovery)])

    with served(nonsense) as url:
        assert refusal(start_at(tmp_path, url)) == (503, "idp_unavailable")
