"""`synthetic slo`: the SLO that counts here, shown, and in the words of others and back."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from synthetic.cli.slo_telling import failures_to_roll_back, pairs_to_pass
from synthetic.config.slo import load_slo, shipped_policy
from synthetic.gate.counts import Counts, Evidence, Stream
from synthetic.gate.decision import Weighed
from synthetic.gate.policy import Policy
from synthetic.gate.weighing import weigh
from synthetic.tests.cli.calling import call
from synthetic.tests.report.slo.policies import rounded

DATA = Path(__file__).parent.parent / "data" / "serving"
RUNNER = (
    "serve: small\ncells: cells.yaml\ndatabase: runner.db\n"
    "probes: [{scenarios: [deposit], cells: [canary], every: 20s}]\n"
    "budgets: {EUR: {run: 5.00 EUR, account_day: 50.00 EUR, day: 100.00 EUR, outstanding: 10.00 EUR}}\n"
    "gate: {slo: slo.yaml}\n"
)
OWN = "slo: mine\nobjectives: [{name: logins, sli: login, at_least: 99.5 %}]\n"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to be in."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_show_tells_the_slo_of_this_folder_else_the_shipped_one(here: Path) -> None:
    """Name, objectives, hard stops, and what a verdict takes."""
    assert call("slo", "show").out.startswith("reference (")
    (here / "slo.yaml").write_text(OWN)
    answer = call("slo", "show")
    assert (answer.code, answer.err) == (0, "")
    first, *rest = answer.out.splitlines()
    assert first == f"mine (slo.yaml, {load_slo(here / 'slo.yaml').digest})"
    assert rest == [
        "  objective  name: logins, sli: login, at_least: 99.5 %, share: 100 %, margin: 10 %",
        "  a rollback takes 3 ticks of 20s in a row",
        "  a pass takes 15m of watching, and 30 pairs or more",
    ]


def shown_with(here: Path, density: str) -> list[str]:
    """What `slo show` tells of the serve file of tests/data with a gate."""
    shutil.copytree(DATA, here, dirs_exist_ok=True)
    (here / "runner.yaml").write_text(RUNNER + density)
    answer = call("slo", "show", "--runner", "runner.yaml")
    assert (answer.code, answer.err) == (0, "")
    return answer.out.splitlines()


def test_show_tells_when_a_release_of_a_serve_file_passes(here: Path) -> None:
    """Of the SLO that its gate names: pairs within the window, clean pairs that a pass takes, and when they are there."""
    told = shown_with(here, "")
    policy = load_slo(here / "slo.yaml")
    needed = pairs_to_pass(policy)["logins"]
    assert 20 < needed < 45
    failures = failures_to_roll_back(policy, policy.objectives[0], 45)
    clean = f"45 pairs in 15m; {needed} clean ones pass, after {needed / 3:.1f}m"
    failed = f"{failures} failures of the canary alone ({failures / 45 * 100:.1f} %) roll back"
    assert told[-2:] == [f"  canary  {name}: {clean}; {failed}" for name in ("logins", "deposits[psp-a]")]


def test_show_tells_how_dense_probes_become_on_suspicion(here: Path) -> None:
    """What the SLO asks for (5 times), as far as the serve file allows it."""
    never = "  a failure on the canary alone has no probe played denser: `density` of the serve file allows none"
    assert never in shown_with(here, "")
    four = "  a failure on the canary alone has its probes played 4 times denser for 2m"
    assert four in shown_with(here, "density: {factor: 4}\n")


def test_as_many_clean_pairs_as_a_pass_takes_do_pass() -> None:
    """And one less does not: what is told is what the gate holds."""
    policy = shipped_policy()
    for objective in policy.objectives:
        needed = pairs_to_pass(policy)[objective.name]
        for pairs, passes in ((needed, True), (needed - 1, False)):
            stream = Stream(objective.name, ticks=((0, Counts(1)), (1, Counts(pairs - 1))))
            alone = replace(policy, objectives=(objective,))
            (weight,) = weigh(alone, Evidence(0, 1, (stream,)))
            assert (weight.pairs_missing == 0) is passes


@pytest.mark.parametrize("pairs", [60, 270])
def test_as_many_failures_as_a_rollback_takes_do_roll_back(pairs: int) -> None:
    """One less does not; and where two more ticks have one each, the canary has regressed."""
    policy = shipped_policy()
    for objective in policy.objectives[:3]:
        failures = failures_to_roll_back(policy, objective, pairs)
        alone = replace(policy, objectives=(objective,))
        met = _weighed(alone, objective.name, pairs, failures)
        assert (met.e_budget >= met.e_budget_needed, met.e_pair >= met.e_pair_needed) == (True, True)
        missed = _weighed(alone, objective.name, pairs, failures - 1)
        assert not (missed.e_budget >= missed.e_budget_needed and missed.e_pair >= missed.e_pair_needed)
        assert not met.regressed
        assert _weighed(alone, objective.name, pairs, failures + 2).regressed


def _weighed(policy: Policy, name: str, pairs: int, failures: int) -> Weighed:
    failed = ((tick, Counts(1, canary_only=1)) for tick in range(1, failures + 1))
    ticks = ((0, Counts(pairs - failures)), *failed)
    return weigh(policy, Evidence(0, 1, (Stream(name, ticks=ticks),)))[0].weighed


def test_what_no_number_of_failures_can_show_is_told() -> None:
    """Of three pairs, however many fail."""
    assert failures_to_roll_back(shipped_policy(), shipped_policy().objectives[0], 3) == 0


def test_what_is_exported_to_openslo_is_imported_again(here: Path) -> None:
    """Through files, as one would do it."""
    assert call("slo", "export", "--as", "openslo", "--out", "open.yaml").code == 0
    assert len(list(yaml.safe_load_all((here / "open.yaml").read_text()))) == 1 + len(shipped_policy().objectives)
    assert call("slo", "import", "open.yaml", "--out", "again.yaml").code == 0
    assert rounded(load_slo(here / "again.yaml")) == rounded(shipped_policy())


def test_rules_for_prometheus_say_where_they_come_from(here: Path) -> None:
    """The file and its digest; a query is on one line, however long it is."""
    (here / "slo.yaml").write_text(OWN)
    answer = call("slo", "export", "--as", "prometheus")
    assert answer.code == 0
    assert answer.out.startswith(f"# Of slo.yaml ({load_slo(here / 'slo.yaml').digest}), by `synthetic slo export")
    rules = [rule for group in yaml.safe_load(answer.out)["groups"] for rule in group["rules"]]
    assert sum("alert" in rule for rule in rules) == 4
    assert all(f"expr: {rule['expr']}\n" in answer.out for rule in rules if "\n" not in rule["expr"])


def test_mistakes_are_told_and_nothing_is_written(here: Path) -> None:
    """An SLO that the metrics can't tell, documents that are none, a folder that is not there."""
    (here / "slo.yaml").write_text(OWN.replace("at_least: 99.5 %", "p95_at_most: 333 ms"))
    answer = call("slo", "export", "--as", "prometheus", "--out", "rules.yaml")
    assert (answer.code, answer.out) == (2, "")
    assert "no bucket of the metrics ends at 333 ms" in answer.err
    assert not (here / "rules.yaml").exists()
    assert call("slo", "import", "slo.yaml").code == 2
    assert call("slo", "export", "--as", "sloth").code == 2
    (here / "slo.yaml").write_text(OWN)
    assert call("slo", "export", "--as", "openslo", "--out", "none/x.yaml").code == 3


def test_what_an_slo_file_can_not_say_is_noted(here: Path) -> None:
    """On standard error, beside the file."""
    call("slo", "export", "--as", "openslo", "--out", "open.yaml")
    text = (here / "open.yaml").read_text().replace("duration: 30d", "duration: 7d", 1)
    (here / "open.yaml").write_text(text)
    answer = call("slo", "import", "open.yaml")
    assert "note: SLO login-success-ratio: its time window was left out" in answer.err
    assert answer.out.startswith("slo: reference\n")


def test_an_slo_file_that_is_validated_alone_says_what_was_not_looked_at(here: Path) -> None:
    """Its SLIs are a mapping's names, and there is no mapping to hold them against."""
    (here / "slo.yaml").write_text(OWN)
    answer = call("validate", "slo.yaml")
    assert (
        answer.code,
        answer.out.startswith("ok: 1 file; that a mapping has the SLIs of slo.yaml was not looked at"),
    ) == (0, True)
