"""The open model: what is due is due, whoever is busy."""

from __future__ import annotations

from synthetic.locust_user.arrivals import Arrivals


def test_arrivals_come_at_their_rate_whatever_the_users_do() -> None:
    """200 users at 0.05 a second each are 10 a second."""
    arrivals = Arrivals(0.05, lambda: 200, lambda: 0.0, seed=1)
    due = [arrivals.take() for _ in range(5001)]
    assert due == sorted(due)
    assert 0.95 < (due[-1] - due[0]) / 500 < 1.05


def test_two_processes_have_the_rate_together() -> None:
    """Neither knows of the other."""
    both = [Arrivals(0.05, lambda: 100, lambda: 0.0, seed=seed) for seed in (1, 2)]
    due = sorted(arrivals.take() for arrivals in both for _ in range(2500))
    assert 0.93 < due[-1] / 500 < 1.07


def test_what_nobody_could_play_in_time_stays_due() -> None:
    """A target that stands still for a minute is owed a minute of arrivals, each from when it was due."""
    now = [0.0]
    arrivals = Arrivals(1.0, lambda: 10, lambda: now[0], seed=3)
    assert arrivals.take() == 0.0
    now[0] = 60.0
    overdue = [due for due in (arrivals.take() for _ in range(1000)) if due < 60.0]
    assert 500 < len(overdue) < 700
    assert arrivals.overdue() == 0


def test_what_nobody_took_until_the_end_is_counted() -> None:
    """Ten a second for a minute, of which a slow target had time for one."""
    now = [0.0]
    arrivals = Arrivals(1.0, lambda: 10, lambda: now[0], seed=3)
    assert arrivals.overdue() == 0
    arrivals.take()
    assert arrivals.overdue() == 0
    now[0] = 60.0
    assert 590 < arrivals.overdue() < 610


def test_the_rate_follows_the_users() -> None:
    """A shape that doubles the users doubles the arrivals."""
    users = [10]
    arrivals = Arrivals(1.0, lambda: users[0], lambda: 0.0, seed=4)
    first = [arrivals.take() for _ in range(2000)][-1]
    users[0] = 20
    second = [arrivals.take() for _ in range(2000)][-1] - first
    assert 1.8 < first / second < 2.2
