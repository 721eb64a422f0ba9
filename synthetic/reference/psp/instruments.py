"""The cards that the PSPs know: what each does, and its BIN."""

from __future__ import annotations

from dataclasses import dataclass

from synthetic.reference.switchboard import Switch, Switchboard

DEFAULT_DECLINE_CODE = "do_not_honor"


@dataclass(frozen=True, slots=True)
class Instrument:
    """A card. `decline_code` is set where the issuer declines; `fails` where the PSP's own processing does.

    `returns_payouts`: the bank behind it sends every payout back after a moment. `is_disputed`: its holder disputes every
    payment after a moment. `three_ds`: what comes of the page on which its holder proves that it is he: `passes`, `fails`,
    `abandoned` (he goes away), or `late` (he goes away, the payment is given up, and then the bank says yes after all).
    """

    name: str
    bin: str
    decline_code: str | None = None
    fails: bool = False
    returns_payouts: bool = False
    is_disputed: bool = False
    three_ds: str = ""


THREE_DS_CODES = {
    "fails": "authentication_failed",
    "abandoned": "authentication_abandoned",
    "late": "authentication_abandoned",
}
"""Why a payment is declined whose holder did not prove that it is he."""

INSTRUMENTS = {
    card.name: card
    for card in (
        Instrument("card_ok", bin="400000"),
        Instrument("card_ok_bin2", bin="510000"),
        Instrument("card_insufficient_funds", bin="400001", decline_code="insufficient_funds"),
        Instrument("card_do_not_honor", bin="400002", decline_code="do_not_honor"),
        Instrument("card_processing_error", bin="400003", fails=True),
        Instrument("card_exhausted", bin="400004", decline_code="card_velocity_exceeded"),
        Instrument("card_returns_payouts", bin="400005", returns_payouts=True),
        Instrument("card_disputed", bin="400006", is_disputed=True),
        Instrument("card_3ds_ok", bin="400010", three_ds="passes"),
        Instrument("card_3ds_fail", bin="400011", three_ds="fails"),
        Instrument("card_3ds_abandon", bin="400012", three_ds="abandoned"),
        Instrument("card_3ds_late", bin="400013", three_ds="late"),
        Instrument("card_of_another", bin="400014"),
    )
}


def decline_code_of(instrument: Instrument, board: Switchboard, cell: str) -> str | None:
    """Why the issuer declines the card for this merchant, or None. The switch `declines_bin` adds a BIN that declines."""
    if instrument.decline_code is not None:
        return instrument.decline_code
    switch = board.acting("declines_bin", cell=cell, suits=lambda thrown: _bin(thrown, instrument) == instrument.bin)
    return None if switch is None else str(switch.params.get("decline_code", DEFAULT_DECLINE_CODE))


def _bin(thrown: Switch, instrument: Instrument) -> str:
    return str(thrown.params.get("bin", instrument.bin))
