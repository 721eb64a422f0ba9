"""A process that plays ticks through DBOS, for tests that kill it: `python -m ...ticker URL WORKER LOG VERB [TICK...]`.

Each line of the log is `WORKER probe@slot`: it is what was really played, by whom.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from synthetic.runner.dispatch.durable import DurableDispatch


async def main(url: str, worker: str, log: Path, verb: str, *ticks: str) -> None:
    """Play in one of these ways.

    `hang`: begin the ticks and never end. `play`: play them; `meet`: each until all of them have begun. `adopt`: continue those of
    the worker that `ticks` names. `return`: wait for one that comes back by itself.
    """
    played, all_begun = asyncio.Semaphore(0), asyncio.Barrier(len(ticks) or 1)

    async def play(probe: str, slot_ns: int) -> str:
        with log.open("a") as lines:
            lines.write(f"{worker} {probe}@{slot_ns}\n")
        if verb == "hang":
            sys.stdout.write("begun\n")
            sys.stdout.flush()
            await asyncio.Event().wait()
        if verb == "meet":
            await all_begun.wait()
        played.release()
        return "played"

    dispatch = DurableDispatch(url, worker, play)
    if verb in ("adopt", "return"):
        async with asyncio.timeout(20):
            for _ in range(await dispatch.take_over(ticks[0]) if verb == "adopt" else 1):
                await played.acquire()
    else:
        for tick in ticks:
            probe, slot = tick.split("@")
            await dispatch.start(probe, int(slot))
    assert await dispatch.drain(3600 if verb == "hang" else 10)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], Path(sys.argv[3]), *sys.argv[4:]))
