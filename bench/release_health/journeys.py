"""One run of a player's journey as the events that the machine would emit, with its steps' latencies and its fault, if any."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256

from synthetic.core.effects import Times
from synthetic.core.events import (
    CheckJudged,
    Event,
    ExchangeDone,
    MoneyMoved,
    RunEnded,
    RunStarted,
    StepEnded,
    StepStarted,
    UndoEnded,
)
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome

ONE_EURO = Money(100, "EUR")


@dataclass(frozen=True, slots=True)
class Fault:
    """Where a run fails, what the answer says, and whom it is blamed on. `law`: a money check that breaks at its end instead."""

    step: str = ""
    status: int = 502
    body: str = '{"error":"psp_unreachable","detail":"connect timeout after 3000 ms"}'
    reason: str = "HTTP 502 instead of 202: psp_unreachable"
    blame: Blame = Blame.PLATFORM
    law: str = ""
    evidence: tuple[str, ...] = ()
    strands: bool = False


@dataclass(frozen=True, slots=True)
class Call:
    """One step: its operation, the line of its request, what it counts for, and the money that it moves."""

    step: str
    operation: str
    line: str
    sli: str = ""
    by_psp: bool = False
    status: int | None = 200
    sends: str = ""
    answers: str = '{"ok":true}'
    expected: str = "status == 200"
    moves: str = ""
    polled: str = ""


JOURNEYS: dict[str, tuple[Call, ...]] = {
    "login": (
        Call("login", "auth.login", "POST {api}/auth/login", "login", answers='{"token":"***","player_id":"p-1"}'),
        Call("balance", "wallet.balance", "GET {api}/wallet/balance", "balance"),
    ),
    "deposit-bet-withdraw": (
        Call("login", "auth.login", "POST {api}/auth/login", "login", answers='{"token":"***","player_id":"p-1"}'),
        Call(
            "deposit",
            "cashier.deposit",
            "POST {api}/cashier/deposits",
            "deposit",
            by_psp=True,
            status=202,
            sends='{"amount_minor":100,"currency":"EUR","psp":"{psp}","instrument":"***"}',
            answers='{"id":"d-{run}","state":"pending","amount_minor":100,"currency":"EUR"}',
            expected="status == 202, until out.state == 'succeeded'",
            moves="in",
            polled="GET {api}/cashier/deposits/d-{run}",
        ),
        Call("launch", "games.launch", "POST {api}/games/launch", "launch"),
        Call("ping", "games.ping", "> game", "ws_rtt", status=None, sends='{"type":"ping"}', answers='{"type":"pong"}'),
        Call("bet", "games.bet", "> game", "bet", status=None, sends='{"type":"bet","stake_minor":20}', moves="stake"),
        Call("settle", "games.settle", "GET {api}/games/rounds/r-{run}", "settle"),
        Call(
            "withdraw",
            "cashier.withdraw",
            "POST {api}/cashier/withdrawals",
            "withdraw",
            by_psp=True,
            status=202,
            answers='{"id":"w-{run}","state":"pending"}',
            expected="status == 202, until out.state == 'paid'",
            moves="out",
            polled="GET {api}/cashier/withdrawals/w-{run}",
        ),
    ),
}


@dataclass(frozen=True, slots=True)
class Trip:
    """One run to play. `took_ms`: the latency of each of its steps."""

    run_id: str
    pair: str
    flow: str
    row: Mapping[str, str]
    cell: str
    track: str
    version: str
    wall_ns: int
    took_ms: Mapping[str, float]
    fault: Fault | None = None
    outcome: RunOutcome | None = None
    market: str = "MT"

    @property
    def trace_id(self) -> str:
        """32 hexadecimal digits, the same at every play."""
        return sha256(self.run_id.encode()).hexdigest()[:32]

    def written(self, text: str) -> str:
        """A text with this run's address, PSP and id in it."""
        psp, api = self.row.get("psp", ""), f"https://{self.cell}.casino.example"
        return text.replace("{api}", api).replace("{psp}", psp).replace("{run}", self.run_id[-8:])


def events_of(trip: Trip) -> Iterator[Event]:
    """The events of one run, in order."""
    at_ns = 0
    yield _started(trip)
    failed = None
    for call in JOURNEYS[trip.flow]:
        took_ns = int(trip.took_ms[call.step] * 1e6)
        failed = trip.fault if trip.fault and trip.fault.step == call.step else None
        yield StepStarted(trip.run_id, call.step, call.operation, at_ns)
        yield from _exchanges(trip, call, at_ns, took_ns, failed)
        at_ns += took_ns + 400_000
        yield _ended(trip, call, at_ns, took_ns, failed)
        if call.moves:
            outcome = StepOutcome.UNKNOWN if failed else StepOutcome.DONE
            yield MoneyMoved(
                trip.run_id, call.step, call.step, ONE_EURO, call.moves, outcome, f"{trip.run_id}:{call.step}"
            )
        if failed:
            break
    yield from _judged(trip)
    yield _run_ended(trip, at_ns, failed)


def _started(trip: Trip) -> RunStarted:
    return RunStarted(
        run_id=trip.run_id,
        seed=4711,
        scenario=trip.flow,
        title="A player deposits, plays one round and cashes out" if trip.row else "A player signs in",
        tags=("money",),
        row=trip.row,
        cell=trip.cell,
        track=trip.track,
        environment="production",
        market=trip.market,
        brand="aurora",
        version=trip.version,
        currency="EUR",
        player="p-standard-1",
        trace_id=trip.trace_id,
        scheduled_at_ns=0,
        at_ns=0,
        wall_ns=trip.wall_ns,
        pair=trip.pair,
    )


def _exchanges(trip: Trip, call: Call, at_ns: int, took_ns: int, failed: Fault | None) -> Iterator[ExchangeDone]:
    first_ns = took_ns if failed or not call.polled else took_ns // 3
    body = trip.written(failed.body if failed else call.answers)
    status = failed.status if failed and call.status is not None else call.status
    yield _exchange(trip, call, call.line, (at_ns, first_ns), status, body, held=failed is None)
    if call.polled and not failed:
        done = '{"state":"paid"}' if call.moves == "out" else '{"state":"succeeded"}'
        yield _exchange(trip, call, call.polled, (at_ns + first_ns, took_ns - first_ns), 200, done, held=True)


def _exchange(
    trip: Trip, call: Call, line: str, when: tuple[int, int], status: int | None, body: str, *, held: bool
) -> ExchangeDone:
    at_ns, took_ns = when
    polled = line == call.polled
    return ExchangeDone(
        run_id=trip.run_id,
        step=call.step,
        operation=call.operation,
        purpose="poll" if polled else "call",
        kind="ws_send" if call.status is None else "http",
        request_line=trip.written(line),
        request_headers=(("traceparent", f"00-{trip.trace_id}-{trip.trace_id[:16]}-01"),),
        request_body="" if polled else trip.written(call.sends),
        answer_status=status,
        answer_headers=(("content-type", "application/json"),) if status else (),
        answer_body=body,
        fault="",
        expected=call.expected,
        held=held,
        times=Times(started=at_ns, sent=at_ns, received=at_ns + took_ns, handled=at_ns + took_ns),
        span_id=trip.trace_id[:16],
    )


def _ended(trip: Trip, call: Call, at_ns: int, took_ns: int, failed: Fault | None) -> StepEnded:
    return StepEnded(
        run_id=trip.run_id,
        step=call.step,
        operation=call.operation,
        outcome=StepOutcome.UNKNOWN if failed else StepOutcome.DONE,
        held=failed is None,
        code="",
        reason=failed.reason if failed else "",
        blame=failed.blame if failed else None,
        latency_ns=took_ns,
        tainted=False,
        attempts=1,
        polls=0,
        at_ns=at_ns,
        sli=call.sli,
        labels={"psp": trip.row["psp"]} if call.by_psp else {},
    )


def _judged(trip: Trip) -> Iterator[Event]:
    if trip.fault and trip.fault.law:
        yield CheckJudged(trip.run_id, trip.fault.law, False, trip.fault.reason, trip.fault.blame, trip.fault.evidence)  # noqa: FBT003
    else:
        yield CheckJudged(trip.run_id, "balance-equals-ledger", True, "", None)  # noqa: FBT003
    if trip.fault and trip.fault.strands:
        yield UndoEnded(trip.run_id, "deposit", "stuck", "the refund was refused: payment_not_found", ONE_EURO)


def _run_ended(trip: Trip, at_ns: int, failed: Fault | None) -> RunEnded:
    fault = failed or (trip.fault if trip.fault and trip.fault.law else None)
    return RunEnded(
        run_id=trip.run_id,
        outcome=trip.outcome or (RunOutcome.FAILED if fault else RunOutcome.OK),
        blame=fault.blame if fault else None,
        reason=fault.reason if fault else "",
        failed_step=failed.step if failed else "",
        failed_check=fault.law if fault else "",
        stranded=(ONE_EURO,) if fault and fault.strands else (),
        at_ns=at_ns,
        attribution=f"{fault.blame}: {fault.reason}" if fault else "",
    )
