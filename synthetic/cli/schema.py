"""`synthetic schema KIND`: JSON Schemas, for editors and for those who read what we write."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Annotated, Any

import typer

from synthetic.cli.screen import write
from synthetic.config.names import pick
from synthetic.config.schemas import cells_schema, platform_schema, scenario_schema, serving_schema, slo_schema
from synthetic.report.health import health_schema
from synthetic.report.records import run_schema
from synthetic.report.summary import summary_schema

SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "scenario": scenario_schema,
    "platform": platform_schema,
    "cells": cells_schema,
    "serving": serving_schema,
    "slo": slo_schema,
    "run": run_schema,
    "summary": summary_schema,
    "health": health_schema,
}


def schema(
    kind: Annotated[str, typer.Argument(help=f"One of {', '.join(SCHEMAS)}.", metavar="KIND")],
) -> None:
    """Print a JSON Schema (2020-12): of the YAML files that are written, or of the documents that come out."""
    write(json.dumps(pick(SCHEMAS, kind, "schema")(), indent=2))
