"""Runs that are cut off behind any effect, against the reference platform over real sockets, and their recovery."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import Request, urlopen

from synthetic.config.cell_secrets import cell_secrets
from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario, matrix_rows
from synthetic.config.secret_refs import resolve_all
from synthetic.config.shipped import shipped_root
from synthetic.core.effects import Effect, Http, Together, WsSend
from synthetic.core.events import Event
from synthetic.core.machine import Baseline, Machine, OpenEffect, Recovered, play, recover
from synthetic.core.plan import CellPlan, PlayerPlan, RunSpec, ScenarioPlan
from synthetic.drivers.blocking_driver import BlockingDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.journal.memory import MemoryJournal
from synthetic.reference.world import World, WorldSettings
from synthetic.reference.world.in_a_thread import world_in_a_thread
from synthetic.runner.identity import fresh_seed
from synthetic.runner.specs import Part, Turn, make_spec

T = TypeVar("T")
HOME_WITHIN_S = 40.0
HOUR_NS = 3600 * 10**9
_INTO_THE_WALLET_FROM_OUTSIDE = ("deposit", "refund", "withdraw")


class Crash(RuntimeError):  # noqa: N818 - it is what it says
    """The process is gone."""


def cut_off(machine: Machine[T], when: Callable[[Effect], bool]) -> Machine[T]:
    """The same run, whose process is gone as soon as such an effect was performed: nobody hears of its result."""
    result = None
    while True:
        try:
            step = machine.send(result)
        except StopIteration as stop:
            value: T = stop.value
            return value
        result = yield step
        if not isinstance(step, Event) and when(step):
            raise Crash


def _held_back(
    machine: Machine[T], when: Callable[[Effect], bool], journal: MemoryJournal, held: list[Effect]
) -> Machine[T]:
    """The same run, whose process is gone between the intent of such an effect and its request."""
    result = None
    while True:
        step = machine.send(result)
        if not isinstance(step, Event) and when(step):
            assert isinstance(step, Http | WsSend)
            assert step.moves is not None
            journal.intend(step.moves)
            held.append(step)
            raise Crash
        result = yield step


def behind(number: int) -> Callable[[Effect], bool]:
    """Behind the effect of this number, counted from 1."""
    performed = count(1)
    return lambda _effect: next(performed) == number


def behind_money_effect(number: int) -> Callable[[Effect], bool]:
    """Behind the money effect of this number, counted from 1, whatever its operation, and however many at once."""
    moved = count(1)

    def moves(effect: Effect) -> bool:
        if isinstance(effect, Together):
            return effect.requests[0].moves is not None
        return isinstance(effect, Http | WsSend) and effect.moves is not None

    return lambda effect: moves(effect) and next(moved) == number


def behind_money(operation: str) -> Callable[[Effect], bool]:
    """Behind the request that moves an operation's money: it has happened, and its answer is lost."""
    return lambda effect: (
        isinstance(effect, Http | WsSend) and effect.moves is not None and effect.moves.operation == operation
    )


@dataclass(frozen=True, slots=True)
class Cut:
    """A run that was played until it was cut off, or to its end: its journal, and how the player stood before."""

    spec: RunSpec
    journal: MemoryJournal
    crashed: bool
    cash_minor: int
    entries: int


class Stage:
    """A world, one cell of it, and players who take turns."""

    def __init__(self, world: World, cell: CellPlan) -> None:
        self.world, self.cell = world, cell
        self.driver = BlockingDriver(allow=cell.allow)
        self.secrets = cell_secrets(cell)
        self._numbers = count(1)
        self._seed = fresh_seed()
        self._held: list[Effect] = []
        self._platform = load_platform(shipped_root() / "fixtures" / "platforms" / "reference.yaml")

    def plan(self, scenario: str, change: Mapping[str, str] | None = None) -> ScenarioPlan:
        """A shipped scenario, with some changes to its text."""
        text = next((shipped_root() / "scenarios").rglob(f"{scenario}.yaml")).read_text(encoding="utf-8")
        for old, new in (change or {}).items():
            assert old in text
            text = text.replace(old, new)
        return load_scenario(Path(scenario), self._platform, text=text)

    def cut(self, plan: ScenarioPlan, when: Callable[[Effect], bool], *, player: str = "") -> Cut:
        """Play the first row of a scenario until it is cut off; with `player`, on this one."""
        spec = self._spec(plan, player)
        entries = self.statement(self._player(spec))
        journal = MemoryJournal()
        crashed = False
        try:
            self.driver.run(cut_off(play(spec), when), sink=lambda _event: None, journal=journal)
        except Crash:
            crashed = True
        return Cut(spec, journal, crashed, _cash(entries), len(entries))

    def cut_before(self, plan: ScenarioPlan, operation: str) -> Cut:
        """Play until the intent of this operation is durable and its request is not sent yet; see `let_it_arrive`."""
        spec = self._spec(plan)
        entries = self.statement(self._player(spec))
        journal = MemoryJournal()
        self._held.clear()
        with suppress(Crash):
            held = _held_back(play(spec), behind_money(operation), journal, self._held)
            self.driver.run(held, sink=lambda _event: None, journal=journal)
        assert len(self._held) == 1
        return Cut(spec, journal, crashed=True, cash_minor=_cash(entries), entries=len(entries))

    def let_it_arrive(self, cut: Cut) -> None:
        """Now the request that was held back arrives."""

        def late() -> Machine[None]:
            yield self._held[0]

        self.driver.run(late(), sink=lambda _event: None, journal=cut.journal)

    def _player(self, spec: RunSpec) -> PlayerPlan:
        return next(player for player in self.cell.players if player.id == spec.player["id"])

    def _spec(self, plan: ScenarioPlan, named: str = "") -> RunSpec:
        number = next(self._numbers)
        assert plan.pool is not None
        pool = (plan.pool.literal or "").removeprefix("pool:")
        players = [player for player in self.cell.players if named in ("", player.id) and player.pool == pool]
        player = players[number % len(players)]
        turn = Turn((Part(plan, self.cell),), matrix_rows(plan, self.cell)[0], number)
        return make_spec(
            turn.parts[0], turn, player, self.secrets, seed=self._seed, clock=SystemClock(), scheduled_ns=0
        )

    def recover(
        self,
        cut: Cut,
        when: Callable[[Effect], bool] | None = None,
        *,
        age_ns: int = HOUR_NS,
        baseline: Baseline | None = None,
    ) -> Recovered:
        """Recover a run from what its journal holds; `when`: recovery itself is cut off there (raises Crash)."""
        effects = [OpenEffect(entry.intent, entry.state, age_ns) for entry in cut.journal.entries()]
        machine = recover(cut.spec, effects, baseline=baseline)
        return self.driver.run(
            machine if when is None else cut_off(machine, when), sink=lambda _event: None, journal=cut.journal
        )

    def bring_home(self, cut: Cut, baseline: Baseline | None = None, *, age_ns: int = HOUR_NS) -> None:
        """Recover it until all is home: a payout that is in transit is neither cancelled nor paid yet."""
        deadline_s = time.monotonic() + HOME_WITHIN_S
        while not (recovered := self.recover(cut, age_ns=age_ns, baseline=baseline)).is_home:
            assert time.monotonic() < deadline_s, recovered

    def statement(self, player: PlayerPlan) -> list[dict[str, Any]]:
        """The player's ledger, oldest entry first, as he sees it himself."""
        who = {
            "username": player.attributes["username"],
            **resolve_all(self.cell, {"password": player.secrets["password"]}),
        }
        token = self._ask("POST", "/auth/login", who)["token"]
        entries: list[dict[str, Any]] = self._ask("GET", "/wallet/ledger", token=token)["entries"]
        return entries

    def cash_of(self, cut: Cut) -> int:
        """The player's cash now, in minor units."""
        return _cash(self.statement(self._player(cut.spec)))

    def open_items(self, player: str) -> list[dict[str, Any]]:
        """What of the player's is not at its end, by the back office."""
        entries: list[dict[str, Any]] = self._ask(
            "GET", f"/office/open-items?player={player}", token=self.secrets.named["office"]
        )["entries"]
        return entries

    def _ask(self, method: str, path: str, body: Any = None, token: str = "") -> dict[str, Any]:
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = Request(f"{self.cell.endpoints['api']}{path}", data, headers, method=method)  # noqa: S310 - loopback
        with urlopen(request, timeout=10) as answer:  # noqa: S310 - likewise
            told: dict[str, Any] = json.loads(answer.read())
            return told

    def check_home(self, cut: Cut) -> None:
        """All money of the run is home, and nothing of it happened twice."""
        player = self._player(cut.spec)
        entries = self.statement(player)
        new = entries[cut.entries :]
        outside = sum(e["amount_minor"] for e in new if e["kind"].startswith(_INTO_THE_WALLET_FROM_OUTSIDE))
        assert 0 in (outside, _cash(entries) - cut.cash_minor), f"money of the run is left in the wallet: {new}"
        twice = [
            one for one, times in Counter((e["kind"], e["reference"], e["bucket"]) for e in new).items() if times > 1
        ]
        assert twice == [], f"it happened twice: {new}"
        own_round = f"{cut.spec.run_id}-round"  # players are lent again: another test may be in the middle of one
        left = [item for item in self.open_items(player.id) if item["kind"] != "bonus"]
        assert [item for item in left if item["kind"] != "round" or item["reference"] == own_round] == []
        assert cut.journal.open_intents() == []


def _cash(entries: list[dict[str, Any]]) -> int:
    return sum(entry["amount_minor"] for entry in entries if entry.get("bucket", "cash") == "cash")


@contextmanager
def stage(folder: Path, seed: int = 11) -> Iterator[Stage]:
    """A world of its own, and its canary cell."""
    with world_in_a_thread(WorldSettings(seed=seed)) as world:
        path = folder / "cells.yaml"
        world.write_cells(path)
        on = Stage(world, load_cells(path)["canary"])
        yield on
        on.driver.close()
