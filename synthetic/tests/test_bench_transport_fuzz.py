"""The fuzzer of the transports: each kind of finding is told, every input can be played again, and a short run is clean."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bench.transport_fuzz.__main__ import Tally, result_of
from bench.transport_fuzz.exchanging import Answer, Failure, httpx_own
from bench.transport_fuzz.inputs import Input, made
from bench.transport_fuzz.judging import BAD, Kind, judged
from bench.transport_fuzz.playing import GOOD_ANSWER, Crash, Played, Trust, play

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
DAMAGED = next(given for number in range(100) if (given := made(1, number)).meant is None)
VALID = next(given for number in range(100) if (given := made(1, number)).meant is not None)
ANSWER = Answer(200, (("x-a", "b"),), b"ok")
REFUSED = Failure("RemoteProtocolError", "the server sent what is not HTTP: a head that does not end")
WELL = Played(ANSWER, GOOD_ANSWER, hung=False, beside=(), took_s=0.1)
BADLY = replace(WELL, first=REFUSED)
UNENDED = replace(WELL, first=Failure("RemoteProtocolError", "Server disconnected without sending a response."))


@pytest.mark.parametrize(
    ("given", "theirs", "ours", "kind"),
    [
        (DAMAGED, WELL, WELL, Kind.SAME),
        (DAMAGED, BADLY, BADLY, Kind.REFUSED),
        (DAMAGED, WELL, BADLY, Kind.STRICTER),
        (DAMAGED, BADLY, WELL, Kind.LAXER),
        (replace(DAMAGED, data=b"HTTP/1.1 200 OK\r\nx-a: \r\r\nok"), UNENDED, WELL, Kind.KNOWN),
        (replace(DAMAGED, data=b"HTTP/1.1 200 OK\r\nx-a: b\r\nok"), UNENDED, WELL, Kind.LAXER),
        (DAMAGED, WELL, replace(WELL, first=replace(ANSWER, body=b"")), Kind.OTHER),
        (DAMAGED, WELL, replace(WELL, first=replace(ANSWER, headers=(("x-a", "c"),))), Kind.OTHER),
        (DAMAGED, WELL, replace(WELL, hung=True), Kind.HANG),
        (DAMAGED, WELL, replace(WELL, first=Crash("ValueError: x")), Kind.CRASH),
        (DAMAGED, WELL, replace(WELL, beside=("a task died",)), Kind.BESIDE),
        (DAMAGED, WELL, replace(WELL, second=replace(GOOD_ANSWER, body=b"evil")), Kind.LEFT_OVER),
        (DAMAGED, BADLY, replace(WELL, first=Failure("ReadError", "")), Kind.UNCLEAR),
        (DAMAGED, BADLY, replace(WELL, first=Failure("ReadError", "a\x1b[2J")), Kind.UNCLEAR),
        (DAMAGED, BADLY, replace(WELL, first=Failure("ReadError", "x" * 401)), Kind.UNCLEAR),
        (VALID, WELL, BADLY, Kind.MISREAD),
        (VALID, WELL, WELL, Kind.MISREAD),
    ],
)
def test_each_finding_is_told_by_itself(given: Input, theirs: Played, ours: Played, kind: Kind) -> None:
    """What httpx says is the measure where nobody knows what an input means, and the standard where it is valid."""
    assert judged(given, theirs, ours).kind is kind


@pytest.mark.parametrize("kind", BAD)
def test_every_finding_misses_a_bar(kind: Kind) -> None:
    """One of them in a million is one too many."""
    tally = Tally(1, inputs=10)
    assert result_of(tally).exit_code == 0
    tally.kinds[kind] += 1
    assert result_of(tally).exit_code == 1


def test_an_input_is_made_of_its_seed_and_its_number() -> None:
    """So a finding is played again by both, on any machine."""
    assert [made(7, number) for number in range(50)] == [made(7, number) for number in range(50)]
    assert made(7, 0) != made(8, 0) != made(8, 1)


def test_a_transport_that_takes_what_was_left_over_is_found() -> None:
    """httpx's own does: put in the place of ours, it is caught."""
    twice = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    given = replace(DAMAGED, method="GET", data=twice, cuts=(), secure=False, ending="keep")
    played = asyncio.run(play(httpx_own, given, Trust.fresh()))
    assert judged(given, played, played).kind is Kind.LEFT_OVER


@pytest.mark.slow
def test_a_short_run_finds_nothing_and_says_what_it_tried(tmp_path: Path) -> None:
    """Seed, inputs, and every bar; the exit code is the verdict."""
    run = subprocess.run(
        [sys.executable, "-m", "bench.transport_fuzz", "--seed", "4711", "--inputs", "150", "--out", str(tmp_path)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "inputs tried" in run.stdout
    assert "seed 4711" in run.stderr
    assert "MISSED" not in run.stderr
    assert run.stderr.count("PASSED") == len(BAD) + 2


def test_one_input_is_played_again_by_itself() -> None:
    """The command that a finding prints."""
    run = subprocess.run(
        [sys.executable, "-m", "bench.transport_fuzz", "--seed", "4711", "--only", "3"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stderr) == (0, "")
    assert repr(made(4711, 3)) in run.stdout
