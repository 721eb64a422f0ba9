"""Invariant 46: the numbers of a session's frames are gapless and in order."""

from __future__ import annotations

from synthetic.core.checks.finding import Check, Finding, platform
from synthetic.core.history import Frame, History


def judge(history: History) -> tuple[Finding, ...] | None:
    """Run through the frames of each session as they came.

    A frame that comes again after a resume has to be the same one; a `resync` says that what was missed is gone.
    """
    sessions: dict[str, list[Frame]] = {}
    for frame in history.of(Frame):
        sessions.setdefault(frame.session, []).append(frame)
    several = {name: frames for name, frames in sessions.items() if len(frames) > 1}
    if not several:
        return None
    return tuple(finding for frames in several.values() if (finding := _first_break(frames)) is not None)


def _first_break(frames: list[Frame]) -> Finding | None:
    known: dict[int, Frame] = {frames[0].seq: frames[0]}
    newest = frames[0].seq
    for frame in frames[1:]:
        before = known.setdefault(frame.seq, frame)
        if before is not frame:
            if (before.type, before.req_id, before.bet) != (frame.type, frame.req_id, frame.bet):
                return platform(f"frame {frame.seq} was {before.type}, and {frame.type} when it came again")
            continue
        if frame.type != "resync" and frame.seq != newest + 1:
            what = "is missing" if frame.seq > newest else "came late"
            missing = newest + 1 if frame.seq > newest else frame.seq
            return platform(f"frame {missing} {what}: frame {frame.seq} ({frame.type}) came after frame {newest}")
        newest = max(newest, frame.seq)
    return None


CHECK = Check("frames-are-gapless", (46,), "the numbers of a session's frames are gapless and in order", judge)
