"""`synthetic slo`: what a release is held against, shown, and in the words of OpenSLO and Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from synthetic.cli.project import CHECK_NAMES, hooks_of
from synthetic.cli.screen import say, write
from synthetic.cli.slo_telling import tell_paces, tell_policy
from synthetic.cli.validate import DEFAULT_SLO
from synthetic.config.openslo import import_openslo
from synthetic.config.operations import ResolveHook
from synthetic.config.serving import load_serving
from synthetic.config.shipped import shipped_root
from synthetic.config.slo import load_slo
from synthetic.core.errors import HarnessError, Place
from synthetic.core.plan_serving import ServingPlan
from synthetic.gate.policy import Policy
from synthetic.report.slo.burn_rates import prometheus_rules
from synthetic.report.slo.openslo import openslo_documents

app = typer.Typer(
    no_args_is_help=True, help="Show an SLO, export it to OpenSLO or Prometheus rules, make one of OpenSLO documents."
)
SLO_WIDTH = 10_000  # one line a query, whatever its length

File = Annotated[
    Path | None,
    typer.Option("--slo", help="The SLO file (default: slo.yaml here, else the shipped one).", metavar="FILE"),
]
Out = Annotated[Path | None, typer.Option(help="Write to this file (default: standard output).", metavar="FILE")]


class Form(StrEnum):
    """What an SLO is exported as."""

    OPENSLO = "openslo"
    PROMETHEUS = "prometheus"


@app.command("show")
def show(
    *,
    slo: File = None,
    runner: Annotated[
        Path | None,
        typer.Option(help="Say how long a release of this serve file's cells takes to pass.", metavar="FILE"),
    ] = None,
) -> None:
    """Say what a release is held against; with a serve file its own SLO, and what its probes make of it."""
    plan = load_serving(runner, known_checks=CHECK_NAMES, hooks_of=_hooks_beside) if runner is not None else None
    path, policy = _load(slo or _slo_of(plan))
    write(f"{policy.name} ({path}, {policy.digest})")
    for line in (*tell_policy(policy), *(tell_paces(policy, plan) if plan is not None else ())):
        write(f"  {line}")


def _hooks_beside(cells: Path) -> ResolveHook:
    return hooks_of([cells])


def _slo_of(plan: ServingPlan | None) -> Path | None:
    return Path(plan.gate.slo) if plan is not None and plan.gate is not None and plan.gate.slo else None


@app.command("export")
def export(
    *,
    form: Annotated[Form, typer.Option("--as", help="OpenSLO documents, or rules and alerts of Prometheus.")],
    slo: File = None,
    out: Out = None,
) -> None:
    """Write an SLO as OpenSLO documents (openslo/v1), or as recording rules and burn-rate alerts of Prometheus."""
    path, policy = _load(slo)
    place = Place(str(path))
    if form is Form.PROMETHEUS:
        head = f"# Of {path.name} ({policy.digest}), by `synthetic slo export --as prometheus` (docs/gate-slo.md).\n"
        _put(head + _as_yaml([prometheus_rules(policy, place)]), out)
    else:
        _put(_as_yaml(openslo_documents(policy, place)), out)


@app.command("import")
def import_(
    *,
    file: Annotated[Path, typer.Argument(help="OpenSLO documents (openslo/v1).", metavar="FILE")],
    out: Out = None,
) -> None:
    """Write the SLO file that OpenSLO documents mean. What it can't say is told on standard error."""
    imported = import_openslo(file)
    for note in imported.notes:
        say(f"note: {note}", style="dim")
    _put(imported.text, out)


def _load(given: Path | None) -> tuple[Path, Policy]:
    shipped = shipped_root() / "fixtures" / "slo" / "reference.yaml"
    path = given or (DEFAULT_SLO if DEFAULT_SLO.is_file() else shipped)
    return path, load_slo(path)


def _put(text: str, out: Path | None) -> None:
    if out is None:
        write(text.removesuffix("\n"))
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise HarnessError(f"{out} can't be written: {error.strerror}") from None


class _Dumper(yaml.SafeDumper):
    """A text of several lines as such a text."""


def _represent(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Dumper.add_representer(str, _represent)


def _as_yaml(documents: Iterable[dict[str, Any]]) -> str:
    return yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, width=SLO_WIDTH, allow_unicode=True)
