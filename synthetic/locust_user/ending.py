"""The end of a load test: the money is compared, the thresholds are held against it, and somebody is told."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from synthetic.core.errors import SyntheticError
from synthetic.locust_user.command import Command
from synthetic.locust_user.page import add_to_report
from synthetic.locust_user.reconciling import Reconciled, left_open, not_compared, reconcile
from synthetic.locust_user.summary import Told, summary
from synthetic.locust_user.thresholds import judge


def end(options: Any, command: Command, *, at_once: bool = False) -> int:
    """Reconcile, judge, tell on standard output and in Locust's HTML report. Answers the exit code.

    `at_once`: somebody wants to wait for nothing any more, so nothing is compared.
    """
    reconciled = None if options.no_reconcile else _reconciled(command, at_once=at_once)
    money = [*left_open(command.asked, command.journal, command.began_ns)]
    if reconciled is not None:
        money += [*reconciled.differences, *reconciled.unread]
    judgement = judge(
        command.asked.policy,
        command.total,
        money=money,
        cut_short=command.cut_short or command.interrupted,
        lost=command.lost,
        unclear=command.unclear,
    )
    told = Told(command.asked, command.total, judgement, reconciled, command.limit)
    sys.stdout.write(summary(told))
    sys.stdout.flush()
    if options.html_file and Path(options.html_file).is_file():
        add_to_report(Path(options.html_file), told)
    return int(judgement.exit)


def _reconciled(command: Command, *, at_once: bool) -> Reconciled:
    why = "interrupted once more"
    try:
        if not at_once:
            return reconcile(command.asked, command.journal, command.began_ns)
    except KeyboardInterrupt:
        pass
    except (SyntheticError, OSError, subprocess.SubprocessError) as error:
        why = str(error)
    return not_compared(why)
