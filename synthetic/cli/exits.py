"""The exit codes, and which of them a session of runs deserves."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import TYPE_CHECKING

from synthetic.core.outcome import RunOutcome

if TYPE_CHECKING:  # documents take pydantic along, which nobody needs who asks for help
    from synthetic.report.records import RunRecord


class ExitCode(IntEnum):
    """What the shell and CI see."""

    PASS = 0
    FAILED = 1
    INVALID_INPUT = 2
    HARNESS = 3  # the harness itself, or a target that can't be reached
    STRANDED = 4
    NOTHING_RAN = 5
    INTERRUPTED = 130


def exit_code_of(records: Sequence[RunRecord], *, interrupted: bool = False, left_open: bool = False) -> ExitCode:
    """The worst that happened, money first. Runs that say nothing (tainted, aborted) never make a pass.

    `left_open`: the journal has money of these runs that nobody settled, whatever their records say.
    """
    ends = {record.outcome for record in records}
    if left_open or any(record.stranded for record in records):
        return ExitCode.STRANDED
    if interrupted:
        return ExitCode.INTERRUPTED
    if RunOutcome.FAILED in ends:
        return ExitCode.FAILED
    if RunOutcome.ABORTED in ends:
        return ExitCode.HARNESS
    if RunOutcome.OK in ends:
        return ExitCode.PASS
    return ExitCode.HARNESS if ends else ExitCode.NOTHING_RAN
