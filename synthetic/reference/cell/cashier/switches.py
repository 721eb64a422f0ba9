"""The switches that the cashier implements: faults of domain reference 7, and planted defects of the cell's own code."""

from __future__ import annotations

CELL_SWITCHES_CASHIER = {
    "credits_every_webhook": "every delivery of a success event credits the deposit again",
    "retries_under_new_key": "a PSP time-out is answered by charging again under a new key, instead of looking up",
    "takes_any_200_as_success": "a deposit is credited when the PSP answers HTTP 200, whatever the body says",
    "credits_replayed_deposit": "a replay of POST /cashier/deposits charges and credits a second payment",
    "pays_to_any_instrument": "a withdrawal goes to an instrument that the player never used",
    "says_cancelled": "the cancellation of a payout that has left is answered 200, and changes nothing",
    "pays_out_twice": "a withdrawal starts two payouts at the PSP; the ledger shows one",
}
