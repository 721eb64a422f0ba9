"""Where the standing of the laws goes: rulings as they are made, then the document, then the exit code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.table import Table
from rich.text import Text

from synthetic.cli.conformance.options import Format
from synthetic.cli.exits import ExitCode
from synthetic.cli.screen import answers, remarks, save, say, write
from synthetic.conformance.rendering import as_json, closing_line, details, junit_xml, text, why
from synthetic.conformance.ruling import Report, Ruling, Standing

_STYLES = {Standing.HELD: "green", Standing.BROKEN: "bold red", Standing.NOT_TESTABLE: "yellow"}
_RENDERERS: dict[Format, Callable[[Report], str]] = {Format.TEXT: text, Format.JSON: as_json, Format.JUNIT: junit_xml}


def hear(ruling: Ruling) -> None:
    """A law's standing, as soon as it is known and where somebody watches: an examination may wait for minutes."""
    if not remarks().is_terminal:
        return
    say(
        f"{ruling.standing:<12}  {ruling.title}",
        style="dim" if ruling.standing is Standing.HELD else _STYLES[ruling.standing],
    )


def tell(report: Report, form: Format, out: Path | None) -> ExitCode:
    """Write the document; the exit code is 1 where a law is broken, 3 where one could have been tried and was not."""
    if out is not None:
        save(_RENDERERS[form](report), out)
        say(closing_line(report))
    elif form is Format.TEXT and answers().is_terminal:
        _show(report)
    else:
        write(_RENDERERS[form](report))
    if report.missed and not report.broken:
        say(f"no pass: {len(report.missed)} laws were not tried; see why above", style="yellow")
        return ExitCode.HARNESS
    return ExitCode.FAILED if report.broken else ExitCode.PASS


def _show(report: Report) -> None:
    console = answers()
    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=report.subject, title_justify="left")
    for column in ("", "invariant", "", "law, or why not"):
        table.add_column(column)
    for ruling in report.rulings:
        standing = Text(ruling.standing, style=_STYLES[ruling.standing])
        table.add_row(str(ruling.number or ""), ruling.name, standing, why(report, ruling))
    console.print(table)
    for line in details(report):
        console.print(line, soft_wrap=True)
    console.print(closing_line(report), soft_wrap=True)
