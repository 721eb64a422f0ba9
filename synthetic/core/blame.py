"""Whom a red run is blamed on: all accusations weighed, one class and one sentence.

Accusations come from four kinds of evidence, and a stronger kind silences the weaker ones:

    our own doing   the check that proves that the harness itself did it: a key of ours that this run never sent
    a law           a named check over ledger, reports and answers: what is broken there is broken, whatever a step said
    a cause         a named check that says why something did not come about (who was told, whose clock is off)
    a step          the mapping's blame rules over the answer that came, or that did not come
    a claim         the scenario's own arithmetic, which knows of nobody

Two laws that accuse different parties: the platform's breach counts, for it has to hold its books whatever a counterparty sends.
Any other disagreement, and an accusation of nobody in particular, is `unknown`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from synthetic.core.outcome import Blame

SENTENCE_MAX = 400


class Source(IntEnum):
    """The kind of evidence that an accusation rests on, the strongest first."""

    OWN = 0
    LAW = 1
    CAUSE = 2
    STEP = 3
    CLAIM = 4


@dataclass(frozen=True, slots=True)
class Accusation:
    """One piece of evidence: what it rests on, the check or step that speaks, against whom, and why."""

    source: Source
    name: str
    blame: Blame
    why: str


@dataclass(frozen=True, slots=True)
class Attribution:
    """One class, the sentence that a person reads, and the accusation that decided."""

    blame: Blame
    sentence: str
    by: Accusation


def attribute(accusations: Sequence[Accusation]) -> Attribution | None:
    """Weigh all accusations; None where there is none."""
    if not accusations:
        return None
    for source in Source:
        speaking = [one for one in accusations if one.source is source and one.blame is not Blame.UNKNOWN]
        if speaking:
            return _agreed(source, speaking)
    return _undecided(accusations)


def _agreed(source: Source, speaking: Sequence[Accusation]) -> Attribution:
    accused = {one.blame for one in speaking}
    if len(accused) == 1:
        return _attributed(speaking[0])
    if source is Source.LAW and Blame.PLATFORM in accused:
        return _attributed(next(one for one in speaking if one.blame is Blame.PLATFORM))
    told = "; ".join(f"{one.name} points at the {one.blame} ({one.why})" for one in speaking)
    return Attribution(Blame.UNKNOWN, _cut(f"unknown: the evidence contradicts itself: {told}"), speaking[0])


def _undecided(accusations: Sequence[Accusation]) -> Attribution:
    first = min(accusations, key=lambda one: one.source)
    return Attribution(
        Blame.UNKNOWN, _cut(f"unknown: {first.name}: {first.why}; nothing here says whose fault it is"), first
    )


def _attributed(one: Accusation) -> Attribution:
    return Attribution(one.blame, _cut(f"{one.blame}: {one.name}: {one.why}"), one)


def _cut(sentence: str) -> str:
    return sentence if len(sentence) <= SENTENCE_MAX else sentence[: SENTENCE_MAX - 1] + "…"
