"""The stored results: what they say, that they survive being stored, and how several become one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synthetic.contracts.providers import ContractError
from synthetic.contracts.report.__main__ import main
from synthetic.contracts.report.document import BODY_CHARS_MAX, Results, State, together
from synthetic.contracts.report.writing import read_results, write_reports
from synthetic.tests.contracts.report.findings import exchange, result, results_of, verification, wrong

MIXED = verification(
    result("an order", wrong(), over=exchange()),
    result("a look-up", over=exchange()),
    result("a cancellation", reason="no state handler for 'an order'"),
    left_out="a refund",
)


def test_results_survive_being_stored(tmp_path: Path) -> None:
    """Whatever is in them."""
    results = results_of(MIXED, incomplete=("the run was interrupted",), not_asked=("buyer -> bank",))
    write_reports(results, tmp_path, root=tmp_path)
    assert read_results(tmp_path / "contracts.json") == results


def test_each_interaction_is_in_one_state() -> None:
    """What could not be judged is no breach, and what was left out is no failure."""
    pair = results_of(MIXED).pairs[0]
    found = {row.description: (row.state, row.left_out) for row in pair.rows}
    assert found == {
        "a cancellation": (State.UNVERIFIED, False),
        "a look-up": (State.HELD, False),
        "a refund": (State.UNVERIFIED, True),
        "an order": (State.BROKEN, False),
    }
    assert pair.unjudged == 1
    assert pair.success_ratio == 0.5


def test_no_evidence_is_no_success() -> None:
    """The ratio of nothing is not 1, and not 0 either."""
    assert results_of(verification(left_out="a refund")).pairs[0].success_ratio is None


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "the file: Invalid JSON"),
        ("[]", "the file: Input should be an object"),
        ('{"schema_version": 2}', "schema_version: Input should be 1"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, why: str) -> None:
    """With the first thing that is wrong."""
    path = tmp_path / "contracts.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractError, match=f"no result of this version: {why}"):
        read_results(path)


def test_a_long_body_is_cut_and_says_so() -> None:
    """A page of megabytes helps nobody."""
    row = results_of(verification(result(over=exchange("x" * 100_000)))).pairs[0].rows[0]
    assert row.exchange is not None
    assert len(row.exchange.body) < BODY_CHARS_MAX + 40
    assert row.exchange.body.endswith("(100000 characters)")


def test_of_one_version_the_newest_run_counts() -> None:
    """And other versions stay."""
    old = results_of(verification(result("an order", wrong())), not_asked=("buyer -> shop", "buyer -> bank"), minutes=1)
    new = results_of(verification(result("an order")), minutes=9)
    other = results_of(verification(result("an order"), version="v0"), minutes=2)
    both = together([new, old, other])
    assert [(pair.version, pair.count(State.BROKEN)) for pair in both.pairs] == [("v0", 0), ("v1", 0)]
    assert both.finished_at == new.finished_at
    assert both.not_asked == ("buyer -> bank",)


def test_the_command_makes_the_files_of_stored_results(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without arguments, of the last run; a breach is not its failure."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "reports" / "out").mkdir(parents=True)
    (tmp_path / "reports" / "out" / "contracts.json").write_text(results_of(MIXED).model_dump_json(), encoding="utf-8")
    assert main([]) == 0
    assert capsys.readouterr().out == "contracts: 1 held, 1 broken, 2 unverified: reports/out/contracts.html\n"
    assert "1 interaction broken" in (tmp_path / "reports" / "out" / "contracts.html").read_text(encoding="utf-8")
    assert (tmp_path / "reports" / "out" / "contracts.prom").exists()


def test_the_command_says_what_it_can_not_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """And what to do."""
    assert main([str(tmp_path / "none.json"), "--out", str(tmp_path)]) == 2
    assert "none.json can't be read: No such file or directory; `pytest contracts` writes it" in capsys.readouterr().err


def test_the_document_is_as_documented() -> None:
    """The fields that docs/contracts-report.md names, no more and no fewer: readers depend on them."""
    shown = json.loads(results_of(MIXED).model_dump_json())
    pair = shown["pairs"][0]
    row = next(row for row in pair["rows"] if row["state"] == "broken")
    assert set(shown) == {"schema_version", "started_at", "finished_at", "incomplete", "not_asked", "pairs"}
    assert set(pair) == {"consumer", "provider", "version", "flow", "call", "docs", "rows"}
    fields = {"description", "state", "states", "left_out", "reason", "differences", "exchange"}
    fields |= {"hits", "retry", "on_call"}
    assert set(row) == fields
    assert set(row["differences"][0]) == {"path", "expected", "actual", "text"}
    assert set(row["exchange"]) == {"request", "request_body", "status", "body"}
    assert Results.model_validate(shown).schema_version == 1
