"""Answers that arrive whole and can't be read: one finding that says what came, and nobody takes it for a yes or a no.

What a body means is read by the machine, so here each case is played by one driver as a payment and by the other as a report.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from synthetic.config.platforms import load_platform
from synthetic.core.events import StepEnded, UndoEnded
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome
from synthetic.tests.bad_input.cases import MB, Case
from synthetic.tests.bad_input.hostile import HostilePlatform, json_answer, typed
from synthetic.tests.bad_input.playing import (
    BALANCE,
    CONTROLS,
    DEPOSIT,
    MAPPING,
    REPORT,
    assert_money_looked_up,
    assert_one_clear_finding,
    play_asyncio,
    play_blocking,
    played,
)
from synthetic.tests.representative import one_in

PAGE = b"<!DOCTYPE html><html><body><h1>We will be back soon</h1></body></html>"
EXPECTED = "where JSON was expected"
KEYS = ", ".join(f'"k{number}": 1' for number in range(60_000))

ANSWERS = [
    Case(
        "HTML with 200",
        typed(PAGE, "text/html"),
        rf"HTTP 200 with HTML \(text/html, 70 bytes\) {EXPECTED}$",
    ),
    Case(
        "HTML with 200 that claims to be JSON",
        typed(PAGE),
        rf"HTTP 200 with HTML \(application/json, 70 bytes\) {EXPECTED}$",
    ),
    Case(
        "HTML with 502",
        typed(PAGE, "text/html", status="502 Bad Gateway"),
        r"HTTP 502 with HTML \(text/html, 70 bytes\), expected `status == 200`",
    ),
    Case(
        "truncated JSON",
        typed(b'{"id": "d1", "state": "succ'),
        r"HTTP 200 with JSON that is cut short \(application/json, 27 bytes\)$",
    ),
    Case(
        "invalid UTF-8",
        typed(b'{"id": "\xff\xfe", "state": "succeeded"}'),
        r"HTTP 200 with bytes that are not UTF-8 from byte 8 on",
    ),
    Case(
        "duplicate keys",
        typed(b'{"id": "d1", "state": "failed", "state": "succeeded"}'),
        r"HTTP 200 with JSON that has the key 'state' twice in one object",
    ),
    Case(
        "a duplicate key among 60 000",
        typed(f'{{{KEYS}, "k59999": 2}}'.encode()),
        r"HTTP 200 with JSON that has the key 'k59999' twice",
        took_s_max=6.0,
        peak_mb_max=32,
    ),
    Case(
        "NaN",
        typed(b'{"id": "d1", "state": "succeeded", "amount": NaN}'),
        r"HTTP 200 with JSON that holds NaN, which is no JSON",
    ),
    Case(
        "Infinity",
        typed(b'{"id": "d1", "state": "succeeded", "amount": -Infinity}'),
        r"HTTP 200 with JSON that holds -Infinity, which is no JSON",
    ),
    Case(
        "a number beyond a double",
        typed(b'{"id": "d1", "state": "succeeded", "amount": 1e999}'),
        r"HTTP 200 with JSON that holds a number too large for 64 bits",
    ),
    Case(
        "a number of 5 000 digits",
        typed(b'{"id": "d1", "amount": ' + b"9" * 5000 + b"}"),
        r"HTTP 200 with JSON that holds a number of thousands of digits",
    ),
    Case(
        "deep nesting",
        typed(b'{"id": ' + b"[" * 100 + b"]" * 100 + b"}"),
        r"HTTP 200 with JSON that is nested over 64 levels deep",
    ),
    Case(
        "a megabyte of brackets",
        typed(b"[" * MB),
        r"HTTP 200 with JSON that is nested over 64 levels deep \(application/json, 1000000 bytes\)",
    ),
    Case(
        "a megabyte of values",
        typed(b"[" + b"0," * 500_000 + b"0]"),
        r"HTTP 200 with JSON that holds over 100000 values",
        took_s_max=6.0,
        peak_mb_max=32,
    ),
    Case(
        "a lone surrogate",
        typed(b'{"id": "d1", "state": "\\ud83d"}'),
        r"HTTP 200 with JSON that holds half a surrogate pair, which is no character",
    ),
    Case(
        "a lone NUL",
        typed(b"\0"),
        r"HTTP 200 with JSON that is broken at line 1, column 1 \(application/json, 1 byte\)",
    ),
    Case(
        "an empty body",
        typed(b""),
        rf"HTTP 200 with an empty body \(application/json, 0 bytes\) {EXPECTED}$",
    ),
    Case(
        "text in place of JSON",
        typed(b"OK", "text/plain"),
        rf"HTTP 200 with text that is not JSON \(text/plain, 2 bytes\) {EXPECTED}$",
    ),
    Case(
        "a coding that nobody asked for",
        typed(b"\x8b\x01\x80{}\x03", more="Content-Encoding: br\r\n"),
        r"HTTP 200 with bytes that are not UTF-8 .*, packed as br\)",
    ),
    Case(
        "an odd content type",
        typed(PAGE, "a/" + "b" * 5000),
        rf"HTTP 200 with HTML \(an odd content type, 70 bytes\) {EXPECTED}$",
    ),
    Case(
        "JSON of something else",
        json_answer(status="ok"),
        r"HTTP 200 with JSON that lacks what the mapping takes from it: `body.\w+`: there is no key .\w+.$",
    ),
    Case(
        "a list in place of an object",
        typed(b"[1, 2, 3]"),
        r"HTTP 200 with JSON that lacks what the mapping takes from it: `body",
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize("case", one_in(3, ANSWERS), ids=str)
def test_a_payment_that_is_answered_so_is_unknown_and_looked_up(case: Case, tmp_path: Path) -> None:
    """The platform's answer, so the platform's fault; the money is neither taken for moved nor for refused."""
    platform = HostilePlatform({"POST /deposits": case.does})
    run = played(play_asyncio, tmp_path, BALANCE + DEPOSIT + REPORT, platform)
    assert_one_clear_finding(run, "deposit", f"^POST /deposits answered {case.says}", case, Blame.PLATFORM)
    assert run.finding.code == ("http_502" if "502" in case.name else "unreadable")
    assert_money_looked_up(run, platform)


@pytest.mark.slow
@pytest.mark.parametrize("case", one_in(2, ANSWERS), ids=str)
def test_a_psps_report_that_is_answered_so_is_the_psps(case: Case, tmp_path: Path) -> None:
    """The mapping says who answers there; the platform is not blamed for what its PSP sends."""
    psp = HostilePlatform({"GET /report": case.does})
    run = played(play_blocking, tmp_path, BALANCE + REPORT, HostilePlatform(), psp)
    says = f"^GET /report answered {case.says.removesuffix('$')}"
    assert_one_clear_finding(run, "report", says, case, Blame.PSP)
    assert run.finding.reason.endswith("(the PSP does not answer with its settlement report)")


@pytest.mark.parametrize("case", [case for case in ANSWERS if case.name in ("HTML with 200", "truncated JSON", "NaN")])
def test_a_refund_that_is_answered_so_is_not_taken_for_done(case: Case, tmp_path: Path) -> None:
    """The mapping reads nothing of that answer but its status; a page of a proxy has that status, too, and is no refund."""
    platform = HostilePlatform({"POST /deposits": typed(PAGE, "text/html"), "POST /refunds": case.does})
    run = played(play_blocking, tmp_path, DEPOSIT, platform)
    assert_money_looked_up(run, platform, result="stuck")
    assert platform.asked("POST /refunds") == 3
    (undo,) = run.of(UndoEnded)
    assert re.search(case.says, undo.reason)
    assert [str(amount) for amount in run.ended.stranded] == ["1.00 EUR"]


@pytest.mark.parametrize("page", [typed(PAGE, "text/html"), typed(b"no such page", "text/plain")])
def test_a_look_up_that_is_answered_with_a_page_does_not_say_that_there_is_nothing(page: bytes, tmp_path: Path) -> None:
    """`size(body) == 1` can be computed on a text as well; the money is stranded until somebody knows."""
    platform = HostilePlatform({"POST /deposits": typed(PAGE, "text/html"), "GET /find": page})
    run = played(play_blocking, tmp_path, DEPOSIT, platform)
    assert_money_looked_up(run, platform, result="stuck")
    (undo,) = run.of(UndoEnded)
    assert "the look-up was not answered: GET /find answered HTTP 200 with" in undo.reason


@pytest.mark.parametrize("entry", ['{"id": "t1"}', '{"id": "t1", "kind": "capture", "amount": "lots"}', "7"])
def test_a_statement_with_a_line_that_can_not_be_read_is_its_senders(entry: str, tmp_path: Path) -> None:
    """The JSON is good and has its entries, but they are none: the PSP's fault, not that of the platform beside it."""
    psp = HostilePlatform({"GET /report": typed(f'{{"entries": [{entry}]}}'.encode())})
    run = played(play_blocking, tmp_path, BALANCE + REPORT, HostilePlatform(), psp)
    says = "the psp report has a line that can't be read"
    assert_one_clear_finding(run, "report", says, Case("", b"", ""), Blame.PSP)


def test_polls_that_are_answered_with_pages_are_not_the_psps(tmp_path: Path) -> None:
    """The payment is overdue since the platform can't be asked, not since its PSP is silent."""
    pages = {"POST /deposits": json_answer(id="d1", state="pending"), "GET /deposits/": typed(PAGE, "text/html")}
    run = played(play_blocking, tmp_path, DEPOSIT, HostilePlatform(pages))
    assert (run.finding.code, run.finding.blame) == ("unreadable", Blame.PLATFORM)
    assert "the last poll: GET /deposits/d1 answered HTTP 200 with HTML" in run.finding.reason


def test_a_mapping_may_ask_for_a_page(tmp_path: Path) -> None:
    """`Accept: text/html` says that a page is an answer; then its status decides."""
    mapping = load_platform(
        MAPPING, text=MAPPING.read_text().replace("json: {id:", "headers: {Accept: text/html}\n    json: {id:")
    )
    platform = HostilePlatform({"POST /deposits": typed(PAGE, "text/html"), "POST /refunds": typed(PAGE, "text/html")})
    run = played(play_blocking, tmp_path, DEPOSIT, platform, mapping=mapping)
    assert_money_looked_up(run, platform, result="undone")


def test_a_refusal_code_is_shown_short_and_clean(tmp_path: Path) -> None:
    """What a target calls its error is shown as far as anybody reads it, and never reaches a terminal as it came."""
    code = "\x1b[2J\u202e\n" + "a" * 100_000
    run = played(
        play_blocking, tmp_path, DEPOSIT,
        HostilePlatform({"POST /deposits": typed(json.dumps({"error": code}).encode(), status="409 Conflict")}),
    )  # fmt: skip
    case = Case("", b"", "")
    assert_one_clear_finding(run, "deposit", "^HTTP 409 ", case, Blame.PLATFORM)
    assert run.finding.outcome is StepOutcome.REFUSED
    assert len(run.finding.code) <= 100
    assert not CONTROLS.search(run.finding.code)


def test_a_wrong_content_type_on_good_json_is_no_finding(tmp_path: Path) -> None:
    """Many platforms are sloppy there, and nobody reads it differently."""
    good = b'{"id": "d1", "state": "succeeded"}'
    run = played(play_blocking, tmp_path, DEPOSIT, HostilePlatform({"POST /deposits": typed(good, "text/plain")}))
    assert run.ended.outcome is RunOutcome.OK


def test_an_id_beyond_64_bits_stays_what_it_is(tmp_path: Path) -> None:
    """It is shown and sent on digit by digit; only an amount of that size is no amount."""
    large = str(2**70)
    body = f'{{"id": {large}, "state": "succeeded"}}'.encode()
    run = played(play_blocking, tmp_path, DEPOSIT, HostilePlatform({"POST /deposits": typed(body)}))
    assert run.ended.outcome is RunOutcome.OK
    (deposit,) = [step for step in run.of(StepEnded) if step.step == "deposit"]
    assert deposit.out["id"] == large
    amount = played(
        play_blocking, tmp_path, BALANCE, HostilePlatform({"GET /balance": typed(f'{{"cash": {large}}}'.encode())})
    )
    assert (amount.finding.step, amount.finding.blame) == ("balance", Blame.PLATFORM)
    assert amount.finding.reason.startswith("GET /balance answered HTTP 200 with JSON that lacks")
