"""The verbs of the command line, each imported when it is called: who asks for help does not wait for all that a runner needs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True, slots=True)
class Verb:
    """A verb: `module:name` of its function, or of the Typer of a group of verbs, and what the list of all verbs says of it.

    `told` is the first paragraph of the function's docstring, or the group's help.
    """

    name: str
    at: str
    told: str

    def load(self) -> Any:
        """The command as typer makes it, with its options."""
        module, _, name = self.at.partition(":")
        found = getattr(import_module(f"synthetic.cli.{module}"), name)
        alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
        if isinstance(found, typer.Typer):
            alone.add_typer(found, name=self.name)
        else:
            alone.command(self.name)(found)
            alone.callback()(_nothing)  # or typer would make the command itself, and no group with it
        group: Any = typer.main.get_command(alone)
        return group.commands[self.name]

    def in_short(self) -> Any:
        """A command that can be shown in a list, and nothing else."""
        return TyperCommand(self.name, help=self.told, rich_markup_mode=None)


VERBS = {
    verb.name: verb
    for verb in (
        Verb(
            "demo",
            "demo:demo",
            "Roll a canary out on an embedded platform, 5 to 100 %, each share after the gate's pass."
            " Exit: 0 it is safe, 1 it is not.",
        ),
        Verb(
            "run",
            "run:run",
            "Play scenarios on cells."
            " Exit: 0 pass, 1 failed, 2 bad input, 3 harness or target, 4 money stranded, 5 nothing ran.",
        ),
        Verb(
            "serve",
            "serving.command:serve",
            "Play the probes of a serve file on their schedules, and bring home what any worker has left open.",
        ),
        Verb(
            "sweep",
            "sweep:sweep",
            "Bring home what unfinished runs left."
            " Exit: 0 all is home, 2 bad input, 3 nobody answers, 4 stranded, or held by a lease.",
        ),
        Verb(
            "settle",
            "settle:settle",
            "Close an effect whose money a person has brought home or written off; sends nothing."
            " Exit: 0 done, 2 bad input, 3 not now.",
        ),
        Verb(
            "reconcile",
            "reconcile:reconcile",
            "Compare journal, platform ledger and PSP reports."
            " Exit: 0 they agree, 1 they differ, 2 bad input, 3 can't be read.",
        ),
        Verb(
            "validate",
            "validate:validate",
            "Report every mistake in scenarios, mappings, cells, serve and SLO files with file:line:column."
            " Exit: 0 none, 2 some.",
        ),
        Verb(
            "list",
            "listing:list_scenarios",
            "List scenarios with their tags, rows, limits and schedule, and the cells of a cells file.",
        ),
        Verb(
            "explain",
            "explain:explain",
            "Show one run: each exchange, what was expected, what came, whom to blame, money moved, checks, trace id.",
        ),
        Verb(
            "check",
            "check:check",
            "Judge histories: held, broken (with the shortest piece that shows it), or not enough evidence."
            " Exit: 1 if one differs.",
        ),
        Verb(
            "kill",
            "kill:kill",
            "Stop new runs of all workers within a second; what is under way is finished and its money brought home.",
        ),
        Verb(
            "resume",
            "kill:resume",
            "Let runs begin again: take back the kill row, and remove the kill file."
            " Exit: 0 it is off, 3 something still stops them.",
        ),
        Verb(
            "simulate",
            "simulate:simulate",
            "Play whole workers on a virtual clock, with faults, crashes, wrong clocks and doubles"
            ", and judge the laws of money.",
        ),
        Verb(
            "schema",
            "schema:schema",
            "Print a JSON Schema (2020-12): of the YAML files that are written, or of the documents that come out.",
        ),
        Verb(
            "init",
            "init:init",
            "Write a starting project: a scenario, a platform mapping, a cells, a serve and an SLO file"
            ", a GitHub workflow, a README.",
        ),
        Verb("audit", "audit:app", "Verify, export and ship the audit: who did what with money, when and where."),
        Verb(
            "conformance",
            "conformance:app",
            "Try the laws of wallets and PSPs against an endpoint, as its counterparty would.",
        ),
        Verb(
            "contracts",
            "contracts:app",
            "Contracts with a Pact Broker; where it is comes from PACT_BROKER_BASE_URL and PACT_BROKER_TOKEN.",
        ),
        Verb(
            "gate",
            "gate.command:app",
            "Say whether a release may go on. Exit: 0 pass, 1 fail, 2 inconclusive, 3 the gate could not be asked.",
        ),
        Verb("reference", "reference:app", "The reference platform: a small, real gaming platform to try things on."),
        Verb("slo", "slo:app", "Show an SLO, export it to OpenSLO or Prometheus rules, make one of OpenSLO documents."),
    )
}


def _nothing() -> None:
    """A group's own part."""


class LazyVerbs(TyperGroup):
    """The group of all verbs. Its list is made of what `VERBS` says; a verb that is called is loaded."""

    _listing = False

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer's signature
        """The verbs in the order in which they are shown."""
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - typer's signature
        """The verb; None where there is none of that name."""
        verb = VERBS.get(cmd_name)
        if verb is None:
            return None
        return verb.in_short() if self._listing else verb.load()

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """The help, without loading a verb."""
        with self._in_short():
            super().format_help(ctx, formatter)

    @contextmanager
    def _in_short(self) -> Iterator[None]:
        self._listing = True
        try:
            yield
        finally:
            self._listing = False
