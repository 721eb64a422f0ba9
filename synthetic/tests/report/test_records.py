"""The run record holds what the events said, and its schema describes it."""

from __future__ import annotations

import json

from jsonschema import Draft202012Validator

from synthetic.core import effects
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome
from synthetic.report.jsonlines import json_array, json_line
from synthetic.report.records import Amount, Phases, RunRecord, run_schema, utc
from synthetic.tests.report.recorded import record, records
from synthetic.tests.sli.streams import WALL_NS, Story, failing, passing


def test_records_validate_against_their_schema() -> None:
    """What `run --format json` prints is what `schema run` describes, and the schema is a good 2020-12 one."""
    Draft202012Validator.check_schema(run_schema())
    validator = Draft202012Validator(run_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    for document in json.loads(json_array(records(passing(), failing()))):
        validator.validate(document)


def test_schema_refuses_what_no_record_has() -> None:
    """An unknown key and a missing one are both told."""
    document = json.loads(json_line(record(passing())))
    del document["run_id"]
    errors = list(Draft202012Validator(run_schema()).iter_errors(document | {"extra": 1}))
    assert {error.validator for error in errors} == {"additionalProperties", "required"}


def test_a_record_survives_its_own_json() -> None:
    """Written and read back it is the same."""
    for one in records(passing(), failing()):
        assert RunRecord.model_validate_json(json_line(one)) == one


def test_times_are_utc_and_relative_to_the_start() -> None:
    """RFC 3339 with microseconds; offsets count from the run's start."""
    one = record(failing())
    assert json.loads(json_line(one))["started_at"] == "2026-09-21T14:13:20.123456Z"
    assert utc(WALL_NS).isoformat() == "2026-09-21T14:13:20.123456+00:00"
    assert [exchange.offset_ms for exchange in one.steps[1].exchanges] == [10.0, 20.0, 30.0, 40.0, 50.0, 60.0]
    assert (one.duration_ms, one.schedule_lag_ms) == (80.0, 2.0)


def test_harness_lag_is_apart_from_latency() -> None:
    """30 ms of our own lag leave the target's 10 ms alone."""
    exchange = record(Story().begin("x").http("x", lag_ms=30).end_step("x", tainted=True).end()).steps[0].exchanges[0]
    assert (exchange.latency_ms, exchange.harness_lag_ms) == (10.0, 30.0)


def test_the_phases_of_an_exchange_are_kept() -> None:
    """What the time went to, in milliseconds, and by how much it may be wrong."""
    phases = effects.Phases(dns=1_500_000, connect=250_000, first_byte=9_000_000, body=1_000_000)
    story = Story().begin("x").http("x", phases=phases, doubt_ms=2).end_step("x")
    exchange = record(story.end()).steps[0].exchanges[0]
    assert exchange.phases == Phases(dns_ms=1.5, connect_ms=0.25, first_byte_ms=9.0, body_ms=1.0)
    assert (exchange.doubt_ms, exchange.phases.opening_ms) == (2.0, 1.75)


def test_a_record_of_before_there_were_phases_is_still_read() -> None:
    """What it does not have counts as not known."""
    one = record(passing())
    document = json.loads(json_line(one))
    for step in document["steps"]:
        for exchange in step["exchanges"]:
            for name in ("phases", "doubt_ms", "stamped"):
                del exchange[name]
    assert RunRecord.model_validate(document) == one


def test_a_tainted_step_shows_on_the_run() -> None:
    """Whether the run is called tainted or not, a reader sees that a measurement was spoiled."""
    assert record(Story().begin("x").end_step("x", tainted=True).end()).tainted
    assert record(Story().end(RunOutcome.TAINTED)).tainted
    assert not record(passing()).tainted


def test_a_step_that_never_ended_is_unknown() -> None:
    """An aborted run keeps the exchanges of the step it was in."""
    step = record(Story().begin("x").http("x").end(RunOutcome.ABORTED)).steps[0]
    assert (step.outcome, step.held, len(step.exchanges)) == ("unknown", False, 1)
    assert step.reason == "the run ended before this step did"


def test_compensation_without_a_start_belongs_to_its_step() -> None:
    """Undo exchanges that come after the step's end are kept with it."""
    story = Story().begin("deposit").http("deposit").end_step("deposit")
    story.begin("bet").end_step("bet").http("deposit", purpose="undo")
    one = record(story.undo("deposit", "stuck", Money(100, "EUR")).end(stranded=(Money(100, "EUR"),)))
    assert [exchange.purpose for exchange in one.steps[0].exchanges] == ["call", "undo"]
    assert one.undo[0].stranded == Amount(minor=100, currency="EUR")
    assert one.stranded == [Amount(minor=100, currency="EUR")]


def test_money_among_outputs_keeps_its_currency() -> None:
    """An output that is money becomes minor units and currency, never a float."""
    out = {"cash": Money(120, "EUR"), "list": (1, None), "odd": {1: b"x"}}
    assert record(Story().begin("x").end_step("x", out=out).end()).steps[0].out == {
        "cash": {"minor": 120, "currency": "EUR"},
        "list": [1, None],
        "odd": {"1": "b'x'"},
    }


def test_interleaved_runs_are_recorded_apart_and_strangers_ignored() -> None:
    """Events of two runs in turn, and of one whose start was not seen."""
    one, two = passing("a"), failing("b")
    mixed = [event for pair in zip(one, two, strict=False) for event in pair]
    mixed += one[len(two) :] + two[len(one) :] + passing("c")[1:]
    assert sorted(records(mixed), key=lambda r: r.run_id) == records(one, two)


def test_failed_at_names_the_step_or_the_check() -> None:
    """For people: what turned it red."""
    assert record(failing()).failed_at == "step deposit"
    assert record(Story().end(RunOutcome.FAILED, check="c", blame=Blame.PLATFORM)).failed_at == "check c"
    assert (record(passing()).failed_at, record(passing()).name) == ("", "deposit-bet-withdraw[psp-a]")
