"""Claims about `synthetic gate`: its exit codes, its forms, and that nothing but a pass is 0."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from synthetic.gate.observed import Observation
from synthetic.rollouts.model import Rollout
from synthetic.rollouts.store import Store
from synthetic.tests.cli.calling import Answer, call
from synthetic.tests.rollouts.evidence import pairs

Seen = Callable[[Sequence[Observation]], None]
BOTH = ("--cell", "canary", "--baseline", "baseline")
HERE = ("--database", "runner.db", "--slo", "slo.yaml")


def gate(*more: object) -> Answer:
    return call("gate", *BOTH, *HERE, *more)


def test_a_clean_canary_is_exit_0_with_its_evidence(folder: Path, seen: Seen) -> None:
    """What a pipeline goes on with."""
    seen(pairs(range(70)))
    answer = gate()
    assert (answer.code, answer.out.splitlines()[0]) == (0, "pass: clean")
    assert "deposits: 70 pairs, 0 failed on the canary alone, 0 on the baseline alone, 0 on both" in answer.out


def test_a_bad_canary_is_exit_1(folder: Path, seen: Seen) -> None:
    """And names the objective that has regressed."""
    seen(pairs(range(70), canary_fails=True))
    answer = gate()
    assert (answer.code, answer.out.splitlines()[0]) == (1, "fail: regression")
    assert "- regressed" in answer.out


def test_what_is_not_known_is_exit_2(folder: Path, seen: Seen) -> None:
    """Too little evidence, a fault on both sides, an unknown cell: none of them is a pass, and none is the release's fault."""
    seen(pairs(range(5)))
    assert gate().code == 2
    assert call("gate", "--cell", "canry", "--baseline", "baseline", *HERE).code == 2
    assert call("gate", "--rollout", "r9", *HERE).code == 2


MISTAKES: list[tuple[Sequence[str], str]] = [
    (("--cell", "canary"), "--baseline"),
    ((), "--cell"),
    (("--cel", "canary"), "--cel"),
    ((*BOTH, "--format", "xml"), "--format"),
    (("--cell", "canary", "--baseline", "canary"), "two cells"),
    (("--rollout", "r1", *BOTH), "leave --cell and --baseline out"),
    (("--rollout", "r1", "--cell", "canary"), "leave --cell and --baseline out"),
    ((*BOTH, "--wait", "soon"), "--wait"),
    ((*BOTH, "--database", "elsewhere.db"), "elsewhere.gate.db"),
    ((*BOTH, "--database", "runner.db", "--slo", "none.yaml"), "none.yaml"),
    ((*BOTH, "--file", "none.yaml"), "none.yaml"),
    ((*BOTH, "--url", "http://127.0.0.1:9", "--token", "secret"), "--token"),
    ((*BOTH, "--url", "http://127.0.0.1:9"), "can't be reached: connection refused; does a gate listen there?"),
    ((*BOTH, "--url", "https://127.0.0.1:9", "--ca-file", "none.pem"), "TLS"),
]


@pytest.mark.parametrize(("arguments", "told"), MISTAKES)
def test_a_gate_that_cannot_be_asked_is_exit_3(folder: Path, arguments: Sequence[str], told: str) -> None:
    """Also where the command line is wrong: 2 would say that the release is undecided."""
    answer = call("gate", *arguments)
    assert (answer.code, answer.out) == (3, "")
    assert told in answer.err


@pytest.mark.parametrize("wrong", [("--cell", "canry"), ("--baseline", "baselin")])
def test_a_cell_that_was_never_seen_is_told_with_the_one_that_was_meant(
    folder: Path, seen: Seen, wrong: tuple[str, str]
) -> None:
    """Canary or baseline: a typing mistake must not look like a release that is too young."""
    seen(pairs(range(5)))
    meant = {"--cell": "canary", "--baseline": "baseline"}
    answer = call("gate", *(word for pair in {**meant, wrong[0]: wrong[1]}.items() for word in pair), *HERE)
    assert (answer.code, answer.out.splitlines()[0]) == (2, "inconclusive: unknown")
    assert f"No run of cell '{wrong[1]}' was ever seen" in answer.out
    assert f"Did you mean '{meant[wrong[0]]}'?" in answer.out


def test_a_verdict_says_which_slo_it_is_held_against(folder: Path, seen: Seen) -> None:
    """Without `--slo` that is the shipped one, whatever file lies beside the database."""
    seen(pairs(range(5)))
    assert "held against the SLO test (slo.yaml)" in gate().out
    assert "(shipped)" in call("gate", *BOTH, "--database", "runner.db").out
    body = json.loads(gate("--format", "json").out)
    assert (body["slo"], body["slo_from"]) == ("test", "slo.yaml")


def test_a_gate_that_cannot_be_asked_still_writes_a_document(folder: Path) -> None:
    """A pipeline that reads the file of before must not take that for today's; and no document says pass."""
    away = ("gate", *BOTH, "--url", "http://127.0.0.1:9")
    told = json.loads(call(*away, "--format", "json").out)
    assert (told["verdict"], told["reason"], "refused" in told["explanation"]) == ("error", "gate_not_asked", True)
    assert call(*away, "--format", "junit", "--output", "out/away.xml").code == 3
    away_xml = ET.parse(folder / "out" / "away.xml").getroot()  # noqa: S314 - we have just written it
    assert [away_xml.get(count) for count in ("tests", "failures", "errors")] == ["1", "0", "1"]
    (case,) = away_xml.iter("testcase")
    assert [(one.tag, one.get("type")) for one in case] == [("error", "gate_not_asked")]


def test_a_call_that_cannot_be_understood_writes_a_document_too(folder: Path) -> None:
    """In the form and to the place that it names; where it names no form that exists, there is nothing to write."""
    answer = call("gate", "--rollout=r1", "--format", "json", "--wiat", "5m")
    told = json.loads(answer.out)
    assert (answer.code, told["verdict"], told["reason"]) == (3, "error", "gate_not_asked")
    assert "--wiat" in told["explanation"]
    assert call("gate", *BOTH, "--wiat", "5m", "--format=junit", "--output", "out/misread.xml").code == 3
    misread = ET.parse(folder / "out" / "misread.xml").getroot()  # noqa: S314 - we have just written it
    assert [misread.get(count) for count in ("tests", "failures", "errors")] == ["1", "0", "1"]
    for unknown in (("--format", "jsno"), ("--format",), ("--wiat", "5m")):
        answer = call("gate", *BOTH, *unknown)
        assert (answer.code, answer.out) == (3, "")


def test_what_a_gate_does_not_answer_is_told_in_full_once(folder: Path) -> None:
    """While it is waited for, and at the end with how long that was."""
    answer = call("gate", *BOTH, "--url", "http://127.0.0.1:9", "--wait", "100ms")
    first, last = answer.err.splitlines()
    assert answer.code == 3
    assert first.startswith("the gate http://127.0.0.1:9 can't be reached: connection refused")
    assert last.startswith("error: no verdict within 0.1 s: ")


def test_the_verdict_as_json_is_that_of_the_service(folder: Path, seen: Seen) -> None:
    """With its evidence, and without a NaN."""
    seen(pairs(range(70)))
    answer = gate("--format", "json")
    body = json.loads(answer.out)
    assert (answer.code, body["verdict"], body["streams"][0]["counts"]["pairs"]) == (0, "pass", 70)


def test_junit_has_a_case_for_the_verdict_and_each_objective(folder: Path, seen: Seen) -> None:
    """A fail is a failure, and what is undecided an error: no CI server may show it as green."""
    seen(pairs(range(5)))
    assert gate("--format", "junit", "--output", "out/undecided.xml").code == 2
    seen(pairs(range(5, 70), canary_fails=True))
    assert gate("--format", "junit", "--output", "out/bad.xml").code == 1
    undecided, bad = (
        ET.parse(folder / "out" / f"{name}.xml").getroot()  # noqa: S314 - we have just written it
        for name in ("undecided", "bad")
    )
    assert [undecided.get(count) for count in ("tests", "failures", "errors")] == ["2", "0", "1"]
    assert [bad.get(count) for count in ("tests", "failures", "errors")] == ["2", "2", "0"]
    assert [case.get("name") for case in bad.iter("testcase")] == ["verdict", "deposits"]
    assert [[told.tag for told in case] for case in undecided.iter("testcase")] == [["error"], ["skipped"]]
    assert [[told.tag for told in case] for case in bad.iter("testcase")] == [["failure"], ["failure"]]


def test_waiting_ends_with_its_time(folder: Path, seen: Seen) -> None:
    """Undecided until then; what it waits for is told to whoever looks on."""
    seen(pairs(range(5)))
    answer = gate("--wait", "100ms")
    assert answer.code == 2
    assert "inconclusive: stale" in answer.err


def test_a_rollout_is_exported_as_one_file(folder: Path, kept: Store, seen: Seen) -> None:
    """For the ticket of the release; an unknown one is a mistake."""
    seen(pairs(range(5)))
    first = kept.version_of("canary")
    assert first is not None
    kept.begin(Rollout("r1", "canary", "baseline", "2.0", first.first_ns, "ann"))
    assert call("gate", "export", "r1", "--out", "r1.html", "--slo", "slo.yaml").code == 0
    assert "<html" in (folder / "r1.html").read_text()
    assert call("gate", "export", "r2", "--out", "r2.html", "--slo", "slo.yaml").code == 2
