"""Requests that leave at the same moment: what their answers add up to."""

from __future__ import annotations

from collections.abc import Sequence

from synthetic.core.effects import Answers, HttpReply, Result, Times, TransportFault


def answers_of(results: Sequence[Result]) -> Answers:
    """The answers of requests that left together, as one result."""
    came = tuple(result for result in results if isinstance(result, HttpReply | TransportFault))
    assert len(came) == len(results), "a request is answered by a reply or a fault"
    received = max(result.times.received for result in came)
    started, sent = (min(getattr(result.times, name) for result in came) for name in ("started", "sent"))
    doubt_ns = max(result.times.doubt_ns for result in came)
    stamped = all(result.times.stamped for result in came)
    return Answers(came, Times(started, sent, received, received, doubt_ns=doubt_ns, stamped=stamped))
