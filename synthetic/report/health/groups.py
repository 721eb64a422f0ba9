"""Success ratios, baseline beside canary: by SLI, by flow, by every column of the matrix (such as PSP), by market and brand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from synthetic.gate.observed import Observation
from synthetic.report.health.document import Group, Share
from synthetic.report.health.wording import title_of
from synthetic.sli.ratios import Ratio

Key = tuple[str, str, str]
"""Kind, name, and the value of an SLI's label."""


def groups(baseline: Sequence[Observation], canary: Sequence[Observation]) -> list[Group]:
    """All groups in which either side has counted something."""
    sides = _counted(baseline), _counted(canary)
    keys = sorted({key for side in sides for key in side}, key=_place)
    several_brands = len({key for key in keys if key[0] == "brand"}) > 1
    return [
        Group(
            kind=key[0],
            name=key[1],
            title=_title(key),
            value=key[2],
            baseline=_share(sides[0], key),
            canary=_share(sides[1], key),
        )
        for key in keys
        if key[0] != "brand" or several_brands
    ]


def _title(key: Key) -> str:
    """SLIs in words; flows, PSPs and markets are known by their names."""
    return title_of(key[1]) if key[0] == "sli" else key[1]


_FIRST = ("sli", "flow", "psp", "provider")
_LAST = ("market", "brand")


def _place(key: Key) -> tuple[int, Key]:
    """Kinds in the order in which a reader asks for them; those of a user's own matrix between PSPs and markets."""
    kind = key[0]
    if kind in _FIRST:
        return _FIRST.index(kind), key
    return 10 + (_LAST.index(kind) + 1 if kind in _LAST else 0), key


def _counted(observations: Iterable[Observation]) -> dict[Key, Ratio]:
    held: Counter[Key] = Counter()
    total: Counter[Key] = Counter()
    for observation in observations:
        for key, holds in _held(observation):
            total[key] += 1
            held[key] += holds
    return {key: Ratio(held[key], total[key]) for key in total}


def _held(observation: Observation) -> Iterator[tuple[Key, bool]]:
    """What one run adds to which group. A run that says nothing of the target adds nothing, nor do its steps."""
    if observation.failed is None:
        return
    for step in observation.steps:
        if step.held is not None:
            for value in {"", *step.labels.values()}:
                yield ("sli", step.sli, value), step.held
    for kind, name in _sorts(observation):
        if name:
            yield (kind, name, ""), not observation.failed


def _sorts(observation: Observation) -> Iterator[tuple[str, str]]:
    yield "flow", observation.scenario
    yield from observation.row.items()
    yield "market", observation.market
    yield "brand", observation.brand


def _share(side: dict[Key, Ratio], key: Key) -> Share:
    ratio = side.get(key, Ratio())
    interval = ratio.interval()
    return Share(
        held=ratio.held,
        total=ratio.total,
        ratio=_rounded(ratio.value),
        low=_rounded(interval.low if interval else None),
        high=_rounded(interval.high if interval else None),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 6)
