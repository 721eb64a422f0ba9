"""Serve files: what a plan is made of, and every kind of mistake in the author's own language."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthetic.config.secret_refs import BadReference
from synthetic.config.serving import load_serving, secret_of
from synthetic.config.serving_gate import policy_of
from synthetic.config.shipped import shipped_root
from synthetic.config.slo import load_slo, shipped_policy
from synthetic.core.checks import CHECKS
from synthetic.core.errors import AuthorError, Mistake
from synthetic.core.money import Money
from synthetic.core.plan_serving import MtlsPlan, ServingPlan
from synthetic.tests.config.test_mistakes import Case, cases

DATA = Path(__file__).parent.parent / "data" / "serving"
RUNNER = DATA / "runner.yaml"
DOC = Path(__file__).parents[3] / "docs" / "runner-schedule.md"
HEAD = "serve: small\ncells: cells.yaml\ndatabase: runner.db\n"
LOGIN = "probes: [{scenarios: [login], cells: [canary]}]\n"
DEPOSIT = "probes: [{scenarios: [deposit], cells: [canary]}]\n"
BUDGETS = "budgets: {EUR: {run: 5.00 EUR, account_day: 50.00 EUR, day: 100.00 EUR, outstanding: 10.00 EUR}}\n"


def plan_of(text: str) -> ServingPlan:
    """The plan of a serve file beside the project of tests/data."""
    return load_serving(RUNNER, text=text, known_checks=frozenset(CHECKS))


@pytest.mark.parametrize("case", cases("serving.txt"), ids=str)
def test_a_mistake_in_a_serve_file_is_told_in_its_place(case: Case) -> None:
    """Exactly these mistakes, in this and every file that it names, no more and no fewer, and no secret in any."""
    told: list[str] = []
    try:
        plan_of(case.text)
    except AuthorError as error:
        told = [str(one).replace(f"{DATA}/", "").removeprefix("runner.yaml:") for one in error.mistakes]
    assert told == case.told
    assert "hunter2" not in "\n".join(told)


def test_a_probe_is_a_scenario_on_a_cell_with_a_row_beside_its_baseline() -> None:
    """One probe for each row; a row that the baseline lacks is played on the canary alone."""
    plan = plan_of(HEAD + "probes: [{scenarios: [deposit, login], cells: [canary]}]\n" + BUDGETS)
    assert {probe.name: [cell.name for _, cell in probe.sides] for probe in plan.probes} == {
        "deposit@canary[psp=psp-a]": ["canary", "baseline"],
        "deposit@canary[psp=psp-b]": ["canary"],
        "login@canary": ["canary", "baseline"],
    }
    assert plan.probe("login@canary") is plan.probes[-1]
    assert plan.probe("login") is None
    assert all(probe.digest for probe in plan.probes)


def test_a_schedule_is_the_scenarios_own_unless_the_entry_says_otherwise() -> None:
    """What the entry does not say stays as the scenario's author wrote it."""
    text = (
        HEAD
        + "probes:\n"
        + "  - {scenarios: [deposit], cells: [canary], alone: true, only: {psp: [psp-a]}}\n"
        + "  - {scenarios: [deposit], cells: [baseline], every: 20s, jitter: 2s, deadline: 15s}\n"
        + "  - {scenarios: [login], cells: [canary], every: 12s}\n"
    )
    schedules = [probe.schedule for probe in plan_of(text + BUDGETS).probes]
    assert [(one.every_s, one.jitter_s, one.deadline_s) for one in schedules] == [
        (60.0, 10.0, 30.0),
        (20.0, 2.0, 15.0),
        (12.0, 6.0, 60.0),  # a jitter of the scenario that is too wide for the denser grid is cut to half of it
    ]


def test_what_is_not_said_has_a_safe_default() -> None:
    """Loopback only, no density, a lease, and paths beside the file."""
    plan = plan_of(HEAD + LOGIN)
    assert plan.listen == ("127.0.0.1", 9464)
    assert plan.density.factor_max == 1
    assert plan.limits.lease_s == 60.0
    assert Path(plan.database) == DATA / "runner.db"
    assert Path(plan.audit) == DATA / "audit"
    assert [*plan.budgets, *plan.policies, *plan.maintenance] == []


def test_everything_that_is_said_is_in_the_plan() -> None:
    """Caps, approvals with their last day, windows, and addresses."""
    text = (
        "policies: [{market: MT, withdraw: approved, instrument: real, approval: {reference: MGA-1, until: 2026-12-31}}]\n"
        "maintenance:\n"
        "  - {reason: move, from: 2026-12-01T02:00Z, to: 2026-12-01T04:00Z, cells: [canary]}\n"
        "  - {reason: restart, weekly: 'sun,wed 23:30', for: 1h}\n"
        "kill: {file: kill, token: env:TOKEN}\ndensity: {factor: 5, for: 2m}\nlisten: '[::1]:80'\n"
    )
    plan = plan_of(HEAD + LOGIN + BUDGETS + text)
    assert plan.budgets[0].outstanding == Money(1000, "EUR")
    assert plan.policies[0].approval == "MGA-1"
    assert plan.policies[0].until_ns == 1_798_761_600 * 10**9  # 2027-01-01T00:00:00Z
    once, weekly = plan.maintenance
    assert (once.to_ns - once.from_ns, once.cells) == (2 * 3600 * 10**9, frozenset({"canary"}))
    assert (weekly.weekdays, weekly.minute, weekly.for_s) == (frozenset({2, 6}), 23 * 60 + 30, 3600.0)
    assert (plan.kill.file, plan.kill.token) == (str(DATA / "kill"), "env:TOKEN")
    assert (plan.density.factor_max, plan.density.for_s) == (5, 120.0)
    assert plan.listen == ("::1", 80)


def test_a_gate_holds_releases_against_the_slo_that_stood_in_its_file() -> None:
    """The plan keeps the text, so that what it means can't change under it; the file is one of the plan's."""
    rest = "token: env:GATE, listen: 'gate:8443', mtls: {certificate: a.pem, key: a.key, client_ca: ca.pem}"
    rest += ", trace_url: 'https://traces.example/{trace_id}'"
    plan = plan_of(HEAD + DEPOSIT + BUDGETS + f"gate: {{slo: slo.yaml, polls_a_minute: 600, {rest}}}\n")
    assert plan.gate is not None
    assert [one.name for one in policy_of(plan.gate).objectives] == ["logins", "deposits"]
    assert policy_of(plan.gate) == load_slo(DATA / "slo.yaml")
    assert str(DATA / "slo.yaml") in plan.files
    assert plan.gate_opened == (
        ("gate", 8443),
        "env:GATE",
        MtlsPlan(str(DATA / "a.pem"), str(DATA / "a.key"), str(DATA / "ca.pem")),
        600,
        "https://traces.example/{trace_id}",
    )


def test_a_gate_that_says_nothing_has_the_shipped_slo_where_the_runner_is() -> None:
    """On loopback without a token; and there is none where the file has no `gate`."""
    shipped = shipped_root() / "fixtures/serving/reference.yaml"
    text = shipped.read_text().partition("gate:")[0] + "gate: {}\n"
    plan = load_serving(shipped, known_checks=frozenset(CHECKS), text=text)
    assert plan.gate is not None
    assert (plan.gate.slo, plan.gate_opened) == ("", (None, "", None, 30_000, ""))
    assert policy_of(plan.gate) == shipped_policy()
    assert (plan_of(HEAD + LOGIN).gate, plan_of(HEAD + LOGIN).gate_opened) == (None, None)


def test_a_database_is_a_path_a_url_or_a_reference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A path holds from anywhere; what a reference leads to is looked up when it is needed, and never in the plan."""
    monkeypatch.setenv("DB", "postgresql://me:hunter2@db/x")
    plan = plan_of(HEAD.replace("runner.db", "env:DB") + LOGIN)
    assert plan.database == "env:DB"
    assert "hunter2" not in repr(plan)
    assert secret_of(plan, plan.database) == "postgresql://me:hunter2@db/x"
    assert secret_of(plan, "runner.db") == "runner.db"
    assert plan_of(HEAD.replace("runner.db", "sqlite:///x.db") + LOGIN).database == str(DATA / "x.db")
    assert plan_of(HEAD.replace("runner.db", "postgresql://db/x") + LOGIN).database == "postgresql://db/x"


def test_a_reference_that_leads_nowhere_is_the_authors_mistake() -> None:
    """With the file's place, and not as a traceback of ours."""
    with pytest.raises(AuthorError, match="NOT_THERE is not set"):
        secret_of(plan_of(HEAD + LOGIN), "env:NOT_THERE")
    assert issubclass(BadReference, ValueError)


def test_the_digest_covers_every_file_that_is_named(tmp_path: Path) -> None:
    """A change of the cells, a mapping, a scenario or the gate's SLO is a change of the plan."""
    for path in DATA.rglob("*.yaml"):
        copy = tmp_path / path.relative_to(DATA)
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())
    runner = tmp_path / "runner.yaml"
    runner.write_text(HEAD + DEPOSIT + BUDGETS + "gate: {slo: slo.yaml}\n")
    seen = {load_serving(runner).digest}
    named = load_serving(runner).files
    assert set(map(Path, named)) == {*tmp_path.rglob("*.yaml")} - {tmp_path / "trial.yaml", tmp_path / "wrong_slo.yaml"}
    for name in named:
        with Path(name).open("a") as stream:
            stream.write("# changed\n")
        digest = load_serving(runner).digest
        assert digest not in seen
        seen.add(digest)


def test_a_renewed_certificate_is_a_change_of_the_plan(tmp_path: Path) -> None:
    """A runner that is up looks at the files of the plan, and takes it over without a restart."""
    shutil.copytree(DATA, tmp_path, dirs_exist_ok=True)
    cells, runner = tmp_path / "cells.yaml", tmp_path / "runner.yaml"
    cells.write_text(cells.read_text().replace("    platform:", "    ca_file: ca.pem\n    platform:", 1))
    runner.write_text(HEAD + DEPOSIT + BUDGETS)
    digests = []
    for _ in range(2):
        trustme.CA().cert_pem.write_to_path(tmp_path / "ca.pem")
        plan = load_serving(runner)
        assert str(tmp_path / "ca.pem") in plan.files
        digests.append(plan.digest)
    assert digests[0] != digests[1]


def test_the_shipped_example_loads() -> None:
    """With all that it names."""
    plan = load_serving(shipped_root() / "fixtures/serving/reference.yaml", known_checks=frozenset(CHECKS))
    assert {cell.name for probe in plan.probes for _, cell in probe.sides} == {"canary", "baseline"}


def test_a_plan_is_frozen_through_and_through() -> None:
    """A reload replaces a plan as a whole; nobody changes one that others read."""
    plan = plan_of(HEAD + LOGIN + BUDGETS)
    values: list[Any] = [plan, *plan.probes, *plan.budgets, plan.kill, plan.density, plan.limits]
    for value in values:
        assert is_dataclass(value)
        assert isinstance(value, type) is False
        with pytest.raises(AttributeError):
            setattr(value, fields(value)[0].name, None)


FULL = DOC.read_text().partition("<!-- serving -->\n```yaml\n")[2].partition("```")[0]
FRAGMENTS = [
    *(
        "",
        ":",
        "-",
        "{",
        "}",
        "[",
        "]",
        "'",
        '"',
        "#",
        "null",
        "true",
        "0",
        "-1",
        "1.00 EUR",
        "0.00 SEK",
        "999999h",
        "0s",
    ),
    *(
        "env:",
        "*",
        "&a",
        "*a",
        "\x00",
        "é",
        "sun 02:00",
        "2026-13-01T00:00Z",
        "probes",
        "cells",
        "login",
        "none",
        "10.5",
    ),
]


@st.composite
def mutated_from(draw: st.DrawFn, text: str) -> str:
    """A complete example with a few pieces deleted, doubled or replaced."""
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(text)))
        end = start + draw(st.integers(0, 12))
        text = text[:start] + draw(st.sampled_from([*FRAGMENTS, text[start:end] * 2])) + text[end:]
    return text


@given(mutated_from(FULL))
@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
def test_a_broken_serve_file_gives_mistakes_and_nothing_else(text: str) -> None:
    """Whatever becomes of its text: a plan, or mistakes with their places, and never another exception."""
    told: tuple[Mistake, ...] = ()
    try:
        plan_of(text)
    except AuthorError as error:
        told = error.mistakes
    assert all(one.place.line >= 1 and one.place.column >= 1 and one.message for one in told)


EXAMPLE = re.compile(r"<!-- (serving|serving part) -->\n```yaml\n(.*?)```", re.DOTALL)
EXAMPLES = EXAMPLE.findall(DOC.read_text())
_WHOLE: dict[str, Callable[[str], str]] = {
    "serving": lambda text: text,
    "serving part": lambda text: (
        HEAD
        + ("" if "probes:" in text else DEPOSIT if "gate:" in text else LOGIN)
        + ("" if "budgets:" in text else BUDGETS)
        + text
    ),
}


@pytest.mark.parametrize(("kind", "text"), EXAMPLES, ids=[str(index) for index in range(len(EXAMPLES))])
def test_an_example_of_the_documentation_loads(kind: str, text: str) -> None:
    """Each one is right as it stands, beside the project of tests/data."""
    assert plan_of(_WHOLE[kind](text)).probes


def test_every_yaml_block_of_the_documentation_is_an_example() -> None:
    """None escapes the test above."""
    assert len(EXAMPLES) == DOC.read_text().count("```yaml") > 5
