"""`synthetic gate serve`: the gate as a service of its own, over what runners have kept in their database."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer

from synthetic.audit.chain import Chain
from synthetic.audit.log import AuditLog
from synthetic.audit.trail import AuditTrail
from synthetic.cli.gate.notes import GateNotes
from synthetic.cli.gate.options import Database, Slo, Token, address_of, is_loopback, listen_of, token_of
from synthetic.cli.gate.runs import record_from
from synthetic.cli.gate.slo_now import SloNotes, SloNow
from synthetic.config.names import NOWHERE
from synthetic.core.errors import AuthorError, JournalUnavailable
from synthetic.drivers.clocks import SystemClock
from synthetic.journal.book import open_book
from synthetic.journal.opened import POSTGRES, SQLITE
from synthetic.report.logs import RunnerLog, set_up_logs
from synthetic.report.metrics import RunnerMetrics
from synthetic.report.store import DEFAULT_PATH
from synthetic.rollouts.desk import Desk
from synthetic.rollouts.judge import Judge
from synthetic.rollouts.schema import beside
from synthetic.rollouts.store import open_store
from synthetic.runner.health import Health, Reason, Trouble
from synthetic.runner.quiet import quiet_service
from synthetic.web.app import build_app
from synthetic.web.gate.face import CONNECTIONS_MAX, face_of
from synthetic.web.gate.health import Surroundings
from synthetic.web.listening import MutualTls, serving

POLLS_A_MINUTE = 30_000
Keep = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class GateAlone:
    """Everything that the gate has to know. `journal`: the runner's database; `audit` None: decisions are only stored."""

    journal: str
    slo: SloNow
    listen: tuple[str, int] = ("127.0.0.1", 0)
    token: str = field(default="", repr=False)
    tls: MutualTls | None = None
    audit: Path | None = None
    records: Path = DEFAULT_PATH
    trace_url: str = ""
    polls_a_minute: int = POLLS_A_MINUTE
    name: str = field(default_factory=lambda: f"gate-{socket.gethostname()}-{os.getpid()}")


def serve(
    *,
    database: Database = "runner.db",
    slo: Slo = None,
    listen: Annotated[str, typer.Option(help="Where to answer.", metavar="HOST:PORT")] = "127.0.0.1:9466",
    token: Token = None,
    certificate: Annotated[
        Path | None, typer.Option(help="The gate's certificate (mutual TLS).", metavar="PEM")
    ] = None,
    key: Annotated[Path | None, typer.Option(help="Its key.", metavar="PEM")] = None,
    client_ca: Annotated[Path | None, typer.Option(help="The authority of its callers.", metavar="PEM")] = None,
    audit: Annotated[Path | None, typer.Option(help="The audit that hears of each decision.", metavar="DIR")] = None,
    records: Annotated[
        Path, typer.Option(help="The runner's records, for failing runs on the pages.", metavar="FILE")
    ] = DEFAULT_PATH,
    trace_url: Annotated[str, typer.Option(help="Where traces are: an address with {trace_id}.", metavar="URL")] = "",
    polls_a_minute: Annotated[int, typer.Option(min=60, help="What one caller may ask.")] = POLLS_A_MINUTE,
    name: Annotated[str | None, typer.Option(help="Its name in the audit (default: host and process).")] = None,
    for_s: Annotated[float | None, typer.Option("--for", min=1.0, help="End after so many seconds.")] = None,
) -> None:
    """Answer Argo Rollouts, Flagger, CI and people, over what runners with `gate:` in their serve file have kept.

    An SLO file that changes is read again; one that is not valid any more is told, and the one before stays in force.
    Beyond this machine it needs a token (--token), or certificates of both sides (--certificate, --key, --client-ca).
    """
    alone = GateAlone(
        journal=address_of(database or "runner.db"),
        slo=SloNow.of(slo),
        listen=listen_of(listen),
        token=token_of(token),
        tls=_tls(certificate, key, client_ca),
        audit=audit,
        records=records,
        trace_url=trace_url,
        polls_a_minute=polls_a_minute,
        **({"name": name} if name else {}),
    )
    if not alone.token and alone.tls is None and not is_loopback(alone.listen[0]):
        told = f"the gate would listen beyond this machine ({alone.listen[0]}), and anybody could call it"
        raise AuthorError.at(NOWHERE, told, "add --token env:NAME, or --certificate, --key and --client-ca")
    set_up_logs(sys.stderr)
    asyncio.run(_serve(alone, for_s))


def _tls(certificate: Path | None, key: Path | None, client_ca: Path | None) -> MutualTls | None:
    given = [str(path) for path in (certificate, key, client_ca) if path is not None]
    if given and len(given) < 3:
        raise AuthorError.at(NOWHERE, "mutual TLS needs all three: --certificate, --key and --client-ca")
    return MutualTls(*given) if given else None


async def _serve(alone: GateAlone, for_s: float | None) -> None:
    stopping, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    async with gate_up(alone) as (keep, address):
        RunnerLog().gate_listens(address)
        if for_s is not None:
            loop.call_later(for_s, stopping.set)
        keeping = asyncio.create_task(keep())
        stopped = asyncio.create_task(stopping.wait())
        done, _ = await asyncio.wait({keeping, stopped}, return_when=asyncio.FIRST_COMPLETED)
        for task in (keeping, stopped):
            task.cancel()
        await asyncio.gather(keeping, stopped, return_exceptions=True)
        if keeping in done:
            keeping.result()  # it never ends by itself: raise what ended it


@asynccontextmanager
async def gate_up(alone: GateAlone) -> AsyncIterator[tuple[Keep, str]]:
    """The gate on its address, until the end of the block, and what it has to do all the while. Raises SyntheticError.

    What is to be done judges the open rollouts and watches the SLO, for ever. What ends one of them ends it, and is raised as it
    is: a gate whose SLO nobody watches would go on with an old one.
    """
    clock, metrics = SystemClock(), RunnerMetrics()
    notes = GateNotes(metrics.gate, RunnerLog())
    metrics.gate.begin()
    async with AsyncExitStack() as stack:
        set_loaded_aside = stack.enter_context(quiet_service())
        store = stack.enter_context(await asyncio.to_thread(open_store, beside(alone.journal)))
        desk = Desk(Judge(store, alone.slo, clock, _trail(stack, alone)), clock, notes)
        routes = face_of(
            desk,
            clock,
            token=alone.token,
            polls_a_minute=alone.polls_a_minute,
            around=Surroundings(_killed(stack, alone.journal), record_from(alone.records), alone.trace_url),
        )
        app = build_app(metrics=metrics, health=lambda: _health(notes), more=routes)
        address = await stack.enter_async_context(
            serving(app, *alone.listen, tls=alone.tls, connections_max=CONNECTIONS_MAX)
        )
        metrics.config_reloaded(valid=True)
        set_loaded_aside()
        yield partial(_while_both_last, desk.keep, partial(alone.slo.watch, SloNotes(metrics))), address


async def _while_both_last(*kept: Keep) -> None:
    tasks = [asyncio.ensure_future(keep()) for keep in kept]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _trail(stack: AsyncExitStack, alone: GateAlone) -> AuditTrail | None:
    if alone.audit is None:
        return None
    folder, name = alone.audit, alone.name
    log = stack.enter_context(AuditLog(lambda: Chain(folder, name)))
    return AuditTrail(log.note, f"gate:{name}")


def _health(notes: GateNotes) -> Health:
    return Health((Trouble(Reason.JOURNAL, notes.problem),)) if notes.problem else Health()


def _killed(stack: AsyncExitStack, journal: str) -> Callable[[], Sequence[str]]:
    """What the kill switch of the runner's journal says; nothing where that is not here."""
    if not journal.startswith(POSTGRES) and not Path(journal.removeprefix(SQLITE)).exists():
        return tuple
    book = stack.enter_context(open_book(journal))

    def words() -> Sequence[str]:
        try:
            kill = book.killed()
        except JournalUnavailable as error:
            return [f"whether runs are stopped can't be read: {error}"]
        return [f"the kill switch is on, by {kill.by}: {kill.reason}"] if kill is not None else []

    return words
