"""`synthetic contracts publish`: the pacts of this commit, to the broker."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.screen import say, write
from synthetic.contracts.broker.settings import access_from, build_from
from synthetic.contracts.broker.writing import publish_pacts

PACTS = Path("contracts") / "pacts"


def publish(
    pacts: Annotated[
        list[Path] | None, typer.Argument(help="Pact files, or folders of them (default: contracts/pacts).")
    ] = None,
) -> None:
    """Publish pacts under this commit and branch: GIT_COMMIT and GIT_BRANCH, else what git says here.

    Publishing the same again changes nothing.
    Exit: 0 published, 1 the broker refused, 2 something is not set, 3 the broker can't be reached.
    """
    access = access_from(os.environ)
    build = build_from(os.environ, Path.cwd())
    write(publish_pacts(access, build, pacts or [PACTS]))
    say(f"published as version {build.version} of branch {build.branch}")
