"""Runs as JUnit XML, as CI servers read it: a suite per cell, a test case per run.

The shape is that of the schema that Jenkins publishes (xunit-plugin, junit-10.xsd), which GitLab, GitHub actions and
Azure read, too. A failed run is a `failure`, an aborted one an `error`, a tainted one is `skipped`: it says nothing.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from xml.etree import ElementTree as ET

from synthetic.core.outcome import RunOutcome
from synthetic.report.records import RunRecord
from synthetic.report.text import run_line

# What XML 1.0 can't hold, not even escaped (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_TAGS = {RunOutcome.FAILED: "failure", RunOutcome.ABORTED: "error", RunOutcome.TAINTED: "skipped"}


def junit_xml(records: Sequence[RunRecord]) -> str:
    """The whole document."""
    root = ET.Element("testsuites", {"name": "synthetic"} | _counts(records))
    for cell in dict.fromkeys(record.cell for record in records):
        _suite(root, cell, [record for record in records if record.cell == cell])
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _counts(records: Sequence[RunRecord]) -> dict[str, str]:
    ends = [record.outcome for record in records]
    return {
        "tests": str(len(records)),
        "failures": str(ends.count(RunOutcome.FAILED)),
        "errors": str(ends.count(RunOutcome.ABORTED)),
        "time": _seconds(sum(record.duration_ms for record in records)),
    }


def _suite(root: ET.Element, cell: str, records: Sequence[RunRecord]) -> None:
    started = min(record.started_at for record in records)
    skipped = sum(record.outcome is RunOutcome.TAINTED for record in records)
    facts = {"name": cleaned(cell), "timestamp": started.strftime("%Y-%m-%dT%H:%M:%S"), "skipped": str(skipped)}
    suite = ET.SubElement(root, "testsuite", facts | _counts(records))
    for record in records:
        _case(suite, record)


def _case(suite: ET.Element, record: RunRecord) -> None:
    case = ET.SubElement(
        suite,
        "testcase",
        classname=cleaned(f"{record.cell}.{record.scenario}"),
        name=cleaned(record.name),
        time=_seconds(record.duration_ms),
    )
    properties = ET.SubElement(case, "properties")
    for name, value in _properties(record).items():
        ET.SubElement(properties, "property", name=name, value=cleaned(value))
    if record.outcome in _TAGS:
        verdict = ET.SubElement(case, _TAGS[record.outcome], message=cleaned(record.reason))
        if record.outcome is not RunOutcome.TAINTED:
            verdict.set("type", str(record.blame or "unknown"))
        verdict.text = cleaned("\n".join(_details(record)))


def _properties(record: RunRecord) -> dict[str, str]:
    facts = {
        "run_id": record.run_id,
        "trace_id": record.trace_id,
        "seed": str(record.seed),
        "cell": record.cell,
        "track": record.track,
        "version": record.version,
        "blame": str(record.blame or ""),
        "attribution": record.attribution,
        "failed_step": record.failed_step,
        "failed_check": record.failed_check,
        "stranded": ", ".join(str(amount) for amount in record.stranded),
    } | {f"row.{name}": value for name, value in record.row.items()}
    return {name: value for name, value in facts.items() if value}


def _details(record: RunRecord) -> list[str]:
    broken = [check for check in record.checks if check.held is False]
    lines = [run_line(record)]
    lines += [f"check {check.name}: {check.message}" for check in broken]
    lines += [f"  {line}" for check in broken for line in check.evidence]
    return [*lines, f"synthetic explain {record.run_id}"]


def _seconds(duration_ms: float) -> str:
    return f"{duration_ms / 1000:.3f}"


def cleaned(text: str) -> str:
    """The text with what XML can't hold shown as U+FFFD."""
    return _NOT_XML.sub("\ufffd", text)
