"""The runbooks are right at three in the morning: commands that there are, outputs that they print, names that exist."""

from __future__ import annotations

import asyncio
import re
import shutil
import sqlite3
from pathlib import Path

import pytest
import yaml

from synthetic.audit.trail import AuditTrail
from synthetic.cli.platform_process import reference_platform
from synthetic.cli.project import CHECK_NAMES
from synthetic.config.cell_secrets import cell_secrets
from synthetic.config.cells import load_cells
from synthetic.config.platforms import load_platform
from synthetic.config.scenarios import load_scenario
from synthetic.config.serving import load_serving
from synthetic.config.shipped import shipped_root
from synthetic.core.plan import CellPlan
from synthetic.drivers.asyncio_driver import AsyncDriver
from synthetic.drivers.clocks import SystemClock
from synthetic.gate.decision import Reason as GateReason
from synthetic.journal.book import open_book
from synthetic.journal.model import NewRun
from synthetic.report.metrics import RunnerMetrics
from synthetic.runner.health import Health, Reason
from synthetic.runner.identity import fresh_seed
from synthetic.runner.outside import Outside
from synthetic.runner.specs import Part, Turn
from synthetic.runner.timetable import Missed
from synthetic.runner.worker import TickPlan, Worker
from synthetic.tests.cli.calling import Answer, call
from synthetic.tests.deploy.accepting import refusal
from synthetic.tests.deploy.manifests import of_kind
from synthetic.tests.deploy.runbooks import (
    ALL_PAGES,
    FOLDER,
    PAGES,
    ROOT,
    Command,
    blocks,
    commands,
    inline_commands,
    our_commands,
    shape,
)
from synthetic.tests.secrecy.listening import Wire
from synthetic.tests.secrecy.scene import Listening
from synthetic.web import build_app

SECTIONS = [
    "What you see",
    "What it means",
    "Decide in two minutes",
    "Commands",
    "How you know that it is over",
    "Whom to tell",
]
ALERTS = [
    rule
    for file in ("alerts.yaml", "gate.yaml")
    for group in yaml.safe_load((ROOT / "reports/prometheus" / file).read_text())["groups"]
    for rule in group["rules"]
    if "alert" in rule
]
RECORDED = set(re.findall(r"record: (\S+)", (ROOT / "reports/prometheus/rules.yaml").read_text()))
MONEY = "cashier/deposit_bet_withdraw.yaml"
BY_NAME = {path.name: path for path in ALL_PAGES}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_a_page_has_what_is_needed_in_the_order_in_which_it_is_needed(page: Path) -> None:
    """The same on each, so that nobody has to look for it."""
    assert re.findall(r"^## (.*)$", page.read_text(), re.MULTILINE) == SECTIONS


def test_every_alert_leads_to_a_page_that_knows_it() -> None:
    """By its annotation, and from the overview."""
    overview = BY_NAME["README.md"].read_text()
    for alert in ALERTS:
        page = ROOT / alert["annotations"]["runbook"]
        assert f"`{alert['alert']}`" in page.read_text(), alert["alert"]
        assert f"`{alert['alert']}`" in overview, alert["alert"]
    named = {name for page in ALL_PAGES for name in re.findall(r"`(Synthetic[A-Z]\w+)`", page.read_text())}
    assert named == {alert["alert"] for alert in ALERTS}
    assert all(f"({page.name})" in overview for page in PAGES)


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_every_metric_that_is_named_exists(page: Path) -> None:
    """On /metrics, or as a recorded ratio; with the values of `reason` that there are."""
    metrics = RunnerMetrics()
    metrics.unhealthy([], all_reasons=Reason)
    known = {metric.name for metric in metrics.registry.collect()}
    known |= {f"{name}_total" for name in known}
    named = set(re.findall(r"\bsynthetic_[a-z_]+", page.read_text()))
    assert {name.removesuffix("_") for name in named} <= known
    ratios = set(re.findall(r"`([a-z_]+(?:_ratio|_by_psp))\b", page.read_text()))
    assert ratios <= RECORDED
    assert set(re.findall(r'reason="(\w+)"', page.read_text())) <= {str(missed) for missed in Missed}


def test_the_page_of_the_unhealthy_runner_knows_every_reason() -> None:
    """Of being unhealthy, and of a slot that was missed; and none that there is not."""
    text = BY_NAME["runner-unhealthy.md"].read_text()
    unhealthy, missed = text.split("| slots missed with the")
    assert _first_cells(unhealthy) == {str(reason) for reason in Reason}
    assert _first_cells(missed) == {str(reason) for reason in Missed}


def test_the_page_of_the_gate_knows_every_reason() -> None:
    """Of a verdict, and none that there is not; and the alerts that lead to it."""
    alerts, reasons = BY_NAME["release-gate.md"].read_text().split("| `reason` | means | do |")
    assert _first_cells(reasons) == {str(reason) for reason in GateReason}
    assert _first_cells(alerts) == {
        alert["alert"] for alert in ALERTS if alert["annotations"]["runbook"].endswith("release-gate.md")
    }


def _first_cells(text: str) -> set[str]:
    rows = re.findall(r"^\| (`.*?) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row)} - {"reason"}


ALL_COMMANDS = [command for page in ALL_PAGES for command in our_commands(page)]


@pytest.mark.parametrize("command", ALL_COMMANDS, ids=lambda command: f"{command.page}: {command.text}")
def test_the_command_line_accepts_every_command(command: Command) -> None:
    """Verb, options and values."""
    assert refusal(command.arguments) == ""


@pytest.mark.parametrize("page", ALL_PAGES, ids=lambda page: page.name)
def test_the_command_line_knows_what_the_text_names(page: Path) -> None:
    """Also where no output is shown; and every address is one that is served."""
    wrong = {text: why for text in inline_commands(page) if (why := refusal(text.split()[1:]))}
    assert wrong == {}
    served = {route.path for route in build_app(metrics=RunnerMetrics(), health=Health).routes} | {"/v1/kill"}  # type: ignore[attr-defined]
    assert set(re.findall(r"http://[\w.]+:9464(/[\w/]+)", page.read_text())) <= served


@pytest.fixture
def runner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a serve file with its journal, where somebody types."""
    (tmp_path / "runner.yaml").write_text("serve: x\ndatabase: runner.db\nkill: {file: kill}\n")
    open_book(tmp_path / "runner.db").close()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNTHETIC_DATABASE", "runner.db")
    return tmp_path


def test_the_page_of_the_kill_switch_shows_what_is_printed(runner: Path) -> None:
    """All of its commands one after the other, as somebody would type them."""
    page = our_commands(BY_NAME["kill-switch.md"])
    assert [command.arguments[0] for command in page] == ["kill", "kill", "resume", "kill", "audit"]
    for command in page:
        answer = call(*command.arguments)
        assert answer.code == 0, answer.err
        assert command.shown == "" or shape(answer.out) == shape(command.shown), command.text


def test_the_query_of_the_page_of_the_stuck_lease_works(runner: Path) -> None:
    """On a journal with a run of which a worker holds the lease; it reads, and its columns are those that are shown."""
    with open_book(runner / "runner.db") as book:
        run = NewRun("r1", "probe", "s", "d", "canary", {}, 1, 1, 0)
        assert book.admit(run, candidates=[("p1", "canary/p1")], worker="w1", ttl_s=60) is not None
    (query,) = blocks(BY_NAME["stuck-lease.md"], "sql")
    with sqlite3.connect(f"file:{runner / 'runner.db'}?mode=ro", uri=True) as database:
        found = database.execute(query)
        columns = [column for column, *_ in found.description]
        rows = found.fetchall()
    database.close()
    assert [(row[0], row[1], row[2]) for row in rows] == [("r1", "canary/p1", "w1")]
    shown = re.search(r"^run_id .*$", BY_NAME["stuck-lease.md"].read_text(), re.MULTILINE)
    assert shown is not None
    assert shown[0].split() == columns


def test_the_policies_of_the_page_of_the_psp_switch_load(tmp_path: Path) -> None:
    """In the serve file of deploy/, in place of its own for that PSP."""
    (configured,) = of_kind("deployment", "ConfigMap")
    root = shipped_root()
    for name in ("cells.yaml", "slo.yaml"):
        (tmp_path / name).write_text(configured["data"][name])
    document = yaml.safe_load(configured["data"]["runner.yaml"])
    document["platforms"] = [str(root / "fixtures/platforms")]
    document["scenarios"] = [str(root / "scenarios" / name) for name in ("auth/login.yaml", MONEY)]
    policies = re.findall(r"^ *- (\{market.*\})$", BY_NAME["psp-switch.md"].read_text(), re.MULTILINE)
    assert len(policies) == 2
    for policy in policies:
        document["policies"] = [yaml.safe_load(policy), document["policies"][-1]]
        text = yaml.safe_dump(document, sort_keys=False).replace("withdraw: false", "withdraw: off")
        assert len(load_serving(tmp_path / "runner.yaml", known_checks=CHECK_NAMES, text=text).policies) == 2


@pytest.mark.slow
def test_the_page_of_stranded_money_brings_it_home(runner: Path) -> None:
    """A worker ends with a deposit under way; every command of the page is typed, and each ends as the page says."""
    with reference_platform() as cells_file:  # its own: reconciliation sees everybody's money on it
        _type_the_page(runner, cells_file)


def _type_the_page(runner: Path, synthetic_cells_file: Path) -> None:
    root = shipped_root()
    left_behind(runner, load_cells(synthetic_cells_file)["canary"])
    for folder, name in (("scenarios", MONEY), ("fixtures/platforms", "reference.yaml")):
        own = runner / Path(folder).name
        own.mkdir()
        shutil.copy(root / folder / name, own)

    def typed(command: Command) -> Answer:
        arguments = [{"cells.yaml": str(synthetic_cells_file)}.get(one, one) for one in command.arguments]
        return call(*arguments)

    listing, sweeping, *_, over, agreeing = [
        c for c in our_commands(BY_NAME["stranded-money.md"]) if c.arguments[0] != "audit"
    ]
    seen = typed(listing)
    assert (seen.code, shape(seen.out).splitlines()[-1]) == (4, shape(listing.shown).splitlines()[-1])
    assert "  1.00 EUR  step deposit  " in seen.out
    swept = typed(sweeping)
    assert (swept.code, shape(swept.out).splitlines()[-1]) == (0, shape(sweeping.shown).splitlines()[-1])
    empty = typed(over)
    assert (empty.code, shape(empty.out)) == (0, shape(over.shown))
    agreed = typed(agreeing)
    assert (agreed.code, "no difference" in agreed.out) == (0, True), agreed.out


def left_behind(folder: Path, cell: CellPlan) -> None:
    """A run that ended with its deposit's answer in hand, in the journal of this folder."""
    root = shipped_root()
    platform = load_platform(root / "fixtures" / "platforms" / "reference.yaml")
    plan = load_scenario(root / "scenarios" / MONEY, platform)

    async def play() -> None:
        clock = SystemClock()
        driver = AsyncDriver(allow=cell.allow, clock=clock)
        trail = AuditTrail(lambda _entry: None, "worker:w1")
        with open_book(folder / "runner.db") as book:
            player = Listening(driver, Wire(), trail, crash=True)
            outside = Outside(book, clock, lambda _cell: player, lambda _event: None)
            worker = Worker("w1", outside, fresh_seed(), {cell.name: cell_secrets(cell)})
            turn = Turn((Part(plan, cell),), {"psp": "psp-a", "provider": "provider-a"}, 1)
            await worker.play(TickPlan("p", 1, clock.monotonic_ns(), turn))
            assert len(book.open_runs()) == 1
        await driver.aclose()

    asyncio.run(play())


def test_every_page_is_in_the_folder() -> None:
    """The six that were promised, and the overview; and every console block has a command."""
    assert {page.name for page in PAGES} == {
        "kill-switch.md",
        "psp-switch.md",
        "release-gate.md",
        "runner-unhealthy.md",
        "stranded-money.md",
        "stuck-lease.md",
    }
    assert all(commands(page) for page in ALL_PAGES)
    assert (FOLDER / "README.md").is_file()
