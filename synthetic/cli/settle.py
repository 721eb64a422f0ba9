"""`synthetic settle`: a person says what became of money that no look-up can tell of."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from synthetic.cli.by_hand import own_name, witnessed
from synthetic.cli.open_money import sums
from synthetic.cli.playing import JOURNAL_PATH
from synthetic.cli.screen import write
from synthetic.cli.sweep import JournalOption, journal_at
from synthetic.config.names import NOWHERE
from synthetic.core.errors import AuthorError
from synthetic.journal.book import open_book
from synthetic.runner.kept_leases import own_name as worker_name
from synthetic.runner.settling import settle_by_hand


def settle(
    key: Annotated[
        str, typer.Argument(help="The key of the effect, as `sweep --dry-run --json` tells it.", metavar="KEY")
    ],
    *,
    reason: Annotated[str, typer.Option(help="Why it is settled; everybody who asks reads it.", metavar="TEXT")] = "",
    by: Annotated[
        str | None, typer.Option(help="Who you are (default: your name on this machine).", metavar="NAME")
    ] = None,
    journal: JournalOption = str(JOURNAL_PATH),
    audit: Annotated[
        Path | None, typer.Option(help="Keep what is done in this audit (its chain `operators`).", metavar="DIR")
    ] = None,
) -> None:
    """Close an effect whose money a person has brought home or written off; sends nothing. Exit: 0 done, 2 bad input, 3 not now."""
    if not reason.strip():
        raise AuthorError.at(
            NOWHERE, "settle needs a reason", "say why, as in --reason 'refunded by the PSP, ticket 4711'"
        )
    place = journal_at(journal)
    if "://" not in place and not Path(place).exists():
        raise AuthorError.at(NOWHERE, f"there is no journal {place} here", "give --journal, or start in its project")
    words = f"settled by {by or own_name()}: {reason.strip()}"
    with open_book(place) as book, witnessed(audit) as witness:
        entry, left = settle_by_hand(
            book, key, words, worker=worker_name("settle"), journal=witness.journal, sink=witness.sink
        )
    intent = entry.intent
    write(f"{intent.amount}  step {intent.step}  run {intent.run_id}  player {intent.player} on {intent.cell}  {words}")
    write(
        f"still open of this run: {sums(one.intent.amount for one in left)}"
        if left
        else "nothing else of this run is open"
    )
