"""`synthetic check FILE...`: what the named checks say of histories that were written by hand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.exits import ExitCode
from synthetic.cli.project import CHECK_NAMES
from synthetic.cli.screen import write
from synthetic.config.histories import HistoryCase, load_histories
from synthetic.config.project import yaml_files
from synthetic.core.checks import CHECKS, Finding
from synthetic.core.checks.shortest import show


def check(
    files: Annotated[list[Path], typer.Argument(help="Files of histories, or folders of them.", metavar="FILE|DIR")],
    *,
    brief: Annotated[bool, typer.Option("--brief", help="Only what differs from what the file says.")] = False,
) -> None:
    """Judge histories: held, broken (with the shortest piece that shows it), or not enough evidence. Exit: 1 if one differs."""
    cases = [case for path in files for file in _files(path) for case in load_histories(file, known_checks=CHECK_NAMES)]
    judged = [(case, CHECKS[case.check].judge(case.history)) for case in cases]
    different = [case for case, findings in judged if not _as_written(case, findings)]
    lines = [line for case, findings in judged if not brief or case in different for line in _lines(case, findings)]
    counted = f"{len(cases)} {'history' if len(cases) == 1 else 'histories'}"
    write("\n".join([*lines, f"{counted}, {len(different)} not as it is written"]))
    if different:
        raise typer.Exit(ExitCode.FAILED)


def _files(path: Path) -> tuple[Path, ...]:
    return yaml_files(path) if path.is_dir() else (path,)


def _as_written(case: HistoryCase, findings: tuple[Finding, ...] | None) -> bool:
    if findings is None or case.found is None:
        return findings is None and case.found is None
    return len(findings) == len(case.found) and all(
        told in finding.message and finding.blame is case.blame
        for finding, told in zip(findings, case.found, strict=True)
    )


def _wanted(case: HistoryCase) -> str:
    """What the file says of the case."""
    if case.found is None:
        return "not enough evidence"
    told = "; ".join(f"{case.blame}: ...{text}..." for text in case.found)
    return f"broken, {told}" if case.found else "held"


def _lines(case: HistoryCase, findings: tuple[Finding, ...] | None) -> Iterator[str]:
    """The case with its verdict; of a broken one every finding, blamed and shown."""
    verdict = "not enough evidence" if findings is None else "broken" if findings else "held"
    differs = "" if _as_written(case, findings) else f"  <- not as it is written: {_wanted(case)}"
    yield f"{case.check}: {case.title}: {verdict}{differs}"
    for finding in findings or ():
        yield f"    {finding.blame}: {finding.message}"
        yield from (f"        {line}" for line in show(CHECKS[case.check], case.history, finding).evidence)
