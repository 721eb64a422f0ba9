"""`synthetic slo`: what a release is held against, shown, and in the words of OpenSLO and Prometheus."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
import yaml

from synthetic.cli.screen import say, write
from synthetic.cli.validate import DEFAULT_SLO
from synthetic.config.durations import shown
from synthetic.config.openslo import import_openslo
from synthetic.config.shipped import shipped_root
from synthetic.config.slo import load_slo
from synthetic.config.slo_writing import hard_stop_line, objective_line
from synthetic.core.errors import HarnessError, Place
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
def show(*, slo: File = None) -> None:
    """Say what a release is held against."""
    path, policy = _load(slo)
    write(f"{policy.name} ({path}, {policy.digest})")
    for objective in policy.objectives:
        write(f"  objective  {objective_line(objective)[1:-1]}")
    for stop in policy.hard_stops:
        write(f"  hard stop  {hard_stop_line(stop)[1:-1]}")
    violated = f"{policy.consecutive} ticks of {shown(policy.tick_s)} in a row"
    write(
        f"  a rollback takes {violated}; a pass {shown(policy.window_s)} of watching, and {policy.pairs_min} pairs or more"
    )


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
