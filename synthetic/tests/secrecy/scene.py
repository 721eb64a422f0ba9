"""Runs of every kind on a reference world with planted secrets, and everything that anybody could read of them afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import io
import logging
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path
from typing import Any, TypeVar

import httpx
import yaml

from synthetic.audit.chain import Chain
from synthetic.audit.log import AuditLog
from synthetic.audit.trail import AuditedJournal, AuditTrail
from synthetic.cli.playing import play_turns
from synthetic.config.cell_secrets import cell_secrets
from synthetic.config.project import Project, ProjectFiles, load_project, yaml_files
from synthetic.config.shipped import shipped_root
from synthetic.core.events import Event
from synthetic.core.machine import Machine
from synthetic.core.plan import CellPlan
from synthetic.core.ports import EventSink, Journal, fan_out
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.drivers.of_cells import asyncio_driver
from synthetic.journal.book import Book, open_book
from synthetic.report.jsonlines import json_array
from synthetic.report.junit import junit_xml
from synthetic.report.logs import LOGGER, RunnerLog, set_up_logs
from synthetic.report.metrics import RunnerMetrics
from synthetic.report.metrics.probes import ProbeSeries
from synthetic.report.recorder import RunRecorder
from synthetic.report.records import RunRecord
from synthetic.report.text import closing_line, run_line
from synthetic.report.waterfall import waterfall_text
from synthetic.runner.compensator import Compensator
from synthetic.runner.health import Health
from synthetic.runner.identity import fresh_seed
from synthetic.runner.killswitch import KillSwitch
from synthetic.runner.outside import Outside
from synthetic.runner.spec_again import SpecAgain
from synthetic.runner.specs import Part, Turn
from synthetic.runner.turns import single_turns
from synthetic.runner.worker import TickPlan, Worker
from synthetic.tests.secrecy.forms import every_byte
from synthetic.tests.secrecy.listening import Wire
from synthetic.web import Calls, build_app, serving

T = TypeVar("T")
OPEN_METRICS = "application/openmetrics-text"
CARD = '4929-planted/card+"4711"=%'
KILL_TOKEN = "planted-kill-token/7Zq+9="
DATABASE_PASSWORD = "planted-Pa55/word+x="
"""Letters that JSON, URLs and base64 write in another way, so that a mask that knows only one spelling shows itself."""

PLANTED_CARD = """
scenario: planted-card
title: A card that the PSP does not know, so the run fails with it in its hands
schedule: {every: 60s, deadline: 30s}
limits: {deposit: 1.00 EUR}
lease: {player: "pool:standard"}
steps:
  - {id: login, call: auth.login}
  - id: deposit
    call: cashier.deposit
    with: {amount: 1.00 EUR, psp: psp-a, instrument: "${{ player.card }}"}
    until: "out.state == 'succeeded'"
    within: 3s
"""
BROKEN_PROMISE = """
scenario: broken-promise
title: A deposit whose run fails behind it, so that it is undone
schedule: {every: 60s, deadline: 30s}
limits: {deposit: 1.00 EUR}
lease: {player: "pool:standard"}
steps:
  - {id: login, call: auth.login}
  - {id: deposit, call: cashier.deposit, with: {amount: 1.00 EUR, psp: psp-b}, until: "out.state == 'succeeded'", within: 8s}
  - {id: bad, call: wallet.balance, expect: ["out.cash.minor() == 1"]}
"""
EVERY_SPELLING = """
scenario: every-spelling
title: A card in a URL, a form, a header and a basic authentication, to which the platform answers nothing good
schedule: {every: 60s, deadline: 30s}
lease: {player: "pool:standard"}
steps:
  - {id: login, call: auth.login}
  - {id: look, call: planted.look}
"""
OPERATION = """
  planted.look:
    http: POST /planted
    query: {card: "${{ player.card }}"}
    headers: {X-Card: "card ${{ player.card }}"}
    basic: {username: someone, password: "${{ player.card }}"}
    form: {card: "${{ player.card }}"}
"""
SCENARIOS = (
    "login",
    "sso-login",
    "deposit-bet-withdraw",
    "wrong-password",
    "totp-wrong",
    "webhook-bad-signature",
    "wallet-tampered-signature",
    "planted-card",
    "broken-promise",
    "every-spelling",
)


@dataclass
class Scene:
    """Everything that was produced, by where it was found, and every secret by its name."""

    secrets: dict[str, str] = field(default_factory=dict)
    found: dict[str, bytes] = field(default_factory=dict)
    wire: Wire = field(default_factory=Wire)
    outcomes: list[str] = field(default_factory=list)

    def keep(self, where: str, text: object) -> None:
        """One more thing that somebody may read."""
        self.found[where] = text if isinstance(text, bytes) else str(text).encode(errors="surrogateescape")


def plant(folder: Path, cells_file: Path) -> tuple[Project, dict[str, str]]:
    """The cells of a running world with a secret card for every player; answers the project and all secrets."""
    shutil.copytree(cells_file.parent / "secrets", folder / "secrets")
    (folder / "secrets" / "card").write_text(CARD)
    document = yaml.safe_load(cells_file.read_text())
    for cell in document["cells"].values():
        for player in cell["players"]:
            player["card"] = "file:secrets/card"
    own = folder / "cells.yaml"
    own.write_text(yaml.safe_dump(document))
    (folder / "scenarios").mkdir()
    for number, text in enumerate((PLANTED_CARD, BROKEN_PROMISE, EVERY_SPELLING)):
        (folder / "scenarios" / f"{number}.yaml").write_text(text)
    root = shipped_root()
    (folder / "platforms").mkdir()
    mapping = (root / "fixtures/platforms/reference.yaml").read_text()
    (folder / "platforms" / "reference.yaml").write_text(mapping + OPERATION)
    shipped = [path for path in yaml_files(root / "scenarios") if path.stem.replace("_", "-") in SCENARIOS]
    scenarios = (*shipped, *yaml_files(folder / "scenarios"))
    project = load_project(ProjectFiles(scenarios, tuple(yaml_files(folder / "platforms")), own))
    secrets = {path.name: path.read_text().strip() for path in (folder / "secrets").iterdir()}
    return project, secrets | {"kill token": KILL_TOKEN, "database password": DATABASE_PASSWORD}


def play_by_hand(scene: Scene, project: Project, folder: Path) -> None:
    """As `synthetic run` does: every scenario on the canary, and a run that crashes with money under way on the baseline."""
    rows = {"psp": "psp-a", "provider": "provider-a"}
    turns = [
        turn
        for name in SCENARIOS
        for turn in single_turns([project.scenarios[name]], project.cells["canary"])
        if all(turn.row.get(column, value) == value for column, value in rows.items())
    ]
    crashing = single_turns([project.scenarios["deposit-bet-withdraw"]], project.cells["baseline"])[:1]
    told, streams = list[RunRecord](), (io.StringIO(), io.StringIO())
    with contextlib.redirect_stdout(streams[0]), contextlib.redirect_stderr(streams[1]):
        played = play_turns(
            [*turns, *crashing],
            seed=fresh_seed(),
            at_once=12,
            tell=told.append,
            store=folder / "by-hand" / "runs.db",
            journal=folder / "by-hand" / "journal.db",
            provoked={"canary": scene.wire.provocation(), "baseline": scene.wire.provocation(crash=True)},
        )
    scene.outcomes += [f"{record.scenario} {record.outcome}" for record in played.records]
    scene.keep("what a session tells", streams[0].getvalue() + streams[1].getvalue())
    scene.keep("events", "\n".join(map(repr, played.events)))
    _keep_reports(scene, "by hand", played.records)


def _keep_reports(scene: Scene, who: str, records: Sequence[RunRecord]) -> None:
    scene.keep(f"run records, {who}", json_array(records))
    scene.keep(f"JUnit, {who}", junit_xml(records))
    scene.keep(f"lines, {who}", "\n".join([*map(run_line, records), closing_line(records)]))
    scene.keep(f"waterfalls, {who}", "\n".join(waterfall_text(record, full=True) for record in records))


class Listening:
    """A worker's driver that is listened to, tells the audit of money, and may end with money under way."""

    def __init__(self, driver: AsyncDriver, wire: Wire, trail: AuditTrail, *, crash: bool) -> None:
        self._driver, self._wire, self._trail = driver, wire, trail
        self.crash = crash

    async def run(self, scenario: Machine[T], /, *, sink: EventSink, journal: Journal) -> T:
        """Play it."""
        machine = self._wire.provocation(crash=self.crash).provoke(scenario)
        return await self._driver.run(machine, sink=sink, journal=AuditedJournal(journal, self._trail))


@contextlib.contextmanager
def logging_to(stream: io.StringIO) -> Iterator[None]:
    """The runner's log goes there, and afterwards to where it went before."""
    root, level, own = logging.getLogger(), logging.getLogger().level, LOGGER.level
    before = list(root.handlers)
    set_up_logs(stream, level=logging.DEBUG)
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)
        LOGGER.setLevel(own)


def play_on_duty(scene: Scene, project: Project, folder: Path) -> None:
    """As a worker does: a run that goes well, one that crashes with money under way, and its recovery."""
    log, metrics, events, records = io.StringIO(), RunnerMetrics(), list[Event](), list[RunRecord]()
    cell = project.cells["canary"]
    metrics.show({"p": [_series(cell)]})
    with (
        open_book(folder / "book.db") as book,
        AuditLog(lambda: Chain(folder / "audit", "w1")) as audit,
        logging_to(log),
    ):
        trail = AuditTrail(audit.note, "worker:w1")
        sink = fan_out([events.append, metrics, RunnerLog(), trail, RunRecorder(records.append)])
        asyncio.run(_on_duty(scene, project, cell, book, sink, trail))
        scene.outcomes += [f"{row.run.scenario} {row.outcome}" for row in _closed(book, events)]
        asyncio.run(_ask_over_http(scene, book, metrics, trail))
        assert audit.flush()
        scene.found |= {f"while it runs: {name}": text for name, text in every_byte(folder)}
    scene.keep("log", log.getvalue())
    scene.keep("events of a worker", "\n".join(map(repr, events)))
    _keep_reports(scene, "on duty", records)


def _series(cell: CellPlan) -> ProbeSeries:
    steps = (("login", "login"), ("deposit", "deposit"))
    return ProbeSeries(
        "deposit-bet-withdraw",
        cell.name,
        cell.track,
        cell.market,
        cell.brand,
        "psp-a",
        cell.version,
        steps,
        2,
        "d",
        "o",
    )


def _closed(book: Book, events: Sequence[Event]) -> list[Any]:
    ids = dict.fromkeys(event.run_id for event in events)
    return [row for run_id in ids if (row := book.run(run_id)) is not None]


async def _on_duty(
    scene: Scene, project: Project, cell: CellPlan, book: Book, sink: EventSink, trail: AuditTrail
) -> None:
    clock, secrets = SystemClock(), {cell.name: cell_secrets(cell)}
    driver = asyncio_driver(cell, clock=clock)
    player = Listening(driver, scene.wire, trail, crash=False)
    outside = Outside(book, clock, lambda _cell: player, sink)
    worker = Worker("w1", outside, fresh_seed(), secrets, lease_s=60.0)
    row = {"psp": "psp-a", "provider": "provider-a"}
    plan = project.scenarios["deposit-bet-withdraw"][cell.platform]
    for number, player.crash in ((1, False), (2, True)):
        turn = Turn((Part(plan, cell),), row, number)
        await worker.play(TickPlan("p", number, clock.monotonic_ns(), turn))
    player.crash = False
    homecomings: list[str] = []
    again = SpecAgain(project.scenarios, project.cells, secrets, clock)
    compensator = Compensator(outside, again, lambda home: homecomings.append(home.sentence))
    for open_run in book.open_runs():
        due_ns = max(open_run.next_try_ns, open_run.lease.expires_ns)
        lease = book.take_over(open_run.run.run_id, "w2", 30.0, early=True)
        assert lease is not None, due_ns
        trail.takeover(open_run.run.run_id, cell=cell.name, account=lease.account, taken_from="w1", epoch=lease.epoch)
        await compensator.bring_home(replace(open_run, lease=lease), lease)
    scene.keep("homecomings", "\n".join(homecomings))
    await driver.aclose()


class Switch:
    """The kill switch behind the HTTP calls."""

    def __init__(self, switch: KillSwitch) -> None:
        self._switch = switch

    async def kill(self, by: str, reason: str) -> None:
        await asyncio.to_thread(self._switch.throw, by, reason)

    async def resume(self, by: str, reason: str) -> str:  # noqa: ARG002 - as the calls have it
        await asyncio.to_thread(self._switch.release, by)
        return ""

    async def suspect(self, scenario: str, cell: str, for_s: float) -> Sequence[str]:  # noqa: ARG002 - likewise
        return ()


async def _ask_over_http(scene: Scene, book: Book, metrics: RunnerMetrics, trail: AuditTrail) -> None:
    """Every page, and the calls with the right token and with one that is nearly right."""
    switch = KillSwitch(
        book, SystemClock(), changed=lambda kill: trail.kill(kill.by, kill.reason) if kill else trail.resume("http")
    )
    own = Switch(switch)
    app = build_app(metrics=metrics, health=Health, calls=Calls(KILL_TOKEN, own, own, SystemClock()))
    said: list[httpx.Response] = []
    async with serving(app) as address, httpx.AsyncClient(base_url=address, trust_env=False) as client:
        for path, accept in product(("/metrics", "/healthz", "/readyz", "/nothing"), ("*/*", OPEN_METRICS)):
            said += [await client.get(path, headers={"Accept": accept})]
        for token, call in product((KILL_TOKEN, f"{KILL_TOKEN}x"), ("kill", "resume")):
            bearer = {"Authorization": f"Bearer {token}"}
            said += [await client.post(f"/v1/{call}", json={"reason": "a drill"}, headers=bearer)]
        said += [await client.get(f"/metrics?token={KILL_TOKEN}")]
    assert [answer.status_code for answer in said[-5:]] == [200, 200, 401, 401, 200]
    for number, answer in enumerate(said):
        scene.keep(
            f"HTTP answer {number} of {answer.url.path}", repr(answer.headers.multi_items()).encode() + answer.content
        )
