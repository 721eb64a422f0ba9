"""Samples summed up per cell, per SLI and label, per currency."""

from __future__ import annotations

from synthetic.core.events import MoneyMoved
from synthetic.core.money import Money
from synthetic.core.outcome import Blame, RunOutcome, StepOutcome
from synthetic.sli.ratios import Ratio
from synthetic.sli.samples import fold
from synthetic.sli.summaries import CellSummary, MoneySummary, SliKey, summarise, summarise_cell
from synthetic.tests.sli.streams import Story, failing, passing


def _canary(*streams: list) -> CellSummary:  # type: ignore[type-arg]
    return summarise(fold([event for stream in streams for event in stream]))["canary"]


def test_a_cell_without_runs_is_unknown() -> None:
    """No run, no ratio, no percentile, no money."""
    cell = summarise_cell("canary", [])
    assert (cell.runs.value, cell.ws_rtt_p95_ms, cell.total, dict(cell.money)) == (None, None, 0, {})
    assert summarise([]) == {}


def test_runs_are_counted_by_outcome_and_by_blame() -> None:
    """One ok, two failed: 1 of 3, both on the PSP."""
    cell = _canary(passing("a"), failing("b"), failing("c"))
    assert cell.runs == Ratio(1, 3)
    assert cell.by_outcome == {RunOutcome.OK: 1, RunOutcome.FAILED: 2}
    assert cell.by_blame == {Blame.PSP: 2}
    assert cell.by_scenario == {"deposit-bet-withdraw": Ratio(1, 3)}


def test_cells_are_kept_apart() -> None:
    """The canary's failures are not the baseline's."""
    cells = summarise(fold(failing("a", "canary") + passing("b", "baseline")))
    assert {name: cell.runs for name, cell in cells.items()} == {"canary": Ratio(0, 1), "baseline": Ratio(1, 1)}
    assert cells["baseline"].track == "baseline"


def test_pass_ratio_is_per_sli_and_per_psp() -> None:
    """A PSP that fails is seen beside one that works, and in the SLI as a whole."""
    cell = _canary(passing("a", psp="psp-a"), passing("b", psp="psp-b"), failing("c", psp="psp-b"))
    ratios = {str(key): summary.ratio for key, summary in cell.slis.items()}
    assert ratios == {
        "login": Ratio(3, 3),
        "deposit": Ratio(2, 3),
        "deposit[psp-a]": Ratio(1, 1),
        "deposit[psp-b]": Ratio(1, 2),
        "ws_rtt": Ratio(2, 2),
    }


def test_slis_come_in_the_order_of_the_flow() -> None:
    """login, deposit, ping: as the scenario goes, not as the alphabet does; labels follow their SLI."""
    cell = _canary(passing("b", psp="psp-b"), passing("a", psp="psp-a"))
    assert [str(key) for key in cell.slis] == ["login", "deposit", "deposit[psp-a]", "deposit[psp-b]", "ws_rtt"]


def test_an_expected_refusal_that_happened_holds() -> None:
    """The outcome is `refused`, and it is what the scenario wants."""
    story = Story().end_step("bet", sli="bet", outcome=StepOutcome.REFUSED, expected_refusal="insufficient_funds")
    assert _canary(story.end()).slis[SliKey("bet")].ratio == Ratio(1, 1)


def test_tainted_steps_and_runs_are_left_out_and_counted_apart() -> None:
    """A tainted step of a good run, and every step of a tainted or aborted run, are in no ratio and in no latency."""
    one = Story("a").end_step("bet", sli="bet", tainted=True, held=False).end_step("bet2", sli="bet", latency_ms=7)
    two = Story("b").end_step("bet", sli="bet", held=False).end(RunOutcome.TAINTED)
    three = Story("c").end_step("bet", sli="bet", held=False).end(RunOutcome.ABORTED)
    cell = _canary(one.end(), two, three)
    bet = cell.slis[SliKey("bet")]
    assert (bet.ratio, bet.left_out, bet.latencies.sorted_ns) == (Ratio(1, 1), 3, (7_000_000,))
    assert (cell.runs, cell.total) == (Ratio(1, 1), 3)


def test_a_retry_hides_no_failure() -> None:
    """A step that held at the second attempt holds after retry, not at once, and gives no latency."""
    bet = _canary(Story().end_step("bet", sli="bet", attempts=2).end()).slis[SliKey("bet")]
    assert (bet.ratio, bet.first_attempt, len(bet.latencies)) == (Ratio(1, 1), Ratio(0, 1), 0)


def test_latency_is_that_of_steps_that_held() -> None:
    """p50 and p95 of 10, 20, 30 ms; the failure's 60 ms is a failure, not a latency."""
    runs = [passing(str(ms), latency_ms=ms) for ms in (10, 20, 30)]
    deposit = _canary(*runs, failing("f")).slis[SliKey("deposit")]
    assert (deposit.latencies.percentile_ms(50), deposit.latencies.percentile_ms(95)) == (20.0, 30.0)


def test_websocket_round_trip_is_the_sli_of_that_name() -> None:
    """p95 of `ws_rtt`."""
    assert _canary(passing()).ws_rtt_p95_ms == 3.0


def test_money_in_out_and_net_cost() -> None:
    """In 1.00, out 0.99, and 0.20 staked for 0.19 paid: playing cost 0.01."""
    money = _canary(passing()).money["EUR"]
    assert money == MoneySummary("EUR", in_minor=100, out_minor=99, staked_minor=20, paid_minor=19)
    assert money.net_cost_minor == 1


def test_refused_money_counts_nowhere_and_unknown_money_apart() -> None:
    """Only what is known to be done has moved."""
    story = Story("x").moved("in", 500, StepOutcome.REFUSED).moved("bonus", 10).moved("out", 30, StepOutcome.UNKNOWN)
    assert _canary(story.end()).money["EUR"] == MoneySummary("EUR", unknown_minor=30)


def test_what_was_unknown_and_undone_has_come_in_and_gone_out() -> None:
    """The undo tells that it had happened: nothing is unknown any more, and the sums agree."""
    assert _canary(failing()).money["EUR"] == MoneySummary("EUR", in_minor=100, out_minor=100)


def test_what_was_unknown_and_never_found_has_not_moved() -> None:
    """Compensation asked, and there was nothing to undo; of what was known to be done, that changes nothing."""
    story = Story().moved("in", 100, StepOutcome.UNKNOWN, step="deposit").undo("deposit", "nothing_to_undo")
    story.moved("out", 40, step="withdraw").undo("withdraw", "nothing_to_undo")
    assert _canary(story.end(RunOutcome.FAILED)).money["EUR"] == MoneySummary("EUR", out_minor=40)


def test_what_stays_unknown_is_unknown() -> None:
    """Nobody answered, so the money is stranded, and another run's undo says nothing of it."""
    lost = Story("a").moved("in", 100, StepOutcome.UNKNOWN, step="deposit").undo("deposit", "stuck", Money(100, "EUR"))
    cell = _canary(lost.end(RunOutcome.FAILED, stranded=(Money(100, "EUR"),)), failing("b"))
    want = MoneySummary("EUR", in_minor=100, out_minor=100, unknown_minor=100, stranded_minor=100)
    assert cell.money["EUR"] == want


def test_a_request_that_was_sent_again_is_counted_once() -> None:
    """It has one key, and the last that was said of it counts; two payouts without a key are two."""
    story = Story().moved("in", 100, StepOutcome.UNKNOWN, step="deposit").moved("in", 100, step="deposit")
    payout = MoneyMoved(story.run_id, "settle", "payout", Money(5, "EUR"), "payout", StepOutcome.DONE, "")
    story.events += [payout, payout]
    assert _canary(story.end()).money["EUR"] == MoneySummary("EUR", in_minor=100, paid_minor=10)


def test_money_of_tainted_runs_is_money() -> None:
    """A run leaves the pass rate, its money does not leave the books; currencies are never mixed."""
    story = Story().moved("in", 100).moved("in", 300, currency="JPY", step="yen")
    cell = _canary(story.end(RunOutcome.TAINTED, stranded=(Money(100, "EUR"),)))
    assert cell.money == {
        "EUR": MoneySummary("EUR", in_minor=100, stranded_minor=100),
        "JPY": MoneySummary("JPY", in_minor=300),
    }
