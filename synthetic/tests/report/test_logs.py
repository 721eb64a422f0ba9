"""Claims about the runner's log: what is told, in which form, and what never is."""

from __future__ import annotations

import inspect
import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any, get_args

import pytest

from synthetic.config.shipped import shipped_root
from synthetic.core.machine.state import trace_id
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.core.secrets import Redactor
from synthetic.report.logs import LOGGER, RunnerLog, set_up_logs
from synthetic.runner.compensator import Move
from synthetic.tests.sli.streams import Story, failing, passing


class Terminal(io.StringIO):
    """A stream that a person looks at."""

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def as_it_was() -> Iterator[None]:
    """The process's logging is as it was."""
    root = logging.getLogger()
    handlers, level, own = root.handlers[:], root.level, LOGGER.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    LOGGER.setLevel(own)


@pytest.fixture
def stream() -> io.StringIO:
    """What is logged as JSON."""
    kept = io.StringIO()
    set_up_logs(kept)
    return kept


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_the_end_of_a_run_is_one_line_of_json(stream: io.StringIO) -> None:
    """With when, which run, which trace, and how it ended; nothing else of the run is logged."""
    log = RunnerLog()
    for event in passing():
        log(event)
    (line,) = lines(stream)
    assert line.pop("time").endswith("Z")
    assert line == {
        "level": "info",
        "logger": "synthetic.runner",
        "event": "run_ended",
        "run_id": "run-1",
        "trace_id": "0af7651916cd43dd8448eb211c80319c",
        "scenario": "deposit-bet-withdraw",
        "cell": "canary",
        "psp": "psp-a",
        "outcome": "ok",
        "duration_ms": 20,
        "rollout_step": "1",
    }


def test_a_failed_run_says_whose_fault_it_was_and_where(stream: io.StringIO) -> None:
    """A person finds the run and the step without another tool."""
    log = RunnerLog()
    for event in failing():
        log(event)
    (line,) = lines(stream)
    told = (line["level"], line["outcome"], line["blame"], line["at"], line["reason"])
    assert told == ("warning", "failed", "psp", "deposit", "the PSP never told the outcome of the deposit")


def test_stranded_money_is_an_error_with_its_amount(stream: io.StringIO) -> None:
    """Also of a run that another process began, whose id and trace are known."""
    log = RunnerLog()
    log(Story("elsewhere").undo("deposit", "stuck", Money(100, "EUR")).events[-1])
    for event in Story("r").end(RunOutcome.FAILED, blame=Blame.PSP, stranded=(Money(100, "EUR"),)):
        log(event)
    stuck, ended = lines(stream)
    assert (stuck["event"], stuck["level"], stuck["run_id"]) == ("money_stranded", "error", "elsewhere")
    assert (stuck["minor"], stuck["currency"], stuck["trace_id"]) == (100, "EUR", trace_id("elsewhere"))
    assert (ended["level"], ended["stranded_minor"]) == ("error", {"EUR": 100})


def test_what_the_runner_does_has_its_lines(stream: io.StringIO) -> None:
    """Missed slots, reloads, the kill switch, takeovers, the journal, its own health."""
    log = RunnerLog()
    log.started(worker="w1", listen="127.0.0.1:9464", probes=3)
    log.slots_missed("p1", {"overlap": 2, "killed": 1})
    log.reloaded("runner.yaml", "d2")
    log.not_reloaded("runner.yaml", "runner.yaml:3:1: unknown key 'probs'")
    log.killed("ann", "PSP incident")
    log.resumed("ann")
    log.took_over("r1", worker="w2", earlier="w1")
    log.journal_lost("disk full")
    log.journal_back()
    log.unhealthy("tainted", "6 of 100 runs")
    log.healthy_again("tainted")
    log.stopped(worker="w1", left=0)
    told = [(line["event"], line["level"]) for line in lines(stream)]
    assert told == [
        ("started", "info"),
        ("slots_missed", "warning"),
        ("config_reloaded", "info"),
        ("config_invalid", "error"),
        ("killed", "warning"),
        ("resumed", "warning"),
        ("took_over", "warning"),
        ("journal_unavailable", "error"),
        ("journal_available", "info"),
        ("unhealthy", "error"),
        ("healthy_again", "info"),
        ("stopped", "info"),
    ]
    assert lines(stream)[1]["reasons"] == {"overlap": 2, "killed": 1}


def test_the_page_has_every_event_that_is_logged() -> None:
    """Whoever builds an alert on a line finds it there, and no line that is never written."""
    page = (shipped_root() / "docs" / "runner-metrics.md").read_text(encoding="utf-8")
    table = page.split("## Logs")[1].split("## ")[0]
    told = {name for row in re.findall(r"^\| (`.*?) \|", table, re.MULTILINE) for name in re.findall(r"`(\w+)`", row)}
    written = set(re.findall(r'_tell\([^",]*, "(\w+)"', inspect.getsource(RunnerLog)))
    moves = {f"run_{move}" for move in get_args(Move) if move != "closed"}
    assert told == written | moves


@pytest.mark.parametrize("kind", [io.StringIO, Terminal])
def test_no_line_is_forged_and_no_secret_shown(kind: type[io.StringIO]) -> None:
    """Whatever stands in a reason: one event is one line, without controls, and what is known as secret is masked."""
    stream, redactor = kind(), Redactor()
    redactor.taint("hunter2-hunter2")
    set_up_logs(stream, redact=redactor.redact)
    RunnerLog().killed("eve\n{}", "token hunter2-hunter2 \x1b[2J\r\n2026-01-01 fake" + "x" * 5000)
    RunnerLog().journal_lost("connection to postgresql://synthetic:s3cr3t-pw@db/x failed")
    written = stream.getvalue()
    assert written.count("\n") == 2
    assert "hunter2" not in written
    assert "s3cr3t-pw" not in written
    assert "\x1b" not in written
    assert len(written) < 3000


def test_a_terminal_gets_text(stream: io.StringIO) -> None:
    """Time, level, what, and the fields that have something to say; the JSON stream of before gets nothing more."""
    terminal = Terminal()
    set_up_logs(terminal)
    RunnerLog().resumed("ann")
    assert terminal.getvalue()[8:] == " warning resumed by=ann\n"
    assert stream.getvalue() == ""


def test_libraries_log_in_the_same_form_and_only_warnings(stream: io.StringIO) -> None:
    """A traceback is a field of one line."""
    logging.getLogger("some.library").info("chatter")
    try:
        int("of theirs")
    except ValueError:
        logging.getLogger("some.library").exception("it broke")
    (line,) = lines(stream)
    assert (line["logger"], line["level"], line["message"]) == ("some.library", "error", "it broke")
    assert "'of theirs'" in line["exception"]
