"""What `synthetic sweep` prints: what is to sweep, what became of it, and what somebody still holds."""

from __future__ import annotations

import json as json_text
import math
import time
from collections.abc import Sequence
from typing import Any

from synthetic.cli.open_money import sums
from synthetic.cli.screen import say, write
from synthetic.core.wording import counted
from synthetic.journal.entry import JournalEntry
from synthetic.report.records import utc
from synthetic.runner.compensator import Homecoming
from synthetic.runner.sweeping import Held, Stray

NOBODY_KNOWN = "nobody known"


def list_strays(strays: Sequence[Stray], *, json: bool) -> None:
    """What would be swept, as lines or as JSON."""
    now_ns = time.time_ns()
    if json:
        write(json_text.dumps([_listed(stray, now_ns) for stray in strays], indent=2))
        return
    for stray in strays:
        row = stray.row
        write(f"run {row.run.run_id}  player {row.player} on {row.run.cell}  {stray.age_s(now_ns):.0f} s old")
        for effect in stray.effects:
            write(f"  {effect.intent.amount}  step {effect.intent.step}  {effect.state}")
    open_effects = [effect for stray in strays for effect in stray.effects]
    left = f"{sums(e.intent.amount for e in open_effects)} in " if open_effects else ""
    write(f"{counted(len(strays), 'run')} to sweep, {left}{counted(len(open_effects), 'open effect')}")


def tell_held(held: Sequence[Held], what: str) -> None:
    """One remark on what is left alone and for how long, since it is not home either; none where there is nothing."""
    if held:
        say(f"{what}: {_held_by(held)}")


def has_money(runs: Sequence[Stray | Held]) -> bool:
    """Whether any of it has something open."""
    return any(run.effects for run in runs)


def _held_by(held: Sequence[Held]) -> str:
    """`2 runs held by w1, 2.00 EUR open; the last lease is over in 23 s, at 14:20:05 UTC`."""
    amounts = [effect.intent.amount for one in held for effect in one.effects]
    workers = ", ".join(sorted({one.worker or NOBODY_KNOWN for one in held}))
    until_ns = max(one.until_ns for one in held)
    over_s = max(0, math.ceil((until_ns - time.time_ns()) / 1e9))
    amount = f"{sums(amounts)} open" if amounts else "nothing open yet"
    return f"{counted(len(held), 'run')} held by {workers}, {amount}; the last lease is over in {over_s} s, at {_clock(until_ns)}"


def _clock(wall_ns: int) -> str:
    return f"{utc(wall_ns):%Y-%m-%d %H:%M:%S} UTC"


def _listed(stray: Stray, now_ns: int) -> dict[str, Any]:
    row = stray.row
    return {
        "run": row.run.run_id,
        "scenario": row.run.scenario,
        "cell": row.run.cell,
        "player": row.player,
        "age_s": round(stray.age_s(now_ns), 1),
        "tries": row.tries,
        "effects": _open_effects(stray.effects),
    }


def _held(held: Held) -> dict[str, Any]:
    return {
        "run": held.row.run.run_id,
        "cell": held.row.run.cell,
        "player": held.row.player,
        "worker": held.worker,
        "until": utc(held.until_ns).isoformat(timespec="seconds"),
        "effects": _open_effects(held.effects),
    }


def _open_effects(effects: Sequence[JournalEntry]) -> list[dict[str, Any]]:
    return [
        {
            "key": effect.intent.key,
            "step": effect.intent.step,
            "operation": effect.intent.operation,
            "amount_minor": effect.intent.amount.minor,
            "currency": effect.intent.amount.currency,
            "state": effect.state.value,
        }
        for effect in effects
    ]


def show(homecomings: Sequence[Homecoming], held: Sequence[Held], *, busy: int) -> None:
    """What became of each run, what is still held, and the sum of it. `busy`: runs that somebody took meanwhile."""
    for home in homecomings:
        write(f"run {home.run_id}  player {home.player} on {home.cell}  {_word(home)}")
        for end in home.recovered.effects:
            write(f"  {end.amount}  step {end.step}  {end.result.replace('_', ' ')}  {end.reason}")
        if home.move != "closed":
            write(f"  {home.reason}")
    closed = sum(home.move == "closed" for home in homecomings)
    amounts = [amount for home in homecomings for amount in home.amounts]
    left = f", {sums(amounts)} stranded" if amounts else ""
    others = f", {busy} in other hands" if busy else ""
    if held:
        write(f"not swept: {_held_by(held)} (--wait waits for it)")
    write(f"{counted(len(homecomings), 'run')} swept: {closed} home, {len(homecomings) - closed} not{left}{others}")


def show_json(homecomings: Sequence[Homecoming], held: Sequence[Held], *, busy: int) -> None:
    """`show` as one JSON object."""
    told = {
        "runs": [_swept(home) for home in homecomings],
        "in_other_hands": busy,
        "held": [_held(one) for one in held],
    }
    write(json_text.dumps(told, indent=2))


def _swept(home: Homecoming) -> dict[str, Any]:
    return {
        "run": home.run_id,
        "cell": home.cell,
        "player": home.player,
        "move": home.move,
        "reason": home.reason,
        "effects": [
            {
                "key": end.key,
                "step": end.step,
                "amount_minor": end.amount.minor,
                "currency": end.amount.currency,
                "result": end.result,
                "reason": end.reason,
                "state": end.state.value,
            }
            for end in home.recovered.effects
        ],
    }


def _word(home: Homecoming) -> str:
    return {"closed": "home", "postponed": "not home yet", "stranded": "STRANDED", "lost": "in other hands"}[home.move]
