"""What `locust` takes on its command line beside its own options, and what becomes of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from synthetic.config.names import NOWHERE
from synthetic.core.errors import AuthorError
from synthetic.locust_user.asked import Paths

RATE_MAX = 100_000.0
"""Runs a second that may be asked for: more than any target of ours takes."""
JOURNAL = str(Path(".synthetic") / "load.db")


def add_options(parser: Any) -> None:
    """Add ours to Locust's parser. Each may stand in the environment as well, and in `locust.conf`."""

    def option(name: str, default: Any, help_: str, **others: Any) -> None:
        variable = f"SYNTHETIC_{name.strip('-').replace('-', '_').upper()}"
        parser.add_argument(name, default=default, help=help_, env_var=variable, include_in_web_ui=False, **others)

    option("--cells", "cells.yaml", "The cells file (cells.yaml).", metavar="FILE")
    option("--cell", "", "The cell to load (the first one of the file).", metavar="NAME")
    option(
        "--scenarios", "", "The folder of scenarios (scenarios here, or those that come with Synthetic).", metavar="DIR"
    )
    option("--platforms", "", "The folder of platform mappings.", metavar="DIR")
    option(
        "--slo",
        "",
        "The SLO file whose objectives are the thresholds (the one that comes with Synthetic).",
        metavar="FILE",
    )
    option(
        "--journal",
        JOURNAL,
        f"Where effects are made durable: a path or postgresql://... ({JOURNAL}).",
        metavar="JOURNAL",
    )
    option(
        "--arrivals",
        None,
        "An open model: so many runs a second at full user count, however slow they are.",
        type=float,
    )
    parser.add_argument(
        "--no-reconcile", action="store_true", default=False, include_in_web_ui=False,
        help="Do not compare journal, ledger and PSP reports afterwards.",
    )  # fmt: skip
    parser.add_argument(
        "--fail-unknown", action="store_true", default=False, include_in_web_ui=False, env_var="SYNTHETIC_FAIL_UNKNOWN",
        help="A threshold of which too little was measured is no pass (exit code 5).",
    )  # fmt: skip


def paths_of(options: Any) -> Paths:
    """Where things are."""
    return Paths(
        cells=Path(options.cells),
        cell=options.cell,
        scenarios=Path(options.scenarios) if options.scenarios else None,
        platforms=Path(options.platforms) if options.platforms else None,
        slo=Path(options.slo) if options.slo else None,
    )


def arrivals_of(options: Any) -> float:
    """Runs a second of an open model; 0 where none was asked for. Raises AuthorError of a rate that there can't be."""
    rate: float | None = options.arrivals
    if rate is None:
        return 0.0
    if not 0 < rate <= RATE_MAX:  # nor is NaN
        message = f"--arrivals {rate:g} is no rate: it is a number of runs a second, over 0 and at most {RATE_MAX:g}"
        raise AuthorError.at(NOWHERE, message, "leave it out for a closed model")
    return rate
