"""JUnit XML that a CI server can read."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.report.junit import junit_xml
from synthetic.tests.report.recorded import records
from synthetic.tests.sli.streams import Story, failing, passing


def _parsed(*streams: list) -> ET.Element:  # type: ignore[type-arg]
    return ET.fromstring(junit_xml(records(*streams)))  # noqa: S314 - our own text


def test_each_cell_is_a_suite_and_each_run_a_case() -> None:
    """Counts on the suites and on the whole agree with the cases."""
    tainted = Story("t", cell="baseline").end(RunOutcome.TAINTED, reason="lag")
    aborted = Story("x").end(RunOutcome.ABORTED, blame=Blame.HARNESS, reason="stopped")
    root = _parsed(passing("a"), failing("b"), aborted, passing("c", "baseline"), tainted)
    assert (root.tag, root.attrib["tests"], root.attrib["failures"], root.attrib["errors"]) == (
        "testsuites",
        "5",
        "1",
        "1",
    )
    suites = {suite.attrib["name"]: suite for suite in root}
    assert {name: len(suite.findall("testcase")) for name, suite in suites.items()} == {"canary": 3, "baseline": 2}
    assert suites["canary"].attrib["failures"] == "1"
    assert suites["canary"].attrib["errors"] == "1"
    assert suites["baseline"].attrib["skipped"] == "1"
    assert suites["canary"].attrib["timestamp"] == "2026-09-21T14:13:20"


def test_a_failure_says_whom_to_blame_and_how_to_look() -> None:
    """Type is the blame, the text has the command that explains the run."""
    failure = _parsed(failing("r2")).find(".//failure")
    assert failure is not None
    assert failure.attrib == {"message": "the PSP never told the outcome of the deposit", "type": "psp"}
    assert "synthetic explain r2" in (failure.text or "")


def test_a_passed_run_has_no_verdict_element_but_its_properties() -> None:
    """Run id, trace id and the matrix row are properties."""
    case = _parsed(passing("r1")).find(".//testcase")
    assert case is not None
    assert [child.tag for child in case] == ["properties"]
    found = {item.attrib["name"]: item.attrib["value"] for item in case.iter("property")}
    assert (found["run_id"], found["row.psp"], found["track"]) == ("r1", "psp-a", "canary")


def test_what_a_target_answers_can_not_break_the_document() -> None:
    """Markup is escaped, and what XML can't hold is replaced."""
    reason = "</failure> \x00\x1b[31m \ud800 & <x>"
    story = Story().check("c", "evidence <&> \x07", held=False, message="m")
    ended = story.end(RunOutcome.FAILED, reason=reason, check="c", stranded=(Money(5, "EUR"),))
    failure = _parsed(ended).find(".//failure")
    assert failure is not None
    assert failure.attrib["message"] == "</failure> \ufffd\ufffd[31m \ufffd & <x>"
    assert "evidence <&> \ufffd" in (failure.text or "")


def test_no_runs_are_an_empty_document() -> None:
    """Still XML."""
    assert _parsed().attrib["tests"] == "0"
