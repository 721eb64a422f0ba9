"""The kernel's stamps on our own clock, and when they are not believed."""

from __future__ import annotations

import asyncio
import select
import socket
import struct
import time
from collections.abc import Callable, Iterator

import pytest

from synthetic.drivers.probe.stamps import ANCILLARY_BYTES, Ancillary, Stamps, stamp_what_comes, stamp_what_leaves

MS = 1_000_000


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A stamped socket and its peer."""
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.socket() as near:
        stamp_what_comes(near)
        near.connect(listener.getsockname())
        far, _ = listener.accept()
        with far:
            yield near, far


def stamped(wall_ns: int) -> Ancillary:
    """Ancillary data with a stamp of this time."""
    return [(socket.SOL_SOCKET, 35, struct.pack("@qq", *divmod(wall_ns, 10**9)))]


def came(near: socket.socket) -> Ancillary:
    """What was told of the next data."""
    assert select.select([near], [], [], 30)[0]
    data, ancillary, _, _ = near.recvmsg(100, ANCILLARY_BYTES)
    assert data
    return ancillary


def test_what_lay_in_the_socket_is_told_by_its_arrival(ends: tuple[socket.socket, socket.socket]) -> None:
    """Read a tenth of a second late, it still came when it came."""
    near, far = ends
    stamps = Stamps(time.monotonic_ns)
    before_ns = time.monotonic_ns()
    far.send(b"second")
    sent_ns = time.monotonic_ns()
    while time.monotonic_ns() < sent_ns + 100 * MS:
        select.select([], [], [], 0.01)
    at_ns, by_kernel = stamps.came(came(near), before_ns)
    assert by_kernel
    assert before_ns <= at_ns < sent_ns + 50 * MS


def test_what_left_is_told_by_its_departure(ends: tuple[socket.socket, socket.socket]) -> None:
    """Between the two moments around the call that sent it."""
    near, _ = ends

    async def main() -> tuple[int, int | None, int]:
        stamp_what_leaves(near)
        before_ns = time.monotonic_ns()
        near.send(b"request")
        after_ns = time.monotonic_ns()
        return before_ns, Stamps(time.monotonic_ns).left(near, before_ns), after_ns

    before_ns, at_ns, after_ns = asyncio.run(main())
    assert at_ns is not None
    assert before_ns <= at_ns <= after_ns + MS


def test_where_nothing_was_stamped_there_is_no_departure(ends: tuple[socket.socket, socket.socket]) -> None:
    """Nor an error."""
    assert Stamps(time.monotonic_ns).left(ends[0], 0) is None


@pytest.mark.parametrize("wrong_by_ns", [-(10**9), 10**9])
def test_a_stamp_that_can_not_be_is_not_believed(wrong_by_ns: int) -> None:
    """Before we sent, or in the future: the moment of reading counts."""
    since_ns = time.monotonic_ns() - MS
    at_ns, by_kernel = Stamps(time.monotonic_ns).came(stamped(time.time_ns() + wrong_by_ns), since_ns)
    assert not by_kernel
    assert since_ns < at_ns <= time.monotonic_ns()


def test_without_a_stamp_the_moment_of_reading_counts() -> None:
    """As where there is no such kernel."""
    before_ns = time.monotonic_ns()
    at_ns, by_kernel = Stamps(time.monotonic_ns).came([], before_ns)
    assert not by_kernel
    assert before_ns <= at_ns <= time.monotonic_ns()


def moving(offset_ns: list[int]) -> Callable[[], int]:
    """A monotonic clock of its own, whose distance to the wall clock a test changes."""
    return lambda: time.time_ns() - offset_ns[0]


def test_no_stamp_is_believed_across_a_step_of_the_wall_clock() -> None:
    """It was set while the answer was under way; the next answer is believed again."""
    offset_ns = [10**18]
    stamps = Stamps(moving(offset_ns))
    ours = moving(offset_ns)
    assert stamps.came(stamped(time.time_ns()), ours() - MS)[1]
    sent_ns = ours()
    offset_ns[0] -= 50 * MS
    assert not stamps.came(stamped(time.time_ns()), sent_ns)[1]
    sent_ns = ours()
    assert stamps.came(stamped(time.time_ns()), sent_ns)[1]


@pytest.mark.parametrize("step_ns", [-50 * MS, 50 * MS])
def test_no_departure_is_believed_across_a_step_of_the_wall_clock(
    ends: tuple[socket.socket, socket.socket], step_ns: int
) -> None:
    """Neither by the last look at the clocks nor by the next one; the next departure is believed again."""
    near, _ = ends
    offset_ns = [10**18]
    stamps, ours = Stamps(moving(offset_ns)), moving(offset_ns)

    async def main() -> None:
        stamp_what_leaves(near)
        before_ns = ours()
        near.send(b"request")
        offset_ns[0] += step_ns
        assert stamps.left(near, before_ns) is None
        before_ns = ours()
        near.send(b"request")
        assert stamps.left(near, before_ns) is not None

    asyncio.run(main())
