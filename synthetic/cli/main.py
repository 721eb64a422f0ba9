"""The command `synthetic`: its verbs, and the one place where errors become a line on standard error and an exit code."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from synthetic.cli import (
    audit,
    check,
    conformance,
    contracts,
    demo,
    explain,
    init,
    kill,
    listing,
    reconcile,
    reference,
    run,
    schema,
    settle,
    simulate,
    slo,
    sweep,
    validate,
)
from synthetic.cli.exits import ExitCode
from synthetic.cli.gate import command as gate
from synthetic.cli.screen import write
from synthetic.cli.serving import command
from synthetic.cli.telling import tell_error

app = typer.Typer(
    name="synthetic",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("run")(run.run)
app.command("serve")(command.serve)
app.command("sweep")(sweep.sweep)
app.command("settle")(settle.settle)
app.command("reconcile")(reconcile.reconcile)
app.command("validate")(validate.validate)
app.command("list")(listing.list_scenarios)
app.command("explain")(explain.explain)
app.command("check")(check.check)
app.command("kill")(kill.kill)
app.command("resume")(kill.resume)
app.command("simulate")(simulate.simulate)
app.command("schema")(schema.schema)
app.command("init")(init.init)
app.add_typer(audit.app, name="audit")
app.add_typer(conformance.app, name="conformance")
app.add_typer(contracts.app, name="contracts")
app.add_typer(gate.app, name="gate")
app.add_typer(reference.app, name="reference")
app.add_typer(slo.app, name="slo")


def _show_version(asked: bool) -> None:  # noqa: FBT001 - typer calls it with the option's value
    if asked:
        write(f"synthetic {installed_version('igaming-synthetic')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    """Synthetic transactions for real-money gaming platforms: probe canary cells, and say whether a release is safe."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; answers the exit code. Never shows a traceback, unless SYNTHETIC_TRACEBACK=1."""
    try:
        with _terminable():
            app(args=None if arguments is None else list(arguments), prog_name="synthetic")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else ExitCode.PASS
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except Exception as error:
        if os.environ.get("SYNTHETIC_TRACEBACK") == "1":
            raise
        return tell_error(error)
    return ExitCode.PASS


@contextmanager
def _terminable() -> Iterator[None]:
    """SIGTERM ends a command as Ctrl-C does: what was started is stopped, what was opened is closed."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
