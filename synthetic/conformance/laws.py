"""A law and how it is tried once: the ruling that comes of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from synthetic.conformance.playing import Prober
from synthetic.conformance.ruling import Ruling, Standing
from synthetic.conformance.stories import Breach, NotTestable, NotTried, Story

S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Law(Generic[S]):
    """One law that can be seen from outside. `number`: its invariant in domain reference 6, 0 where it is none of those.

    `trial` is a story over `S`, whoever asks: it answers how the law is broken, or None where it held; raises NotTestable.
    """

    number: int
    name: str
    sentence: str
    trial: Callable[[S], Story[Breach | None]]


async def rule(prober: Prober, law: Law[S], subject: S, *, untestable: str = "") -> Ruling:
    """Try a law. `untestable` says why it can't be, where that is known before."""
    began_s = prober.elapsed_s
    ruling = Ruling(law.name, law.number, law.sentence, Standing.HELD)
    if untestable:
        return replace(ruling, standing=Standing.NOT_TESTABLE, message=untestable)
    try:
        prober.check_bounds()
        breach = await prober.play(law.trial(subject))
        ruling = ruling if breach is None else broken(ruling, breach)
    except NotTestable as reason:
        ruling = replace(ruling, standing=Standing.NOT_TESTABLE, message=str(reason))
        ruling = replace(ruling, missed=isinstance(reason, NotTried))
    return replace(ruling, took_ms=(prober.elapsed_s - began_s) * 1000)


def broken(ruling: Ruling, breach: Breach) -> Ruling:
    """The ruling of a law that is broken after all."""
    return replace(ruling, standing=Standing.BROKEN, message=breach.message, shown_by=breach.shown_by)
