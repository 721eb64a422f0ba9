"""Reloads: a valid change is in force at the next look, an invalid one changes nothing and is told."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from synthetic.config.serving import load_serving
from synthetic.config.serving_gate import policy_of
from synthetic.core.errors import HarnessError, Mistake
from synthetic.core.plan_serving import ServingPlan
from synthetic.runner.reload import Reloader

DATA = Path(__file__).parent.parent / "data" / "serving"
RUNNER = """\
serve: small
cells: cells.yaml
database: runner.db
probes:
  - {scenarios: [login], cells: [canary], every: 60s}
"""


SLO = "slo: small\nobjectives: [{name: logins, sli: login, at_least: 99.9 %}]\n"


@dataclass
class Told:
    """What is told of reloads."""

    reloads: list[tuple[str, str]] = field(default_factory=list)
    mistakes: list[str] = field(default_factory=list)

    def reloaded(self, old: ServingPlan, new: ServingPlan) -> None:
        self.reloads.append((old.digest, new.digest))

    def not_reloaded(self, kept: ServingPlan, mistakes: tuple[Mistake, ...]) -> None:  # noqa: ARG002
        self.mistakes += [f"{Path(one.place.file).name}:{one.place.line}: {one.message}" for one in mistakes]


@dataclass
class Project:
    """A project on disk with its reloader."""

    folder: Path
    told: Told = field(default_factory=Told)
    loads: int = 0

    def __post_init__(self) -> None:
        for path in DATA.rglob("*.yaml"):
            copy = self.folder / path.relative_to(DATA)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
        self.write("runner.yaml", RUNNER)
        self.reloader = Reloader(self.load(), self.load, self.told)

    def load(self) -> ServingPlan:
        self.loads += 1
        return load_serving(self.folder / "runner.yaml")

    def write(self, name: str, text: str) -> None:
        (self.folder / name).write_text(text)

    def replace(self, name: str, old: str, new: str) -> None:
        text = (self.folder / name).read_text()
        assert old in text
        self.write(name, text.replace(old, new))

    def look(self, *, asked: bool = False) -> bool:
        return asyncio.run(self.reloader.look(asked=asked))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project on disk."""
    return Project(tmp_path)


def every_s(project: Project) -> float:
    """How often the first probe of the plan in force is played."""
    return project.reloader.plan.probes[0].schedule.every_s


def test_a_change_of_the_serve_file_is_in_force_without_a_restart(project: Project) -> None:
    """And told once."""
    assert not project.look()
    project.replace("runner.yaml", "60s", "30s")
    assert project.look()
    assert every_s(project) == 30.0
    assert not project.look()
    assert len(project.told.reloads) == 1
    assert project.told.mistakes == []


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("cells.yaml", "version: 2.4.0", "version: 2.4.1"),
        ("platforms/small.yaml", "POST /login", "POST /sign-in"),
        ("scenarios/login.yaml", "tags: [smoke]", "tags: [smoke, new]"),
        ("scenarios/payout.yaml", "withdraw: 1.00 EUR", "withdraw: 1.10 EUR"),  # not played, but part of the project
    ],
)
def test_a_change_of_any_file_that_is_named_is_noticed(project: Project, name: str, old: str, new: str) -> None:
    """Cells, mappings and scenarios are as much a part of the plan."""
    before = project.reloader.plan.digest
    project.replace(name, old, new)
    assert project.look()
    assert project.reloader.plan.digest != before


def test_a_change_of_the_gates_slo_is_in_force_without_a_restart(project: Project) -> None:
    """Its policy is the new one; what was said of the gate itself can't change."""
    project.write("slo.yaml", SLO)
    project.write("runner.yaml", RUNNER.replace("60s", "10s") + "gate: {slo: slo.yaml}\n")
    project.reloader = Reloader(project.load(), project.load, project.told)
    project.replace("slo.yaml", "99.9 %", "99.5 %")
    assert project.look()
    assert project.reloader.plan.gate is not None
    assert policy_of(project.reloader.plan.gate).objectives[0].target == 0.995
    project.replace("slo.yaml", "99.5 %", "100 %")
    assert not project.look()
    project.replace("slo.yaml", "100 %", "99.9 %")
    project.replace("runner.yaml", "slo.yaml}", "slo.yaml, token: env:GATE}")
    assert not project.look()
    assert project.told.mistakes == [
        "slo.yaml:2: a target of 100 % can't be tested",
        "runner.yaml:1: gate (but for its slo) can't change while the runner is up",
    ]


def test_a_file_that_comes_into_a_folder_is_noticed_and_one_that_goes_too(project: Project) -> None:
    """A new scenario needs no restart."""
    text = (project.folder / "scenarios" / "login.yaml").read_text()
    project.write("scenarios/another.yaml", text.replace("scenario: login", "scenario: another"))
    assert project.look()
    assert "another" in project.reloader.plan.scenarios
    (project.folder / "scenarios" / "another.yaml").unlink()
    assert project.look()
    assert "another" not in project.reloader.plan.scenarios


def test_an_invalid_change_keeps_the_old_plan_and_tells_every_mistake(project: Project) -> None:
    """Once, and not at every look; when it is mended the new one is in force."""
    before = project.reloader.plan
    project.replace("runner.yaml", "every: 60s", "evry: 30s")
    project.replace("scenarios/login.yaml", "call: login", "call: logni")
    assert not project.look()
    assert not project.look()
    assert project.reloader.plan is before
    assert project.told.mistakes == [
        "runner.yaml:5: unknown key 'evry' in an entry of probes",
        "login.yaml:6: unknown operation 'logni'",
    ]
    project.replace("runner.yaml", "evry: 30s", "every: 30s")
    project.replace("scenarios/login.yaml", "call: logni", "call: login")
    assert project.look()
    assert every_s(project) == 30.0


def test_a_change_that_is_taken_back_after_a_mistake_is_told_as_valid_again(project: Project) -> None:
    """The metric of the last reload has to become 1 again, though nothing is different from what is in force."""
    project.replace("runner.yaml", "every: 60s", "evry: 60s")
    project.look()
    project.replace("runner.yaml", "evry: 60s", "every: 60s")
    assert not project.look()
    assert len(project.told.reloads) == 1


def test_a_file_that_was_written_again_is_no_change(project: Project) -> None:
    """Nothing is loaded because of a new time."""
    os.utime(project.folder / "cells.yaml", ns=(10**18, 10**18))
    assert not project.look()
    assert project.loads == 1


def test_a_file_that_is_switched_by_its_link_is_a_change(project: Project) -> None:
    """As Kubernetes does it with a ConfigMap."""
    for name, every in (("one", "60s"), ("two", "45s")):
        project.write(f"{name}.yaml", RUNNER.replace("60s", every))
        os.utime(project.folder / f"{name}.yaml", ns=(10**18, 10**18))  # both were written by one release
    runner, link = project.folder / "runner.yaml", project.folder / "link"
    runner.unlink()
    link.symlink_to("one.yaml")
    runner.symlink_to("link")
    assert not project.look()
    link.unlink()
    link.symlink_to("two.yaml")
    assert project.look()
    assert every_s(project) == 45.0


def test_whoever_asks_gets_an_answer_even_where_nothing_has_changed(project: Project) -> None:
    """A SIGHUP is told of."""
    assert not project.look(asked=True)
    assert len(project.told.reloads) == 1


def test_what_only_a_restart_can_change_is_refused(project: Project) -> None:
    """The database is open, the port is bound: the plan before stays."""
    project.replace("runner.yaml", "runner.db", "other.db")
    project.replace("runner.yaml", "60s", "30s")
    assert not project.look()
    assert project.told.mistakes == ["runner.yaml:1: database can't change while the runner is up"]
    assert every_s(project) == 60.0


@pytest.mark.parametrize(
    ("line", "key"),
    [
        ("kill: {file: kill}", "kill.file"),
        ("kill: {token: env:KILL_TOKEN}", "kill.token"),
        ("limits: {lease: 30s}", "limits.lease"),
        ("limits: {clock_skew: 1s}", "limits.clock_skew"),
        ("limits: {proof_for: 1m}", "limits.proof_for"),
    ],
)
def test_what_is_read_once_is_refused_and_not_ignored(project: Project, line: str, key: str) -> None:
    """Else somebody believes in a kill file that no worker looks for."""
    project.write("runner.yaml", f"{RUNNER}{line}\n".replace("60s", "30s"))
    assert not project.look()
    assert project.told.mistakes == [f"runner.yaml:1: {key} can't change while the runner is up"]
    assert every_s(project) == 60.0


def test_bounds_that_are_asked_for_each_time_change_without_a_restart(project: Project) -> None:
    """How many runs may go on at once is one."""
    project.write("runner.yaml", f"{RUNNER}limits: {{at_once: 7}}\n")
    assert project.look()
    assert project.reloader.plan.limits.at_once == 7


def test_a_plan_that_can_not_be_made_ready_for_is_not_in_force(project: Project) -> None:
    """A secret that leads nowhere is found before the plan before is given up."""

    def not_ready(_new: ServingPlan) -> None:
        raise HarnessError("the certificate authorities can't be read")

    project.reloader.make_ready = not_ready
    project.replace("runner.yaml", "60s", "30s")
    assert not project.look()
    assert project.told.mistakes == ["runner.yaml:1: the certificate authorities can't be read"]
    assert every_s(project) == 60.0


def test_a_file_that_goes_while_it_is_read_ends_nothing(project: Project) -> None:
    """As when a checkout is switched: the plan before stays, and the next look finds the files as they are then."""

    def gone() -> ServingPlan:
        raise FileNotFoundError(2, "No such file or directory", "scenarios/gone.yaml")

    project.replace("runner.yaml", "60s", "30s")
    project.reloader.load = gone
    assert not project.look()
    assert "gone.yaml" in project.told.mistakes[0]
    project.reloader.load = project.load
    assert project.look()
    assert every_s(project) == 30.0


def test_it_watches_by_itself_and_hears_a_signal_at_once(project: Project) -> None:
    """Within its pace for a change, at once for who asks."""

    async def story() -> None:
        watching = asyncio.ensure_future(project.reloader.watch(look_every_s=0.02))
        project.replace("runner.yaml", "60s", "30s")
        await asyncio.wait_for(until(lambda: len(project.told.reloads) == 1), 30.0)
        watching.cancel()
        watching = asyncio.ensure_future(project.reloader.watch(look_every_s=600.0))
        project.reloader.ask()
        await asyncio.wait_for(until(lambda: len(project.told.reloads) == 2), 30.0)
        watching.cancel()

    asyncio.run(story())
    assert every_s(project) == 30.0


async def until(holds: Callable[[], bool]) -> None:
    """Look until it holds."""
    while not holds():  # noqa: ASYNC110 - it watches what has no event
        await asyncio.sleep(0.01)
