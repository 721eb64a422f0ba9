"""A verdict for a person, for a program, and for a CI server."""

from __future__ import annotations

import json
from datetime import datetime
from enum import StrEnum

from synthetic.cli.exits import ExitCode
from synthetic.report.junit_verdict import Case, State, verdict_xml
from synthetic.web.gate.calls import encoded
from synthetic.web.gate.documents import StreamOut, VerdictOut

NOT_ASKED = "gate_not_asked"
"""The reason of what is no verdict."""
INCONCLUSIVE, BROKEN = 2, 3
"""Exit codes of the gate: not known, and the gate itself could not be asked."""
_EXITS: dict[str, int] = {"pass": ExitCode.PASS, "fail": ExitCode.FAILED, "inconclusive": INCONCLUSIVE}


class Format(StrEnum):
    """How the verdict is written out."""

    TEXT = "text"
    JSON = "json"
    JUNIT = "junit"


def exit_of(verdict: VerdictOut) -> int:
    """0 pass, 1 fail, 2 inconclusive."""
    return _EXITS[verdict.verdict]


def shown(verdict: VerdictOut, form: Format) -> str:
    """The verdict in one of its forms."""
    match form:
        case Format.TEXT:
            return _text(verdict)
        case Format.JSON:
            return encoded(verdict).decode()
        case Format.JUNIT:
            return verdict_xml(_subject(verdict), _cases(verdict), verdict.at)


def broken(told: str, subject: str, form: Format, at: datetime) -> str:
    """What stands where a verdict was awaited: the gate could not be asked. As text nothing: standard error has told it."""
    match form:
        case Format.TEXT:
            return ""
        case Format.JSON:
            return json.dumps({"verdict": "error", "reason": NOT_ASKED, "explanation": told, "at": at.isoformat()})
        case Format.JUNIT:
            return verdict_xml(subject or "gate", [Case("verdict", "inconclusive", NOT_ASKED, told)], at)


def _text(verdict: VerdictOut) -> str:
    lines = [f"{verdict.verdict}: {verdict.reason}", verdict.explanation]
    if verdict.since is not None:
        version = f" {verdict.version}" if verdict.version else ""
        weight = f", {verdict.weight} % of the traffic" if verdict.weight else ""
        lines.append(
            f"{verdict.cell}{version} beside {verdict.baseline}, since {verdict.since:%Y-%m-%d %H:%M:%S}Z{weight}"
        )
    if verdict.slo:
        lines.append(f"held against the SLO {verdict.slo}" + (f" ({verdict.slo_from})" if verdict.slo_from else ""))
    lines += [f"  {_line(stream)}" for stream in verdict.streams]
    return "\n".join(lines)


def _line(stream: StreamOut) -> str:
    counts = stream.counts
    failed = f"{counts.canary_only} failed on the canary alone, {counts.baseline_only} on the baseline alone, {counts.both} on both"
    return f"{stream.stream}: {counts.pairs} pairs, {failed}" + (" - regressed" if stream.regressed else "")


def _subject(verdict: VerdictOut) -> str:
    return verdict.rollout or verdict.cell


def _cases(verdict: VerdictOut) -> list[Case]:
    state: State = verdict.verdict
    told = [Case("verdict", state, verdict.reason, f"{verdict.reason}: {verdict.explanation}")]
    return told + [Case(stream.stream, _state(stream), "regression", _line(stream)) for stream in verdict.streams]


def _state(stream: StreamOut) -> State:
    if stream.regressed:
        return "fail"
    return "pass" if stream.counts.pairs and stream.e_pass >= stream.e_pass_needed else "not_measured"
