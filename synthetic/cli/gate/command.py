"""`synthetic gate`: the verdict on a release for CI; `gate serve`: the gate as a service of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from synthetic.cli.gate import alone, export
from synthetic.cli.gate.asking import Gate, GateInStore, GateOverHttp, ask, client_of
from synthetic.cli.gate.options import (
    Database,
    ServeFile,
    Slo,
    Token,
    address_of,
    duration_of,
    policy_from,
    token_of,
    where_from,
)
from synthetic.cli.gate.telling import BROKEN, Format, broken, exit_of, shown
from synthetic.cli.project import CHECK_NAMES, hooks_of
from synthetic.cli.screen import put, say
from synthetic.cli.telling import said, tell_error
from synthetic.config.names import NOWHERE
from synthetic.config.serving import load_serving
from synthetic.config.serving_gate import coverage_of, policy_of
from synthetic.config.switch_places import switch_places
from synthetic.core.errors import AuthorError, HarnessError, SyntheticError
from synthetic.drivers.clocks import SystemClock
from synthetic.gate.coverage import Coverage
from synthetic.gate.policy import Policy
from synthetic.rollouts.judge import Asked, Judge
from synthetic.rollouts.schema import existing
from synthetic.rollouts.store import open_store
from synthetic.web.gate.answers import instant


class GateGroup(TyperGroup):
    """Options that can't be understood end with 3: click's own 2 would say that the release is undecided."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Raises a usage error with our exit code; typer has no public name for its type, nor for a bare context."""
        given = list(args)  # parsing takes them away
        try:
            return super().parse_args(ctx, args)
        except typer.Exit:  # --help
            raise
        except Exception as error:
            if hasattr(error, "exit_code") and hasattr(error, "format_message"):
                vars(error)["exit_code"] = BROKEN
                _write_misread(error.format_message(), given)
            raise


def _write_misread(told: str, given: list[str]) -> None:
    """The document of a call that could not be understood, where it says in which form and where to it wants one."""
    form = _written(given, "--format")
    if form in {one.value for one in Format}:
        output = _written(given, "--output")
        _write_broken(told, _written(given, "--rollout") or _written(given, "--cell"), Format(form), output)


def _written(given: list[str], option: str) -> str:
    """What stands behind an option, as it was written; the last time counts, "": it is not there."""
    found = ""
    for word, behind in zip(given, [*given[1:], ""], strict=True):
        if word == option:
            found = behind
        elif word.startswith(f"{option}="):
            found = word.removeprefix(f"{option}=")
    return found


app = typer.Typer(invoke_without_command=True, cls=GateGroup)
app.command("serve")(alone.serve)
app.command("export")(export.export)


@app.callback()
def gate(
    context: typer.Context,
    *,
    cell: Annotated[str, typer.Option(help="The canary's cell.", metavar="CELL")] = "",
    baseline: Annotated[str, typer.Option(help="The cell beside it.", metavar="CELL")] = "",
    rollout: Annotated[str, typer.Option(help="A rollout that was begun, instead.", metavar="ID")] = "",
    wait: Annotated[
        str | None, typer.Option(help="Wait so long for a pass or a fail, such as 15m.", metavar="DURATION")
    ] = None,
    format: Annotated[Format, typer.Option(help="How to write the verdict.")] = Format.TEXT,  # noqa: A002 - the option's name
    output: Annotated[Path | None, typer.Option(help="Write it there instead of to standard output.")] = None,
    url: Annotated[str, typer.Option(help="Ask the gate that runs there.", metavar="URL")] = "",
    token: Token = None,
    ca_file: Annotated[Path | None, typer.Option(help="The authority of its certificate.", metavar="PEM")] = None,
    certificate: Annotated[Path | None, typer.Option(help="Our certificate, for mutual TLS.", metavar="PEM")] = None,
    key: Annotated[Path | None, typer.Option(help="The key of our certificate.", metavar="PEM")] = None,
    database: Database = None,
    slo: Slo = None,
    file: ServeFile = Path("runner.yaml"),
) -> None:
    """Say whether a release may go on. Exit: 0 pass, 1 fail, 2 inconclusive, 3 the gate could not be asked.

    Asks a gate that runs (--url), or judges by itself what a runner with `gate:` has kept (--database, or its serve file).
    """
    if context.invoked_subcommand is not None:
        return
    try:
        asked, wait_s = _asked(rollout, cell, baseline), duration_of(wait, "--wait")
        here = _gate_over(url, token, ca_file, certificate, key) if url else _gate_here(database, slo, file)
        with here as asking:
            verdict = ask(asking, asked, wait_s=wait_s, told=lambda line: say(line, style="dim"))
        put(shown(verdict, format), output)
    except SyntheticError as error:
        tell_error(error)
        _write_broken(said(error), rollout or cell, format, output)
        raise typer.Exit(BROKEN) from None  # never 2: a mistake on the command line is no verdict
    raise typer.Exit(exit_of(verdict))


def _write_broken(told: str, subject: str, form: Format, output: Path | str | None) -> None:
    """What a program reads instead of a verdict; where that can't be written either, the error was told already."""
    with suppress(HarnessError):
        if document := broken(told, subject, form, instant(SystemClock().wall_ns())):
            put(document, Path(output) if output else None)


def _asked(rollout: str, cell: str, baseline: str) -> Asked:
    if not rollout and not (cell and baseline):
        raise AuthorError.at(NOWHERE, "name a canary and its baseline (--cell, --baseline), or a --rollout")
    if rollout and (cell or baseline):
        told = "a --rollout has its cells since it was begun"
        raise AuthorError.at(NOWHERE, told, "leave --cell and --baseline out, or --rollout")
    if cell and cell == baseline:
        raise AuthorError.at(NOWHERE, "--cell and --baseline are two cells")
    return Asked(rollout, cell, baseline)


@contextmanager
def _gate_over(
    url: str, token: str | None, ca_file: Path | None, certificate: Path | None, key: Path | None
) -> Iterator[Gate]:
    files = {name: str(path or "") for name, path in (("ca_file", ca_file), ("certificate", certificate), ("key", key))}
    with client_of(url, token_of(token), **files) as client:
        yield GateOverHttp(client)


@contextmanager
def _gate_here(database: str | None, slo: Path | None, file: Path) -> Iterator[Gate]:
    journal = address_of(database) if database else _database_of(file)
    named = slo is not None or database
    policy, slo_from, coverage = (policy_from(slo), where_from(slo), None) if named else _policy_of(file)
    with open_store(existing(journal)) as store:
        judge = Judge(store, lambda: policy, SystemClock())
        if coverage is not None:
            judge.coverage = coverage
        yield GateInStore(judge, slo_from)


def _database_of(file: Path) -> str:
    places = switch_places(file)
    if not places.database:
        told = "; ".join(places.problems) or f"{file} names no database"
        raise AuthorError.at(NOWHERE, told, "name a gate with --url, or the runner's database with --database")
    return places.database


def _policy_of(file: Path) -> tuple[Policy, str, Callable[[str, str], Coverage]]:
    """The SLO of a serve file's gate, where it stands, and what the file's probes are to show. Raises AuthorError."""
    plan = load_serving(file, known_checks=CHECK_NAMES, hooks_of=lambda cells: hooks_of([cells]))
    if plan.gate is None:
        raise AuthorError.at(plan.place, "this serve file has no `gate`", "add one, or name an SLO file with --slo")
    policy = policy_of(plan.gate)
    slo_from = where_from(Path(plan.gate.slo) if plan.gate.slo else None)
    return policy, slo_from, partial(coverage_of, policy, plan)
