"""The ways to play the journey that are compared: our engine under both drivers, and the peer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from itertools import cycle
from pathlib import Path
from typing import Protocol

import httpx

from bench.peer import Peer
from synthetic.config.scenarios import matrix_rows
from synthetic.config.secret_refs import resolve_all
from synthetic.core.errors import HarnessError
from synthetic.core.events import Event, ExchangeDone, RunEnded, StepEnded
from synthetic.core.outcome import RunOutcome
from synthetic.core.plan import CellPlan, ScenarioPlan
from synthetic.core.ports import EventSink, fan_out
from synthetic.drivers.of_cells import tls_of
from synthetic.journal.sqlite import SqliteJournal
from synthetic.report.recorder import RunRecorder
from synthetic.runner.blocking import BlockingSession
from synthetic.runner.identity import fresh_seed, run_id
from synthetic.runner.session import Session
from synthetic.runner.specs import Part, Turn

BALANCE = "wallet.balance"


class Variant(Protocol):
    """One way to play. `requests` and `balances_ns` grow with each journey; a journey that fails raises."""

    @property
    def requests(self) -> int:
        """How many requests it has sent."""

    @property
    def balances_ns(self) -> list[int]:
        """The latency of each balance call as it measured it itself."""

    def play(self, number: int) -> None:
        """Play one journey with its next player."""


@dataclass(slots=True)
class Tally:
    """An EventSink that keeps what the table shows."""

    requests: int = 0
    balances_ns: list[int] = field(default_factory=list)

    def __call__(self, event: Event, /) -> None:
        """Take one event."""
        if isinstance(event, ExchangeDone):
            self.requests += 1
        elif isinstance(event, StepEnded) and event.operation == BALANCE:
            self.balances_ns.append(event.latency_ns)

    def sink(self) -> EventSink:
        """Itself beside the recorder of run records, so that a journey costs what one of `synthetic run` costs."""
        return fan_out([self, RunRecorder(lambda _record: None)])


class AsyncEngine:
    """Our engine as the runner has it: asyncio driver, durable journal, run records."""

    def __init__(self, runner: asyncio.Runner, session: Session, part: Part, tally: Tally) -> None:
        self._runner, self._session, self._part, self._tally = runner, session, part, tally
        self._row = only_row(part)

    @property
    def requests(self) -> int:
        """How many requests it has sent."""
        return self._tally.requests

    @property
    def balances_ns(self) -> list[int]:
        """The target's time of each balance call: from the request sent to the answer received."""
        return self._tally.balances_ns

    def play(self, number: int) -> None:
        """Play one journey with the next player."""
        (ended,) = self._runner.run(self._session.play_turn(Turn((self._part,), self._row, number)))
        _require_ok(ended)


class BlockingEngine:
    """Our engine as pytest has it: blocking driver, durable journal, run records."""

    def __init__(self, session: BlockingSession, part: Part, tally: Tally) -> None:
        self._session, self._part, self._tally = session, part, tally
        self._row, self._sink = only_row(part), tally.sink()

    @property
    def requests(self) -> int:
        """How many requests it has sent."""
        return self._tally.requests

    @property
    def balances_ns(self) -> list[int]:
        """The target's time of each balance call: from the request sent to the answer received."""
        return self._tally.balances_ns

    def play(self, number: int) -> None:
        """Play one journey with the next player."""
        _require_ok(self._session.play(self._part.plan, self._row, number=number, sink=self._sink))


class HandWritten:
    """The peer on an event loop of its own."""

    def __init__(self, runner: asyncio.Runner, peer: Peer, cell: CellPlan) -> None:
        self._runner, self._peer, self._seed = runner, peer, fresh_seed()
        players = [{**player.attributes, **resolve_all(cell, player.secrets)} for player in cell.players]
        self._players = cycle(players)

    @property
    def requests(self) -> int:
        """How many requests it has sent."""
        return self._peer.requests

    @property
    def balances_ns(self) -> list[int]:
        """The time around each call of the client."""
        return self._peer.balances_ns

    def play(self, number: int) -> None:
        """Play one journey with the next player. Raises HarnessError where it fails."""
        player = next(self._players)
        run = run_id(self._seed, "bench-peer", {}, "", number)
        try:
            self._runner.run(self._peer.play(player["username"], player["password"], run))
        except (httpx.HTTPError, TimeoutError) as error:
            raise HarnessError(f"the peer's journey failed: {error!r}") from error


def only_row(part: Part) -> dict[str, str]:
    """The one row of the journey's matrix."""
    (row,) = matrix_rows(part.plan, part.cell)
    return row


def _async_engine(stack: ExitStack, part: Part, folder: Path) -> AsyncEngine:
    journal = stack.enter_context(SqliteJournal(folder / "asyncio.db"))
    runner = stack.enter_context(asyncio.Runner())
    tally = Tally()
    session = Session([part.cell], seed=fresh_seed(), sink=tally.sink(), journal=journal)
    runner.run(session.__aenter__())
    stack.callback(lambda: runner.run(session.__aexit__(None, None, None)))
    return AsyncEngine(runner, session, part, tally)


def _blocking_engine(stack: ExitStack, part: Part, folder: Path) -> BlockingEngine:
    journal = stack.enter_context(SqliteJournal(folder / "blocking.db"))
    session = BlockingSession(part.cell, seed=fresh_seed(), journal=journal)
    stack.callback(session.close)
    return BlockingEngine(session, part, Tally())


def _hand_written(stack: ExitStack, part: Part, _folder: Path) -> HandWritten:
    runner = stack.enter_context(asyncio.Runner())
    client = httpx.AsyncClient(verify=tls_of(part.cell))
    stack.callback(lambda: runner.run(client.aclose()))
    return HandWritten(runner, Peer(part.cell, client), part.cell)


def _require_ok(ended: RunEnded) -> None:
    if ended.outcome is not RunOutcome.OK:
        raise HarnessError(f"a journey ended {ended.outcome}: {ended.reason}; what fails is not worth measuring")


PEER = "httpx by hand"
_OPENERS: Mapping[str, Callable[[ExitStack, Part, Path], Variant]] = {
    "engine, asyncio": _async_engine,
    "engine, blocking": _blocking_engine,
    PEER: _hand_written,
}


@contextmanager
def open_variants(plan: ScenarioPlan, cell: CellPlan, folder: Path) -> Iterator[dict[str, Variant]]:
    """Every variant by its name. Each has a share of the standard players: ledgers grow alike, and nobody meets."""
    players = [player for player in cell.players if player.pool == "standard"]
    with ExitStack() as stack:
        variants = {}
        for index, (name, opened) in enumerate(_OPENERS.items()):
            own = replace(cell, players=tuple(players[index :: len(_OPENERS)]))
            variants[name] = opened(stack, Part(plan, own), folder)
        yield variants
