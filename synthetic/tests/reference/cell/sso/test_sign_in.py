"""Single sign-on over HTTP: who comes back from the identity provider gets a session, and nobody else does."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from synthetic.reference.cell.models import AuthSession
from synthetic.reference.cell.sso import attempt as attempts
from synthetic.reference.cell.sso.attempt import AttemptSeal, new_attempt
from synthetic.reference.cell.sso.identities import link_players
from synthetic.tests.reference.cell.running import running_cell
from synthetic.tests.reference.cell.sso.browsing import PLAYERS, SsoCell, query_of, refusal, with_query
from synthetic.tests.reference.idp.running import CLIENTS

STATE_MISMATCH = (401, "state_mismatch")


def sessions(sso: SsoCell) -> int:
    """How many sessions there are."""
    with sso.ledger.reading() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(AuthSession)) or 0


def test_who_signs_in_at_the_provider_gets_a_session(sso: SsoCell) -> None:
    """The answer is that of /auth/login, and its token works as that one does."""
    browser = sso.browser()
    answer = browser.sign_in()
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"token", "player_id", "expires_at"}
    bearer = {"Authorization": f"Bearer {answer.json()['token']}"}
    assert browser.http.get("/me", headers=bearer).json()["player_id"] == "ada"
    assert browser.http.post("/auth/logout", headers=bearer).status_code == 204


def test_the_password_still_works(sso: SsoCell) -> None:
    """Single sign-on stands beside the password, and takes nothing away."""
    body = {"username": "ada", "password": "ada-password"}
    assert sso.browser().http.post("/auth/login", json=body).json()["player_id"] == "ada"


def test_the_start_asks_for_all_that_protects_the_flow(sso: SsoCell) -> None:
    """Code flow with state, nonce and an S256 challenge, new each time; the cookie is out of scripts' reach."""
    answers = [sso.browser().http.get("/auth/sso/start") for _ in range(2)]
    asked = [query_of(answer.headers["location"]) for answer in answers]
    assert (asked[0]["response_type"], asked[0]["code_challenge_method"]) == ("code", "S256")
    for name in ("state", "nonce", "code_challenge"):
        assert len(asked[0][name]) >= 32
        assert asked[0][name] != asked[1][name]
    cookie = answers[0].headers["set-cookie"]
    assert all(part in cookie for part in ("HttpOnly", "Path=/auth/sso", "SameSite=lax", "Max-Age=300"))
    assert not any(asked[0][name] in cookie for name in ("state", "nonce", "code_challenge"))


def test_another_state_is_refused(sso: SsoCell) -> None:
    """And the attempt is over: the right state comes too late then."""
    before, browser = sessions(sso), sso.browser()
    callback = browser.come_back()
    assert refusal(browser.open(with_query(callback, state="tampered"))) == STATE_MISMATCH
    assert refusal(browser.open(callback)) == STATE_MISMATCH
    assert sessions(sso) == before


def test_a_callback_in_another_browser_is_refused(sso: SsoCell) -> None:
    """A link with an attacker's code signs nobody in: not without a cookie, not with that of another attempt."""
    callback, victim = sso.browser().come_back(), sso.browser()
    assert refusal(victim.open(callback)) == STATE_MISMATCH
    victim.start()
    assert refusal(victim.open(callback)) == STATE_MISMATCH


def test_a_cookie_that_is_not_ours_or_too_old_is_none(sso: SsoCell, monkeypatch: pytest.MonkeyPatch) -> None:
    """Forged, cut, sealed under another secret, or expired: no attempt."""
    attempt = new_attempt()
    good = AttemptSeal(CLIENTS[0].secret).seal(attempt)
    monkeypatch.setattr(attempts, "ATTEMPT_TTL_S", -1)
    old = AttemptSeal(CLIENTS[0].secret).seal(attempt)
    for cookie in ("", "x", "a.b.c.d.e", good[:-3], AttemptSeal("another").seal(attempt), old):
        answer = httpx.get(
            f"{sso.url}/auth/sso/callback?code=c&state={attempt.state}",
            headers={"Cookie": f"sso_attempt={cookie}"},
            trust_env=False,
        )
        assert refusal(answer) == STATE_MISMATCH, cookie


def test_a_callback_works_once(sso: SsoCell) -> None:
    """Opened again in the same browser it is nobody's."""
    browser = sso.browser()
    callback = browser.come_back()
    assert browser.open(callback).status_code == 200
    assert refusal(browser.open(callback)) == STATE_MISMATCH


def test_a_used_code_is_refused_in_a_new_attempt(sso: SsoCell) -> None:
    """The state is right, but the code was redeemed before."""
    browser = sso.browser()
    used = browser.come_back()
    assert browser.open(used).status_code == 200
    state = query_of(browser.start())["state"]
    assert refusal(browser.open(with_query(used, state=state))) == (401, "code_refused")


def test_a_code_of_another_sign_in_is_refused(sso: SsoCell) -> None:
    """PKCE: a fresh code that was stolen does not fit the verifier of the thief's attempt."""
    stolen, thief = query_of(sso.browser().come_back())["code"], sso.browser()
    own = query_of(thief.start())["state"]
    answer = thief.open(f"{sso.url}/auth/sso/callback?code={stolen}&state={own}")
    assert refusal(answer) == (401, "code_refused")


def test_a_token_of_another_sign_in_is_refused(sso: SsoCell) -> None:
    """The nonce was changed on the way to the provider, which signs what it was asked for."""
    before, browser = sessions(sso), sso.browser()
    assert refusal(browser.open(browser.come_back(nonce="tampered"))) == (401, "nonce_mismatch")
    assert sessions(sso) == before


def test_a_subject_without_a_player_is_refused(sso: SsoCell) -> None:
    """The provider knows more people than the cell."""
    assert refusal(sso.browser().sign_in("stranger")) == (403, "unknown_subject")


def test_a_self_excluded_player_does_not_come_in_by_this_door(sso: SsoCell) -> None:
    """The password's rule holds here too."""
    assert refusal(sso.browser().sign_in("eve")) == (403, "self_excluded")


def test_what_the_provider_refuses_is_told(sso: SsoCell) -> None:
    """The provider's error comes by the callback; without a code and without an error it is no callback."""
    browser = sso.browser()
    state = query_of(browser.start())["state"]
    back = browser.open(f"{sso.url}/auth/sso/callback?error=access_denied&state={state}")
    assert refusal(back) == (401, "sign_in_refused")
    assert "access_denied" in back.json()["message"]
    state = query_of(browser.start())["state"]
    assert refusal(browser.open(f"{sso.url}/auth/sso/callback?state={state}")) == (400, "malformed")


def test_a_cell_without_a_provider_has_no_single_sign_on(tmp_path: Path) -> None:
    """Nothing is there, rather than something half."""
    with running_cell(tmp_path) as cell:
        assert cell.client.get("/auth/sso/start").status_code == 404


def test_a_cell_that_starts_again_links_nobody_twice(sso: SsoCell) -> None:
    """The links are made once; the second start finds them."""
    link_players(sso.ledger, PLAYERS)
    assert sso.browser().sign_in("bob").json()["player_id"] == "bob"
