"""What two transports made of one input, compared: the same, both refused, ours stricter, or a difference that must not be."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from bench.transport_fuzz.exchanging import Answer, Failure
from bench.transport_fuzz.inputs import Input
from bench.transport_fuzz.playing import GOOD_ANSWER, Crash, Played

MESSAGE_MAX = 400
_WHITE_SPACE = re.compile(r"[ \t]+")
_BLANK_BEHIND_SIZE = re.compile(rb"\n[0-9A-Fa-f]+[ \t]")
_NO_STATUS_LINE = ("no response line received", "illegal request line", "illegal status line: bytearray(b'\\r")
_EMPTY_LINES = re.compile(rb"(?:\A|\n\r?\n)[\r\n]")
_LONG_SIZE = re.compile(rb"\n0{5,}[0-9A-Fa-f]+")
_BARE_RETURN = re.compile(rb":[ \t]*\r[^\n]")
_LAST_BARE_RETURN = re.compile(rb":[ \t]*\r\r\n")
_NO_END_OF_HEAD = "Server disconnected without sending a response"
_FEED = re.compile(rb"[\v\f]")


class Kind(Enum):
    """What an input comes to. Those in BAD must not be."""

    SAME = "the same answer"
    REFUSED = "refused by both"
    STRICTER = "refused by ours alone"
    HANG = "a hang"
    CRASH = "neither an answer nor an error of httpx"
    UNCLEAR = "an error that does not say what is wrong in one line"
    BESIDE = "something that nobody handled"
    MISREAD = "a valid answer that was refused, or understood as another one"
    OTHER = "an answer that differs from httpx's"
    LAXER = "taken by ours alone"
    LEFT_OVER = "another answer than its own to the next request"

    KNOWN = "a known difference"


BAD = (Kind.HANG, Kind.CRASH, Kind.UNCLEAR, Kind.BESIDE, Kind.MISREAD, Kind.OTHER, Kind.LAXER, Kind.LEFT_OVER)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Of one input. `why`: what ours said, or what is wrong."""

    kind: Kind
    why: str = ""


def judged(given: Input, theirs: Played, ours: Played) -> Judgement:
    """Ours, held against the standard where the input is valid, and else against httpx's."""
    if ours.hung:
        return Judgement(Kind.HANG, f"{ours.took_s:.1f} s")
    for outcome in (ours.first, ours.second):
        if isinstance(outcome, Crash):
            return Judgement(Kind.CRASH, outcome.what)
    if ours.beside:
        return Judgement(Kind.BESIDE, ours.beside[0])
    if ours.second != GOOD_ANSWER:
        return Judgement(Kind.LEFT_OVER, repr(ours.second)[:200])
    if isinstance(ours.first, Failure) and not _is_clear(ours.first):
        return Judgement(Kind.UNCLEAR, repr(ours.first.message)[: MESSAGE_MAX + 50])
    return _compared(given, theirs, ours)


def _compared(given: Input, theirs: Played, ours: Played) -> Judgement:
    if given.meant is not None:
        meant = Answer(given.meant.status, given.meant.headers, given.meant.body)
        same = _without_case(ours.first) == _without_case(meant)
        return Judgement(Kind.SAME) if same else Judgement(Kind.MISREAD, repr(ours.first)[:200])
    match ours.first, theirs.first:
        case Answer() as mine, Answer() as other:
            return _of_two_answers(mine, other)
        case Failure() as mine, Answer():
            return Judgement(Kind.STRICTER, mine.message)
        case Answer(), Failure(message=reason) if known := _known(reason, given.data):
            return Judgement(Kind.KNOWN, known)
        case Answer() as mine, refused:
            return Judgement(Kind.LAXER, f"{mine!r:.200} and not {refused!r:.200}")
        case Failure() as mine, _:
            return Judgement(Kind.REFUSED, mine.message)
    raise AssertionError(ours.first)


def _of_two_answers(mine: Answer, other: Answer) -> Judgement:
    if _without_case(mine) == _without_case(other):
        return Judgement(Kind.SAME)
    if _without_case(_unfolded(mine)) == _without_case(_unfolded(other)):
        return Judgement(Kind.KNOWN, "the white space of a folded header line is kept")
    return Judgement(Kind.OTHER, f"{mine!r:.300} and not {other!r:.300}")


def _known(reason: str, data: bytes) -> str:
    """Why ours may take what h11 refuses for this reason; nothing where it may not."""
    if reason == "continuation line at start of headers":
        return "a first header line that begins with white space is a header"
    if reason.startswith(_NO_STATUS_LINE) and _EMPTY_LINES.search(data):
        return "empty lines before a status line are skipped"
    if reason.startswith("illegal chunk header") and _BLANK_BEHIND_SIZE.search(data):
        return "white space behind the size of a chunk, which RFC 9112 has us read"
    if reason.startswith("illegal chunk header") and _LONG_SIZE.search(data):
        return "the size of a chunk in more than 20 digits, most of them zeros"
    if (reason.startswith("illegal header line") and _BARE_RETURN.search(data)) or (
        reason.startswith(_NO_END_OF_HEAD) and _LAST_BARE_RETURN.search(data)  # the line feed behind it ends the head
    ):
        return "a carriage return alone ends a header that has no value"
    if reason.startswith(("illegal header line", "illegal status line")) and _FEED.search(data):
        return "a form feed or a vertical tab in a header"
    return ""


def _unfolded(answer: Answer) -> Answer:
    spelt = tuple((name, _WHITE_SPACE.sub(" ", value)) for name, value in answer.headers)
    return Answer(answer.status, spelt, answer.body)


def _is_clear(failure: Failure) -> bool:
    return 0 < len(failure.message) <= MESSAGE_MAX and failure.message.isprintable()


def _without_case(outcome: object) -> object:
    """h11 writes the transfer coding in lower case."""
    if not isinstance(outcome, Answer):
        return outcome
    spelt = tuple((name, value.lower() if name == "transfer-encoding" else value) for name, value in outcome.headers)
    return Answer(outcome.status, spelt, outcome.body)
