"""A gate's verdict as JUnit XML: a test case for the verdict itself, and one for each objective that it was made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from xml.etree import ElementTree as ET

from synthetic.report.junit import cleaned

State = Literal["pass", "fail", "inconclusive", "not_measured"]
_TAGS = {"fail": "failure", "inconclusive": "error", "not_measured": "skipped"}


@dataclass(frozen=True, slots=True)
class Case:
    """One thing that was judged. An inconclusive verdict is an `error`: nothing may take it for a pass."""

    name: str
    state: State
    kind: str
    message: str


def verdict_xml(suite: str, cases: Sequence[Case], at: datetime) -> str:
    """The whole document. `at`: when it was decided, in UTC."""
    counts = {
        "tests": str(len(cases)),
        "failures": str(sum(case.state == "fail" for case in cases)),
        "errors": str(sum(case.state == "inconclusive" for case in cases)),
        "time": "0.000",
    }
    skipped = str(sum(case.state == "not_measured" for case in cases))
    root = ET.Element("testsuites", {"name": "synthetic gate"} | counts)
    facts = {"name": cleaned(suite), "timestamp": at.strftime("%Y-%m-%dT%H:%M:%S"), "skipped": skipped}
    element = ET.SubElement(root, "testsuite", facts | counts)
    for case in cases:
        _case(element, suite, case)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, classname: str, case: Case) -> None:
    element = ET.SubElement(
        suite, "testcase", classname=cleaned(f"gate.{classname}"), name=cleaned(case.name), time="0.000"
    )
    if case.state == "pass":
        ET.SubElement(element, "system-out").text = cleaned(case.message)
        return
    told = ET.SubElement(element, _TAGS[case.state], message=cleaned(case.message))
    if case.state != "not_measured":
        told.set("type", cleaned(case.kind))
        told.text = cleaned(case.message)
