"""The laws of those who share the work: accounts, leases, take-overs, the kill switch and the schedule."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from synthetic.simulation.evidence import NS, Evidence, Violation

KILL_WITHIN_NS = 1 * NS


def one_owner(seen: Evidence) -> Iterator[Violation]:
    """No two runs are open on an account at a time, and nobody gets to intend for a run that he does not hold."""
    holder: dict[str, str] = {}
    open_on: dict[str, str] = {}
    for act in seen.acts:
        match act.what:
            case "admit":
                account = seen.runs[act.run_id].lease.account
                if account in open_on:
                    what = f"{act.run_id} was admitted to {account}, on which {open_on[account]} is open"
                    yield Violation("one-owner", what, act.at_ns)
                holder[act.run_id], open_on[account] = act.life, act.run_id
            case "take_over":
                holder[act.run_id] = act.life
                account = seen.runs[act.run_id].lease.account
                if open_on.setdefault(account, act.run_id) != act.run_id:
                    what = f"{act.run_id} was opened again on {account}, on which {open_on[account]} is open"
                    yield Violation("one-owner", what, act.at_ns)
            case "close_run":
                if open_on.get(act.account) == act.run_id:
                    del open_on[act.account]
                if holder.pop(act.run_id, act.life) != act.life:
                    yield Violation("one-owner", f"{act.life} closed {act.run_id}, which it had lost", act.at_ns)
            case "postpone" | "intend":
                if holder.get(act.run_id, act.life if act.what == "postpone" else "") != act.life:
                    what = f"{act.life} did `{act.what}` for {act.run_id} {act.key}, held by {holder.get(act.run_id, 'nobody')}"
                    yield Violation("one-owner", what, act.at_ns)
            case _:
                pass


def live_leases_are_left_alone(seen: Evidence) -> Iterator[Violation]:
    """Nobody takes a lease that lives by his own clock, the epoch rises, and a steady worker's run is never taken."""
    holder: dict[str, str] = {}
    for act in seen.acts:
        if act.what == "admit":
            holder[act.run_id] = act.life
        if act.what in ("postpone", "close_run"):
            holder.pop(act.run_id, None)
        if act.what != "take_over":
            continue
        lives_ns, _ = act.told
        if lives_ns > 0:
            yield Violation("live-leases", f"{act.life} took {act.run_id}, whose lease lived", act.at_ns)
        robbed = holder.get(act.run_id, act.life)
        if robbed != act.life and {robbed, act.life} <= seen.steady:
            yield Violation("live-leases", f"{act.life} took {act.run_id} from {robbed}, which was well", act.at_ns)
        holder[act.run_id] = act.life


def recovery_moves_nothing_new(seen: Evidence) -> Iterator[Violation]:
    """Once a run was taken over nothing more is intended for it but the sweep: it is brought home, never played on."""
    taken: dict[str, str] = {}
    swept = seen.swept()
    for act in seen.acts:
        if act.what == "take_over":
            taken[act.run_id] = act.life
        if act.what == "intend" and act.run_id in taken and act.key not in swept:
            what = f"{act.life} intended {act.key} after {taken[act.run_id]} had taken the run over"
            yield Violation("recovery-moves-nothing-new", what, act.at_ns)


def kill_stops_admissions(seen: Evidence) -> Iterator[Violation]:
    """A second after the kill switch was thrown no run is admitted any more."""
    killed_ns: int | None = None
    for act in seen.acts:
        if act.what == "kill":
            killed_ns = act.at_ns
        elif act.what == "resume":
            killed_ns = None
        elif act.what == "admit" and killed_ns is not None and act.at_ns > killed_ns + KILL_WITHIN_NS:
            yield Violation("kill-stops-admissions", f"{act.run_id} was admitted", act.at_ns)


def every_slot_counts(seen: Evidence) -> Iterator[Violation]:
    """Each slot of the schedule was played once, or is counted as missed. A run that was admitted was played, however it ended."""
    kept = {(slot.probe, slot.slot_ns): slot for slot in seen.slots}
    played = Counter(act.told for act in seen.acts if act.what == "admit")
    begun = {(probe, slot_ns) for probe, slot_ns, _ in played}
    for probe, slots in seen.expected_slots.items():
        for slot_ns in slots:
            slot = kept.get((probe, slot_ns))
            if slot is None:
                yield Violation(
                    "every-slot-counts", f"slot {slot_ns} of {probe} is neither played nor missed", seen.end_ns
                )
            elif not slot.outcome and (probe, slot_ns) not in begun:
                what = f"slot {slot_ns} of {probe} was claimed by {slot.worker}, and nothing came of it"
                yield Violation("every-slot-counts", what, seen.end_ns)
    for (probe, slot_ns, cell), times in played.items():
        if times > 1:
            yield Violation(
                "every-slot-counts", f"slot {slot_ns} of {probe} was played {times} times on {cell}", seen.end_ns
            )
