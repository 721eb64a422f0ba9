"""The end of a load test: the money is compared, the thresholds are held against it, and somebody is told."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synthetic.core.errors import SyntheticError
from synthetic.core.wording import counted
from synthetic.locust_user.command import Command
from synthetic.locust_user.page import add_to_report
from synthetic.locust_user.reconciling import Reconciled, left_open, not_compared, reconcile, sweep_command
from synthetic.locust_user.summary import Told, summary
from synthetic.locust_user.thresholds import MONEY_DIFFERS, MONEY_OUT, NOT_COMPARED, judge
from synthetic.report.records import utc


def end(options: Any, command: Command, *, at_once: bool = False) -> int:
    """Reconcile, judge, tell on standard output and in Locust's HTML report. Answers the exit code.

    `at_once`: somebody wants to wait for nothing any more, so nothing is compared.
    """
    reconciled = None if options.no_reconcile else _reconciled(command, at_once=at_once)
    judgement = judge(
        command.asked.policy,
        command.total,
        money=_money(command, reconciled),
        cut_short=command.cut_short,
        interrupted=command.interrupted,
        lost=command.lost,
        unclear=command.unclear,
        unknown_fails=options.fail_unknown,
    )
    told = Told(
        command.asked,
        command.total,
        judgement,
        reconciled,
        command.limit,
        played=_played(options, command),
        is_open=options.arrivals is not None,
    )
    sys.stdout.write(summary(told))
    sys.stdout.flush()
    if options.html_file and Path(options.html_file).is_file():
        add_to_report(Path(options.html_file), told)
    return int(judgement.exit)


def _played(options: Any, command: Command) -> str:
    """What was played for how long, and since when."""
    users = [f"at most {counted(options.num_users, 'user')}"] if options.num_users else []
    rate = [f"{options.arrivals:g} runs a second due"] if options.arrivals is not None else []
    return ", ".join([*users, *rate, f"{command.lasted_s:.0f} s from {utc(command.began_ns):%Y-%m-%d %H:%M:%S} UTC"])


def _reconciled(command: Command, *, at_once: bool) -> Reconciled:
    if not command.may_have_played:
        return Reconciled(0, 0, (), ())
    sweep = sweep_command(command.asked, command.journal)
    why = f"interrupted once more; what the last runs have left comes home by: {sweep}"
    try:
        if not at_once:
            reconciled = reconcile(command.asked, command.journal, command.began_ns)
            if reconciled.effects or not any(
                column for columns in command.total.told_money().values() for column in columns.values()
            ):
                return reconciled
            why = "money was moved, and the journal has no effect of this test"
    except KeyboardInterrupt:
        pass
    except _UNTOLD as error:
        why = str(error)
    return not_compared(why)


def _money(command: Command, reconciled: Reconciled | None) -> dict[str, Sequence[str]]:
    """What does not agree, is not home, or was not compared: sentences by headline."""
    money: dict[str, Sequence[str]] = {MONEY_DIFFERS: reconciled.differences if reconciled else ()}
    unread = reconciled.unread if reconciled else ()
    try:
        money[MONEY_OUT] = (
            left_open(command.asked, command.journal, command.began_ns) if command.may_have_played else ()
        )
    except _UNTOLD as error:  # it is the same journal that was to be compared
        unread = unread or (f"whether money is out can't be known: {error}",)
    return money | {NOT_COMPARED: unread}


_UNTOLD = (SyntheticError, OSError, subprocess.SubprocessError)
