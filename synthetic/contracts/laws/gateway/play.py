"""One play of a player at the game gateway: what is said and heard on the socket, held against the player's own statement."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from synthetic.conformance.stories import NotTried
from synthetic.contracts.laws.evidence import Evidence
from synthetic.contracts.laws.findings import Finding
from synthetic.contracts.laws.gateway.table import Came, Frame, Table
from synthetic.contracts.laws.players import Player, text_of
from synthetic.core.history import Bet, Fact, Round
from synthetic.core.history import Frame as FrameFact
from synthetic.core.money import Money
from synthetic.core.outcome import StepOutcome
from synthetic.core.secrets import Redactor

CHECKS = (
    "frames-are-gapless",
    "one-debit-per-bet",
    "resume-repeats-no-bet",
    "same-call-moves-once",
    "replay-returns-stored-id",
    "won-round-pays",
    "voided-bet-is-refunded",
)
"""The named checks that can be judged from the game socket and the player's own statement."""
SETTLES_WITHIN_S = 3.0
ANOTHER_SOCKET = 4409
"""How a socket is closed whose session goes on at another one."""


@dataclass
class KnownBet:
    """A bet that was acknowledged: the frame that said so, and the result, once it came."""

    stake_minor: int
    ack: Frame
    result: Frame | None = None


@dataclass
class Session:
    """The game session: where it can be resumed, and its frames as the facts tell them, newest number last."""

    table: Table
    welcome: Frame
    told: int = 0  # how many frames of the table are told as facts
    by_seq: dict[int, Frame] = field(default_factory=dict)


class GatewayPlay:
    """What a player has done so far in this play. `sit` opens a socket, with the launch that belongs to it."""

    def __init__(self, player: Player, game: str, at: Callable[[str], str], redactor: Redactor) -> None:
        self.player = player
        self.redactor = redactor
        self.bets: dict[str, KnownBet] = {}  # by req_id
        self.evidence = Evidence(CHECKS, player.who.currency, player.ledger(), is_whole=False)
        self.launched = player.launch(game)
        self.url = at(text_of(self.launched, "ws_url"))
        self.session = self._sit_down()

    @property
    def table(self) -> Table:
        """The socket that is open now."""
        return self.session.table

    def findings(self) -> tuple[Finding, ...]:
        """The laws that are broken so far."""
        return self.evidence.findings()

    def end(self) -> None:
        """Wait for the end of every round, read the statement, and leave."""
        try:
            for bet in self.bets.values():
                self.await_result(bet)
            self.take_frames()
            self._read_statement()
        finally:
            self.table.close()

    # --- what all rules have in common --------------------------------------------------------------------------------------

    def ask(self, kind: str, *answers: str, law: str = "req-id-is-echoed", **frame: Any) -> Came | None:
        """Send a frame and take the one that answers it; a law is broken where none comes, or one of another type."""
        seen = len(self.table.came)
        req_id = self.table.say(type=kind, **frame)
        came = self.table.next(req_id=req_id, seen=seen)
        self.take_frames()
        if came is None:
            last = self.table.came[-1].exchange
            self.evidence.breach(law, f"a {kind} got no answer that carries its req_id", last)
        elif came.frame.get("type") not in answers:
            told = f"a {kind} was answered {came.frame.get('type')} {came.frame.get('code', '')}".strip()
            self.evidence.breach(law, f"{told}, and has to be {' or '.join(answers)}", came.exchange)
        return came

    def take_frames(self) -> None:
        """Tell the frames that have come since as facts."""
        for came in self.table.came[self.session.told :]:
            seq = came.frame.get("seq")
            if not isinstance(seq, int) or isinstance(seq, bool):
                if came.frame.get("type") != "error":
                    self.evidence.breach(
                        "frames-are-gapless", f"a {came.frame.get('type')} has no number", came.exchange
                    )
                continue
            self.evidence.tell(self._fact(seq, came.frame), came.exchange)
            self.session.by_seq.setdefault(seq, came.frame)
        self.session.told = len(self.table.came)

    def await_result(self, bet: KnownBet) -> None:
        """The result of a bet's round: it comes, once, and says what the bet won."""
        if bet.result is not None:
            return
        round_ = bet.ack.get("round")
        deadline_s = time.monotonic() + SETTLES_WITHIN_S
        while bet.result is None and time.monotonic() < deadline_s:
            own = [
                one
                for one in self.session.by_seq.values()
                if one.get("type") == "round_result" and one.get("round") == round_
            ]
            bet.result = own[0] if own else None
            if (
                bet.result is None
                and self.table.next(kinds=("round_result",), seen=self.session.told, within_s=0.2) is not None
            ):
                self.take_frames()
        if bet.result is None:
            self.evidence.breach(
                "every-bet-ends", f"the result of round {round_} has not come", self.table.came[-1].exchange
            )
            return
        payout, state = bet.result.get("payout_minor"), str(bet.result.get("state"))
        if not isinstance(payout, int) or state not in ("WON", "LOST", "VOID"):
            self.evidence.breach(
                "won-round-pays", f"a result says {state} and pays {payout!r}", self.table.came[-1].exchange
            )
            return
        amount = Money(payout, self.player.who.currency)
        self.evidence.tell(Round("", StepOutcome.DONE, str(bet.ack.get("bet_id")), state, amount, str(round_)))

    def resume(self, last_seq: int) -> None:
        """Come back on a new socket as one who has seen the frames up to `last_seq`: the others come again, as they were."""
        before, table = self.session, Table.at(self.url)
        wanted = [before.by_seq[seq] for seq in sorted(before.by_seq) if seq > last_seq]
        self.session = Session(table, before.welcome, 0, before.by_seq)
        names = {name: str(before.welcome.get(name)) for name in ("session", "resume_id")}
        req_id = table.say(type="hello", last_seq=last_seq, **names)
        welcome = table.next(req_id=req_id, kinds=("welcome",))
        replayed = [one.frame for one in table.came if one is not welcome]
        self.take_frames()
        code = before.table.closed_with()
        before.table.close()
        if code != ANOTHER_SOCKET:
            told = (
                f"a session was resumed on a second socket, and the first was closed with {code}, not {ANOTHER_SOCKET}"
            )
            self.evidence.breach("one-socket-a-session", told)
        if welcome is None:
            told = "a resume got no welcome that carries its req_id"
            self.evidence.breach("resume-replays", told, *(one.exchange for one in table.came[-1:]))
            return
        self.session.welcome = {**before.welcome, **welcome.frame}
        # What the server said meanwhile on the old socket may be among them.
        if [dict(one) for one in replayed[: len(wanted)]] != [dict(one) for one in wanted]:
            told = f"a resume after frame {last_seq} replayed {_numbers(replayed)}, and {_numbers(wanted)} had come"
            self.evidence.breach("resume-replays", told, welcome.exchange)

    def tell_bet(self, req_id: str, stake_minor: int, answer: Frame) -> None:
        """A bet and its answer, the first one or a later one."""
        is_done = answer.get("type") == "bet_ack"
        currency = self.player.who.currency
        self.evidence.tell(
            Bet(
                "",
                StepOutcome.DONE if is_done else StepOutcome.REFUSED,
                str(answer.get("bet_id", "")),
                Money(stake_minor, currency),
                key=req_id,
                round=str(answer.get("round", "")),
            )
        )

    # --- reading ------------------------------------------------------------------------------------------------------------

    def _sit_down(self) -> Session:
        table = Table.at(self.url)
        req_id = table.say(type="hello", launch_token=self.launched.get("launch_token"))
        came = table.next(req_id=req_id)
        if came is None or came.frame.get("type") != "welcome":
            heard = [dict(one.frame) for one in table.came]
            table.close()
            raise NotTried(f"a hello with a fresh launch token got no welcome that carries its req_id: {heard}")
        session = Session(table, came.frame)
        self.session = session
        self.take_frames()
        return session

    def _fact(self, seq: int, frame: Frame) -> Fact:
        return FrameFact(
            "",
            StepOutcome.DONE,
            seq,
            str(frame.get("type")),
            str(self.launched.get("session")),
            str(frame.get("req_id", "")),
            str(frame.get("bet_id", "")),
        )

    def _read_statement(self) -> None:
        """The player's ledger from now; the checks hold it against the frames."""
        entries = self.player.ledger()
        self.evidence.enter(entries)
        cash = self.player.cash()
        total = sum(entry.amount.minor for entry in entries if entry.bucket == "cash")
        if cash.minor != total:
            self.evidence.breach("balance-equals-ledger", f"the balance shows {cash}, the postings sum up to {total}")


def _numbers(frames: list[Frame]) -> list[str]:
    return [f"{frame.get('seq')} {frame.get('type')}" for frame in frames]
