"""One connection to an origin: reads its socket itself, so that each answer has the kernel's word for when it came."""

from __future__ import annotations

import asyncio
import select
import socket
from collections.abc import Callable
from typing import Any

from synthetic.drivers.attempt import Attempt, Phase
from synthetic.drivers.intake import READ_BYTES_MAX
from synthetic.drivers.probe.parser import Answer
from synthetic.drivers.probe.secured import Secured
from synthetic.drivers.probe.stamps import ANCILLARY_BYTES, Stamps, stamp_what_leaves

_LAST_READS_MAX = 512  # of what lies in the socket at the deadline


class ClosedEarly(ConnectionError):  # noqa: N818 - it is the target that errs
    """The connection ended before the answer was complete."""


class Untouched(ConnectionError):  # noqa: N818 - nobody has erred
    """A connection that had been kept alive was gone before a byte of the request was written."""


class Connection:
    """Carries one exchange at a time. Whatever comes unasked, or goes wrong, closes it; `closed` and `on_close` tell."""

    def __init__(
        self,
        sock: socket.socket,
        secured: Secured | None,
        stamps: Stamps,
        monotonic_ns: Callable[[], int],
        on_close: Callable[[Connection], None],
    ) -> None:
        self._sock = sock
        self._secured = secured
        self._stamps = stamps
        self._monotonic_ns = monotonic_ns
        self._loop = asyncio.get_running_loop()
        self._idle_poll = select.poll()
        self._idle_poll.register(sock, select.POLLIN)
        self._unsent: bytes | memoryview = b""
        self._sends_request = True  # and not a reply of TLS alone
        self._answer: Answer[Any] | None = None
        self._attempt: Attempt | None = None
        self._done: asyncio.Future[None] | None = None
        self._deadline = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._writing = False
        self._broken = False
        self._exchanges = 0
        self._resting_since = 0.0
        self._on_close = on_close
        self.closed = False
        stamp_what_leaves(sock)
        self._loop.add_reader(sock, self._read)

    async def exchange(self, request: bytes, answer: Answer[Any], attempt: Attempt, deadline: float) -> None:
        """Send the request and feed the answer until it is complete. `deadline`: of the loop's clock.

        Raises OSError (`Untouched` where nothing was sent), TimeoutError, NotHttp, BadAnswer. Afterwards the connection is closed,
        unless it may carry another exchange.
        """
        self._answer, self._attempt = answer, attempt
        done = self._done = self._loop.create_future()
        self._expect_by(deadline)
        whole = False
        try:
            attempt.enter(Phase.EXCHANGING)
            self._send(request)
            await done
            whole = answer.reusable and not self._broken
        finally:
            self._answer = self._attempt = self._done = None
            self._exchanges += 1
            if not whole:
                self.close()

    def rest(self) -> None:
        """Nobody needs it for now."""
        self._resting_since = self._loop.time()

    def rested_s(self) -> float:
        """Seconds since nobody needs it."""
        return self._loop.time() - self._resting_since

    def is_fit(self) -> bool:
        """Whether an idle connection may take a request: open, and with nothing unasked to read."""
        if not self.closed and self._idle_poll.poll(0):
            self._read()
        return not self.closed

    def close(self) -> None:
        """End the connection; no mistake to call it again."""
        if self.closed:
            return
        self.closed = True
        self._loop.remove_reader(self._sock)
        if self._writing:
            self._loop.remove_writer(self._sock)
        self._sock.close()
        if self._timer is not None:
            self._timer.cancel()
        self._on_close(self)
        self._fail(ClosedEarly("the connection was closed on our side"))

    # Sending.

    def _send(self, request: bytes) -> None:
        if self._secured is None:
            self._unsent = request
        else:
            self._secured.send(request)
            self._encrypt(self._secured)
        self._push()

    def _encrypt(self, secured: Secured) -> None:
        """What TLS has to send next; where the request has left already, that is an answer of its own to the server."""
        self._sends_request = secured.owes
        self._unsent = secured.outgoing()

    def _push(self) -> None:
        """Write what the socket takes now. What goes wrong is not told yet: the server may have answered before it hung up."""
        attempt = self._attempt
        try:
            while self._unsent:
                before_ns = self._monotonic_ns()
                count = self._sock.send(self._unsent)
                if attempt is not None and self._sends_request:
                    attempt.left(before_ns, self._monotonic_ns(), self._stamps.left(self._sock, before_ns))
                self._unsent = b"" if count == len(self._unsent) else memoryview(self._unsent)[count:]
                if not self._unsent and self._secured is not None:
                    self._encrypt(self._secured)
        except (BlockingIOError, InterruptedError):
            if not self._writing:
                self._writing = True
                self._loop.add_writer(self._sock, self._push)
            return
        except OSError as error:
            self._broken = True
            self._unsent = b""
            if self._exchanges and attempt is not None and not attempt.left_ns:
                self._fail(Untouched(str(error)))
        if self._writing:
            self._writing = False
            self._loop.remove_writer(self._sock)
        self._finish_if_whole()

    # Receiving.

    def _read(self) -> bool:
        """Take what the socket holds, at most once `READ_BYTES_MAX`; whether there was anything."""
        try:
            data, ancillary, _, _ = self._sock.recvmsg(READ_BYTES_MAX, ANCILLARY_BYTES)
        except (BlockingIOError, InterruptedError):
            self._read_late_stamp()
            return False
        except OSError as error:
            self._end(error)
            return False
        since_ns = 0 if self._attempt is None else self._attempt.left_ns
        try:
            self._take(data, *self._stamps.came(ancillary, since_ns))
        except Exception as error:  # noqa: BLE001 - whoever waits for the answer gets it
            self._end(error)
        return bool(data)

    def _read_late_stamp(self) -> None:
        """A stamp of what was sent wakes the loop too; it is there later where a device has a queue."""
        attempt = self._attempt
        at_ns = self._stamps.left(self._sock, 0 if attempt is None else attempt.left_ns)
        if attempt is not None and at_ns is not None:
            attempt.left_at(at_ns)

    def _take(self, data: bytes, at_ns: int, stamped: bool) -> None:  # noqa: FBT001 - as `Stamps.came` tells it
        ended = not data
        if self._attempt is not None:
            self._attempt.took(len(data))
        if self._secured is not None:
            self._secured.received(data)
            data = self._secured.plain()
            ended = self._secured.ended
            if not self._unsent:
                self._encrypt(self._secured)
                if self._unsent:
                    self._push()
        if self._answer is None or self._attempt is None:
            if data or ended:
                self.close()  # nobody asked for anything
            return
        if data or ended:
            self._attempt.came(at_ns, stamped=stamped)
        if data:
            self._answer.feed(data)
        if ended and not self._answer.end():
            self._end(ClosedEarly("closed the connection before its answer was complete"))
        self._finish_if_whole()

    def _end(self, error: Exception) -> None:
        self._broken = True
        self._fail(error)
        if self._done is None:
            self.close()

    def _finish_if_whole(self) -> None:
        answer, done = self._answer, self._done
        if answer is not None and answer.complete and not self._unsent and done is not None and not done.done():
            done.set_result(None)

    def _fail(self, error: Exception) -> None:
        if self._done is None or self._done.done():
            return
        if self._answer is not None and self._answer.complete:
            self._broken = True  # the rest of the request did not leave, but all of the answer has come
            self._done.set_result(None)
        else:
            self._done.set_exception(error)

    # The deadline. One timer serves many exchanges: most end long before it, and setting one for each costs more.

    def _expect_by(self, deadline: float) -> None:
        self._deadline = deadline
        if self._timer is not None and self._timer.when() > deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(deadline, self._look_at_the_time)

    def _look_at_the_time(self) -> None:
        self._timer = None
        if self._done is None:
            return
        if self._loop.time() < self._deadline:
            self._expect_by(self._deadline)
        else:
            self._expire()

    def _expire(self) -> None:
        """The deadline is over. What has come meanwhile counts, however late our loop looks at it."""
        for _ in range(_LAST_READS_MAX):
            if self._done is None or self._done.done() or not self._read():
                break
        if self._attempt is not None and not self._unsent:  # else the target waits for us, and not we for it
            self._attempt.looked()
        self._fail(TimeoutError("the deadline is over"))
