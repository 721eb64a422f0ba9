"""`synthetic conformance` at endpoints that answer anything but what they should: one clear line, bounded time and memory."""

from __future__ import annotations

import re
import time
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from synthetic.conformance.playing import BODY_BYTES_MAX
from synthetic.tests.bad_input.cases import MB, Case
from synthetic.tests.bad_input.hostile import PASSWORD, TOKEN, HostilePlatform, json_answer, typed
from synthetic.tests.bad_input.playing import CONTROLS
from synthetic.tests.bad_input.test_answers import ANSWERS
from synthetic.tests.bad_input.test_transport import CASES, REDIRECTS
from synthetic.tests.cli.calling import Answer, call
from synthetic.tests.drivers.servers import Behaviour
from synthetic.tests.representative import combination

# Left out of the default suite, which has to stay under three minutes; CI plays it.
pytestmark = pytest.mark.slow

TIMEOUT_S = 0.25  # of those who are silent; whoever answers has the time that a busy machine takes
PATIENCE_S = 5.0
TOOK_S_MAX = 30.0
PEAK_MB_MAX = 16
SILENT = (
    "a half-open socket",
    "a slow drip of the body",
    "a slow drip of the head",
    "an answer that stops half-way",
)
"""Each request of these takes all of its time."""
ELSEWHERE = {
    "a redirect loop": "HTTP 302",  # nothing is followed here
    "HTML with 502": r"HTTP 502 with HTML \(text/html, 70 bytes\) where JSON was expected",
}
NUMBERS = [
    Case(f"a balance of {digits}", typed(b'{"id": "x", "balance": %b}' % digits.encode()), says)
    for digits, says in (
        ("1e999", "HTTP 200 with JSON that holds a number too large"),
        ("NaN", "HTTP 200 with JSON that"),
    )
]
NAMES = (
    "HTML with 200",
    "HTML with 502",
    "truncated JSON",
    "invalid UTF-8",
    "duplicate keys",
    "NaN",
    "10 MB with Content-Length",
    "10 MB in chunks",
    "a gzip bomb",
    "a redirect loop",
    "what is not HTTP",
    *SILENT,
)
KNOWN = {case.name: case for case in (*ANSWERS, *CASES, *REDIRECTS)}
SPOILT = [*(KNOWN[name] for name in NAMES), *NUMBERS]


@dataclass(frozen=True)
class Told:
    """What the command came to, and what it cost."""

    answer: Answer
    took_s: float
    peak_mb: float


def examine_wallet(url: str, timeout_s: float) -> Answer:
    """One law, with a session that stands in files."""
    session = ("--player", "ada", "--token", "file:token", "--game", "dice", "--currency", "EUR")
    bounds = ("--only", "11", "--timeout", f"{timeout_s * 1000:.0f}ms")
    return call("conformance", "wallet", "--dialect", "softswiss", "--url", url, "--key", "file:key", *session, *bounds)


def examine_psp(url: str, timeout_s: float) -> Answer:
    """One law, as a merchant whose key stands in a file."""
    bounds = ("--only", "same-key-pays-once", "--timeout", f"{timeout_s * 1000:.0f}ms", "--settles-within", "200ms")
    return call("conformance", "psp", "--url", url, "--key", "file:key", *bounds)


@dataclass(frozen=True)
class Command:
    """One of the two: how it is called, and what a good endpoint says to its first request."""

    examine: Callable[[str, float], Answer]
    greets: dict[str, Behaviour | bytes]

    def told(self, spoilt: dict[str, Behaviour | bytes], timeout_s: float = PATIENCE_S) -> Told:
        """Examine an endpoint that answers all other requests so."""
        with HostilePlatform({"POST /": b"", "GET /": b""} | spoilt) as endpoint:
            tracemalloc.start()
            try:
                began_s = time.monotonic()
                answer = self.examine(f"http://{endpoint.authority}", timeout_s)
                took_s = time.monotonic() - began_s
                _, peak_bytes = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
        return Told(answer, took_s, peak_bytes / MB)


UNKNOWN_PAYMENT = typed(b'{"error": {"code": "resource_missing"}}', status="404 Not Found")
WALLET = Command(examine_wallet, {"POST /balance": json_answer(balance="100.00")})
PSP = Command(examine_psp, {"GET /payment_intents/": UNKNOWN_PAYMENT})
COMMANDS = {"wallet": WALLET, "psp": PSP}


def by_turns(cases: Sequence[Case]) -> list[Any]:
    """Both commands read answers by the same rules: CI spoils each second answer for one of them, by turns."""
    return [
        combination(command, case, played=turn % 2 == 0 and (turn // 2 + number) % 2 == 0, id=f"{case}-{name}")
        for turn, case in enumerate(cases)
        for number, (name, command) in enumerate(COMMANDS.items())
    ]


@pytest.fixture(autouse=True)
def secrets_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the references point."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "key").write_text(PASSWORD)


@pytest.fixture(scope="module", autouse=True)
def everything_is_imported() -> None:
    """What Python loads for the first call is no cost of an answer."""
    for name in ("wallet", "psp"):
        call("conformance", name, "--url", "http://127.0.0.1:1", "--key", "file:none", "--dialect", "softswiss")
        call("conformance", name, "--url", "http://127.0.0.1:1", "--key", "env:PATH", "--timeout", "1s")


def time_of(case: Case) -> float:
    """How long a request may take, in seconds."""
    return TIMEOUT_S if case.name in SILENT else PATIENCE_S


def says(case: Case) -> str:
    """What is said of an answer, as `synthetic run` says it but for the step's name and the limits of here."""
    said = ELSEWHERE.get(case.name, case.says).removesuffix("$").replace(r"POST /deposits: ", "")
    limits = {r"0\.40": f"{TIMEOUT_S:.2f}".replace(".", r"\."), "limit of 1048576": f"limit of {BODY_BYTES_MAX}"}
    for elsewhere, here in limits.items():
        said = said.replace(elsewhere, here)
    return said


def assert_clean_and_cheap(told: Told) -> None:
    """No traceback, no secret, no control character; in time, and without the body in memory."""
    shown = told.answer.out + told.answer.err
    assert not any(word in shown for word in (PASSWORD, TOKEN, "Traceback")), shown
    assert not CONTROLS.search(shown.replace("\n", ""))
    assert len(shown) < 5_000
    assert told.took_s < TOOK_S_MAX
    assert told.peak_mb < PEAK_MB_MAX


@pytest.mark.parametrize(("command", "case"), by_turns(SPOILT))
def test_an_answer_in_the_middle_makes_the_law_untestable_and_says_why(command: Command, case: Case) -> None:
    """It proves nothing, so nothing is held and nothing broken; and no pass comes of that (exit code 3)."""
    told = command.told({"POST /": case.does, "GET /": case.does} | command.greets, time_of(case))
    assert told.answer.code == 3, told.answer.err
    (line,) = [line for line in told.answer.out.splitlines() if line.startswith(("held", "broken", "not testable"))]
    assert line.startswith("not testable")
    assert re.search(says(case), line), line
    assert_clean_and_cheap(told)


@pytest.mark.parametrize(("command", "case"), by_turns([*SPOILT[1:], SPOILT[0]]))
def test_a_first_answer_of_that_kind_is_told_in_one_line(command: Command, case: Case) -> None:
    """The address is wrong, or nobody answers there: exit code 2 or 3, and nothing was tried."""
    told = command.told({"POST /": case.does, "GET /": case.does}, time_of(case))
    assert told.answer.code in (2, 3)
    assert told.answer.out == ""
    (line,) = told.answer.err.splitlines()
    assert re.search(says(case), line), line
    assert_clean_and_cheap(told)


@pytest.mark.parametrize("command", COMMANDS.values(), ids=COMMANDS)
def test_a_page_that_echoes_our_secrets_and_escapes_is_clean(command: Command) -> None:
    """In the code of a refusal, too, which is shown short."""
    echo = f"\x1b[2J\u202e{TOKEN} {PASSWORD} ".encode() + b"a" * 100_000
    code = b'{"error": {"code": "%b"}, "meta": {"api_code": "%b"}}' % ((echo.replace(b"\x1b", b"\\u001b"),) * 2)
    for does in (typed(echo, "text/html"), typed(code, status="400 Bad Request"), typed(code, status="500 Oh")):
        assert_clean_and_cheap(command.told({"POST /": does, "GET /": does}))
        assert_clean_and_cheap(command.told({"POST /": does, "GET /": does, **command.greets}))
