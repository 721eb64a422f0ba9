"""The command `synthetic`: its verbs, and the one place where errors become a line on standard error and an exit code."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.metadata import version as installed_version
from typing import Annotated

import typer

from synthetic.cli.exits import ExitCode
from synthetic.cli.screen import write
from synthetic.cli.telling import tell_error
from synthetic.cli.verbs import LazyVerbs

app = typer.Typer(
    name="synthetic",
    cls=LazyVerbs,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


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
