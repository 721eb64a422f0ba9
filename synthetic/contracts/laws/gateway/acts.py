"""What a player does at a game socket: bets, looks and pings, all of them again, and coming back to the session."""

from __future__ import annotations

import uuid

from synthetic.conformance.stories import NotTried
from synthetic.contracts.laws.gateway.play import GatewayPlay, KnownBet
from synthetic.contracts.laws.gateway.table import Frame, Table

STAKES = (10, 20, 50)
WRONG_BETS = ("below_min", "above_max", "wrong_currency")


def bet(play: GatewayPlay, stake_minor: int) -> KnownBet | None:
    """A plain bet: acknowledged, with a bet and a round of its own."""
    req_id = uuid.uuid4().hex
    came = play.ask("bet", "bet_ack", req_id=req_id, stake_minor=stake_minor, currency=play.player.who.currency)
    if came is None or came.frame.get("type") != "bet_ack":
        return None
    for name in ("round", "bet_id"):
        if not came.frame.get(name):
            play.evidence.breach("acks-name-their-bet", f"a bet_ack has no {name}", came.exchange)
    play.bets[req_id] = KnownBet(stake_minor, came.frame)
    play.tell_bet(req_id, stake_minor, came.frame)
    return play.bets[req_id]


def bet_again(play: GatewayPlay, req_id: str) -> None:
    """A bet that was acknowledged, with the same `req_id`: the same acknowledgement under a number of its own."""
    known = play.bets[req_id]
    came = play.ask("bet", "bet_ack", req_id=req_id, stake_minor=known.stake_minor, currency=play.player.who.currency)
    if came is None or came.frame.get("type") != "bet_ack":
        return
    play.tell_bet(req_id, known.stake_minor, came.frame)
    if _unnumbered(came.frame) != _unnumbered(known.ack):
        told = (
            f"request {req_id} was acknowledged with {_unnumbered(known.ack)}, and again with {_unnumbered(came.frame)}"
        )
        play.evidence.breach("replay-returns-stored-id", told, came.exchange)


def bet_changed(play: GatewayPlay, req_id: str) -> None:
    """Another stake under a used `req_id`: refused as a mismatch."""
    stake = play.bets[req_id].stake_minor + 10
    _refused(play, "changed-replay-is-rejected", "idempotency_mismatch", stake, play.player.who.currency, req_id)


def bet_wrongly(play: GatewayPlay, code: str) -> None:
    """A bet outside the table's limits, or in another currency than the session's."""
    launched, currency = play.launched, play.player.who.currency
    stakes = {
        "below_min": _limit(launched, "min_stake_minor") - 1,
        "above_max": _limit(launched, "max_stake_minor") + 1,
    }
    asked = currency if code in stakes else "USD"
    _refused(
        play, "bet-in-session-currency" if asked != currency else "stake-limits-hold", code, stakes.get(code, 20), asked
    )


def ping(play: GatewayPlay) -> None:
    """A ping of the client's own."""
    play.ask("ping", "pong")


def look(play: GatewayPlay) -> None:
    """The balance over the socket is that of the API, once every round is over."""
    for known in play.bets.values():
        play.await_result(known)
    came = play.ask("balance", "balance")
    if came is not None and came.frame.get("type") == "balance":
        cash = play.player.cash()
        if came.frame.get("cash_minor") != cash.minor:
            told = f"the balance frame has a cash of {came.frame.get('cash_minor')!r} minor units, and the API {cash}"
            play.evidence.breach("balance-equals-ledger", told, came.exchange)


def watch(play: GatewayPlay, req_id: str) -> None:
    """Wait for the result of a bet, and look its round up."""
    known = play.bets[req_id]
    play.await_result(known)
    found = play.player.get("/games/bets", req_id=req_id)
    shown = found.get("bet") or {}
    if known.result is not None and shown.get("id") != known.ack.get("bet_id"):
        play.evidence.breach("look-up-by-key", f"the look-up of request {req_id} finds {shown.get('id')!r}")


def come_back(play: GatewayPlay, missed: int) -> None:
    """A second socket of the session, by one who missed the last frames: they come again, and the first socket is closed."""
    newest = max(play.session.by_seq)
    play.resume(max(0, newest - missed))


def launch_token_again(play: GatewayPlay) -> None:
    """The launch token a second time: refused, and the session goes on."""
    other = Table.at(play.url)
    try:
        req_id = other.say(type="hello", launch_token=play.launched.get("launch_token"))
        came = other.next(req_id=req_id)
        if came is None or came.frame.get("type") != "error":
            shown = () if came is None else (came.exchange,)
            play.evidence.breach("launch-token-works-once", "a launch token was taken a second time", *shown)
    finally:
        other.close()


def malformed(play: GatewayPlay) -> None:
    """A frame of no known type: an error, and the conversation goes on."""
    play.ask("dance", "error")
    ping(play)


def _refused(play: GatewayPlay, law: str, code: str, stake_minor: int, currency: str, req_id: str = "") -> None:
    req_id = req_id or uuid.uuid4().hex
    came = play.ask("bet", "error", law=law, req_id=req_id, stake_minor=stake_minor, currency=currency)
    if came is not None and came.frame.get("type") == "error" and came.frame.get("code") != code:
        play.evidence.breach(law, f"a bet that is {code} was refused as {came.frame.get('code')}", came.exchange)


def _unnumbered(frame: Frame) -> dict[str, object]:
    return {name: value for name, value in frame.items() if name != "seq"}


def _limit(launched: Frame, name: str) -> int:
    limit = launched.get(name)
    if isinstance(limit, bool) or not isinstance(limit, int):
        raise NotTried(f"the launch has {name} {limit!r}, and it is a whole number")
    return limit
