"""What a person sees of bad input: `synthetic run` in every format and `synthetic explain`, and what the whole process costs."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from synthetic.tests.bad_input.cases import MB, Case
from synthetic.tests.bad_input.hostile import PASSWORD, TOKEN, HostilePlatform, json_answer, typed
from synthetic.tests.bad_input.playing import BET, CONTROLS, DEPOSIT, HEAD, JOIN, MAPPING, cells_text
from synthetic.tests.bad_input.test_transport import CASES
from synthetic.tests.bad_input.test_websockets import FRAMES, HANDSHAKES, after_the_bet
from synthetic.tests.cli.calling import call

ECHO = f"<html>\x1b[2J\u202e{PASSWORD} {TOKEN} ".encode() + b"\xff\x00" + b"x" * 100_000
FLOODS = (
    "10 MB in chunks",
    "a gzip bomb",
    "a header without end",
    "fragments without end",
    "an oversized frame",
    "a flood of large frames",
)
FORMATS = ("text", "junit", "json")
MEASURE = "import resource, sys; from synthetic.cli.main import main; code = main(sys.argv[1:]); " + (
    "print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr); sys.exit(code)"
)


def project(folder: Path, steps: str, authority: str) -> None:
    """A working directory with the hostile platform's mapping, cells file and one scenario."""
    for name, text in {
        "scenarios/bad.yaml": HEAD + steps,
        "platforms/hostile.yaml": MAPPING.read_text().replace("400ms", "2s"),  # nobody here is silent
        "cells.yaml": cells_text(authority, authority),
        "password": PASSWORD,
    }.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def is_clean(text: str) -> bool:
    """Whether it holds no secret, traceback or control character, and is of a size that somebody reads."""
    foul = (PASSWORD, TOKEN, "Traceback")
    return len(text) < 50_000 and not any(word in text for word in foul) and not CONTROLS.search(text.replace("\n", ""))


def test_every_output_of_a_page_that_echoes_our_secrets_is_clean(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Escape sequences, a direction override, bytes that are no text, our own password and token, 100 KB of it."""
    monkeypatch.chdir(tmp_path)
    with HostilePlatform({"POST /deposits": typed(ECHO, "text/html")}) as platform:
        project(tmp_path, DEPOSIT, platform.authority)
        told = {form: call("run", "--format", form) for form in FORMATS}
    assert {answer.code for answer in told.values()} == {1}
    shown = [text for answer in told.values() for text in (answer.out, answer.err)]
    shown += [call("explain").out, call("explain", "--full").out]
    assert [text for text in shown if not is_clean(text)] == []
    (line, _, closing, *_) = [*told["text"].out.splitlines(), "", ""]
    assert "blame platform: step deposit: POST /deposits answered HTTP 200 with HTML (text/html, 1000" in line, closing
    failure = ET.fromstring(told["junit"].out).find(".//failure")  # noqa: S314 - our own text
    assert failure is not None
    assert failure.attrib["type"] == "platform"
    (record,) = json.loads(told["json"].out)
    assert record["reason"] == failure.attrib["message"]


def test_the_failing_exchange_is_shown_as_far_as_anybody_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`explain` fits on a screen or two, and says how to see more; duplicate keys are shown, not folded into one."""
    monkeypatch.chdir(tmp_path)
    twice = b'{"state": "failed", "state": "succeeded", "more": "' + b"x" * 100_000 + b'"}'
    with HostilePlatform({"POST /deposits": typed(twice)}) as platform:
        project(tmp_path, DEPOSIT, platform.authority)
        assert call("run").code == 1
    brief, full = call("explain").out, call("explain", "--full").out
    assert len(brief.splitlines()) < 80 < len(full.splitlines())
    assert '{"state": "failed", "state": "succeeded"' in brief
    assert "all that is kept of them is shown by --full" in brief


@pytest.mark.slow
def test_a_frame_that_can_not_be_read_is_shown_where_another_was_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It never was the answer, but it is what came."""
    monkeypatch.chdir(tmp_path)
    (case,) = [case for case in FRAMES if case.name == "a frame with NaN"]
    assert not isinstance(case.does, bytes)
    with HostilePlatform(frames=after_the_bet(case.does)) as platform:
        project(tmp_path, BET, platform.authority)
        assert call("run").code == 1
    assert 'but       {"type": "ack", "balance": NaN}' in call("explain").out


def play_in_a_process(folder: Path) -> tuple[int, str, int]:
    """Exit code, what was shown, and the most memory that the process had, in bytes."""
    words = [sys.executable, "-c", MEASURE, "run"]
    ended = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=140, check=False)
    *remarks, peak_kib = ended.stderr.splitlines()
    return ended.returncode, ended.stdout + "\n".join(remarks), int(peak_kib) << 10


@pytest.mark.slow
def test_no_library_prints_a_traceback_of_its_own(tmp_path: Path) -> None:
    """Where nobody set up logging, Python prints what a library logs as an error, with its traceback."""
    (case,) = [case for case in HANDSHAKES if case.name == "a handshake with a header without end"]
    with HostilePlatform({"GET /table": case.does}) as platform:
        project(tmp_path, JOIN, platform.authority)
        code, shown, _ = play_in_a_process(tmp_path)
    assert code == 1
    assert is_clean(shown)
    assert "sent what is not WebSocket" in shown


@pytest.mark.slow
def test_all_floods_at_once_do_not_make_the_process_grow(tmp_path: Path) -> None:
    """Resident memory, native libraries included: six floods cost less than 64 MB more than a run that went well."""
    with HostilePlatform() as platform:
        project(tmp_path, DEPOSIT, platform.authority)
        _, _, healthy_bytes = play_in_a_process(tmp_path)
    floods = [case for case in (*CASES, *FRAMES) if case.name in FLOODS]
    assert len(floods) == len(FLOODS)
    with ExitStack() as stack:
        opened = [stack.enter_context(_flooding(case)) for case in floods]
        project(tmp_path, DEPOSIT + BET, opened[0].authority)
        (tmp_path / "cells.yaml").write_text(_cells_of(opened))
        code, shown, peak_bytes = play_in_a_process(tmp_path)
    assert code == 1
    told = re.search(rf"{len(FLOODS)} runs: (\d+) failed(?:, (\d+) tainted)?$", shown, re.MULTILINE)
    assert told, shown  # all at once may be too much for this machine; then a run says so, and blames nobody
    assert sum(int(count or 0) for count in told.groups()) == len(FLOODS)
    assert peak_bytes - healthy_bytes < 64 * MB


def _flooding(case: Case) -> HostilePlatform:
    assert not isinstance(case.does, bytes)
    if case in FRAMES:
        return HostilePlatform(frames=after_the_bet(case.does))
    return HostilePlatform({"POST /deposits": case.does})


def _cells_of(platforms: list[HostilePlatform]) -> str:
    """One cells file with a cell for each of these platforms."""
    head, _, _ = cells_text("", "").partition("  hostile:")
    bodies = [cells_text(platform.authority, platform.authority).partition("  hostile:")[2] for platform in platforms]
    return head + "".join(f"  flood-{number}:{body}" for number, body in enumerate(bodies))


def test_a_healthy_platform_is_green_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project of these tests fails because of what it is sent, and of nothing else."""
    monkeypatch.chdir(tmp_path)
    with HostilePlatform({"POST /deposits": json_answer(id="d1", state="succeeded")}) as platform:
        project(tmp_path, DEPOSIT, platform.authority)
        answer = call("run")
    assert answer.code == 0, answer.out + answer.err
