"""`python -m bench.crash_storm --kills 200 --db sqlite|postgres --workers 2`: kills workers under load, and counts the money."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.crash_storm.databases import Journal, Trouble, check_whole, journal
from bench.crash_storm.dying import POINTS
from bench.crash_storm.reckoning import Reckoning, reckon, states_of
from bench.crash_storm.scene import Scene, cells_of, scene
from bench.crash_storm.second_opinion import Opinion, second_opinion
from bench.crash_storm.storm import Deaths, Storm, fates
from synthetic.cli.screen import say, write
from synthetic.cli.telling import tell_error
from synthetic.core.errors import SyntheticError
from synthetic.journal.book import Book, open_book
from synthetic.reference.catalogue import Fault
from synthetic.reference.faults import FAULTS
from synthetic.reference.throwing import Switches
from synthetic.runner.identity import fresh_seed

NUMBERS = (1, 2, 7, 17, 20)
LINES_MAX = 20
ALL_POINTS_FROM = 100  # kills; below that not every point gets its turn twice


def main(arguments: Sequence[str]) -> int:
    """Let the storm rage, bring everything home, reckon. Answers 0 where every bar is met, else 1."""
    options = _parser().parse_args(arguments)
    seed = fresh_seed() if options.seed is None else options.seed
    say(f"seed {seed}")
    try:
        with ExitStack() as stack:
            own = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="storm-runtime-")))
            os.environ.setdefault("XDG_RUNTIME_DIR", str(own))  # the Postgres package warns where it is not set
            where = stack.enter_context(journal(options.db, full_disk=options.full_disk, cut=options.cut_database))
            place = stack.enter_context(scene(where.address, cells=options.cells, seed=seed, folder=where.folder))
            book = stack.enter_context(open_book(where.address))
            return _play(options, place, where, book, seed)
    except SyntheticError as error:
        return tell_error(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench.crash_storm", description=__doc__)
    parser.add_argument("--kills", type=int, default=200, metavar="N", help="how many workers are killed (200)")
    parser.add_argument("--db", choices=("sqlite", "postgres"), default="sqlite", help="where the journal is (sqlite)")
    parser.add_argument("--workers", type=int, default=1, metavar="N", help="how many are alive at a time (1)")
    parser.add_argument("--cells", type=int, default=4, metavar="N", help="cells of the platform (4)")
    parser.add_argument("--rate", type=float, default=0.2, metavar="R", help="how often each fault acts (0.2)")
    parser.add_argument("--their-bugs", action="store_true", help="throw the platform's own bugs of those faults, too")
    parser.add_argument("--full-disk", action="store_true", help="fill the journal's disk now and then")
    parser.add_argument("--cut-database", action="store_true", help="cut the journal's database off now and then")
    parser.add_argument("--seed", type=int, metavar="N", help="of the platform and of how workers die")
    parser.add_argument("--log", type=Path, default=Path("reports/out/crash_storm.log"), metavar="FILE")
    return parser


def _play(options: argparse.Namespace, place: Scene, where: Journal, book: Book, seed: int) -> int:
    options.log.parent.mkdir(parents=True, exist_ok=True)
    options.log.unlink(missing_ok=True)
    began_s = time.monotonic()
    storm = Storm(place, book, options.log.absolute(), say)
    thrown = mishaps(their_bugs=options.their_bugs)
    asyncio.run(_throw(place, thrown, options.rate))
    deaths = storm.rage(fates(options.kills, seed), options.workers, lambda: [one.look() for one in where.troubles])
    for trouble in where.troubles:
        trouble.stop()
    lost = book.open_intents()
    asyncio.run(_throw(place, thrown, None))
    book.kill("crash storm", "the storm is over")
    say(f"{len(lost)} effects of {len(book.open_runs())} runs are open; a last worker brings them home")
    home = storm.bring_home()
    found, opinion = reckon(place, book.entries()), second_opinion(place)
    _tell(book, deaths, len(lost), found, where, options.kills, time.monotonic() - began_s)
    write(f"synthetic reconcile  {opinion.differences} differences, {opinion.unread} accounts unread")
    whole = home and check_whole(where.address) == "ok" and was_a_storm(deaths, where.troubles, options.kills)
    passed = whole and (is_told(found, opinion) if options.their_bugs else _is_clean(book, found, opinion))
    write("PASSED" if passed else "NOT PASSED")
    return 0 if passed else 1


async def _throw(place: Scene, thrown: Sequence[Fault], rate: float | None) -> None:
    """Throw the faults at every cell, or (None) reset them."""
    for cell, described in cells_of(place.cells_file).items():
        async with Switches(cell, described["endpoints"]) as switches:  # type: ignore[arg-type]
            for fault in thrown:
                await (switches.reset(fault) if rate is None else switches.throw(fault, rate=rate))


def mishaps(*, their_bugs: bool = False) -> list[Fault]:
    """What happens to a healthy platform in these faults. Their other half is a bug of its own, which moves money by itself."""
    chosen = [fault for fault in FAULTS.values() if fault.number in NUMBERS]
    return chosen if their_bugs else [replace(fault, throws=fault.throws[:1]) for fault in chosen]


def _tell(book: Book, deaths: Deaths, lost: int, found: Reckoning, where: Journal, kills: int, took_s: float) -> None:
    entries = book.entries()
    slots = book.slots()
    runs = sorted({entry.intent.run_id for entry in entries})
    rows = [row for row in (book.run(run_id) for run_id in runs) if row is not None]
    left = book.left()
    missing = deaths.missing
    lines = [
        f"kills of workers with a run {deaths.kills}: {sum(deaths.at_points.values())} at points, {deaths.at_random} at random "
        f"instants   bar: {kills}",
        f"not counted          {deaths.idle} killed before they had a run, {len(deaths.by_themselves)} ended by themselves",
        f"points               {len(POINTS) - len(missing)} of {len(POINTS)} reached   bar: {points_bar(kills)}",
        f"points not reached   {', '.join(missing) or 'none'}",
        *(f"trouble              {trouble.name} {trouble.times} times   bar: 1" for trouble in where.troubles),
        f"slots                {len(slots)}, {sum(slot.outcome == 'missed' for slot in slots)} missed",
        f"runs with effects    {len(rows)}, {sum(row.tries > 0 for row in rows)} recovered, "
        f"{sum(row.outcome == 'ok' for row in rows)} ok",
        f"intents              {len(entries)}: {', '.join(f'{n} {state}' for state, n in sorted(states_of(entries).items()))}",
        f"unknowns resolved    {lost - len(book.open_intents())} of {lost} that the storm had left open",
        f"stranded minor units {sum(left.minor.values())}   bar: 0",
        f"double effects       {len(found.doubled)}   bar: 0",
        f"without an intent    {len(found.unjournaled)}   bar: 0",
        f"under way            {found.under_way}   bar: 0",
        *(
            f"{kind:<20} journal {one[0]}, ledger {one[1]}" + ("" if one[2] is None else f", PSP report {one[2]}")
            for kind, one in found.totals.items()
        ),
        f"differences by key   {len(found.differences)}   bar: 0",
        f"took                 {took_s:.0f} s",
    ]
    write("\n".join(lines))
    for line in (*found.doubled, *found.unjournaled, *found.differences)[:LINES_MAX]:
        write(f"  {line}")


def points_bar(kills: int) -> int:
    """At how many points somebody has to have died: at all of them, where the storm is long enough for that."""
    return len(POINTS) if kills >= ALL_POINTS_FROM else 0


def was_a_storm(deaths: Deaths, troubles: Sequence[Trouble], kills: int) -> bool:
    """Whether what was asked for has happened: else that nothing is lost says nothing."""
    reached = len(POINTS) - len(deaths.missing)
    return deaths.kills >= kills and reached >= points_bar(kills) and all(trouble.times for trouble in troubles)


def _is_clean(book: Book, found: Reckoning, opinion: Opinion) -> bool:
    """A healthy platform: nothing is stranded, doubled or different, and `synthetic reconcile` says so, too."""
    return found.is_clean and opinion.holds and not book.left().effects and bool(book.entries())


def is_told(found: Reckoning, opinion: Opinion) -> bool:
    """A platform that moves money by itself: we have sent nothing without an intent, and every key that is wrong is named."""
    untold = {key for key, reference in found.wrong.items() if not {key, reference} & opinion.names}
    for key in sorted(untold):
        write(f"  nobody tells of {key}")
    return not untold and not found.unjournaled and bool(found.wrong)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
