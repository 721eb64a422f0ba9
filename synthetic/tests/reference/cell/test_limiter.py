"""How often a caller may ask: 429 with `Retry-After`, for one session without touching another."""

from __future__ import annotations

from pathlib import Path

from synthetic.reference.cell.limiter import Buckets
from synthetic.reference.switchboard import Switch
from synthetic.tests.reference.cell.running import running_cell


def test_a_bucket_fills_up_again() -> None:
    """Two at once, then one a second; each caller has his own."""
    now_s = [0.0]
    buckets = Buckets(lambda: now_s[0])
    assert [buckets.wait_s("ada", 1.0, 2) for _ in range(3)] == [0.0, 0.0, 1.0]
    assert buckets.wait_s("bob", 1.0, 2) == 0.0
    now_s[0] = 0.75
    assert buckets.wait_s("ada", 1.0, 2) == 0.25
    now_s[0] = 1.0
    assert buckets.wait_s("ada", 1.0, 2) == 0.0


def test_who_asks_too_often_is_told_when_to_come_back(tmp_path: Path) -> None:
    """By the settings; webhooks, health and log-ins of others go on."""
    with running_cell(tmp_path, settings={"requests_per_s": 0.1, "requests_burst": 3}) as cell:
        auth = cell.login("ada")
        statuses = [cell.client.get("/wallet/balance", headers=auth).status_code for _ in range(4)]
        assert statuses == [200, 200, 200, 429]
        refused = cell.client.get("/wallet/balance", headers=auth)
        assert (refused.json()["error"], int(refused.headers["retry-after"]) >= 1) == ("rate_limited", True)
        assert cell.client.get("/healthz").status_code == 200
        assert cell.client.get("/wallet/balance", headers=cell.login("ada")).status_code == 200


def test_a_limit_that_was_meant_for_something_else_hits_the_third_request(tmp_path: Path) -> None:
    """The switch `limits_requests`; when it is reset nothing of it stays."""
    with running_cell(tmp_path) as cell:
        cell.context.board.throw(Switch("limits_requests"))
        auth = cell.login("ada")
        statuses = [cell.client.get("/wallet/balance", headers=auth).status_code for _ in range(3)]
        assert statuses == [200, 200, 429]
        assert cell.context.board.acted() == [{"name": "limits_requests", "cell": "canary", "times": 1}]
        cell.context.board.clear()
        assert cell.client.get("/wallet/balance", headers=auth).status_code == 200
