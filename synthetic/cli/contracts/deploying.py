"""`synthetic contracts can-i-deploy | record-deployment | record-release`: before and after a version goes somewhere."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.exits import ExitCode
from synthetic.cli.screen import say, write
from synthetic.contracts.broker import deploying, writing
from synthetic.contracts.broker.deploying import Deployability, MatrixRow
from synthetic.contracts.broker.settings import access_from, version_from

Pacticipant = Annotated[str, typer.Option(help="The application, as the pacts call it.", metavar="NAME")]
Version = Annotated[
    str | None, typer.Option("--version", help="Its version (default: GIT_COMMIT, else git's).", metavar="VERSION")
]
Environment = Annotated[str, typer.Option(help="Where it went.", metavar="NAME")]
Instance = Annotated[
    str, typer.Option(help="Which of several installations there it replaces, such as canary.", metavar="NAME")
]
_WORDS = {True: "yes", False: "no", None: "not known yet"}


def can_i_deploy(
    *,
    pacticipant: Pacticipant,
    to_environment: Annotated[str, typer.Option(help="Where it would go.", metavar="NAME")],
    version: Version = None,
    retry_while_unknown: Annotated[
        int, typer.Option(min=0, max=1000, help="Ask again so often while a result is missing.")
    ] = 0,
    retry_interval: Annotated[int, typer.Option(min=1, max=600, help="Seconds between two askings.")] = 5,
) -> None:
    """Ask whether a version works with everything that is in an environment, by the results in the broker.

    Exit: 0 yes, 1 no or not known yet, 2 something is not set, 3 the broker can't be reached.
    """
    access = access_from(os.environ)
    asked = version or version_from(os.environ, Path.cwd())
    answer = deploying.can_i_deploy(
        access, pacticipant, asked, to_environment, retries=retry_while_unknown, interval_s=retry_interval
    )
    write(f"{pacticipant} {asked} to {to_environment}: {_WORDS[answer.allowed]}\n{_told(answer)}")
    raise typer.Exit(ExitCode.PASS if answer.allowed else ExitCode.FAILED)


def _told(answer: Deployability) -> str:
    return "\n".join((answer.reason, *(f"    {_row(row)}" for row in answer.rows), *answer.failures))


def _row(row: MatrixRow) -> str:
    result = {True: "verified", False: "FAILED", None: "not verified"}[row.success]
    provider = f"{row.provider} {row.provider_version}".rstrip()
    return f"{row.consumer} {row.consumer_version} with {provider}: {result}"


def record_deployment(
    *, pacticipant: Pacticipant, environment: Environment, version: Version = None, instance: Instance = ""
) -> None:
    """Say that a version runs in an environment now, in the place of the one before.

    Exit: 0 recorded, 1 the broker refused, 2 something is not set, 3 the broker can't be reached.
    """
    access = access_from(os.environ)
    gone = version or version_from(os.environ, Path.cwd())
    say(writing.record_deployment(access, pacticipant, gone, environment, instance=instance))


def record_release(*, pacticipant: Pacticipant, environment: Environment, version: Version = None) -> None:
    """Say that a version was released to an environment, beside those before (an app in a store, a library).

    Exit: 0 recorded, 1 the broker refused, 2 something is not set, 3 the broker can't be reached.
    """
    access = access_from(os.environ)
    gone = version or version_from(os.environ, Path.cwd())
    say(writing.record_release(access, pacticipant, gone, environment))
