"""Times: what is the target's, and what is our own lag."""

from __future__ import annotations

import pytest

from synthetic.core.effects import Http, HttpReply, Intent, Times, WsFrame, WsSend
from synthetic.core.money import Money

MS = 1_000_000


@pytest.mark.parametrize(
    ("times", "latency_ms", "lag_ms"),
    [
        (Times(0, 0, 40, 40), 40, 0),
        (Times(0, 10, 40, 43), 30, 3),
        (Times(0, 0, 40, 41, lag_ns=7 * MS), 40, 7),
        (Times(0, 0, 40, 49, lag_ns=7 * MS), 40, 9),
        (Times(50, 20, 30, 52), 10, 2),
        (Times(50, 20, 30, 50), 10, 0),
    ],
)
def test_latency_is_the_targets_and_lag_is_ours(times: Times, latency_ms: int, lag_ms: int) -> None:
    """Latency: received - sent. Lag: how long an answer lay there after it had come *and* had been asked for, or a stall of
    our loop, whichever is longer. A frame that came before anybody asked (rows 5, 6) is no lag of ours.
    """
    scaled = Times(times.started * MS, times.sent * MS, times.received * MS, times.handled * MS, times.lag_ns)
    assert (scaled.latency_ns, scaled.harness_lag_ns) == (latency_ms * MS, lag_ms * MS)


def test_bodies_and_headers_are_not_in_the_text_of_an_effect() -> None:
    """An effect that lands in a log line or a traceback shows where it went, never what it carried."""
    secret, times = "s3cret-token", Times(0, 0, 0, 0)
    headers = (("Authorization", secret),)
    shown = [
        Http("POST", "https://cell.test/", headers, secret.encode()),
        WsSend("game", secret),
        HttpReply(200, headers, secret.encode(), times),
        WsFrame(secret, times),
    ]
    assert not [effect for effect in shown if secret in repr(effect)]


def test_effects_are_values() -> None:
    """Two runs from one seed are compared by their effects."""
    intent = Intent("run-1", "deposit", "cashier.deposit", "deposit", Money(100, "EUR"), "key-1", "psp", "wallet")
    assert Http("GET", "https://cell.test/", moves=intent) == Http("GET", "https://cell.test/", moves=intent)
    assert Http("GET", "https://cell.test/") != Http("GET", "https://cell.test/", moves=intent)
