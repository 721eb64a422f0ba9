"""When a request left, from what the clock and the kernel said of it."""

from __future__ import annotations

import pytest

from synthetic.core.effects import Times
from synthetic.core.machine.state import is_tainted
from synthetic.drivers.attempt import Attempt, Phase
from synthetic.drivers.memory import VirtualClock

MS = 1_000_000


def exchanging() -> Attempt:
    """An attempt that began to exchange at 0."""
    attempt = Attempt(VirtualClock())
    attempt.enter(Phase.EXCHANGING)
    return attempt


def told(attempt: Attempt, came_ns: int) -> Times:
    """Its times, with an answer that came then."""
    attempt.came(came_ns, stamped=True)
    return attempt.answered()


def test_the_kernels_word_for_when_it_left_leaves_no_doubt() -> None:
    """However long the call that sent it took."""
    attempt = exchanging()
    attempt.left(1 * MS, 9 * MS, 2 * MS)
    times = told(attempt, 50 * MS)
    assert (times.sent, times.doubt_ns, times.latency_ns) == (2 * MS, 0, 48 * MS)


def test_without_it_the_first_moment_counts_and_the_rest_is_in_doubt() -> None:
    """No latency is told too short, and one that may be too long says by how much, and is tainted."""
    attempt = exchanging()
    attempt.left(1 * MS, 9 * MS, None)
    times = told(attempt, 50 * MS)
    assert (times.sent, times.doubt_ns) == (1 * MS, 8 * MS)
    assert is_tainted(times)


def test_a_request_had_left_before_its_answer_came() -> None:
    """We were interrupted after it had left: the doubt ends where the answer began."""
    attempt = exchanging()
    attempt.left(1 * MS, 9 * MS, None)
    assert told(attempt, 1_300_000).doubt_ns == 300_000


@pytest.mark.parametrize(("late_ns", "sent"), [(3 * MS, 3 * MS), (0, 1 * MS)])
def test_a_stamp_that_comes_late_still_counts(late_ns: int, sent: int) -> None:
    """A device with a queue tells later; one of an earlier request is not taken for it."""
    attempt = exchanging()
    attempt.left(1 * MS, 9 * MS, None)
    attempt.left_at(late_ns)
    times = told(attempt, 50 * MS)
    assert (times.sent, times.doubt_ns == 0) == (sent, sent == late_ns)


def test_of_several_parts_the_last_one_counts() -> None:
    """A peer that is slow to read our request is not slow to answer it."""
    attempt = exchanging()
    attempt.left(1 * MS, 2 * MS, None)
    attempt.left(30 * MS, 31 * MS, 30 * MS)
    times = told(attempt, 50 * MS)
    assert (attempt.left_ns, times.sent) == (1 * MS, 30 * MS)


def test_what_never_left_has_no_time_of_its_own() -> None:
    """It counts as sent when it was started; what its connection took is known, and no more."""
    clock = VirtualClock()
    attempt = Attempt(clock)
    attempt.enter(Phase.CONNECTING)
    clock.advance(0.005)
    attempt.resolved()
    times = attempt.times()
    assert times.sent == times.started
    assert times.phases is not None
    assert (times.phases.dns, times.phases.first_byte, times.phases.body) == (5 * MS, 0, 0)
