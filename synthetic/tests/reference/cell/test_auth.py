"""Log-in, second factor, lock-out and tokens, over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import httpx
import pyotp
import sqlalchemy as sa

from synthetic.reference.cell.models import AuthSession, Challenge, Credential
from synthetic.tests.reference.cell.running import TOTP_SECRET, RunningCell, running_cell, wait_until


def login(cell: RunningCell, name: str, password: str | None = None) -> httpx.Response:
    body = {"username": name, "password": password or f"{name}-password"}
    return cell.client.post("/auth/login", json=body)


def confirm(cell: RunningCell, code: str) -> httpx.Response:
    challenge = login(cell, "tess").json()["challenge"]
    return cell.client.post("/auth/totp", json={"challenge": challenge, "code": code})


def code_at(steps: int) -> str:
    return pyotp.TOTP(TOTP_SECRET).at(datetime.now(UTC) + timedelta(seconds=30 * steps))


def balance_status(cell: RunningCell, token: str) -> int:
    return cell.client.get("/wallet/balance", headers={"Authorization": f"Bearer {token}"}).status_code


def test_password_opens_a_session(cell: RunningCell) -> None:
    """The right password answers a token that works, and says whose it is and until when."""
    answer = login(cell, "ada").json()
    assert answer["player_id"] == "ada"
    assert datetime.fromisoformat(answer["expires_at"]) > datetime.now(UTC)
    assert balance_status(cell, answer["token"]) == 200


def test_wrong_password_and_unknown_name_answer_the_same(cell: RunningCell) -> None:
    """Neither the status nor the body tells which user names exist."""
    wrong, unknown = login(cell, "ada", "no"), login(cell, "nobody", "no")
    assert (wrong.status_code, wrong.json()) == (unknown.status_code, unknown.json())
    assert wrong.json()["error"] == "invalid_credentials"


def test_five_failures_lock_and_time_unlocks(cell: RunningCell) -> None:
    """After five failures even the right password is refused, until the lock-out is over."""
    assert [login(cell, "ada", "no").status_code for _ in range(5)] == [401] * 5
    assert (login(cell, "ada").status_code, login(cell, "ada").json()["error"]) == (423, "locked")
    wait_until(lambda: login(cell, "ada").status_code == 200)


def test_a_login_forgets_earlier_failures(cell: RunningCell) -> None:
    """Four failures, a success, four failures: not locked."""
    for _ in range(2):
        assert [login(cell, "ada", "no").status_code for _ in range(4)] == [401] * 4
        assert login(cell, "ada").status_code == 200


def test_self_excluded_player_does_not_log_in(cell: RunningCell) -> None:
    """A self-excluded player is told so, but only after the right password."""
    assert (login(cell, "eve").status_code, login(cell, "eve").json()["error"]) == (403, "self_excluded")
    assert login(cell, "eve", "no").status_code == 401


def test_second_factor_is_owed_before_a_token(cell: RunningCell) -> None:
    """With TOTP the password answers a challenge only; the code answers the token."""
    first = login(cell, "tess").json()
    assert first["mfa"] == "totp"
    assert "token" not in first
    second = cell.client.post("/auth/totp", json={"challenge": first["challenge"], "code": code_at(0)})
    assert balance_status(cell, second.json()["token"]) == 200


def test_a_code_works_once(cell: RunningCell) -> None:
    """A used code is refused as reused, also under a new challenge."""
    code = code_at(0)
    assert confirm(cell, code).status_code == 200
    again = confirm(cell, code)
    assert (again.status_code, again.json()["error"]) == (401, "code_reused")


def test_a_code_works_once_for_concurrent_logins(cell: RunningCell) -> None:
    """Of eight log-ins with one code at the same time one succeeds."""
    code, answers = code_at(0), list[httpx.Response]()
    challenges = [login(cell, "tess").json()["challenge"] for _ in range(8)]

    def answer(challenge: str) -> None:
        body = {"challenge": challenge, "code": code}
        answers.append(httpx.post(f"{cell.client.base_url}/auth/totp", json=body, timeout=10))

    threads = [Thread(target=answer, args=(challenge,)) for challenge in challenges]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(answer.status_code == 200 for answer in answers) == 1


def test_neighbouring_codes_work_and_farther_ones_do_not(cell: RunningCell) -> None:
    """The window is one step of 30 s each way."""
    far = confirm(cell, code_at(4))
    assert (far.status_code, far.json()["error"]) == (401, "invalid_code")
    assert {confirm(cell, code_at(step)).status_code for step in (1, 0)} == {200}


def test_wrong_codes_lock_although_the_password_is_right(cell: RunningCell) -> None:
    """Guessing codes behind a known password ends in the lock-out: each log-in does not reset the count."""
    assert {confirm(cell, "000000" if code_at(0) != "000000" else "111111").status_code for _ in range(5)} == {401}
    assert login(cell, "tess").status_code == 423


def test_a_challenge_opens_one_session_and_expires(cell: RunningCell) -> None:
    """A challenge is gone after its success; an expired one is refused."""
    challenge = login(cell, "tess").json()["challenge"]
    for code, status in ((code_at(0), 200), (code_at(1), 401)):
        body = {"challenge": challenge, "code": code}
        assert cell.client.post("/auth/totp", json=body).status_code == status
    late = login(cell, "tess").json()["challenge"]
    with cell.context.ledger.transaction() as transaction:
        transaction.session.execute(sa.update(Challenge).values(expires_at=datetime.now(UTC)))
    refused = cell.client.post("/auth/totp", json={"challenge": late, "code": code_at(1)})
    assert refused.json()["error"] == "invalid_challenge"


def test_refresh_rotates_the_token(cell: RunningCell) -> None:
    """The new token works; the old one is dead for reading and for refreshing."""
    headers = cell.login("ada")
    fresh = cell.client.post("/auth/refresh", headers=headers).json()
    assert balance_status(cell, fresh["token"]) == 200
    assert cell.client.get("/wallet/balance", headers=headers).status_code == 401
    assert cell.client.post("/auth/refresh", headers=headers).status_code == 401


def test_each_login_has_a_token_of_its_own(cell: RunningCell) -> None:
    """The session id changes at every log-in (domain reference 6, 41)."""
    assert login(cell, "ada").json()["token"] != login(cell, "ada").json()["token"]


def test_logout_ends_the_session(cell: RunningCell) -> None:
    """After log-out the token opens nothing."""
    headers = cell.login("ada")
    assert cell.client.post("/auth/logout", headers=headers).status_code == 204
    assert cell.client.get("/me", headers=headers).json()["error"] == "invalid_token"


def test_an_expired_token_is_refused(tmp_path: Path) -> None:
    """A token works until `token_ttl_s` is over."""
    with running_cell(tmp_path, settings={"token_ttl_s": 0.2}) as cell:
        headers = cell.login("ada")
        wait_until(lambda: cell.client.get("/me", headers=headers).status_code == 401)


def test_the_database_keeps_no_token_and_no_password(cell: RunningCell) -> None:
    """Only hashes are stored: a stolen table opens no session."""
    token = login(cell, "ada").json()["token"]
    with cell.context.ledger.reading() as session:
        stored = [
            *session.scalars(sa.select(AuthSession.token_hash)),
            *session.scalars(sa.select(Credential.password_hash)),
        ]
    assert not any(token in text or "password" in text for text in stored)


def test_malformed_requests_are_refused_as_malformed(cell: RunningCell) -> None:
    """Not JSON, not an object, a field of the wrong type: 400 `malformed`; no bearer: 401."""
    for content in (b"{", b"[]", b'{"username": 1, "password": "x"}'):
        answer = cell.client.post("/auth/login", content=content)
        assert (answer.status_code, answer.json()["error"]) == (400, "malformed")
    assert cell.client.get("/me", headers={"Authorization": "Basic x"}).status_code == 401
