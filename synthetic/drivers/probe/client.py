"""One request and its answer over the pool: the deadline, and what may be done once more."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable

from synthetic.drivers.attempt import Attempt
from synthetic.drivers.guard import Limits
from synthetic.drivers.places import Target
from synthetic.drivers.probe.connection import Untouched
from synthetic.drivers.probe.parser import Answer, B
from synthetic.drivers.probe.pool import Pool


class ProbeClient:
    """Sends requests that are bytes already. Nothing is sent twice: only where no byte has left is another connection taken."""

    def __init__(self, tls: ssl.SSLContext, limits: Limits, monotonic_ns: Callable[[], int]) -> None:
        self._pool = Pool(tls, limits, monotonic_ns)

    async def ask(
        self,
        target: Target,
        request: bytes,
        answer_of: Callable[[], Answer[B]],
        attempt: Attempt,
        timeout_s: float,
        exchange_s: float | None = None,
    ) -> Answer[B]:
        """The complete answer; `answer_of` makes the parser of it. `exchange_s`: a time of its own for all behind the connection.

        Raises OSError, TimeoutError, UnicodeError, NotHttp, BadAnswer.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout_s
        while True:
            connection = self._pool.idle(target)
            if connection is None:
                async with asyncio.timeout_at(deadline):
                    connection = await self._pool.opened(target, attempt)
            answer = answer_of()
            try:
                until = deadline if exchange_s is None else loop.time() + exchange_s
                await connection.exchange(request, answer, attempt, until)
            except Untouched:
                continue
            finally:
                self._pool.back(target, connection)
            return answer

    def close(self) -> None:
        """Close the connections that are kept alive."""
        self._pool.close()
