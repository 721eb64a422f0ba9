"""Connections that break, drip, flood or stay silent: over at the deadline, within the limits, and the money is looked up."""

from __future__ import annotations

import gzip
import random
import socket
import threading
from pathlib import Path

import pytest

from synthetic.core.events import ExchangeDone
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.drivers.guard import Limits
from synthetic.tests.bad_input.cases import Case
from synthetic.tests.bad_input.hostile import (
    PASSWORD,
    TOKEN,
    HostilePlatform,
    for_ever,
    reset,
    saying,
    silence,
)
from synthetic.tests.bad_input.playing import (
    BALANCE,
    DEPOSIT,
    HOPPING,
    REPORT,
    Play,
    assert_money_looked_up,
    assert_one_clear_finding,
    each_driver,
    play_blocking,
    played,
)
from synthetic.tests.drivers.servers import answer
from synthetic.tests.representative import one_in

# Left out of the default suite, which has to stay under three minutes; CI plays it.
pytestmark = pytest.mark.slow

JSON = "Content-Type: application/json\r\n"
OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
TARGET = r"POST /deposits: 127\.0\.0\.1:\d+"
SILENT = rf"{TARGET} did not answer within 0\.40 s$"
TOO_LARGE = rf"{TARGET} sent a body over the limit of 1048576 bytes"
BOMB = gzip.compress(bytes(10 << 20))

CASES = [
    Case(
        "a connection that is cut before Content-Length",
        saying(OK + b'Content-Length: 100\r\n\r\n{"id"'),
        rf"{TARGET} closed the connection before its answer was complete \(HTTP 200 and 5 of 100 bytes had come\)$",
    ),
    Case(
        "a reset in the middle of the body",
        saying(OK + b'Content-Length: 100\r\n\r\n{"id"', then=reset),
        rf"{TARGET} closed the connection before its answer was complete",
    ),
    Case("a connection that is closed without a word", saying(b""), rf"{TARGET} closed the connection before"),
    Case("a half-open socket", silence, SILENT),
    Case(
        "an answer that stops half-way",
        saying(OK + b'Content-Length: 100\r\n\r\n{"id"', then=silence),
        rf"{TARGET} did not finish its answer within 0\.40 s \(HTTP 200 and 5 of 100 bytes had come\)$",
    ),
    Case(
        "a slow drip of the body",
        for_ever(b"x", first=OK + b"Content-Length: 100000\r\n\r\n", every_s=0.1),
        rf"{TARGET} did not finish its answer within 0\.40 s \(HTTP 200 and \d of 100000 bytes had come\)$",
    ),
    Case("a slow drip of the head", for_ever(b"x", first=b"HTTP/1.1 200 OK\r\nX-Drip: ", every_s=0.1), SILENT),
    Case(
        "10 MB with Content-Length",
        saying(OK + b"Content-Length: 10485760\r\n\r\n" + bytes(10 << 20)),
        rf"{TARGET} announced a body of 10485760 bytes, over the limit of 1048576 bytes$",
        timeout_s=5.0,
    ),
    Case(
        "10 MB in chunks",
        for_ever(b"10000\r\n" + bytes(65536) + b"\r\n", first=CHUNKED),
        rf"{TOO_LARGE}$",
        timeout_s=5.0,
    ),
    Case(
        "10 MB until the connection ends", for_ever(bytes(65536), first=OK + b"\r\n"), rf"{TOO_LARGE}$", timeout_s=5.0
    ),
    Case(
        "chunks of one byte without end",
        for_ever(b"1\r\nx\r\n" * 2000, first=CHUNKED),
        rf"{TARGET} sent a body in over 1000 chunks of next to nothing$",
        timeout_s=5.0,
    ),
    Case(
        "a gzip bomb",
        saying(answer(BOMB, headers=f"{JSON}Content-Encoding: gzip\r\n")),
        rf"{TOO_LARGE} unpacked$",
        timeout_s=5.0,
    ),
    Case(
        "gzip that stops short",
        saying(answer(gzip.compress(b'{"id": "d1"}')[:-12], headers=f"{JSON}Content-Encoding: gzip\r\n")),
        rf"{TARGET} sent a compressed body that stops short$",
        timeout_s=5.0,
    ),
    Case(
        "gzip that is none",
        saying(answer(b'{"id": "d1"}', headers=f"{JSON}Content-Encoding: gzip\r\n")),
        rf"{TARGET} sent a compressed body that is broken",
        timeout_s=5.0,
    ),
    Case(
        "a header without end",
        for_ever(b"x" * 4096, first=b"HTTP/1.1 200 OK\r\nX-Long: "),
        rf"{TARGET} sent what is not HTTP: a head that does not end$",
        timeout_s=5.0,
    ),
    Case(
        "headers without end",
        for_ever(b"X-Some: header\r\n" * 100, first=b"HTTP/1.1 200 OK\r\n"),
        rf"{TARGET} sent what is not HTTP: a head that does not end$",
        timeout_s=5.0,
    ),
    Case(
        "a flood of 1xx",
        for_ever(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100),
        rf"{TARGET} sent a head over the limit of {Limits().head_bytes_max} bytes$",
        timeout_s=5.0,
    ),
    Case(
        "what is not HTTP",
        saying(random.Random(7).randbytes(2000) + b"\r\n\r\n"),
        rf"{TARGET} sent what is not HTTP: ",
    ),
    Case(
        "a status line with our own secrets",
        saying(f"HTTP/1.1 {PASSWORD} {TOKEN}\r\n\r\n".encode()),
        rf"{TARGET} sent what is not HTTP: illegal status line$",
    ),
]


@each_driver
@pytest.mark.parametrize("case", one_in(2, CASES), ids=str)
def test_a_payment_that_ends_so_is_unknown_and_looked_up(play: Play, case: Case, tmp_path: Path) -> None:
    """Through the cell, so the platform's fault; over in time and memory; unknown, looked up, and brought back."""
    platform = HostilePlatform({"POST /deposits": case.does})
    run = played(play, tmp_path, BALANCE + DEPOSIT + REPORT, platform, timeout_s=case.timeout_s)
    assert_one_clear_finding(run, "deposit", f"^{case.says}", case, Blame.PLATFORM)
    assert_money_looked_up(run, platform)
    assert platform.asked("POST /deposits") == 1


@pytest.mark.parametrize("case", one_in(2, reversed(CASES)), ids=str)
def test_a_psps_report_that_ends_so_is_the_psps(case: Case, tmp_path: Path) -> None:
    """The mapping says who answers there."""
    psp = HostilePlatform({"GET /report": case.does})
    run = played(play_blocking, tmp_path, BALANCE + REPORT, HostilePlatform(), psp, timeout_s=case.timeout_s)
    says = case.says.replace("POST /deposits", "GET /report").removesuffix("$")
    assert_one_clear_finding(run, "report", f"^{says}", case, Blame.PSP)


def test_a_target_that_stays_silent_for_good_costs_no_more_than_the_attempts(tmp_path: Path) -> None:
    """Three look-ups of 0.4 s each; then the money is stranded, which is said, and nothing is taken for granted."""
    platform = HostilePlatform({"POST /deposits": silence, "GET /": silence, "GET /find": silence})
    run = played(play_blocking, tmp_path, DEPOSIT, platform)
    case = Case("", b"", "", took_s_max=6.0)
    assert_one_clear_finding(run, "deposit", f"^{SILENT}", case, Blame.PLATFORM)
    assert_money_looked_up(run, platform, result="stuck")
    assert platform.asked("GET /find") == 3
    assert [str(amount) for amount in run.ended.stranded] == ["1.00 EUR"]


def test_a_flood_of_cookies_and_headers_is_shown_and_kept_in_part(tmp_path: Path) -> None:
    """Each cookie is a secret to be masked everywhere and to be sent back: there is a limit to how many are taken."""
    many = "".join(f"Set-Cookie: c{number}=value-{number}\r\nX-H{number}: {number}\r\n" for number in range(1000))
    login = answer(f'{{"token": "{TOKEN}"}}'.encode(), headers=f"{JSON}{many}")
    platform = HostilePlatform({"POST /login": login})
    run = played(play_blocking, tmp_path, BALANCE + DEPOSIT, platform)
    assert run.ended.outcome is RunOutcome.OK, run.ended.reason
    assert max(len(exchange.answer_headers) for exchange in run.of(ExchangeDone)) <= 101
    assert platform.largest_request < 2000
    assert run.took_s < 10.0


REDIRECTS = [
    Case(
        "a redirect loop",
        answer(status="302 Found", headers="Location: /hopping\r\n"),
        r"POST /hopping: more than 3 redirects, the last one to http://127\.0\.0\.1:\d+/hopping$",
    ),
    Case(
        "a redirect off the allow-list",
        answer(status="302 Found", headers="Location: http://10.0.0.1/elsewhere\r\n"),
        r"POST /hopping redirected after the request had left, and then: GET /elsewhere: 10\.0\.0\.1:80 is not on",
    ),
    Case(
        "a redirect to what is no URL",
        answer(status="302 Found", headers="Location: http://[nowhere\r\n"),
        r"POST /hopping answered HTTP 302, expected `status == 200`; it points to http://\[nowhere$",
    ),
    Case(
        "a redirect to a file",
        answer(status="307 Temporary Redirect", headers="Location: file:///etc/passwd\r\n"),
        r"POST /hopping redirected after the request had left, and then: POST /etc/passwd: an http, https, ws or wss",
    ),
    Case(
        "a redirect to a URL of 50 KB",
        answer(status="302 Found", headers=f"Location: /{'x' * 50_000}\r\n"),
        r"POST /hopping redirected, and then: GET /x{98}\u2026 answered HTTP 404",
    ),
]


@each_driver
@pytest.mark.parametrize("case", REDIRECTS, ids=str)
def test_a_payment_that_is_redirected_so_is_unknown_and_looked_up(play: Play, case: Case, tmp_path: Path) -> None:
    """The request has left; where it leads afterwards doesn't say whether the money moved."""
    lost = answer(b"", "404 Not Found")
    routes = {"POST /hopping": case.does, "GET /hopping": case.does, "GET /x": lost}
    platform = HostilePlatform(routes)
    run = played(play, tmp_path, HOPPING, platform)
    assert_one_clear_finding(run, "hopping", f"^{case.says}", case, Blame.PLATFORM)
    assert_money_looked_up(run, platform)


def test_the_hops_of_a_redirect_share_one_deadline(tmp_path: Path) -> None:
    """Each hop is slow, none is too slow by itself; together they have no longer than the step."""

    def slow(sock: socket.socket) -> None:
        threading.Event().wait(0.3)
        sock.sendall(answer(status="302 Found", headers="Location: /hopping\r\nConnection: close\r\n"))

    platform = HostilePlatform({"POST /hopping": slow, "GET /hopping": slow})
    run = played(play_blocking, tmp_path, HOPPING, platform)
    case = Case("", b"", "", took_s_max=1.5)
    assert_one_clear_finding(run, "hopping", r"^POST /hopping redirected", case, Blame.PLATFORM)
    assert platform.asked("GET /hopping") <= 2
