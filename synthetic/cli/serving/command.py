"""`synthetic serve`: play probes on their schedules until somebody says stop."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from synthetic.cli.exits import ExitCode
from synthetic.cli.project import CHECK_NAMES, hooks_of
from synthetic.config.serving import load_serving
from synthetic.core.plan_serving import ServingPlan
from synthetic.report.logs import set_up_logs

if TYPE_CHECKING:
    from synthetic.cli.serving.service import Service


def serve(
    file: Annotated[Path, typer.Argument(help="The serve file (docs/runner-schedule.md).")] = Path("runner.yaml"),
    *,
    worker: Annotated[
        str | None,
        typer.Option(help="This worker's name, which no other living one has. Default: host and process."),
    ] = None,
    for_s: Annotated[
        float | None, typer.Option("--for", min=1.0, help="End after so many seconds, as SIGTERM does.")
    ] = None,
) -> None:
    """Play the probes of a serve file on their schedules, and bring home what any worker has left open.

    SIGTERM or Ctrl-C begins no further run and ends when all money is home (exit 0; 4 where some is left to the next
    worker); the second one ends at once. SIGHUP reads the files again.
    """

    def load() -> ServingPlan:
        return load_serving(file, known_checks=CHECK_NAMES, hooks_of=lambda cells: hooks_of([cells]))

    plan = load()
    set_up_logs(sys.stderr)
    home = asyncio.run(_serve(plan, load, worker or f"{socket.gethostname()}-{os.getpid()}", for_s))
    raise typer.Exit(ExitCode.PASS if home else ExitCode.STRANDED)


async def _serve(plan: ServingPlan, load: Callable[[], ServingPlan], worker: str, for_s: float | None) -> bool:
    from synthetic.cli.serving.service import service_up  # noqa: PLC0415 - DBOS costs every other command half a second

    async with service_up(plan, load, worker) as service:
        _listen_to_signals(service)
        if for_s is not None:
            asyncio.get_running_loop().call_later(for_s, service.stop, f"its {for_s:g} s are over")
        return await service.serve()


def _listen_to_signals(service: Service) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, service.stop, f"signal {signal.Signals(number).name}")
    loop.add_signal_handler(signal.SIGHUP, service.reloader.ask)
