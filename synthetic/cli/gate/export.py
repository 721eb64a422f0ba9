"""`synthetic gate export`: the Release Health page of a rollout as one file, for the ticket of the release."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.gate.options import Database, Slo, address_of, policy_from
from synthetic.cli.gate.runs import record_from
from synthetic.cli.screen import save, say
from synthetic.config.names import NOWHERE
from synthetic.core.errors import AuthorError
from synthetic.drivers.clocks import SystemClock
from synthetic.gate.policy import Policy
from synthetic.report.store import DEFAULT_PATH
from synthetic.rollouts.desk import Desk
from synthetic.rollouts.judge import Judge
from synthetic.rollouts.schema import existing
from synthetic.rollouts.store import Store, open_store
from synthetic.web.gate.health import HealthDesk, Surroundings
from synthetic.web.health import exported


def export(
    rollout: Annotated[str, typer.Argument(help="The id of the rollout.", metavar="ROLLOUT")],
    *,
    out: Annotated[Path, typer.Option(help="The file to write.", metavar="FILE")],
    database: Database = "runner.db",
    slo: Slo = None,
    records: Annotated[
        Path, typer.Option(help="The runner's records, for failing runs.", metavar="FILE")
    ] = DEFAULT_PATH,
    trace_url: Annotated[str, typer.Option(help="Where traces are: an address with {trace_id}.", metavar="URL")] = "",
) -> None:
    """Write the health of a rollout, as it is now, into one HTML file that needs nothing else. Exit: 0, 2 no such rollout."""
    policy = policy_from(slo)
    with open_store(existing(address_of(database or "runner.db"))) as store:
        around = Surroundings(record=record_from(records), trace_url=trace_url)
        page = asyncio.run(_page(store, policy, rollout, around))
    if page is None:
        raise AuthorError.at(NOWHERE, f"no rollout {rollout!r} is known")
    save(page, out)
    say(f"wrote {out}")


async def _page(store: Store, policy: Policy, rollout: str, around: Surroundings) -> str | None:
    clock = SystemClock()
    health = HealthDesk(Desk(Judge(store, lambda: policy, clock), clock), clock, around)
    return await exported(health, rollout, trace_url=around.trace_url)
