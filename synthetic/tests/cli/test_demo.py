"""`synthetic demo`: the main job, from the platform's start to the verdict."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from rich.console import Console

from synthetic.cli.demo import show_verdict
from synthetic.report.summary import VerdictBlock, summary_schema
from synthetic.tests.cli.calling import call


@pytest.mark.parametrize("terminal", [True, False])
def test_the_verdict_breaks_between_words_on_a_terminal_and_nowhere_in_a_log(*, terminal: bool) -> None:
    """Whoever reads gets whole words, and whoever greps one line."""
    out = io.StringIO()
    verdict = VerdictBlock(
        verdict="fail", reason="regression", explanation="The canary alone failed in 13 of 60 pairs."
    )
    show_verdict(Console(file=out, width=30, force_terminal=terminal, color_system=None), verdict)
    lines = [line.rstrip() for line in out.getvalue().splitlines()]
    assert (len(lines) > 1, " ".join(lines)) == (terminal, verdict.line)
    assert not terminal or max(map(len, lines)) <= 30


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_planted_defect_is_caught_named_and_blamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 1; the canary alone fails, its check and the blame are named, and the run can be explained."""
    monkeypatch.chdir(tmp_path)
    answer = call("demo", "--pairs", 1, "--defect", "accepts_bad_signature", "--seed", 7)
    assert answer.code == 1, answer.err
    told = json.loads((tmp_path / "reports" / "out" / "demo.json").read_text())
    Draft202012Validator(summary_schema()).validate(told)
    (failure,) = [failure for failure in told["failures"] if failure["outcome"] == "failed"]
    assert failure["where"] == "check bad-signature-changes-nothing"
    assert (failure["blame"], failure["cells"]) == ("platform", {"canary": 1})
    assert (told["about"]["seed"], told["about"]["broken"]) == (7, "accepts_bad_signature")
    assert call("explain", failure["example"]).code == 0
    for word in (failure["where"], failure["example"], "Money", "WebSocket RTT p95", "psp-b"):
        assert word in answer.out
    assert answer.out.splitlines()[-1].startswith(f"verdict: {told['verdict']['verdict']} (money_law)")
    assert [(share["weight"], share["then"]) for share in told["rollout"]] == [(5, "rolls it back")]
    assert "rolls it back" in answer.out


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_a_clean_platform_is_promoted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit 0, a pass at each share, all money accounted for: what came in went out, less what playing cost."""
    monkeypatch.chdir(tmp_path)
    answer = call("demo", "--out", "here.json")
    assert answer.code == 0, answer.out + answer.err
    told = json.loads(Path("here.json").read_text())
    assert told["verdict"]["verdict"] == "pass"
    shares = [(share["weight"], share["verdict"], share["then"]) for share in told["rollout"]]
    assert shares == [(weight, "pass", "goes on") for weight in (5, 25, 50)] + [(100, "pass", "promotes it")]
    assert all(cell["passed"]["total"] >= 60 for cell in told["cells"])
    assert not [money for cell in told["cells"] for money in cell["money"] if money["stranded_minor"]]
