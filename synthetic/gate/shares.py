"""How an error level is shared out: between hard stops and objectives, and between the values of a label."""

from __future__ import annotations

from collections.abc import Sequence

from synthetic.gate.counts import Stream
from synthetic.gate.policy import HardStop, Policy

FIRST_SEEN = 0.75
"""The part of what is left that the values which are seen together get; what comes later has the same part of the rest."""


def alpha_of_objectives(policy: Policy) -> float:
    """The error level under a shared fault that objectives share: what hard stops leave of `alpha_pair`."""
    return policy.alpha_pair * (1 - policy.stops_share) if _judged(policy) else policy.alpha_pair


def alpha_of_stop(policy: Policy, stop: HardStop) -> float:
    """The error level under a shared fault of one hard stop. Signals are no pairs; where both sides report, each has all."""
    among = 1 if stop.is_signal else len(_judged(policy))
    return policy.alpha_pair * policy.stops_share / max(among, 1)


def _judged(policy: Policy) -> list[HardStop]:
    return [stop for stop in policy.hard_stops if not stop.is_signal]


def shares_of_values(
    policy: Policy, by: str, streams: Sequence[Stream], expected: frozenset[str] = frozenset()
) -> list[float]:
    """The part that each stream has of its objective's level, by when its value was first seen; never more than 1 in sum.

    A part may not depend on what is seen later, or a value that appears would make up for decisions that are made. Values of the
    first ticks, in which nothing can be rolled back yet, are one group, together with those that are `expected`, whenever they are
    seen; and so are those of each later tick.
    """
    if not by:
        return [1.0] * len(streams)
    groups: dict[int, int] = {}
    for stream in streams:
        group = _group(policy, stream, expected)
        groups[group] = groups.get(group, 0) + 1
    parts, left = {}, 1.0
    for group, size in sorted(groups.items()):
        parts[group] = left * FIRST_SEEN / size
        left *= 1 - FIRST_SEEN
    return [parts[_group(policy, stream, expected)] for stream in streams]


def _group(policy: Policy, stream: Stream, expected: frozenset[str]) -> int:
    first = stream.ticks[0][0] if stream.ticks and stream.value not in expected else 0
    return first if first >= max(policy.consecutive - 1, 1) else 0
