"""What one input of the fuzzer is, made of nothing but its seed and its number: so each can be played again."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from bench.transport_fuzz.answers import Spoken, spoken
from bench.transport_fuzz.corpus import CORPUS, WORDS

DAMAGED_SHARE = 0.7
TLS_SHARE = 0.15
SILENT_SHARE = 0.01
CUTS_MAX = 900
"""A body in more pieces than a thousand that hold next to nothing is over a limit of ours."""


@dataclass(frozen=True, slots=True)
class Input:
    """An answer and how it is told: in which pieces, over what, and how the connection ends."""

    method: str
    data: bytes
    cuts: tuple[int, ...]
    secure: bool
    record_bytes: int
    """Of TLS: in pieces of this size its records travel."""
    ending: str
    meant: Spoken | None
    """What it means where it is valid; None where it is damaged, so nobody knows."""


def made(seed: int, number: int) -> Input:
    """The input with this number."""
    random = Random(f"{seed}:{number}")
    said = spoken(random, body_bytes_max=random.choice((0, 40, 40, 3000)))
    damaged = random.random() < DAMAGED_SHARE
    data = _damaged(random, random.choice(CORPUS) if random.random() < 0.4 else said.data) if damaged else said.data
    cuts = tuple(random.randrange(max(2, len(data))) for _ in range(random.choice((0, 0, 1, 2, 8))))
    if random.random() < 0.03:
        cuts = tuple(range(1, min(len(data), CUTS_MAX)))
    ending = "keep" if not damaged and said.keeps is not False else "close"
    if damaged and random.random() < 0.05:
        ending = "reset"
    if damaged and random.random() < SILENT_SHARE:
        ending = "silence"
    secure = random.random() < TLS_SHARE
    pieces = random.choice((1 << 20, 1 << 20, 500, 7))
    return Input(said.method, data, cuts, secure, pieces, ending, None if damaged else said)


def _damaged(random: Random, data: bytes) -> bytes:
    wire = bytearray(data)
    for _ in range(random.choice((0, 1, 1, 1, 2, 4))):
        at, to = sorted(random.randrange(len(wire) + 1) for _ in range(2))
        if random.random() < 0.6:  # most of what matters stands in the first lines
            at = random.randrange(min(len(wire), 120) + 1)
            to = min(len(wire), at + random.choice((0, 1, 2, 10, 60)))
        match random.randrange(8):
            case 0:
                wire[at : at + 1] = bytes((random.randrange(256),))
            case 1:
                del wire[at:to]
            case 2:
                wire[at:at] = wire[at:to]
            case 3:
                del wire[at:]
            case 4:
                wire += random.choice(WORDS)
            case 5:
                wire[at:to] = random.choice(WORDS)
            case _:
                wire[at:at] = random.choice(WORDS)
    return bytes(wire)
