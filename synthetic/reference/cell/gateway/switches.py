"""The switches that the game gateway implements: faults of domain reference 7."""

from __future__ import annotations

CELL_SWITCHES_GATEWAY = {
    "takes_any_stake": "a bet is forwarded whatever its stake and currency",
    "keeps_first_socket": "a second socket of a session leaves the first one open",
    "swallows_broken_frames": "a frame that can't be read is not answered",
    "stops_answering_ws": "a game socket stays open after its welcome, but answers and pushes nothing and forwards no bet",
    "loses_session_on_resume": "a session that is resumed is not known any more, as on an instance that never saw it",
    "renames_bet_id": "a bet's acknowledgement calls the bet `betId`, as another version of the gateway would",
    "launch_token_works_again": "a launch token that was used opens its session again",
    "shows_rounds_to_anyone": "a round is shown to every player who knows its id",
    "skips_seq": "the number before a pong is left out",
    "acks_unposted_bet": "a bet is acknowledged, and neither the provider nor the ledger hear of it",
    "denies_posted_bet": "a bet that was debited is answered as refused",
    "resume_bets_again": "a session that is resumed places its last bet again",
}
