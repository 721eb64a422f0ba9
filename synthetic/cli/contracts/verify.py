"""`synthetic contracts verify`: a provider against the broker's pacts, and the results back to the broker."""

from __future__ import annotations

import importlib
import os
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from synthetic.cli.exits import ExitCode
from synthetic.cli.screen import say, write
from synthetic.config.names import NOWHERE, pick
from synthetic.contracts.broker.command import EXTRA
from synthetic.contracts.broker.hal import Hal, talking_to
from synthetic.contracts.broker.settings import Build, access_from, build_from
from synthetic.core.errors import AuthorError, HarnessError

if TYPE_CHECKING:
    from synthetic.contracts.broker.judges import Judge
    from synthetic.contracts.broker.reading import PactToVerify
    from synthetic.contracts.broker.verifying import Verified


def verify(
    providers: Annotated[
        list[str] | None, typer.Argument(help="Providers, as the pacts call them (default: all).", metavar="PROVIDER")
    ] = None,
    *,
    url: Annotated[str | None, typer.Option(help="Where it runs (default: the reference one is started).")] = None,
    states: Annotated[str, typer.Option(help="How its states are reached.", metavar="none|api|http=URL")] = "api",
    pact_url: Annotated[
        str | None, typer.Option(help="Verify this pact only: the one that a webhook has named.", metavar="URL")
    ] = None,
    wip_since: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Also pacts in progress since then.", metavar="DATE")
    ] = None,
    publish: Annotated[bool, typer.Option(help="Publish the results.")] = True,
) -> None:
    """Verify providers against the pacts of their consumers' main branches, of what is deployed, and of the branch called as ours.

    Results are published under GIT_COMMIT and GIT_BRANCH, else what git says here. A pact that our branch has never kept is
    pending: its failure is told, and fails nothing.
    Exit: 0 kept, 1 broken, 2 something is not set, 3 the broker can't be reached, 5 there was nothing to verify.
    """
    access = access_from(os.environ)
    build = build_from(os.environ, Path.cwd())
    judges = _judges(providers or [], url, states)
    if len(judges) != 1 and (url, pact_url) != (None, None):
        raise AuthorError.at(NOWHERE, "--url and --pact-url are of one provider", "name it")
    verified: list[Verified] = []
    with talking_to(access) as hal:
        for provider, judge in judges.items():
            asked = _asked(hal, provider, build, pact_url, wip_since)
            verify_pacts = _module("verifying").verify_pacts
            verified += verify_pacts(hal, asked, judge, build, publishes=publish, hear=_hear)
    raise typer.Exit(_exit_code(verified))


def _asked(
    hal: Hal, provider: str, build: Build, pact_url: str | None, wip_since: datetime | None
) -> Sequence[PactToVerify]:
    reading = _module("reading")
    if pact_url is not None:
        return (reading.pact_at(hal, pact_url),)
    since = None if wip_since is None else wip_since.date()
    return reading.pacts_to_verify(hal, provider, build, wip_since=since)  # type: ignore[no-any-return]


def _judges(names: Sequence[str], url: str | None, states: str) -> dict[str, Judge]:
    """For each of these providers (for all, where none is named). Raises AuthorError, before anything is asked."""
    judges = _module("judges")
    reference = judges.reference_judges()
    chosen = {name: pick(reference, name, "provider") for name in names or reference}
    if url is None:
        return chosen
    try:
        return {name: judges.judge_at(name, url, states, os.environ) for name in chosen}
    except _module("providers", of="contracts").ContractError as error:
        raise AuthorError.at(NOWHERE, str(error)) from None


def _module(name: str, *, of: str = "contracts.broker") -> Any:
    """A module that needs the extra. Raises HarnessError where it is missing, saying which."""
    try:
        return importlib.import_module(f"synthetic.{of}.{name}")
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] == "synthetic":
            raise
        raise HarnessError(f"{EXTRA} (there is no {error.name})") from None


def _hear(one: Verified) -> None:
    for notice in one.asked.notices:
        say(notice, style="dim")
    found, pending = one.found, " (pending)" if one.asked.pending else ""
    if found.held:
        write(f"{found.provider} keeps what {found.consumer} expects: {len(found.results)} interactions{pending}")
    else:
        write(f"{found.told()}{pending}")
    for description, why in found.left_out:
        say(f"not asked for: {description}: {why}", style="dim")
    if one.result_url:
        say(f"published: {one.result_url}", style="dim")


def _exit_code(verified: Sequence[Verified]) -> ExitCode:
    if not any(one.found.results for one in verified):
        say("no provider could be asked for anything" if verified else "there is no pact to verify", style="yellow")
        return ExitCode.NOTHING_RAN
    return ExitCode.FAILED if any(one.breaks for one in verified) else ExitCode.PASS
