"""The runner's log: one line for each event that matters, as JSON, or as text where a person reads along.

Only what is listed here is logged, as named fields and never as a dump of an object; reasons are masked where they arise,
cut, and on one line. Times are UTC.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TextIO

from pythonjsonlogger.json import JsonFormatter

from synthetic.core.events import Event, RunEnded, RunStarted, UndoEnded
from synthetic.core.machine.state import trace_id
from synthetic.core.outcome import RunOutcome
from synthetic.core.wording import brief

LOGGER = logging.getLogger("synthetic.runner")
OPEN_MAX = 10_000
PROBLEMS_MAX = 20
_FIELDS = "fields"
_TEXT_MAX = 1000
_IN_A_URL = re.compile(r"(?<=://)[^/\s@]+(?=@)")


def set_up_logs(stream: TextIO, *, level: int = logging.INFO, redact: Callable[[str], str] = str) -> None:
    """Log to this stream from now on: text where it is a terminal, else JSON. `redact` masks the secrets that are known.

    Libraries log through it as well, from WARNING on.
    """
    handler = logging.StreamHandler(stream)
    handler.setFormatter(_Text(redact) if stream.isatty() else _Json(redact))
    root = logging.getLogger()
    for earlier in [earlier for earlier in root.handlers if isinstance(earlier.formatter, _Text | _Json)]:
        root.removeHandler(earlier)
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    LOGGER.setLevel(level)


class RunnerLog:
    """What happens in a runner, each as one line. An EventSink, too: it tells how runs end."""

    def __init__(self, logger: logging.Logger = LOGGER) -> None:
        self._logger = logger
        self._going: dict[str, RunStarted] = {}

    def __call__(self, event: Event, /) -> None:
        """Tell the end of a run, and money that could not be brought back."""
        if isinstance(event, RunStarted):
            self._going[event.run_id] = event
            if len(self._going) > OPEN_MAX:  # a run that was cut off never ends
                del self._going[next(iter(self._going))]
        elif isinstance(event, UndoEnded) and event.stranded is not None:
            of_run = _of_run(event.run_id, self._going.get(event.run_id))
            amount = {"minor": event.stranded.minor, "currency": event.stranded.currency, "reason": event.reason}
            self._tell(logging.ERROR, "money_stranded", **of_run, step=event.step, **amount)
        elif isinstance(event, RunEnded):
            self._run_ended(event, self._going.pop(event.run_id, None))

    def slots_missed(self, probe: str, reasons: Mapping[str, int]) -> None:
        """So many slots of a probe were not played, by reason."""
        self._tell(logging.WARNING, "slots_missed", probe=probe, slots=sum(reasons.values()), reasons=dict(reasons))

    def reloaded(self, file: str, digest: str) -> None:
        """A new configuration is in force."""
        self._tell(logging.INFO, "config_reloaded", file=file, digest=digest)

    def not_reloaded(self, file: str, problem: str) -> None:
        """A new configuration is invalid; the old one stays in force."""
        self._tell(logging.ERROR, "config_invalid", file=file, problem=problem)

    def killed(self, by: str, reason: str) -> None:
        """The kill switch was thrown."""
        self._tell(logging.WARNING, "killed", by=by, reason=reason)

    def resumed(self, by: str, reason: str = "") -> None:
        """The kill switch was taken back."""
        self._tell(logging.WARNING, "resumed", by=by, reason=reason)

    def took_over(self, run_id: str, *, worker: str, earlier: str) -> None:
        """A worker has taken over a run, to bring its money home."""
        self._tell(logging.WARNING, "took_over", run_id=run_id, worker=worker, earlier=earlier)

    def reconciled(self, *, accounts: int, effects: int, problems: Sequence[str]) -> None:
        """Journal, ledger and PSP reports were compared; each problem is a difference, or an account that can't be read."""
        self._tell(logging.INFO if not problems else logging.ERROR, "reconciled", accounts=accounts, effects=effects)
        for problem in problems[:PROBLEMS_MAX]:
            self._tell(logging.ERROR, "difference", said=problem)

    def not_home(self, run_id: str, *, move: str, said: str) -> None:
        """A recovery did not bring everything home; `said` is the sentence for whoever is on call."""
        self._tell(logging.ERROR if move == "stranded" else logging.WARNING, f"run_{move}", run_id=run_id, said=said)

    def residue(self, account: str, *, minor: int, currency: str) -> None:
        """What is in a wallet beyond its baseline and stays there, when that changes; 0: it is gone."""
        if minor:
            self._tell(logging.WARNING, "residue", account=account, minor=minor, currency=currency)
        else:
            self._tell(logging.INFO, "residue_gone", account=account, minor=minor, currency=currency)

    def records(self, problem: str) -> None:
        """Run records can't be kept; "": they can again."""
        self._tell(logging.WARNING if problem else logging.INFO, "run_records", problem=problem)

    def gate(self, problem: str) -> None:
        """The gate can't keep what runs show, or can't judge; "": it can again."""
        self._tell(logging.WARNING if problem else logging.INFO, "gate", problem=problem)

    def gate_listens(self, address: str) -> None:
        """The gate answers on an address of its own."""
        self._tell(logging.INFO, "gate_listens", listen=address)

    def otlp(self, problem: str) -> None:
        """The collector can't be reached; "": it can again."""
        self._tell(logging.WARNING if problem else logging.INFO, "otlp_export", problem=problem)

    def journal_lost(self, problem: str) -> None:
        """The journal can't be written: nothing is admitted."""
        self._tell(logging.ERROR, "journal_unavailable", problem=problem)

    def journal_back(self) -> None:
        """It can again."""
        self._tell(logging.INFO, "journal_available")

    def unhealthy(self, reason: str, message: str) -> None:
        """The runner does not trust itself any more, for one reason."""
        self._tell(logging.ERROR, "unhealthy", reason=reason, message=message)

    def healthy_again(self, reason: str) -> None:
        """One reason for its distrust is over."""
        self._tell(logging.INFO, "healthy_again", reason=reason)

    def started(self, *, worker: str, listen: str, probes: int) -> None:
        """The runner plays from now on."""
        self._tell(logging.INFO, "started", worker=worker, listen=listen, probes=probes)

    def stopped(self, *, worker: str, left: int) -> None:
        """The runner has ended; `left` runs are for the next one to bring home."""
        self._tell(logging.INFO if not left else logging.WARNING, "stopped", worker=worker, left=left)

    def _run_ended(self, ended: RunEnded, started: RunStarted | None) -> None:
        stranded = {amount.currency: amount.minor for amount in ended.stranded}
        level = logging.INFO if ended.outcome is RunOutcome.OK else logging.WARNING
        fields: dict[str, Any] = {"outcome": ended.outcome}
        if ended.blame is not None:
            fields |= {"blame": ended.blame, "reason": ended.reason, "at": ended.failed_step or ended.failed_check}
        if stranded:
            level, fields["stranded_minor"] = logging.ERROR, stranded
        if started is not None:
            fields["duration_ms"] = round((ended.at_ns - started.at_ns) / 1e6)
        self._tell(level, "run_ended", **_of_run(ended.run_id, started), **fields, **ended.labels)

    def _tell(self, level: int, event: str, **fields: Any) -> None:
        self._logger.log(level, event, extra={_FIELDS: fields})


def _of_run(run_id: str, started: RunStarted | None) -> dict[str, Any]:
    """Which run it is; of one that another process began, its id and its trace are known."""
    if started is None:
        return {"run_id": run_id, "trace_id": trace_id(run_id)}
    named = {"scenario": started.scenario, "cell": started.cell, **started.row}
    return {"run_id": run_id, "trace_id": started.trace_id, **named}


class _Json(JsonFormatter):
    """One JSON object a line: time, level, event, and the event's own fields. What libraries log is a `message`."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def add_fields(self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]) -> None:
        log_data |= {"time": _time(record), "level": record.levelname.lower(), "logger": record.name}
        fields = getattr(record, _FIELDS, None)
        if fields is None:
            log_data["message"] = _clean(record.getMessage(), self._redact)
        else:
            log_data["event"] = record.getMessage()
            log_data |= {name: _clean(value, self._redact) for name, value in fields.items()}
        if "exc_info" in message_dict:
            log_data["exception"] = _clean(message_dict["exc_info"], self._redact)


class _Text(logging.Formatter):
    """`14:13:20 warning run_ended run_id=... outcome=failed`: one line, for a terminal."""

    def __init__(self, redact: Callable[[str], str]) -> None:
        super().__init__()
        self._redact = redact

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, _FIELDS, {})
        told = [f"{name}={_clean(value, self._redact)}" for name, value in fields.items() if value not in ("", None)]
        if record.exc_info:
            told.append(f"exception={_clean(self.formatException(record.exc_info), self._redact)}")
        message = _clean(record.getMessage(), self._redact)
        return " ".join([f"{_time(record)[11:19]} {record.levelname.lower():7} {message}", *told])


def _time(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _clean(value: Any, redact: Callable[[str], str]) -> Any:
    """Texts masked, on one line and cut; also those within a mapping. Numbers stay numbers."""
    if isinstance(value, Mapping):
        return {str(name): _clean(item, redact) for name, item in value.items()}
    if value is None or isinstance(value, bool | int | float):
        return value
    return brief(_IN_A_URL.sub("***", redact(str(value))), _TEXT_MAX)
