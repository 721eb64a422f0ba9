"""Invariants 1-16 of domain reference 6 on the real wallet: Hypothesis drives it, sixteen duplicates at a time among the rest.

After every step the books are read with SQL of our own and compared with a model that shares no code with the ledger.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from synthetic.reference.cell.app import build_cell
from synthetic.reference.cell.context import GameSession
from synthetic.reference.cell.switches import CELL_SWITCHES_CORE
from synthetic.reference.cell.wallet_api.calls import Kind, Reason, Refused, WalletCall, WalletRequest
from synthetic.reference.cell.wallet_api.dialect_a import KNOBS_A
from synthetic.reference.cell.wallet_api.service import WalletService
from synthetic.reference.currency import from_decimal, from_fine, to_decimal, to_fine
from synthetic.reference.ledger import Entry, InsufficientFunds, open_ledger
from synthetic.reference.switchboard import Switch, Switchboard
from synthetic.tests.reference.cell.running import cell_settings, fresh_database, player
from synthetic.tests.reference.cell.wallet_api.model import Answer, Purse

PLAYERS = {"ada": ("EUR", 1000), "yui": ("JPY", 700)}
DUPLICATES = 16
Placed = tuple[str, str, str]  # player, bet, round

# Fewer examples than the profile asks for: each is a database, up to 40 steps, and up to 16 threads in each.
BOUNDED = settings(
    max_examples=max(25, settings.default.max_examples // 10) if settings.default else 25,
    stateful_step_count=40,
    deadline=None,
    # Shrinking replays hundreds of examples with databases and threads; forty steps can be read as they are.
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)

people = st.sampled_from(sorted(PLAYERS))
bet_ids = st.sampled_from(["b0", "b1", "b2", "b3", "b4", "b5", "x"])
other_ids = st.sampled_from([f"t{number}" for number in range(12)] + ["x"])
strangers = st.tuples(people, bet_ids, st.just("r0"))
round_ids = st.sampled_from(["r0", "r1", "r2"])
stakes = st.sampled_from([1, 20, 250, 600])
payouts = st.sampled_from([0, 1, 40, 500])
copies = st.sampled_from([1, 1, 1, 1, DUPLICATES])


class WalletMachine(RuleBasedStateMachine):
    """Bets, wins, rollbacks, batches and reservations of two players in two currencies, against the model."""

    placed: Bundle[Placed] = Bundle("placed")  # whether the bet was taken or not

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.path = self.folder / "cell.db"
        self.ledger = open_ledger(fresh_database(self.folder))
        self.board = Switchboard(CELL_SWITCHES_CORE)
        self.pool = ThreadPoolExecutor(DUPLICATES)
        self.purses = {name: Purse(cash_minor) for name, (_, cash_minor) in PLAYERS.items()}

    @initialize()
    def start(self) -> None:
        """A fresh cell for each example."""
        seeds = tuple(player(name, currency=currency, cash_minor=cash) for name, (currency, cash) in PLAYERS.items())
        context = build_cell(cell_settings("", players=seeds), self.ledger, self.board).state.context
        context.session_lookups.append(session_of)
        self.wallet = WalletService(context, KNOBS_A)

    def teardown(self) -> None:
        """Give the files back."""
        self.pool.shutdown()
        self.ledger.close()
        shutil.rmtree(self.folder)

    def send(self, request: WalletRequest, times: int) -> set[Answer]:
        """Send one request so many times at once; the set of its answers."""
        return set(self.pool.map(self.ask, [request] * times))

    def ask(self, request: WalletRequest) -> Answer:
        """The cash after the request's last call, or why it was refused."""
        try:
            return self.wallet.commit(request)[-1].balance.cash_minor
        except Refused as refused:
            return refused.reason

    def play(self, name: str, round_id: str, call: WalletCall, times: int, *, expired: bool = False) -> None:
        """Send a call and its duplicates; all of them have to get the model's one answer (10, 11, 12, 14)."""
        request = request_of(name, round_id, call, expired=expired)
        expected = self.purses[name].answer(request, call, expired=expired)
        assert self.send(request, times) == {expected}

    @rule(
        target=placed,
        name=people,
        bet=bet_ids,
        round_id=round_ids,
        stake=stakes,
        times=copies,
        expired=st.sampled_from([False] * 6 + [True]),
    )
    def bet(self, name: str, bet: str, round_id: str, stake: int, times: int, expired: bool) -> Placed:  # noqa: FBT001 - drawn
        """A bet, perhaps late, repeated with another stake, on a closed round, unaffordable, or with an expired token."""
        self.play(name, round_id, WalletCall(Kind.BET, bet, stake), times, expired=expired)
        return name, bet, round_id

    @rule(bet=st.one_of(placed, strangers), win=other_ids, payout=payouts, closes=st.booleans(), times=copies)
    def win(self, bet: Placed, win: str, payout: int, closes: bool, times: int) -> None:  # noqa: FBT001 - drawn
        """A win, perhaps of an unknown, settled or undone bet; the token has always expired by then."""
        name, bet_id, round_id = bet
        self.play(name, round_id, WalletCall(Kind.WIN, win, payout, bet_id, closes), times, expired=True)

    @rule(bet=st.one_of(placed, strangers), rollback=other_ids, times=copies)
    def rollback(self, bet: Placed, rollback: str, times: int) -> None:
        """A rollback, perhaps the second under another id, of a settled bet, or before its bet."""
        name, bet_id, round_id = bet
        self.play(name, round_id, WalletCall(Kind.ROLLBACK, rollback, reference=bet_id), times, expired=True)

    @rule(bet=st.one_of(placed, strangers), times=copies)
    def rollbacks_under_many_ids(self, bet: Placed, times: int) -> None:
        """Sixteen rollbacks of one bet under ids of their own at once return its stake once (18)."""
        name, bet_id, round_id = bet
        calls = [WalletCall(Kind.ROLLBACK, f"{bet_id}-undo-{number}", reference=bet_id) for number in range(times)]
        requests = [request_of(name, round_id, call, expired=True) for call in calls]
        pairs = zip(requests, calls, strict=True)
        expected = {self.purses[name].answer(request, call, expired=True) for request, call in pairs}
        assert set(self.pool.map(self.ask, requests)) == expected

    @rule(name=people, stake=stakes, number=st.integers(0, 99))
    def batch(self, name: str, stake: int, number: int) -> None:
        """A bet and then one that can't be paid, in one request: neither stands (16)."""
        calls = (WalletCall(Kind.BET, f"batch-{number}", stake), WalletCall(Kind.BET, f"batch-{number}-big", 10**9))
        assert self.ask(request_of(name, f"batch-{number}", *calls)) is Reason.FUNDS

    @rule(name=people, amount=stakes, back=st.booleans())
    def reserve(self, name: str, amount: int, back: bool) -> None:  # noqa: FBT001 - drawn
        """Cash to locked, as a withdrawal does, or back; refused where there is not enough."""
        purse, signed = self.purses[name], -amount if back else amount
        moves = {"cash": -signed, "locked": signed}
        if purse.cash_minor >= signed and purse.locked_minor + signed >= 0:
            purse.cash_minor, purse.locked_minor = purse.cash_minor - signed, purse.locked_minor + signed
            self.post(name, moves)
        else:
            with pytest.raises(InsufficientFunds):
                self.post(name, moves)

    def post(self, name: str, moves: dict[str, int]) -> None:
        """An entry of the cashier."""
        with self.ledger.transaction() as transaction:
            transaction.post(Entry("withdraw_reserve", name, "w", moves, "psp:psp-a", PLAYERS[name][0]))

    @invariant()
    def the_books_agree_with_the_model(self) -> None:
        """Cash and locked are what the model says; the buckets add up (2, 8, 10, 14, 15)."""
        for name, purse in self.purses.items():
            if not hasattr(self, "wallet"):
                return
            balance = self.ledger.balance(name)
            assert (balance.cash_minor, balance.locked_minor) == (purse.cash_minor, purse.locked_minor)
            assert balance.total_minor == purse.cash_minor + purse.locked_minor

    @invariant()
    def the_books_are_sound(self) -> None:
        """Balanced per currency and entry, sums equal balances, nothing negative, all integers, each balance its own (1-5, 9)."""
        with sqlite3.connect(self.path) as books:
            assert list(books.execute(UNBALANCED)) == []
            assert list(books.execute(UNSOUND)) == []
        books.close()

    @precondition(lambda self: hasattr(self, "wallet"))
    @invariant()
    def postings_do_not_change(self) -> None:
        """What was posted stays posted (4): the statement only grows."""
        rows = {name: [(row["id"], row["amount_minor"]) for row in self.ledger.statement(name)] for name in PLAYERS}
        before = getattr(self, "rows", {name: [] for name in PLAYERS})
        assert all(rows[name][: len(before[name])] == before[name] for name in PLAYERS)
        self.rows = rows


UNBALANCED = """
SELECT entry_id, currency, SUM(amount_minor) FROM postings GROUP BY entry_id, currency HAVING SUM(amount_minor) <> 0
"""
UNSOUND = """
SELECT id FROM accounts WHERE player_id IS NOT NULL AND (
    balance_minor < 0 OR typeof(balance_minor) <> 'integer'
    OR balance_minor <> (SELECT COALESCE(SUM(amount_minor), 0) FROM postings WHERE account_id = accounts.id))
UNION ALL
SELECT id FROM postings WHERE typeof(amount_minor) <> 'integer' OR amount_minor = 0
UNION ALL
SELECT p.id FROM postings p JOIN accounts a ON a.id = p.account_id WHERE a.player_id IS NOT NULL AND (
    p.currency <> a.currency OR p.balance_after_minor <> (
        SELECT SUM(amount_minor) FROM postings WHERE account_id = a.id AND id <= p.id))
"""


def request_of(name: str, round_id: str, *calls: WalletCall, expired: bool = False) -> WalletRequest:
    """A provider's request about this player."""
    token = f"{name}:{'old' if expired else 'live'}"
    return WalletRequest("provider-a", name, token, round_id, "dice", PLAYERS[name][0], calls)


def session_of(token: str) -> GameSession:
    """Every token has a session; the `old` ones have expired."""
    name, _, age = token.partition(":")
    return GameSession(token, name, "provider-a", "dice", PLAYERS[name][0], expired=age == "old")


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_the_ledger_and_exactly_once_invariants_hold() -> None:
    """Invariants 1-5, 8 and 9 of the ledger and 10-16 of exactly-once, under any order of calls and duplicates."""
    run_state_machine_as_test(WalletMachine, settings=BOUNDED)


@pytest.mark.parametrize("switch", ["debits_again_on_retry", "refunds_every_rollback_id", "forgets_rollback"])
def test_the_machine_finds_planted_defects(switch: str) -> None:
    """A machine that can't find a known bug proves nothing: one sequence of its rules fails for each defect."""
    machine = WalletMachine()
    try:
        machine.start()
        play_a_sequence(machine, "clean")
        machine.board.throw(Switch(switch))
        with pytest.raises(AssertionError):
            play_a_sequence(machine, "broken")
    finally:
        machine.teardown()


def play_a_sequence(machine: WalletMachine, name: str) -> None:
    """A bet, repeated, and rolled back under several ids."""
    bet = machine.bet("ada", bet=name, round_id=name, stake=20, times=DUPLICATES, expired=False)
    machine.rollback(bet, rollback=f"{name}-undo", times=1)
    machine.rollbacks_under_many_ids(bet, times=2)
    machine.the_books_agree_with_the_model()


amounts_minor = st.integers(-(10**12), 10**12)
currencies = st.sampled_from(["EUR", "JPY", "KWD", "USD"])


@given(amount_minor=amounts_minor, currency=currencies)
def test_provider_units_round_trip(amount_minor: int, currency: str) -> None:
    """Minor units come back from x 100,000 integers and from decimal strings unchanged (7), by the currency's exponent (6)."""
    assert from_fine(to_fine(amount_minor, currency), currency) == amount_minor
    assert from_decimal(to_decimal(amount_minor, currency), currency) == amount_minor
    digits = {"EUR": 2, "USD": 2, "JPY": 0, "KWD": 3}[currency]
    assert len(to_decimal(amount_minor, currency).partition(".")[2]) == digits


@given(fine=st.integers(-(10**9), 10**9), currency=currencies)
def test_units_below_the_minor_unit_are_refused_never_rounded(fine: int, currency: str) -> None:
    """A x 100,000 integer is either exact or an error."""
    try:
        assert to_fine(from_fine(fine, currency), currency) == fine
    except ValueError:
        assert fine % to_fine(1, currency) != 0
