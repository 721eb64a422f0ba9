"""The switches that the cashier implements: faults of domain reference 7, and planted defects of the cell's own code.

They are asked with the PSP of the payment, so that a fault at one PSP stays there.
"""

from __future__ import annotations

from collections.abc import Callable

Acts = Callable[[str, str], bool]
"""Whether a switch acts on an occasion at a PSP; ask only where the answer changes what happens."""


def healthy(_switch: str, _psp: str) -> bool:
    """No switch ever acts."""
    return False


CELL_SWITCHES_CASHIER = {
    "credits_every_webhook": "every delivery of a success event credits the deposit again",
    "gives_up_late_deposits": "a deposit whose success comes more than a second after its request is failed, and the money kept",
    "obeys_old_events": "an event that is older than the end of a deposit takes it back to pending",
    "accepts_bad_webhooks": "a webhook is obeyed whatever its signature and its age",
    "retries_under_new_key": "a PSP time-out is answered by charging again under a new key, instead of looking up",
    "storms_retries": "a PSP's 500 is answered by sending the same request again, dozens of times without a pause",
    "retries_without_looking_up": "a PSP time-out is answered by charging again under the same key, instead of looking up",
    "takes_any_200_as_success": "a deposit is credited when the PSP answers HTTP 200, whatever the body says",
    "leaves_undecided": "a deposit whose answer from the PSP can't be read is put aside for ever, whatever is told of it",
    "forgets_payout_reversal": "a payout that fails after it was paid is noted, and the player gets nothing back",
    "charges_back_to_cash": "a chargeback is taken from the player's cash, below zero where it has to be",
    "credits_own_amount": "a deposit is credited with the amount that was asked for, whatever was captured",
    "skews_clock": "the cell's clock is params.skew_s (360 s) ahead: what is fresh for it, and its Date header",
    "credits_replayed_deposit": "a replay of POST /cashier/deposits charges and credits a second payment",
    "ignores_wagering_at_payout": "money that is still to be played through is shown as such, and paid out all the same",
    "takes_declines_for_success": "a deposit that the PSP declines is credited",
    "credits_dead_deposits": "money that is captured for a deposit which was declined is credited, and not returned",
    "pays_to_any_instrument": "a withdrawal goes to an instrument that the player never used",
    "takes_any_withdrawal": "a withdrawal of more than there is gets a 202, and is cancelled at once",
    "says_cancelled": "the cancellation of a payout that has left is answered 200, and changes nothing",
    "pays_out_twice": "a withdrawal starts two payouts at the PSP; the ledger shows one",
    "credits_before_capture": "a deposit is credited as soon as the PSP has accepted it, whatever becomes of it",
    "credits_with_fees": "a deposit is credited with one minor unit more than was captured",
    "credits_on_redirect": "a player who comes back from the PSP's page with success is credited",
    "releases_twice": "the reserve of a withdrawal that failed is released twice",
    "recredits_twice": "a payout that fails after it was paid is given back twice",
    "shows_payments_to_anyone": "a payment is shown to every player who knows its id",
    "posts_chargeback_twice": "a chargeback is booked twice",
}
