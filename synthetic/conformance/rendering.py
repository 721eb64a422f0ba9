"""A report as text, as JSON and as JUnit XML."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree as ET

from synthetic.conformance.ruling import Report, Ruling, Standing
from synthetic.conformance.telling import exchange_lines
from synthetic.core.wording import brief

MESSAGE_MAX = 1000

# What XML 1.0 can't hold, not even escaped (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def closing_line(report: Report) -> str:
    """`wallet hub88: 16 held, 1 broken, 2 not testable; 142 requests in 1.2 s`."""
    counts = [f"{len(report.having(standing))} {standing}" for standing in Standing if report.having(standing)]
    return f"{report.subject}: {', '.join(counts)}; {report.requests} requests in {report.took_s:.1f} s"


def details(report: Report) -> Iterator[str]:
    """What is broken, each with the exchanges that show it; then the knobs and the remarks."""
    for ruling in report.broken:
        yield ""
        yield f"BROKEN {ruling.title}: {ruling.law}"
        yield f"  {_safe(report, ruling.message)}"
        yield from (f"    {line}" for line in _shown_by(report, ruling))
    if report.knobs or report.remarks:
        yield ""
    if report.knobs:
        yield "knobs: " + ", ".join(f"{name} {value}" for name, value in report.knobs.items())
    yield from report.remarks


def text(report: Report) -> str:
    """For a log: a line each law, then the details."""
    lines = [f"{ruling.standing:<12}  {ruling.title}  {why(report, ruling)}".rstrip() for ruling in report.rulings]
    return "\n".join([*lines, *details(report), closing_line(report)])


def as_json(report: Report) -> str:
    """For a machine: one object."""
    document: dict[str, Any] = {
        "subject": report.subject,
        "url": report.redactor.redact(report.url),
        "started_at": report.started_at.isoformat(),
        "took_s": round(report.took_s, 3),
        "requests": report.requests,
        "counts": {standing.value: len(report.having(standing)) for standing in Standing},
        "knobs": dict(report.knobs),
        "remarks": list(report.remarks),
        "invariants": [_ruling_object(report, ruling) for ruling in report.rulings],
    }
    return json.dumps(document, indent=2)


def junit_xml(report: Report) -> str:
    """For a CI server: a suite, a test case each law; broken is a failure, not testable is skipped."""
    counts = {
        "tests": str(len(report.rulings)),
        "failures": str(len(report.broken)),
        "errors": "0",
        "time": f"{report.took_s:.3f}",
    }
    root = ET.Element("testsuites", {"name": "synthetic conformance"} | counts)
    skipped = str(len(report.having(Standing.NOT_TESTABLE)))
    started = report.started_at.strftime("%Y-%m-%dT%H:%M:%S")
    suite = ET.SubElement(
        root, "testsuite", {"name": report.subject, "timestamp": started, "skipped": skipped} | counts
    )
    for name, value in report.knobs.items():
        properties = suite.find("properties")
        holder = ET.SubElement(suite, "properties") if properties is None else properties
        ET.SubElement(holder, "property", name=f"knob.{name}", value=value)
    for ruling in report.rulings:
        _case(suite, report, ruling)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _case(suite: ET.Element, report: Report, ruling: Ruling) -> None:
    classname = f"conformance.{report.subject.replace(' ', '.')}"
    case = ET.SubElement(suite, "testcase", classname=classname, name=ruling.title, time=f"{ruling.took_ms / 1000:.3f}")
    message = _clean(_safe(report, ruling.message))
    if ruling.standing is Standing.BROKEN:
        failure = ET.SubElement(case, "failure", message=message, type=ruling.name)
        failure.text = _clean("\n".join([ruling.law, *_shown_by(report, ruling)]))
    elif ruling.standing is Standing.NOT_TESTABLE:
        ET.SubElement(case, "skipped", message=message)


def _ruling_object(report: Report, ruling: Ruling) -> dict[str, Any]:
    return {
        "invariant": ruling.number or None,
        "name": ruling.name,
        "law": ruling.law,
        "standing": ruling.standing.value,
        "message": _safe(report, ruling.message),
        "shown_by": [list(exchange_lines(exchange, report.redactor)) for exchange in ruling.shown_by],
        "took_ms": round(ruling.took_ms, 1),
    }


def why(report: Report, ruling: Ruling) -> str:
    """The law where it held, else what is wrong or missing."""
    return ruling.law if ruling.standing is Standing.HELD else _safe(report, ruling.message)


def _shown_by(report: Report, ruling: Ruling) -> Iterator[str]:
    for exchange in ruling.shown_by:
        yield from exchange_lines(exchange, report.redactor)


def _safe(report: Report, message: str) -> str:
    return brief(report.redactor.redact(message), MESSAGE_MAX)


def _clean(words: str) -> str:
    return _NOT_XML.sub("\ufffd", words)
